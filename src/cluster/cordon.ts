/**
 * The cordon of one node as one thing to hold and release. Decides by `cordon-rules.ts`, writes conditionally, reads again
 * on a conflict, tries again on everything else. What it must never do: leave a cordon of its own behind while it runs.
 */
import type { KubernetesApi, NodeObject, PatchOperation } from './api.ts';
import {
  decideAcquire,
  decideRelease,
  decideRenewal,
  fence,
  type CordonMark,
  type CordonMode,
  type MarkFilter,
  type ReleaseOutcome,
} from './cordon-rules.ts';
import { ClusterError, isAmbiguous } from './error.ts';
import { renewEveryMs } from './holder.ts';
import { untilDone, type Backoff, type Reporter, type Rows, type Task } from './retry.ts';

export interface CordonOptions {
  readonly api: KubernetesApi;
  readonly nodeName: string;
  /** Who we are, in the annotation. */
  readonly podName: string;
  readonly mode: CordonMode;
  readonly backoff: Backoff;
  readonly report: Reporter;
  /** The process, in the mark that it renews; left out by who only takes marks off. */
  readonly process?: string;
  readonly isHeldByOther?: MarkFilter;
  readonly renewEveryMs?: number;
}

/** `node-gone`: the node does not exist (any more), so no pod can be scheduled on it. */
export type Acquired = 'cordoned' | 'foreign' | 'node-gone';
export type Released = ReleaseOutcome | 'node-gone';

type HeldMark = CordonMark & { readonly mode: CordonMode };

export class Cordon {
  readonly #options: CordonOptions;
  readonly #rows: Rows = new Map();
  /** What we wrote or may have written on the node; undefined when nothing of ours can be there. */
  #mark: HeldMark | undefined;
  /** A change was sent whose fate we do not know: it may still happen. */
  #inDoubt = false;
  #renewal: NodeJS.Timeout | undefined;
  /** The result of an undo whose answer was lost, if it worked. */
  #unanswered: ReleaseOutcome | undefined;

  constructor(options: CordonOptions) {
    this.#options = options;
  }

