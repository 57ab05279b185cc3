/** What walker.ts gives and takes: apart from it, because it refers to nothing outside of itself. */

/** What was met so far of one tree. */
export interface TreeSum {
  bytes: number;
  inodes: number;
  /** Entries read. */
  entries: number;
  /** Files with several names of which not all were met, by inode: [bytes, names met, names in all]. In neither sum. */
  readonly links: Map<number, [bytes: number, met: number, names: number]>;
  /** The first entry that could not be read, and is left out with everything below it. */
  failure: { readonly path: string; readonly code: string | undefined; readonly message: string } | undefined;
  /** Each name counts as its part of the file: `links` stays empty. */
  readonly isSpread: boolean;
}

export interface EntryStats {
  readonly dev: number;
  readonly ino: number;
  readonly mode: number;
  readonly nlink: number;
  readonly size: number;
  readonly blocks: number;
}

/** The folders that are still to be read. */
export interface PendingFolders {
  /** Removes the older half, which holds the larger trees, as paths below the top; none where there is only one. */
  take(): string[];
}

export interface Walker {
  /** @param isSpread for a tree with too many files that have several names: see TreeSum. */
  newSum(isSpread?: boolean): TreeSum;
  /** Counts one entry. */
  add(sum: TreeSum, stats: EntryStats): void;
  /** Counts a tree's top. Throws when it is not there. */
  addTop(sum: TreeSum, path: string): { readonly device: number; readonly isFolder: boolean };
  /**
   * Counts what is below a folder on its filesystem, without the folder itself. Stops after each folder and shows the
   * folders still to be read: the caller may take some away. Entries that vanish are ignored.
   * @param top an absolute path that only the engine can change.
   * @param inner the folder below it, empty for the top itself.
   * @throws Node's filesystem error of the first entry that this process may not read, or when the way back up is
   *   lost, with as much of its path as can be said.
   */
  below(sum: TreeSum, device: number, top: string, inner: string): Generator<PendingFolders>;
}
