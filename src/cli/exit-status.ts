/** The exit statuses of every command, documented in --help and README. */
export const EXIT = {
  done: 0,
  /** The engine or the path could not be reached. */
  unavailable: 1,
  /** Bad usage or configuration; nothing was touched. */
  usage: 2,
  /** A sweep ended above the low threshold, or above the target of `clean`. */
  aboveLow: 3,
} as const;
