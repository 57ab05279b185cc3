/** What runs in a measuring thread: takes tasks, gives away work when another thread waits, answers with sums. */
import type { createWalker } from './walker.ts';

/** A folder still to be read; `root` says which tree it belongs to. */
export interface WalkTask {
  readonly root: number;
  readonly path: string;
  /** True for a tree's top: it is counted itself, and must exist. */
  readonly top: boolean;
}

/** What a worker is started with. */
export interface WalkSetup {
  /** Paths to leave out: mount points (a dead network mount would hang the thread) and what the caller excludes. */
  readonly skip: readonly string[];
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
  /** Files with several names: [inode, bytes, names met here, names in all]. Counted in neither sum. */
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

/** Refers to nothing outside itself but its argument: see walker.ts. */
export function walkWorker(create: typeof createWalker): void {
  const os = process.getBuiltinModule('node:os');
  const thread = process.getBuiltinModule('node:worker_threads');
  const setup = thread.workerData as WalkSetup;
  const port = thread.parentPort;
  if (port === null) return;
  // On Linux setpriority(2) with 0 means the calling *thread*; the kernel derives the I/O priority from it as well.
  if (setup.niceness > 0) os.setPriority(0, setup.niceness);
  const walker = create(setup.skip);

  /** Somebody waits: give away the older half, which holds the larger trees. */
  const share = (root: number, stack: (string | Buffer)[]): void => {
    Atomics.sub(setup.idle, 0, 1);
    const tasks: WalkTask[] = [];
    for (const path of stack.splice(0, stack.length >> 1)) {
      if (typeof path === 'string') tasks.push({ root, path, top: false });
      else stack.push(path);
    }
    if (tasks.length > 0) port.postMessage({ kind: 'share', tasks });
  };

  port.on('message', (tasks: WalkTask[]) => {
    const parts: WalkPart[] = [];
    for (const { root, path, top } of tasks) {
      const sum = walker.newSum();
      try {
        let isFolder = true;
        if (top) {
          const found = walker.addTop(sum, path);
          setup.devices[root] = found.device;
          isFolder = found.isFolder;
        }
        if (isFolder) {
          for (const stack of walker.below(sum, setup.devices[root] ?? -1, path)) {
            if (stack.length > 1 && Atomics.load(setup.idle, 0) > 0) share(root, stack);
          }
        }
      } catch (error) {
        const failure = error as { code?: string; path?: string; message: string };
        port.postMessage({
          kind: 'error',
          root,
          path: failure.path ?? path,
          errno: failure.code,
          message: failure.message,
        });
      }
      const links: [number, number, number, number][] = [];
      for (const [ino, [bytes, met, names]] of sum.links) links.push([ino, bytes, met, names]);
      parts.push({ root, bytes: sum.bytes, inodes: sum.inodes, links });
    }
    port.postMessage({ kind: 'done', parts });
  });
}