  /**
   * Cordons the node, waiting for the API server as long as the signal allows. When it throws, a cordon of
   * ours may be on the node all the same: `release` is due.
   * @throws the signal's reason.
   */
  async acquire(reason: string, signal: AbortSignal): Promise<Acquired> {
    const { podName, mode, report, process: holder } = this.#options;
    const time = new Date().toISOString();
    const alive = holder === undefined ? {} : { process: holder, renewed: time };
    const mark: HeldMark = { time, pod: podName, reason, mode, ...alive };
    return this.#retry('cordon', signal, async (inner) => {
      const node = await this.#read(inner);
      if (node === undefined) {
        this.#mark = undefined;
        report({ event: 'node.gone' });
        return 'node-gone';
      }
      const { patch, outcome } = decideAcquire(node, mark, this.#options.isHeldByOther);
      if (outcome === 'foreign') {
        this.#mark = undefined;
        report({ event: 'node.already-cordoned' });
        return 'foreign';
      }
      // Before it is sent: from here on it may be there.
      this.#mark = mark;
      this.#unanswered = undefined;
      if (patch !== undefined) await this.#write(patch, inner);
      // The node carries a mark of the other mode: gone now, so decide again (a conflict is tried again at once).
      if (outcome === 'stale') throw new ClusterError('conflict', 'A cordon of the other mode was there.');
      report({ event: 'node.cordoned', mode });
      this.#keepAlive();
      return 'cordoned';
    });
  }

  /**
   * Removes our cordon, retrying until that is done. Does nothing when there is none.
   * @throws the signal's reason; the cordon is then still ours to release.
   */
  async release(signal: AbortSignal): Promise<Released> {
    clearInterval(this.#renewal);
    const mine = this.#mark;
    if (mine === undefined) return 'absent';
    const outcome = await this.#retry('uncordon', signal, async (inner) => this.#undo(mine, mine, inner));
    this.#mark = undefined;
    if (outcome === 'released') this.#options.report({ event: 'node.uncordoned', leftBehind: false });
    this.#reportLeft(outcome);
    return outcome;
  }

  /**
   * Removes any cordon that carries our annotation: left behind by an earlier run, by the Python tool, or in the
   * other mode. Changes that an earlier run sent and that are still on their way cannot take effect afterwards.
   * @param isWanted leaves other marks alone; default: any.
   * @throws the signal's reason.
   */
  async recover(signal: AbortSignal, isWanted?: MarkFilter): Promise<Released> {
    const { podName, mode, report } = this.#options;
    const time = new Date().toISOString();
    const mark: CordonMark = { time, pod: podName, reason: 'start-up', mode };
    this.#inDoubt = true;
    const outcome = await this.#retry('recover', signal, async (inner) =>
      this.#undo(undefined, mark, inner, isWanted),
    );
    this.#mark = undefined;
    if (outcome === 'released') report({ event: 'node.uncordoned', leftBehind: true });
    if (outcome === 'node-gone') report({ event: 'node.gone' });
    return outcome;
  }

  /** Renews the mark. A failed renewal does not matter, because the next one follows. */
  #keepAlive(): void {
    clearInterval(this.#renewal);
    if (this.#options.process === undefined) return;
    const everyMs = this.#options.renewEveryMs ?? renewEveryMs;
    this.#renewal = setInterval(() => void this.#renew(AbortSignal.timeout(everyMs)), everyMs);
    this.#renewal.unref();
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const before = this.#mark;
    if (before === undefined) return;
    try {
      const node = await this.#read(signal);
      const mark = { ...before, renewed: new Date().toISOString() };
      const patch = node && decideRenewal(node, mark);
      // Released meanwhile: nothing may be written any more.
      if (patch === undefined || this.#mark !== before) return;
      this.#mark = mark;
      await this.#options.api.patchNode(this.#options.nodeName, patch, signal);
    } catch (error) {
      if (!(error instanceof ClusterError) && !signal.aborted) throw error;
    }
  }

  async #undo(
    mine: CordonMark | undefined,
    fencing: CordonMark,
    signal: AbortSignal,
    isWanted?: MarkFilter,
  ): Promise<Released> {
    const node = await this.#read(signal);
    if (node === undefined) {
      this.#inDoubt = false;
      return 'node-gone';
    }
    const { patch, outcome } = decideRelease(node, mine, isWanted);
    if (patch !== undefined) {
      try {
        await this.#write(patch, signal);
      } catch (error) {
        if (isAmbiguous(error)) this.#unanswered = outcome;
        throw error;
      }
      this.#unanswered = undefined;
      return outcome;
    }
    const barrier = this.#inDoubt ? fence(node, fencing) : undefined;
    if (barrier !== undefined) {
      const fenced = await this.#write(barrier, signal);
      const { patch: lift } = decideRelease(fenced, undefined);
      if (lift !== undefined) await this.#write(lift, signal);
    }
    this.#inDoubt = false;
    // Nothing there any more: the try worked whose answer was lost.
    const done = outcome === 'absent' ? (this.#unanswered ?? outcome) : outcome;
    this.#unanswered = undefined;
    return done;
  }

  #reportLeft(outcome: Released): void {
    const { report } = this.#options;
    if (outcome === 'left') report({ event: 'node.left-cordoned', why: 'annotation-removed' });
    if (outcome === 'other-holder') report({ event: 'node.left-cordoned', why: 'other-holder' });
    if (outcome === 'node-gone') report({ event: 'node.gone' });
  }

  /** The node, or undefined when there is none. */
  async #read(signal: AbortSignal): Promise<NodeObject | undefined> {
    try {
      return await this.#options.api.getNode(this.#options.nodeName, signal);
    } catch (error) {
      if (error instanceof ClusterError && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  async #write(patch: readonly PatchOperation[], signal: AbortSignal): Promise<NodeObject> {
    try {
      const node = await this.#options.api.patchNode(this.#options.nodeName, patch, signal);
      // The version moved on, so whatever was sent before on an older one can no longer happen.
      this.#inDoubt = false;
      return node;
    } catch (error) {
      // Aborted (not a ClusterError) or no answer: it may have happened, or may happen yet.
      if (isAmbiguous(error) || !(error instanceof ClusterError)) this.#inDoubt = true;
      throw error;
    }
  }

  async #retry<T>(task: Task, signal: AbortSignal, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { backoff, report } = this.#options;
    return untilDone(attempt, signal, { rows: this.#rows, task, backoff, report });
  }
}
