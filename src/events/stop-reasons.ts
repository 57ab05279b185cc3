/** Why a sweep ended, with what each reason means. */
export const stopReasons = {
  'reached-low': 'usage is below the low threshold',
  'no-candidates': 'nothing is left that may go',
  ineffective: 'several deletions in a row freed next to nothing',
  'deletions-failed': 'the engine failed at each deletion, or gave no space back after an error of its own',
  denied: 'the engine, or what guards it, refuses deletions',
  'deletion-limit': 'as many were deleted as one sweep may (`MAX_DELETIONS_PER_SWEEP`)',
  'freed-limit': 'as much was freed as may be in an hour (`MAX_FREED_PER_HOUR`)',
  'engine-unavailable': 'the engine stayed away, or did not come to an end with a deletion',
  'path-unavailable': 'the path could not be measured any more',
  'cordon-time-limit': 'the node was cordoned for as long as it may be',
  'slot-lost': 'the right to sweep at the same time as other nodes was lost',
  stopped: 'SIGTERM or SIGINT',
  'dry-run': 'nothing is deleted in a dry run',
} as const;

export type StopReason = keyof typeof stopReasons;
