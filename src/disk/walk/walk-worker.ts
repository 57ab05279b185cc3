/** What runs in a measuring process: takes tasks, gives away work when it is asked to, answers with sums. */
import type { PendingFolders } from './walker-types.ts';
import type { createWalker } from './walker.ts';

/** A folder still to be read; `root` says which tree it belongs to. */
export interface WalkTask {
  readonly root: number;
  /** The tree's top, whose path only the engine can change. */
  readonly top: string;
  /** The folder below it, which others can change; empty: the top itself. */
  readonly inner: string;
  /** There are too many files with several names in this tree: see TreeSum. */
  readonly isSpread: boolean;
  /** `st_dev` of the tree. Undefined for a tree's top: it is counted itself, and must exist. */
  readonly device: number | undefined;
}

/** The orders of a measuring process. */
export type WalkOrder =
  /** The first: paths to leave out (a dead network mount would hang it), and its `nice` value. */
  | {
      readonly kind: 'setup';
      readonly skip: readonly string[];
      readonly niceness: number;
      readonly hasSubvolumes: boolean;
    }
  | { readonly kind: 'walk'; readonly tasks: readonly WalkTask[] }
  /** Another one waits for work: give away some as soon as there is any. */
  | { readonly kind: 'share' };

/** What one of them found of one tree. */
export interface WalkPart {
  readonly root: number;
  readonly device: number;
  readonly bytes: number;
  readonly inodes: number;
  /** Too many files with several names: it was not finished. */
  readonly isTooMuch: boolean;
  /** Files with several names: [inode, bytes, names met here, names in all]. Counted in neither sum. */
  readonly links: readonly (readonly [ino: number, bytes: number, met: number, names: number])[];
}

export type WalkMessage =
  | { readonly kind: 'share'; readonly tasks: readonly WalkTask[] }
  | { readonly kind: 'done'; readonly parts: readonly WalkPart[] }
  | {
      /** The tree cannot be measured, or something in it is left out. */
      readonly kind: 'error' | 'left-out';
      readonly root: number;
      readonly path: string;
      readonly errno: string | undefined;
      readonly message: string;
    };

/** Refers to nothing outside itself but its argument: see walker.ts. */
export function walkWorker(create: typeof createWalker): void {
  const os = process.getBuiltinModule('node:os');
  const timers = process.getBuiltinModule('node:timers/promises');
  /** How long it walks before it listens again, in ms. */
  const sliceMs = 5;
  /** Some 5 MB. */
  const mostLinks = 30_000;
  let walker: ReturnType<typeof createWalker> | undefined;
  let wanted = false;
  let listenAtMs = 0;

  const tell = (message: WalkMessage): void => {
    // Refused: the other side is gone, and so is this process as soon as it listens.
    process.send?.(message, undefined, undefined, () => undefined);
  };

  const share = (task: WalkTask, device: number, folders: PendingFolders): void => {
    const tasks = folders.take().map((inner): WalkTask => ({ ...task, inner, device }));
    if (tasks.length === 0) return;
    wanted = false;
    tell({ kind: 'share', tasks });
  };

  const walk = async (task: WalkTask): Promise<WalkPart | undefined> => {
    if (walker === undefined) return undefined;
    const { root, top, inner, device: known, isSpread } = task;
    const sum = walker.newSum(isSpread);
    let isTooMuch = false;
    let device = known ?? -1;
    try {
      let isFolder = true;
      if (known === undefined) ({ device, isFolder } = walker.addTop(sum, top));
      if (isFolder) {
        for (const folders of walker.below(sum, device, top, inner)) {
          if (performance.now() > listenAtMs) {
            await timers.setImmediate();
            listenAtMs = performance.now() + sliceMs;
          }
          if (wanted) share(task, device, folders);
          isTooMuch = sum.links.size > mostLinks;
          if (isTooMuch) break;
        }
      }
    } catch (error) {
      const failure = error as { code?: string; path?: string; message: string };
      tell({
        kind: 'error',
        root,
        path: failure.path ?? top,
        errno: failure.code,
        message: failure.message,
      });
    }
    if (sum.failure !== undefined) {
      const { path, code, message } = sum.failure;
      tell({ kind: 'left-out', root, path, errno: code, message });
    }
    const links: [number, number, number, number][] = [];
    for (const [ino, [bytes, met, names]] of sum.links) links.push([ino, bytes, met, names]);
    return { root, device, bytes: sum.bytes, inodes: sum.inodes, isTooMuch, links: isTooMuch ? [] : links };
  };

  /** Less priority, where it has more: the way back needs CAP_SYS_NICE, and no priority is a reason not to measure. */
  const yieldTo = (niceness: number): void => {
    try {
      if (os.getPriority() < niceness) os.setPriority(niceness);
    } catch {
      // A sandbox that forbids it: it measures at the priority that it has.
    }
  };

  const walkAll = async (tasks: readonly WalkTask[]): Promise<void> => {
    const parts: WalkPart[] = [];
    for (const task of tasks) {
      const part = await walk(task);
      if (part !== undefined) parts.push(part);
    }
    wanted = false;
    tell({ kind: 'done', parts });
  };

  process.on('disconnect', () => process.exit());
  process.on('message', (order: WalkOrder) => {
    switch (order.kind) {
      case 'setup':
        // The kernel derives the I/O priority from it as well.
        yieldTo(order.niceness);
        walker = create(order.skip, order.hasSubvolumes);
        break;
      case 'share':
        wanted = true;
        break;
      case 'walk':
        void walkAll(order.tasks);
        break;
    }
  });
}
