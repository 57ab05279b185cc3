/**
 * Adds up directory trees in helper processes: the one place that walks. The main thread only passes small messages.
 * Processes and not threads, because only a process has a working directory of its own, without which the kernel
 * would follow the long path to a layer for each of its files; and because its memory is freed when it ends. They are
 * started for one call and ended with it.
 */
import type { ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { DiskError, unreadablePath } from '../filesystem/error.ts';
import { hasSubvolumes } from '../filesystem/filesystem.ts';
import { mountPointsBelow } from './mount-points.ts';
import { startHelper } from './start-helper.ts';
import { GrowingTree, type TreeTotal } from './tree-total.ts';
import type { WalkMessage, WalkOrder, WalkTask } from './walk-worker.ts';

export interface WalkOptions {
  /** Absolute paths left out with all below. */
  readonly exclude?: readonly string[];
  /** Processes; by default one a core, at most 4. */
  readonly processes?: number;
  /** Their `nice` value: 0 (as the program) to 19 (only when the core is otherwise idle). Default 10. */
  readonly niceness?: number;
  /** Called as each tree is finished, in order of finishing. */
  readonly onTree?: (index: number, total: TreeTotal | DiskError) => void;
}

const defaultNiceness = 10;
const maxProcesses = 4;
/** Trees given to a helper at once: enough to hide the message, few enough to keep all busy to the end. */
const maxTasksPerMessage = 16;

/**
 * Adds up each tree: allocated bytes (blocks × 512) and inodes, folders included, the top itself included, each inode
 * once, never crossing a mount point, entries that vanish meanwhile ignored: as `du -s --block-size=1 -x`, but with the
 * subvolumes of a btrfs, which are of the same filesystem.
 * @returns for each path its total, or the DiskError that made it impossible.
 * @throws the signal's reason when aborted; DiskError `failed` when a helper
 *   cannot be started or is lost.
 */
export async function walkTrees(
  paths: readonly string[],
  signal: AbortSignal,
  options: WalkOptions = {},
): Promise<readonly (TreeTotal | DiskError)[]> {
  signal.throwIfAborted();
  if (paths.length === 0) return [];
  const tops = paths.map(withoutTrailingSlash);
  const skip = [...mountPointsBelow(tops), ...(options.exclude ?? []).map(withoutTrailingSlash)];
  signal.throwIfAborted();
  const setup: WalkOrder = {
    kind: 'setup',
    skip,
    niceness: options.niceness ?? defaultNiceness,
    hasSubvolumes: await hasSubvolumes(tops[0] ?? '/'),
  };
  const processes = Math.max(1, options.processes ?? Math.min(maxProcesses, availableParallelism()));
  // A daemon that never walks need not hold it.
  const { spawn: start } = await import('node:child_process');
  // Starting processes holds the event loop for some milliseconds: not right after other work that did.
  await setImmediate();
  signal.throwIfAborted();
  const walk = new Walk(tops, setup, processes, options.onTree);
  return walk.run(signal, start);
}

function taskOf(top: string, root: number, isSpread: boolean): WalkTask {
  return { root, top, inner: '', device: undefined, isSpread };
}

class Walk {
  readonly #tops: readonly string[];
  readonly #setup: WalkOrder;
  readonly #processes: number;
  readonly #onTree: WalkOptions['onTree'];
  readonly #queue: WalkTask[];
  readonly #trees: readonly GrowingTree[];
  readonly #results: (TreeTotal | DiskError)[] = [];
  readonly #helpers: ChildProcess[] = [];
  readonly #waiting: ChildProcess[] = [];
  readonly #given = new Map<ChildProcess, readonly WalkTask[]>();
  /** Helpers that were asked to give away work and have not done so. */
  readonly #asked = new Set<ChildProcess>();
  #open: number;

  constructor(tops: readonly string[], setup: WalkOrder, processes: number, onTree: WalkOptions['onTree']) {
    this.#tops = tops;
    this.#setup = setup;
    this.#processes = processes;
    this.#onTree = onTree;
    // Taken from the end: the first tree first.
    this.#queue = tops.map((top, root) => taskOf(top, root, false)).reverse();
    this.#trees = tops.map(() => new GrowingTree());
    this.#open = tops.length;
  }

  async run(signal: AbortSignal, start: typeof spawn): Promise<readonly (TreeTotal | DiskError)[]> {
    let onAbort: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        onAbort = (): void => {
          reject(signal.reason as Error);
        };
        signal.addEventListener('abort', onAbort, { once: true });
        for (let index = 0; index < this.#processes; index++)
          this.#start(startHelper(start), resolve, reject);
      });
    } finally {
      if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
      for (const helper of this.#helpers) helper.kill('SIGKILL');
    }
    return this.#results;
  }

  #start(helper: ChildProcess, resolve: () => void, reject: (error: Error) => void): void {
    const lost = (why: string, cause?: Error): void => {
      reject(new DiskError('failed', this.#tops[0] ?? '', `A measuring process ${why}`, cause));
    };
    this.#helpers.push(helper);
    helper.on('message', (message: WalkMessage) => {
      try {
        this.#receive(helper, message);
        if (this.#open === 0) resolve();
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    helper.on('error', (error: Error) => {
      lost(`failed: ${error.message}`, error);
    });
    helper.on('exit', (code, killedBy) => {
      const why = `ended early (${killedBy ?? `exit status ${String(code)}`}).`;
      try {
        if (!this.#lose(helper, `A measuring process ${why}`)) lost(why);
        else if (this.#open === 0) resolve();
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    // One that could not be started says so by its error event.
    if (helper.pid === undefined) return;
    this.#tell(helper, this.#setup);
    this.#waiting.push(helper);
    this.#giveOut();
  }

  #receive(helper: ChildProcess, message: WalkMessage): void {
    switch (message.kind) {
      case 'share':
        this.#asked.delete(helper);
        for (const task of message.tasks) this.#tree(task.root).taskAdded();
        this.#queue.push(...message.tasks);
        break;
      case 'error':
      case 'left-out': {
        const { path, errno } = message;
        const error = unreadablePath(path, errno, new Error(message.message));
        if (message.kind === 'error') this.#tree(message.root).fail(error);
        else this.#tree(message.root).leaveOut(error);
        break;
      }
      case 'done':
        for (const part of message.parts) this.#tree(part.root).add(part);
        for (const task of this.#given.get(helper) ?? []) this.#taskDone(task.root);
        this.#given.delete(helper);
        this.#asked.delete(helper);
        this.#waiting.push(helper);
        break;
    }
    this.#giveOut();
  }

  /** The work of a killed helper is given up if another one can continue with the rest. */
  #lose(helper: ChildProcess, why: string): boolean {
    this.#helpers.splice(this.#helpers.indexOf(helper), 1);
    const at = this.#waiting.indexOf(helper);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (this.#helpers.length === 0) return false;
    for (const { root, top } of this.#given.get(helper) ?? []) {
      this.#tree(root).fail(new DiskError('failed', top, why));
      this.#taskDone(root);
    }
    this.#given.delete(helper);
    this.#asked.delete(helper);
    this.#giveOut();
    return true;
  }

  #giveOut(): void {
    while (this.#queue.length > 0) {
      const helper = this.#waiting.pop();
      if (helper === undefined) return;
      const share = Math.ceil(this.#queue.length / (4 * this.#processes));
      const tasks = this.#queue.splice(-Math.min(maxTasksPerMessage, share)).reverse();
      this.#given.set(helper, tasks);
      this.#tell(helper, { kind: 'walk', tasks });
    }
    if (this.#waiting.length === 0) return;
    for (const helper of this.#given.keys()) {
      if (this.#asked.has(helper)) continue;
      this.#asked.add(helper);
      this.#tell(helper, { kind: 'share' });
    }
  }

  #tell(helper: ChildProcess, order: WalkOrder): void {
    // A helper that is lost says so by its exit; that the message did not reach it is only the echo.
    helper.send(order, () => undefined);
  }

  #taskDone(root: number): void {
    const tree = this.#tree(root);
    if (!tree.taskDone()) return;
    if (tree.mustBeSpread) {
      tree.startAgain();
      this.#queue.push(taskOf(this.#tops[root] ?? '', root, true));
      return;
    }
    const result = tree.result();
    this.#results[root] = result;
    this.#open--;
    this.#onTree?.(root, result);
  }

  #tree(root: number): GrowingTree {
    const tree = this.#trees[root];
    if (tree === undefined) throw new RangeError(`no tree ${root}`);
    return tree;
  }
}

function withoutTrailingSlash(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed === '' ? '/' : trimmed;
}
