/**
 * The loop that adds up one tree, folder by folder, in helper processes (walk.ts). A helper gets this function as
 * *source text* (`Function.prototype.toString`), because that works unchanged from the type-stripped sources, in the
 * test runner and in a single minified bundle, without a second file and without loading the whole program in each
 * helper. The price, checked by a test that bundles it: `createWalker` refers to nothing outside itself, and takes
 * Node's modules from `process.getBuiltinModule`. (esbuild's `keepNames` would break it: it wraps functions.)
 *
 * A tree's owner may change it while it is read. So every folder is opened without following a link, by the handle of
 * its parent (`/proc/self/fd/<n>/<name>`, Linux's openat(2) for Node), and must be the one that was examined. Handles
 * also have no maximum path length: any depth is walked. Memory does not grow with what a container can create
 * cheaply: long lists of names are read in parts, and where too many files have several names, each name counts as
 * its part of the file instead of every file being remembered.
 */

import type { EntryStats, PendingFolders, TreeSum, Walker } from './walker-types.ts';

/**
 * @param skip absolute paths that are left out with everything below, unread.
 * @param hasSubvolumes other devices belong to the same filesystem, except those at `skip` (btrfs).
 */
export function createWalker(skip: readonly string[], hasSubvolumes = false): Walker {
  const fs = process.getBuiltinModule('node:fs');
  const folderFlags = fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW;
  const directoryMode = 0o040000;
  const typeMask = 0o170000;
  const blockBytes = 512;
  const quiet = { throwIfNoEntry: false } as const;
  const handles = '/proc/self/fd/';
  /** No path of the mount table is longer, and no message needs to be. */
  const longestPath = 4096;
  /** A longer list of names is read in parts: a folder's size grows with it (on zfs it is the number of names). */
  const longListBytes = 128 * 1024;
  const namesAtOnce = 4096;
  /** Handles kept open on the way down; folders above them are found again by `..`, if unchanged. */
  const openLevels = 100;
  // Folder → the names in it to skip: asked once a folder, not once an entry.
  const skipped = new Map<string, Set<string>>();
  for (const path of skip) {
    const cut = path.lastIndexOf('/');
    const folder = cut === 0 ? '/' : path.slice(0, cut);
    const names = skipped.get(folder) ?? new Set<string>();
    names.add(path.slice(cut + 1));
    skipped.set(folder, names);
  }

  type Name = string | Buffer;
  interface Level {
    /** -1 where it was closed on the way down. */
    handle: number;
    readonly ino: number;
    /** Undefined where it is too long or no text. */
    readonly path: string | undefined;
    /** Names that are still to be read, where there are many. */
    rest: ReturnType<typeof fs.opendirSync> | undefined;
    readonly folders: (readonly [name: Name, ino: number])[];
  }

  const isFolder = (stats: EntryStats): boolean => (stats.mode & typeMask) === directoryMode;

  /** An entry that is no longer a folder was replaced, so the folder is gone. */
  const isGone = (error: unknown): boolean => {
    const code = (error as { code?: unknown }).code;
    return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
  };

  const add = (sum: TreeSum, stats: EntryStats): void => {
    sum.entries++;
    const bytes = stats.blocks * blockBytes;
    if (!isFolder(stats) && stats.nlink > 1) {
      // Each subvolume has its own inode numbers.
      const key = hasSubvolumes ? stats.dev * 2 ** 40 + stats.ino : stats.ino;
      const link = sum.links.get(key);
      if (link === undefined) {
        if (!sum.isSpread) {
          sum.links.set(key, [bytes, 1, stats.nlink]);
          return;
        }
        sum.bytes += bytes / stats.nlink;
        sum.inodes += 1 / stats.nlink;
        return;
      }
      link[1]++;
      if (link[1] < link[2]) return;
      sum.links.delete(key);
    }
    sum.bytes += bytes;
    sum.inodes++;
  };

  const named = (error: unknown, folder: string | undefined, name: Name): Error => {
    const path = folder === undefined ? `…/${name.toString()}` : `${folder}/${name.toString()}`;
    return Object.assign(error as Error, { path });
  };

  /** What this process may not read is reported; what fails for its own reasons is left out. */
  const leaveOut = (sum: TreeSum, error: unknown, folder: string | undefined, name: Name): void => {
    const failure = named(error, folder, name) as Error & { code?: string; path: string };
    if (failure.code === 'EACCES' || failure.code === 'EPERM') throw failure;
    sum.failure ??= { path: failure.path, code: failure.code, message: failure.message };
  };

  const at = (handle: number, name: Name): Name =>
    typeof name === 'string'
      ? `${handles}${handle}/${name}`
      : Buffer.concat([Buffer.from(`${handles}${handle}/`), name]);

  /** Opens a folder; undefined where it is gone or is none. */
  const open = (sum: TreeSum, path: Name, folder: string | undefined, name: Name): number | undefined => {
    try {
      return fs.openSync(path, folderFlags);
    } catch (error) {
      if (!isGone(error)) leaveOut(sum, error, folder, name);
      return undefined;
    }
  };

  /** Names that are not UTF-8 are kept as bytes, or they could not be found again. */
  const namesIn = (handle: number): Name[] => {
    const names = fs.readdirSync(`${handles}${handle}`);
    for (const name of names) {
      if (name.includes('\ufffd')) return fs.readdirSync(`${handles}${handle}`, { encoding: 'buffer' });
    }
    return names;
  };

  /** A part of a long list, as bytes: names that are not valid text cannot be recognised in time. */
  const partOf = (level: Level): Name[] => {
    const names: Name[] = [];
    for (let entry = level.rest?.readSync() ?? null; entry !== null; entry = level.rest?.readSync() ?? null) {
      const bytes = entry.name as unknown as Buffer;
      const name = bytes.toString();
      names.push(name.includes('\ufffd') ? bytes : name);
      if (names.length >= namesAtOnce) return names;
    }
    level.rest?.closeSync();
    level.rest = undefined;
    return names;
  };

  const lookAt = (sum: TreeSum, device: number, level: Level, names: readonly Name[]): void => {
    // A working directory saves following the way to it once more for each entry; for a few it is not worth it.
    const isHere = names.length > 3;
    if (isHere) {
      try {
        process.chdir(`${handles}${level.handle}`);
      } catch (error) {
        if (!isGone(error)) leaveOut(sum, error, level.path, '.');
        return;
      }
    }
    const skip = level.path === undefined ? undefined : skipped.get(level.path);
    for (const name of names) {
      if (skip?.has(name.toString()) === true) continue;
      let stats: EntryStats | undefined;
      try {
        stats = fs.lstatSync(isHere ? name : at(level.handle, name), quiet);
      } catch (error) {
        leaveOut(sum, error, level.path, name);
      }
      if (stats === undefined || (stats.dev !== device && !hasSubvolumes)) continue;
      add(sum, stats);
      if (isFolder(stats)) level.folders.push([name, stats.ino]);
    }
  };

  /** Counts the entries of a folder that was opened, and puts it on the way down. */
  const enter = (sum: TreeSum, device: number, levels: Level[], level: Level, size: number): void => {
    levels.push(level);
    let names: Name[];
    try {
      if (size > longListBytes) {
        const options = { encoding: 'buffer' as BufferEncoding, bufferSize: namesAtOnce };
        level.rest = fs.opendirSync(`${handles}${level.handle}`, options);
        names = partOf(level);
      } else names = namesIn(level.handle);
    } catch (error) {
      // Removed since it was opened, it has no names any more.
      if (!isGone(error)) leaveOut(sum, error, level.path, '.');
      return;
    }
    lookAt(sum, device, level, names);
    const above = levels[levels.length - 1 - openLevels];
    if (above === undefined || above.handle < 0) return;
    while (above.rest !== undefined) lookAt(sum, device, above, partOf(above));
    fs.closeSync(above.handle);
    above.handle = -1;
  };

  /** Finds the way up again, of which the handle was closed. */
  const reopen = (level: Level, below: Level): void => {
    if (level.handle >= 0) return;
    level.handle = fs.openSync(`${handles}${below.handle}/..`, folderFlags);
    if (fs.fstatSync(level.handle).ino === level.ino) return;
    const error = Object.assign(new Error('moved while being read'), { code: 'ESTALE' });
    throw named(error, level.path, '.');
  };

  const pending = (levels: readonly Level[], top: string): PendingFolders => ({
    take: () => {
      const shown = levels.filter(({ path }) => path !== undefined);
      const count = shown.reduce((total, { folders }) => total + folders.length, 0);
      const paths: string[] = [];
      for (const { path = '', folders } of shown) {
        const left = Math.floor(count / 2) - paths.length;
        for (const folder of folders.splice(0, Math.max(0, left))) {
          const [name] = folder;
          // Names that are not valid text cannot be sent: read here, at the end.
          if (typeof name !== 'string') folders.push(folder);
          else paths.push(`${path}/${name}`.slice(top === '/' ? 1 : top.length + 1));
        }
      }
      return paths;
    },
  });

  function* below(sum: TreeSum, device: number, top: string, inner: string): Generator<PendingFolders> {
    const levels: Level[] = [];
    const isOther = (stats: EntryStats): boolean => stats.dev !== device && !hasSubvolumes;
    try {
      let handle = open(sum, top, undefined, top);
      for (const name of inner.split('/')) {
        if (handle === undefined || name === '') continue;
        const next = open(sum, at(handle, name), top, inner);
        fs.closeSync(handle);
        handle = next;
      }
      if (handle === undefined) return;
      const stats = fs.fstatSync(handle);
      const path = inner === '' ? top : `${top === '/' ? '' : top}/${inner}`;
      const first: Level = { handle, ino: stats.ino, path, rest: undefined, folders: [] };
      if (isOther(stats)) {
        fs.closeSync(handle);
        return;
      }
      enter(sum, device, levels, first, stats.size);
      yield pending(levels, top);
      for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
        const next = level.folders.pop();
        if (next === undefined && level.rest !== undefined) {
          lookAt(sum, device, level, partOf(level));
          yield pending(levels, top);
        } else if (next === undefined) {
          const above = levels.at(-2);
          if (above !== undefined) reopen(above, level);
          levels.pop();
          fs.closeSync(level.handle);
        } else {
          const [name, ino] = next;
          const opened = open(sum, at(level.handle, name), level.path, name);
          if (opened === undefined) continue;
          const found = fs.fstatSync(opened);
          if (isOther(found) || found.ino !== ino) {
            fs.closeSync(opened);
            continue;
          }
          const whole =
            level.path === undefined || typeof name !== 'string'
              ? ''
              : `${level.path === '/' ? '' : level.path}/${name}`;
          const isTold = whole !== '' && whole.length < longestPath;
          const child: Level = {
            handle: opened,
            ino: found.ino,
            path: isTold ? whole : undefined,
            rest: undefined,
            folders: [],
          };
          enter(sum, device, levels, child, found.size);
          yield pending(levels, top);
        }
      }
    } finally {
      for (const { handle, rest } of levels) {
        rest?.closeSync();
        if (handle >= 0) fs.closeSync(handle);
      }
    }
  }

  return {
    newSum: (isSpread = false) => ({
      bytes: 0,
      inodes: 0,
      entries: 0,
      links: new Map(),
      failure: undefined,
      isSpread,
    }),
    add,
    addTop: (sum, path) => {
      const stats = fs.lstatSync(path);
      add(sum, stats);
      return { device: stats.dev, isFolder: isFolder(stats) };
    },
    below,
  };
}
