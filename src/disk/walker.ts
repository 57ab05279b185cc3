/**
 * The loop that adds up one tree, folder by folder. It runs in helper processes (walk.ts) and, for small trees, in
 * slices on the main thread (small-trees.ts). A helper gets this function as *source text* (`Function.prototype.toString`),
 * because that is the one way that works unchanged from the type-stripped sources, in the test runner and in a
 * single minified bundle, without a second file to find and without loading the whole program again in each helper.
 * The price, kept by a test that bundles it: `createWalker` refers to nothing outside itself, and takes Node's
 * modules from `process.getBuiltinModule`. (esbuild's `keepNames` would break it: it wraps functions in a helper.)
 */

/** What was met so far of one tree. */
export interface TreeSum {
  bytes: number;
  inodes: number;
  /** Entries looked at. */
  entries: number;
  /** Size of the largest folder's own list of names, in bytes. */
  largestFolderBytes: number;
  /** Files with several names, by inode: [bytes, names met, names in all]. Counted in neither sum. */
  readonly links: Map<number, [bytes: number, met: number, names: number]>;
}

interface EntryStats {
  readonly dev: number;
  readonly ino: number;
  readonly mode: number;
  readonly nlink: number;
  readonly size: number;
  readonly blocks: number;
}

export interface Walker {
  newSum(): TreeSum;
  /** Counts one entry. */
  add(sum: TreeSum, stats: EntryStats): void;
  /** Counts a tree's top. Throws when it is not there. */
  addTop(sum: TreeSum, path: string): { readonly device: number; readonly isFolder: boolean };
  /**
   * Counts what is below a folder on its filesystem, without the folder itself. Stops after each folder and shows
   * the folders still to be read: the caller may take some away. Entries that vanish are ignored.
   * @throws Node's filesystem error of the first entry that cannot be looked at.
   */
  below(sum: TreeSum, device: number, folder: string): Generator<(string | Buffer)[]>;
}

/**
 * @param skip absolute paths that are never counted and never even looked at.
 * @param moves true where the process is this walker's alone: it then changes its working directory to each folder. The
 *   kernel follows a layer's long path once a folder instead of once an entry, which saves a third of the time.
 * @param hasSubvolumes true on btrfs: a subvolume is a device of its own, and yet of the same filesystem. What is mounted is
 *   among `skip`.
 */
export function createWalker(skip: readonly string[], moves = false, hasSubvolumes = false): Walker {
  const fs = process.getBuiltinModule('node:fs');
  const directoryMode = 0o040000;
  const typeMask = 0o170000;
  const blockBytes = 512;
  const quiet = { throwIfNoEntry: false } as const;
  /** PATH_MAX is 4096: well before it, go on from an open descriptor, as fts(3) does. */
  const longPath = 3000;
  const descriptors = '/proc/self/fd/';
  // Folder → the names in it to skip: asked once a folder, not once an entry.
  const skipped = new Map<string, Set<string>>();
  for (const path of skip) {
    const cut = path.lastIndexOf('/');
    const folder = cut === 0 ? '/' : path.slice(0, cut);
    const names = skipped.get(folder) ?? new Set<string>();
    names.add(path.slice(cut + 1));
    skipped.set(folder, names);
  }

  const isFolder = (stats: EntryStats): boolean => (stats.mode & typeMask) === directoryMode;

  const isGone = (error: unknown): boolean => {
    const code = (error as { code?: unknown }).code;
    return code === 'ENOENT' || code === 'ENOTDIR';
  };

  const add = (sum: TreeSum, stats: EntryStats): void => {
    sum.entries++;
    if (isFolder(stats)) {
      if (stats.size > sum.largestFolderBytes) sum.largestFolderBytes = stats.size;
    } else if (stats.nlink > 1) {
      // Each subvolume numbers its inodes by itself.
      const key = hasSubvolumes ? stats.dev * 2 ** 40 + stats.ino : stats.ino;
      const link = sum.links.get(key);
      if (link === undefined) sum.links.set(key, [stats.blocks * blockBytes, 1, stats.nlink]);
      else link[1]++;
      return;
    }
    sum.bytes += stats.blocks * blockBytes;
    sum.inodes++;
  };

  /** Names that are not UTF-8 come as bytes, or they could not be found again. */
  const namesIn = (folder: string | Buffer): (string | Buffer)[] => {
    if (typeof folder !== 'string') return fs.readdirSync(folder, { encoding: 'buffer' });
    const names = fs.readdirSync(folder);
    for (const name of names) {
      if (name.includes('\ufffd')) return fs.readdirSync(folder, { encoding: 'buffer' });
    }
    return names;
  };

  const join = (folder: string | Buffer, name: string | Buffer): string | Buffer => {
    if (typeof folder === 'string' && typeof name === 'string') {
      return folder === '/' ? `/${name}` : `${folder}/${name}`;
    }
    return Buffer.concat([Buffer.from(folder), Buffer.from('/'), Buffer.from(name)]);
  };

  /** Runs a step; undefined when what it looks for is gone. */
  const unlessGone = <T>(step: () => T): T | undefined => {
    try {
      return step();
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  };

  /** Looks at an entry of the folder that the process is in. */
  const lookHere = (folder: string, name: string | Buffer): EntryStats | undefined => {
    try {
      return fs.lstatSync(name, quiet);
    } catch (error) {
      throw Object.assign(error as Error, { path: join(folder, name).toString() });
    }
  };

  /** Makes a folder the working directory; false when it is gone. */
  const moveInto = (folder: string): boolean => {
    try {
      process.chdir(folder);
      return true;
    } catch (error) {
      if (isGone(error)) return false;
      throw Object.assign(error as Error, { path: folder });
    }
  };

  function* below(sum: TreeSum, device: number, top: string): Generator<(string | Buffer)[]> {
    const stack: (string | Buffer)[] = [top];
    for (let folder = stack.pop(); folder !== undefined; folder = stack.pop()) {
      const path = folder;
      if (path.length > longPath && !path.toString().startsWith(descriptors)) {
        const flags = fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW;
        const descriptor = unlessGone(() => fs.openSync(path, flags));
        if (descriptor === undefined) continue;
        try {
          // Not shown to the caller: these paths mean nothing to another process.
          const deeper = below(sum, device, `${descriptors}${descriptor}`);
          while (deeper.next().done !== true) yield [];
        } finally {
          fs.closeSync(descriptor);
        }
        continue;
      }
      // chdir(2) takes text only: folders whose names are no UTF-8 are read by their whole path.
      const isHere = moves && typeof path === 'string';
      if (isHere && !moveInto(path)) continue;
      const names = unlessGone(() => namesIn(path));
      if (names === undefined) continue;
      const skip = typeof path === 'string' ? skipped.get(path) : undefined;
      for (const name of names) {
        if (skip?.has(name.toString()) === true) continue;
        const stats = isHere ? lookHere(path, name) : fs.lstatSync(join(path, name), quiet);
        if (stats === undefined || (stats.dev !== device && !hasSubvolumes)) continue;
        add(sum, stats);
        if (isFolder(stats)) stack.push(join(path, name));
      }
      yield stack;
    }
  }

  return {
    newSum: () => ({ bytes: 0, inodes: 0, entries: 0, largestFolderBytes: 0, links: new Map() }),
    add,
    addTop: (sum, path) => {
      const stats = fs.lstatSync(path);
      add(sum, stats);
      return { device: stats.dev, isFolder: isFolder(stats) };
    },
    below,
  };
}
