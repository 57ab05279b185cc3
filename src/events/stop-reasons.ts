/** Why a sweep ended, with what each reason means. */
export const stopReasons = {
  'reached-low': 'usage is below the low threshold',
  'no-candidates': 'nothing deletable is left',
  ineffective: 'several deletions in a row freed next to nothing',
  'deletions-failed': 'each deletion failed, or freed nothing after an error of the engine',
  denied: 'the engine, or a proxy or plugin in front, refuses deletions',
  'deletion-limit': '`MAX_DELETIONS_PER_SWEEP`',
  'freed-limit': '`MAX_FREED_PER_HOUR`',
  'engine-unavailable': 'the engine did not answer, or did not finish a deletion',
  'path-unavailable': 'the path could not be measured',
  'cordon-time-limit': '`MAX_CORDON_SECONDS`',
  'slot-lost': 'the slot could not be renewed',
  stopped: 'SIGTERM or SIGINT',
  'dry-run': 'nothing was to be deleted',
} as const;

export type StopReason = keyof typeof stopReasons;
