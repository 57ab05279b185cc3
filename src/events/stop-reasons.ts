/** Why a sweep ended, with what each reason means. */
export const stopReasons = {
  'reached-low': 'usage is below the low threshold',
  'no-candidates': 'nothing is left that may be deleted',
  ineffective: 'several deletions in a row freed next to nothing',
  'deletions-failed': 'each deletion failed, or freed no space after an error of the engine',
  denied: 'the engine, or a proxy or plugin before it, refuses deletions',
  'deletion-limit': 'the sweep reached its number of deletions (`MAX_DELETIONS_PER_SWEEP`)',
  'freed-limit': 'deletions of the past hour freed as much as they may (`MAX_FREED_PER_HOUR`)',
  'engine-unavailable': 'the engine stayed unreachable, or did not finish a deletion',
  'path-unavailable': 'the path could not be measured any more',
  'cordon-time-limit': 'the node was cordoned for `MAX_CORDON_SECONDS`',
  'slot-lost': 'the right to sweep at the same time as other nodes was lost',
  stopped: 'SIGTERM or SIGINT',
  'dry-run': 'nothing is deleted in a dry run',
} as const;

export type StopReason = keyof typeof stopReasons;
