/**
 * Adds up directory trees in worker threads: the one place that walks. The main thread only passes small messages.
 * The threads are started for one call and ended with it, so an idle daemon keeps no memory for them.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Amount } from '../core/thresholds.ts';
import { DiskError, unreadablePath } from './error.ts';
import { mountPointsBelow } from './mount-points.ts';
import { type WalkMessage, type WalkPart, type WalkSetup, type WalkTask, walkWorker } from './walk-worker.ts';
import { createWalker } from './walker.ts';

/** A file whose other names lie outside of the tree (or that lost names while walking). */
export interface OpenLink {
  readonly ino: number;
  readonly bytes: number;
}

/** One tree: what is in it alone, and the files it shares with others by hard links (not in the sums). */
export interface TreeTotal extends Amount {
  readonly device: number;
  readonly openLinks: readonly OpenLink[];
}

export interface WalkOptions {
  /** Absolute paths left out with all below. */
  readonly exclude?: readonly string[];
  /** Threads; by default one a core, at most 4. */
  readonly threads?: number;
  /** `nice` value of the threads: 0 (as the program) to 19 (only when nobody else wants the core). Default 10. */
  readonly niceness?: number;
  /** Called as each tree is finished, in order of finishing. */
  readonly onTree?: (index: number, total: TreeTotal | DiskError) => void;
}

const defaultNiceness = 10;
const maxThreads = 4;
/** Trees given to a thread at once: enough to hide the message, few enough to keep all threads busy to the end. */
const maxTasksPerMessage = 16;

/**
 * Adds up each tree: allocated bytes (blocks × 512) and inodes, folders included, the top itself included, each inode
 * once, never crossing a mount point, entries that vanish meanwhile ignored: as `du -s --block-size=1 -x`.
 * @returns for each path its total, or the DiskError that made it impossible.
 * @throws the signal's reason when aborted; DiskError `failed` when a thread is lost.
 */
export async function walkTrees(
  paths: readonly string[],
  signal: AbortSignal,
  options: WalkOptions = {},
): Promise<readonly (TreeTotal | DiskError)[]> {
  signal.throwIfAborted();
  if (paths.length === 0) return [];
  const tops = paths.map(withoutTrailingSlash);
  const setup: WalkSetup = {
    skip: [...(await mountPointsBelow(tops)), ...(options.exclude ?? []).map(withoutTrailingSlash)],
    devices: new Float64Array(new SharedArrayBuffer(8 * tops.length)).fill(-1),
    idle: new Int32Array(new SharedArrayBuffer(4)),
    niceness: options.niceness ?? defaultNiceness,
  };
  signal.throwIfAborted();
  const threads = Math.max(1, options.threads ?? Math.min(maxThreads, availableParallelism()));
  const walk = new Walk(tops, setup, threads, options.onTree);
  return walk.run(signal);
}

/** Joins trees as if they were walked as one: each shared file once. */
export function sumTrees(trees: Iterable<TreeTotal>): Amount {
  let bytes = 0;
  let inodes = 0;
  const seen = new Set<string>();
  for (const tree of trees) {
    bytes += tree.bytes;
    inodes += tree.inodes;
    for (const link of tree.openLinks) {
      const key = `${tree.device}:${link.ino}`;
      if (seen.has(key)) continue;
      seen.add(key);
      bytes += link.bytes;
      inodes++;
    }
  }
  return { bytes, inodes };
}

/** A tree in the making. */
interface Tree {
  bytes: number;
  inodes: number;
  /** Tasks given out or waiting. */
  pending: number;
  readonly links: Map<number, { bytes: number; met: number; readonly names: number }>;
  error: DiskError | undefined;
}

class Walk {
  readonly #tops: readonly string[];
  readonly #setup: WalkSetup;
  readonly #threads: number;
  readonly #onTree: WalkOptions['onTree'];
  readonly #queue: WalkTask[];
  readonly #trees: Tree[];
  readonly #results: (TreeTotal | DiskError)[] = [];
  readonly #workers: Worker[] = [];
  readonly #waiting: Worker[] = [];
  readonly #given = new Map<Worker, readonly WalkTask[]>();
  #open: number;

