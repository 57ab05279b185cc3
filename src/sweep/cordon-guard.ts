/**
 * The cordon around a sweep: when to wait for it, when to do without, when to release it. The one place that holds
 * and releases; src/cluster knows how a node is cordoned.
 */
import { hasFired, sleep } from '../system/clock.ts';
import type { Cluster, Held } from '../cluster/cluster.ts';
import { ClusterError } from '../cluster/error.ts';
import { formatBytes, formatCount, formatDuration, formatLevel, usedText } from '../core/model/format.ts';
import type { Thresholds } from '../core/model/thresholds.ts';
import type { Reporter, StopReason, SweepReport } from '../events/events.ts';

/** How often the disk is measured while waiting for the cordon; a critical disk waits no longer than this. */
const JUDGE_EVERY_MS = 10_000;
/** After a sweep, the loop continues when the release takes longer; the release continues in the background. */
const RELEASE_PATIENCE_MS = 30_000;

/** What usage calls for while the cordon is not available. */
export type Urgency = 'wait' | 'critical' | 'not-needed';

export interface SweepCordonOptions {
  readonly cluster: Cluster;
  readonly maxCordonSeconds: number;
  readonly report: Reporter;
  /** For tests. */
  readonly judgeEveryMs?: number;
}

/** A cordon that is held: the sweep must end when `end` fires. */
export interface HeldCordon {
  readonly end: AbortSignal;
  /** Why `end` fired, unless the program is stopping. */
  readonly whyEnded: () => StopReason | undefined;
  /** Releases the cordon; returns when that is done, or after a while leaves it running in the background. Never throws. */
  readonly release: () => Promise<void>;
}

export class SweepCordon {
  readonly #options: SweepCordonOptions;
  /** Settles when what an earlier run left behind is undone; holding waits for it. */
  #recovered: Promise<unknown> = Promise.resolve();

  constructor(options: SweepCordonOptions) {
    this.#options = options;
  }

  /**
   * Checks permissions and begins to undo what an earlier run left behind; neither waits for an API server that is away.
   * @returns false when a permission that is needed is missing: each is reported in a line of its own.
   */
  async start(stop: AbortSignal): Promise<boolean> {
    const { cluster, report } = this.#options;
    // A rejection is the abort of the program and need not be reported.
    const giveUp = new AbortController();
    this.#recovered = cluster.recover(AbortSignal.any([stop, giveUp.signal])).catch(() => undefined);
    try {
      const missing = await cluster.checkAccess(stop);
      for (const { message, required } of missing)
        report({ event: 'cluster.access-missing', message, required });
      if (!missing.some(({ required }) => required)) return true;
      // It would be refused forever, and keep the process from ending.
      giveUp.abort();
      await cluster.close(giveUp.signal);
      return false;
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      report({ event: 'cluster.failing', task: 'access', message: error.message });
      return true;
    }
  }

  /** Says if this node's kubelet would delete images before we do. One request, to be made once. */
  async warnOfKubelet(thresholds: Thresholds, stop: AbortSignal): Promise<void> {
    const { cluster, report } = this.#options;
    try {
      const message = await cluster.checkKubelet(thresholds, stop);
      if (message !== undefined) report({ event: 'config.warning', message });
    } catch (error) {
      if (!stop.aborted) throw error;
    }
  }

  /**
   * Waits for the cordon as long as usage allows.
   * @param judge asked every ten seconds while waiting.
   * @returns `critical`: sweep without it; `not-needed`: usage fell meanwhile; `stopped`: the program is stopping.
   */
  async hold(
    reason: string,
    judge: () => Promise<Urgency>,
    stop: AbortSignal,
  ): Promise<HeldCordon | 'critical' | 'not-needed' | 'stopped'> {
    const waiting = new AbortController();
    const signal = AbortSignal.any([stop, waiting.signal]);
    const judgement: { urgency: Urgency } = { urgency: 'wait' };
    const judging = async (): Promise<void> => {
      while (!signal.aborted) {
        await sleep(this.#options.judgeEveryMs ?? JUDGE_EVERY_MS, signal);
        if (hasFired(signal)) return;
        judgement.urgency = await judge();
        if (judgement.urgency !== 'wait') waiting.abort();
      }
    };
    const judged = judging();
    try {
      await Promise.race([this.#recovered, judged]);
      const held = await this.#options.cluster.hold(reason, signal);
      this.#options.cluster.emit({ reason: 'ImageCleanStarted', message: reason });
      return this.#held(held, stop);
    } catch (error) {
      if (!signal.aborted) throw error;
      const { urgency } = judgement;
      if (stop.aborted || urgency === 'wait') return 'stopped';
      if (urgency === 'critical') {
        this.#options.report({
          event: 'cordon.skipped',
          reason: 'the disk is critically full and the node cannot be cordoned now',
        });
      }
      return urgency;
    } finally {
      waiting.abort();
      await judged;
    }
  }

  #held(held: Held, stop: AbortSignal): HeldCordon {
    const { maxCordonSeconds, report } = this.#options;
    const limit = new AbortController();
    const timer = setTimeout(() => {
      report({ event: 'cordon.time-limit', maxCordonSeconds });
      limit.abort();
    }, maxCordonSeconds * 1000);
    const end = AbortSignal.any([stop, held.lost, limit.signal]);
    // At once, not when the deletion under way has ended: that can take minutes.
    const letGo = (): void => void this.#release(held, AbortSignal.abort());
    end.addEventListener('abort', letGo, { once: true });
    return {
      end,
      whyEnded: () =>
        limit.signal.aborted ? 'cordon-time-limit' : held.lost.aborted ? 'slot-lost' : undefined,
      release: async () => {
        clearTimeout(timer);
        end.removeEventListener('abort', letGo);
        await this.#release(held, AbortSignal.any([stop, AbortSignal.timeout(RELEASE_PATIENCE_MS)]));
      },
    };
  }

  async #release(held: Held, patience: AbortSignal): Promise<void> {
    try {
      await held.release(patience);
    } catch (error) {
      // Only our waiting ended; the release continues until it succeeds, and the cluster reports it.
      if (!patience.aborted) throw error;
    }
  }

  /** Writes an event on the node about how a sweep ended. */
  tell(report: SweepReport): void {
    const type = report.thresholdType;
    const what = `${formatCount(report.deletedImages, 'image')} deleted, ${formatBytes(report.freedBytes)} freed in ${formatDuration(report.durationSeconds)}, ${formatLevel(report.usedBefore, type)} to ${usedText(report.usedAfter, type)}`;
    this.#options.cluster.emit(
      report.reachedLow
        ? { reason: 'ImageCleanCompleted', message: what }
        : {
            reason: 'ImageCleanInsufficient',
            message: `${what}; low threshold not reached (${report.stoppedBecause})`,
          },
    );
  }

  /**
   * Waits until no cordon of ours is left, for as long as that takes.
   * @param abandon ends the waiting: the mark remains on the node, and the next start removes it.
   */
  async close(abandon: AbortSignal): Promise<void> {
    await this.#options.cluster.close(abandon);
  }
}
