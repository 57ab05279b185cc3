/**
 * The loop that adds up trees, run in worker threads by walk.ts. The worker gets this function as *source text*
 * (`Function.prototype.toString`), because that is the one way that works unchanged from the type-stripped sources,
 * in the test runner and in a single minified bundle, without a second file to find and without loading the whole
 * program again in each thread. The price, kept by a test that bundles it: the function refers to nothing outside
 * itself, and takes Node's modules from `process.getBuiltinModule`.
 */

/** A folder still to be read; `root` says which tree it belongs to. */
export interface WalkTask {
  readonly root: number;
  readonly path: string;
  /** True for a tree's top: it is counted itself, and must exist. */
  readonly top: boolean;
}

/** What a worker is started with. */
export interface WalkSetup {
  /** Mount points: never counted, never even looked at (a dead network mount would hang the thread). */
  readonly mountPoints: readonly string[];
  /** Paths to leave out, with all below. */
  readonly exclude: readonly string[];
  /** `st_dev` of each tree, written by whoever meets its top. -1: not known yet. */
  readonly devices: Float64Array;
  /** [0]: workers that wait for something to do. */
  readonly idle: Int32Array;
  /** `nice` value of the threads, 0 to 19. */
  readonly niceness: number;
}

/** What one worker found of one tree. */
export interface WalkPart {
  readonly root: number;
  readonly bytes: number;
  readonly inodes: number;
  /** Files with more names than were met: [inode, bytes, names met, names in all]. Counted in neither sum. */
  readonly links: readonly (readonly [ino: number, bytes: number, met: number, names: number])[];
}

export type WalkMessage =
  | { readonly kind: 'share'; readonly tasks: readonly WalkTask[] }
  | { readonly kind: 'done'; readonly parts: readonly WalkPart[] }
  | {
      readonly kind: 'error';
      readonly root: number;
      readonly path: string;
      readonly errno: string | undefined;
      readonly message: string;
    };

export function walkWorker(): void {
  const fs = process.getBuiltinModule('node:fs');
  const os = process.getBuiltinModule('node:os');
  const thread = process.getBuiltinModule('node:worker_threads');
  const setup = thread.workerData as WalkSetup;
  const port = thread.parentPort;
  if (port === null) return;
  const directoryMode = 0o040000;
  const typeMask = 0o170000;
  const quiet = { throwIfNoEntry: false } as const;
  // Path of a folder → the names in it that are not to be looked at. Asked once a folder, not once an entry.
  const skipped = new Map<string, Set<string>>();
  for (const path of [...setup.mountPoints, ...setup.exclude]) {
    const cut = path.lastIndexOf('/');
    const folder = cut === 0 ? '/' : path.slice(0, cut);
    const names = skipped.get(folder) ?? new Set<string>();
    names.add(path.slice(cut + 1));
    skipped.set(folder, names);
  }
  // On Linux setpriority(2) with 0 means the calling *thread*; the kernel derives the I/O priority from it as well.
  if (setup.niceness > 0) os.setPriority(0, setup.niceness);

  interface Sum {
    bytes: number;
    inodes: number;
    links: Map<number, [number, number, number]>;
  }
  const sums = new Map<number, Sum>();
  let current: { path: string } = { path: '' };

  const add = (sum: Sum, stats: { ino: number; blocks: number; nlink: number }, isFolder: boolean): void => {
    if (stats.nlink > 1 && !isFolder) {
      const link = sum.links.get(stats.ino);
      if (link === undefined) sum.links.set(stats.ino, [stats.blocks * 512, 1, stats.nlink]);
      else link[1]++;
      return;
    }
    sum.bytes += stats.blocks * 512;
    sum.inodes++;
  };

  const isGone = (error: unknown): boolean => {
    const code = (error as { code?: unknown }).code;
    return code === 'ENOENT' || code === 'ENOTDIR';
  };

  /** Reads one folder; names that are not UTF-8 come as bytes, or they could not be found again. */
  const read = (folder: string | Buffer): (string | Buffer)[] => {
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

  const drain = (root: number, sum: Sum, first: string | Buffer, shareable: boolean): void => {
    const device = setup.devices[root];
    const stack: (string | Buffer)[] = [first];
    for (let folder = stack.pop(); folder !== undefined; folder = stack.pop()) {
      current = { path: String(folder) };
      // Paths near PATH_MAX (4096): go on from an open descriptor, as fts(3) does.
      if (folder.length > 3000 && !String(folder).startsWith('/proc/self/fd/')) {
        let descriptor: number;
        try {
          descriptor = fs.openSync(folder, fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW);
        } catch (error) {
          if (isGone(error)) continue;
          throw error;
        }
        try {
          drain(root, sum, `/proc/self/fd/${descriptor}`, false);
        } finally {
          fs.closeSync(descriptor);
        }
        continue;
      }
      let names: (string | Buffer)[];
      try {
        names = read(folder);
      } catch (error) {
        if (isGone(error)) continue;
        throw error;
      }
      const skip = typeof folder === 'string' ? skipped.get(folder) : undefined;
      for (const name of names) {
        if (skip?.has(String(name)) === true) continue;
        const path = join(folder, name);
        let stats: ReturnType<typeof fs.lstatSync> | undefined;
        try {
          stats = fs.lstatSync(path, quiet);
        } catch (error) {
          current = { path: String(path) };
          throw error;
        }
        if (stats === undefined || stats.dev !== device) continue;
        const isFolder = (stats.mode & typeMask) === directoryMode;
        add(sum, stats, isFolder);
        if (isFolder) stack.push(path);
      }
      // Somebody waits: give away the older half, which holds the larger trees.
      if (shareable && stack.length > 1 && Atomics.load(setup.idle, 0) > 0) {
        Atomics.sub(setup.idle, 0, 1);
        const half = stack.splice(0, stack.length >> 1);
        const tasks: { root: number; path: string; top: boolean }[] = [];
        for (const path of half) {
          if (typeof path === 'string') tasks.push({ root, path, top: false });
          else stack.push(path);
        }
        if (tasks.length > 0) port.postMessage({ kind: 'share', tasks });
      }
    }
  };

  port.on('message', (tasks: WalkTask[]) => {
    sums.clear();
    for (const task of tasks) {
      current = task;
      const sum = sums.get(task.root) ?? { bytes: 0, inodes: 0, links: new Map() };
      sums.set(task.root, sum);
      try {
        if (!task.top) {
          drain(task.root, sum, task.path, true);
          continue;
        }
        const stats = fs.lstatSync(task.path);
        setup.devices[task.root] = stats.dev;
        const isFolder = (stats.mode & typeMask) === directoryMode;
        add(sum, stats, isFolder);
        if (isFolder) drain(task.root, sum, task.path, true);
      } catch (error) {
        const { code, message } = error as { code?: string; message: string };
        port.postMessage({ kind: 'error', root: task.root, path: current.path, errno: code, message });
      }
    }
    const parts: WalkPart[] = [];
    for (const [root, sum] of sums) {
      const links: [number, number, number, number][] = [];
      let { bytes, inodes } = sum;
      for (const [ino, [size, met, names]] of sum.links) {
        if (met >= names) {
          bytes += size;
          inodes++;
        } else links.push([ino, size, met, names]);
      }
      parts.push({ root, bytes, inodes, links });
    }
    port.postMessage({ kind: 'done', parts });
  });
}
