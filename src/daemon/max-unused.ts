/**
 * MAX_UNUSED_SECONDS: at which checks images are deleted because nobody has used them for longer. Only by a history that has
 * tracked use for that long and misses nothing at the moment. Until an image is due, no check costs an engine request.
 */
import type { Clean } from '../core/eligible/cache-and-containers.ts';
import type { Protections } from '../core/eligible/rules.ts';
import type { RemovableId } from '../core/forest/removable.ts';
import type { Usage } from '../core/model/thresholds.ts';
import { planUnused } from '../core/plan-unused.ts';
import type { UsageHistory } from '../core/use-history/history.ts';
import { idsUnusedFor, unusedMs } from '../core/use-history/unused.ts';
import type { Observer } from '../observe/observer.ts';
import { deleteUnused, type DeleteUnusedOptions } from '../sweep/delete-unused.ts';
import type { DaemonOptions } from './options.ts';
import { whyClosed, type WindowRules } from './window-gate.ts';

export interface MaxUnusedOptions extends Omit<DeleteUnusedOptions, 'isStillUnused'>, WindowRules {
  readonly observer: Observer;
  readonly history: () => UsageHistory | undefined;
  /** Whether the history misses nothing at the moment. */
  readonly isFollowing: () => boolean;
  readonly protections: Protections;
  readonly clean: Clean;
  readonly maxUnusedSeconds: number;
  /** Says that the loop lives, before the engine and the disk are asked. */
  readonly alive: () => void;
}

/** Images that were not deleted although they are due are looked at again after this time: a protection may have ended. */
const AGAIN_MS = 3_600_000;

/** Undefined where the rule is off. */
export function maxUnusedOf(
  options: DaemonOptions,
  parts: Pick<
    MaxUnusedOptions,
    'observer' | 'budget' | 'failures' | 'settleMs' | 'looks' | 'patienceMs' | 'alive'
  >,
): MaxUnused | undefined {
  const { maxUnusedSeconds = 0, history, isFollowing } = options;
  if (maxUnusedSeconds <= 0 || history === undefined || isFollowing === undefined) return undefined;
  return new MaxUnused({ ...options, ...parts, maxUnusedSeconds, history, isFollowing });
}

export class MaxUnused {
  readonly #options: MaxUnusedOptions;
  /** Those due at the last look that ended with nothing left to do; and when that was. */
  #settled: ReadonlySet<RemovableId> = new Set();
  #settledAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: MaxUnusedOptions) {
    this.#options = options;
  }

  /**
   * To be called at each check, before a sweep: what is deleted here need not be swept.
   * @param usage of now. @returns usage afterwards. @throws EngineError, DiskError
   */
  async check(usage: Usage): Promise<Usage> {
    let after = usage;
    while (this.#isDue(after)) {
      const { observer, clean, protections, isFollowing, history, failures, maxUnusedSeconds } =
        this.#options;
      this.#options.alive();
      const ids = this.#ids();
      const { store } = await observer.snapshot(this.#options.stop);
      // Something may have been missed while the store was listed.
      if (!isFollowing()) return after;
      const nowMs = Date.now();
      const refused = failures.refusals(nowMs);
      const plan = planUnused(
        { store, protections, clean, refused, history: history(), nowMs },
        maxUnusedSeconds,
      );
      let hasEnded = true;
      if (plan.victims.length > 0) {
        const isStillUnused = ({ id }: { readonly id: RemovableId }): boolean => this.#isStillUnused(id);
        const done = await deleteUnused(plan, after, { ...this.#options, isStillUnused });
        after = done.usage;
        if (done.report.endedBecause === 'changed') continue;
        hasEnded = done.report.endedBecause === 'done';
      }
      if (hasEnded) {
        this.#settled = new Set(ids);
        this.#settledAtMs = performance.now();
      }
      return after;
    }
    return after;
  }

  #isDue(usage: Usage): boolean {
    const { isFollowing, clean, budget, failures, stop } = this.#options;
    if (!clean.images || stop.aborted || !isFollowing()) return false;
    if (budget.waitMs(performance.now()) > 0 || failures.whyWait(Date.now()) !== undefined) return false;
    if (whyClosed(this.#options, usage, Date.now()) !== undefined) return false;
    const ids = this.#ids();
    if (ids.length === 0) return false;
    const isLongAgo = performance.now() - this.#settledAtMs > AGAIN_MS;
    return isLongAgo || !ids.every((id) => this.#settled.has(id));
  }

  #ids(): readonly RemovableId[] {
    const known = this.#options.history();
    return known === undefined ? [] : idsUnusedFor(known, this.#options.maxUnusedSeconds * 1000, Date.now());
  }

  #isStillUnused(id: RemovableId): boolean {
    const { history, isFollowing, maxUnusedSeconds } = this.#options;
    const known = history();
    return (
      known !== undefined && isFollowing() && unusedMs(known, { id }, Date.now()) >= maxUnusedSeconds * 1000
    );
  }
}