  constructor(tops: readonly string[], setup: WalkSetup, threads: number, onTree: WalkOptions['onTree']) {
    this.#tops = tops;
    this.#setup = setup;
    this.#threads = threads;
    this.#onTree = onTree;
    // Taken from the end: the first tree first.
    this.#queue = tops.map((path, root) => ({ root, path, top: true })).reverse();
    this.#trees = tops.map(() => ({ bytes: 0, inodes: 0, pending: 1, links: new Map(), error: undefined }));
    this.#open = tops.length;
  }

  async run(signal: AbortSignal): Promise<readonly (TreeTotal | DiskError)[]> {
    let onAbort: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        onAbort = (): void => {
          reject(signal.reason as Error);
        };
        signal.addEventListener('abort', onAbort, { once: true });
        for (let index = 0; index < this.#threads; index++) this.#start(resolve, reject);
      });
    } finally {
      if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
      await Promise.all(this.#workers.map((worker) => worker.terminate()));
    }
    return this.#results;
  }

  #start(resolve: () => void, reject: (error: Error) => void): void {
    const worker = new Worker(`(${walkWorker.toString()})(${createWalker.toString()})`, {
      eval: true,
      execArgv: [],
      workerData: this.#setup,
    });
    this.#workers.push(worker);
    worker.on('message', (message: WalkMessage) => {
      try {
        this.#receive(worker, message);
        if (this.#open === 0) resolve();
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    worker.on('error', (error: Error) => {
      reject(
        new DiskError('failed', this.#tops[0] ?? '', `A measuring thread failed: ${error.message}`, error),
      );
    });
    worker.on('exit', () => {
      reject(new DiskError('failed', this.#tops[0] ?? '', 'A measuring thread ended before its work.'));
    });
    this.#waiting.push(worker);
    this.#giveOut();
  }

  #receive(worker: Worker, message: WalkMessage): void {
    switch (message.kind) {
      case 'share':
        for (const task of message.tasks) this.#tree(task.root).pending++;
        this.#queue.push(...message.tasks);
        break;
      case 'error':
        this.#tree(message.root).error ??= unreadablePath(
          message.path,
          message.errno,
          new Error(message.message),
        );
        break;
      case 'done':
        for (const part of message.parts) this.#add(part);
        for (const task of this.#given.get(worker) ?? []) this.#taskDone(task.root);
        this.#given.delete(worker);
        this.#waiting.push(worker);
        break;
    }
    this.#giveOut();
  }

  #giveOut(): void {
    while (this.#queue.length > 0) {
      const worker = this.#waiting.pop();
      if (worker === undefined) break;
      const share = Math.ceil(this.#queue.length / (4 * this.#threads));
      const tasks = this.#queue.splice(-Math.min(maxTasksPerMessage, share)).reverse();
      this.#given.set(worker, tasks);
      worker.postMessage(tasks);
    }
    Atomics.store(this.#setup.idle, 0, this.#waiting.length);
  }

  #add(part: WalkPart): void {
    const tree = this.#tree(part.root);
    tree.bytes += part.bytes;
    tree.inodes += part.inodes;
    for (const [ino, bytes, met, names] of part.links) {
      const link = tree.links.get(ino);
      if (link === undefined) tree.links.set(ino, { bytes, met, names });
      else link.met += met;
    }
  }

  #taskDone(root: number): void {
    const tree = this.#tree(root);
    tree.pending--;
    if (tree.pending > 0) return;
    const openLinks: OpenLink[] = [];
    for (const [ino, link] of tree.links) {
      if (link.met < link.names) {
        openLinks.push({ ino, bytes: link.bytes });
        continue;
      }
      tree.bytes += link.bytes;
      tree.inodes++;
    }
    const device = this.#setup.devices[root] ?? -1;
    const result = tree.error ?? { device, bytes: tree.bytes, inodes: tree.inodes, openLinks };
    this.#results[root] = result;
    this.#open--;
    this.#onTree?.(root, result);
  }

  #tree(root: number): Tree {
    const tree = this.#trees[root];
    if (tree === undefined) throw new RangeError(`no tree ${root}`);
    return tree;
  }
}

function withoutTrailingSlash(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed === '' ? '/' : trimmed;
}
