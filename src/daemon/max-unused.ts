/**
 * MAX_UNUSED_SECONDS: at which checks images unused for longer are deleted. Only by a history that has tracked use
 * for that long and has no gap at the moment. Until an image is due, no check costs an engine request.
 */
import type { RemovableId } from '../core/forest/removable.ts';
import type { Usage } from '../core/model/thresholds.ts';
import { planUnused } from '../core/plan/plan-unused.ts';
import { idsUnusedFor, unusedMs } from '../core/use-history/unused.ts';
import type { Observer } from '../observe/observer.ts';
import type { IsStillUnused } from '../sweep/remove/outcome.ts';
import { deleteUnused, type DeleteUnusedOptions } from '../sweep/delete-unused.ts';
import { whyClosed } from './window-gate.ts';

export interface MaxUnusedOptions extends Omit<DeleteUnusedOptions, 'isStillUnused'> {
  readonly observer: Observer;
  /** See DaemonOptions. */
  readonly isFollowing: () => boolean;
  /** Says that the loop lives, before the engine and the disk are asked. */
  readonly alive: () => void;
}

/** Images that were due but not deleted are tried again after this time: a protection may have ended. */
const AGAIN_MS = 3_600_000;

export class MaxUnused {
  readonly #options: MaxUnusedOptions;
  readonly #maxMs: number;
  /** Those due at the last look that ended with nothing left to do; and when that was. */
  #settled: ReadonlySet<RemovableId> = new Set();
  #settledAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: MaxUnusedOptions) {
    this.#options = options;
    this.#maxMs = (options.rules.maxUnusedSeconds ?? 0) * 1000;
  }

  /**
   * To be called at each check, before a sweep: what is deleted here need not be swept.
   * @param usage of now. @returns usage afterwards. @throws EngineError, DiskError
   */
  async check(usage: Usage): Promise<Usage> {
    const { observer, rules, isFollowing, failures, stop } = this.#options;
    let after = usage;
    while (this.#isDue(after)) {
      this.#options.alive();
      const ids = this.#ids();
      const { store } = await observer.snapshot(stop);
      // Something may have been missed while the store was listed.
      if (!isFollowing()) return after;
      const nowMs = Date.now();
      const plan = planUnused({ store, refused: failures.refusals(nowMs), nowMs }, rules);
      if (plan !== undefined && plan.victims.length > 0) {
        const isStillUnused: IsStillUnused = ({ id }) => this.#isStillUnused(id);
        const { report, usage: left } = await deleteUnused(plan, after, { ...this.#options, isStillUnused });
        after = left;
        if (report.endedBecause === 'changed') continue;
        if (report.endedBecause !== 'done') return after;
      }
      this.#settled = new Set(ids);
      this.#settledAtMs = performance.now();
    }
    return after;
  }

  #isDue(usage: Usage): boolean {
    const { rules, isFollowing, budget, failures, stop } = this.#options;
    if (!rules.clean.images || stop.aborted || !isFollowing()) return false;
    if (budget.waitMs(performance.now()) > 0 || failures.whyWait(Date.now()) !== undefined) return false;
    if (whyClosed(rules, usage, Date.now()) !== undefined) return false;
    const ids = this.#ids();
    if (ids.length === 0) return false;
    const isLongAgo = performance.now() - this.#settledAtMs > AGAIN_MS;
    return isLongAgo || !ids.every((id) => this.#settled.has(id));
  }

  #ids(): readonly RemovableId[] {
    const known = this.#options.rules.history?.();
    return known === undefined ? [] : idsUnusedFor(known, this.#maxMs, Date.now());
  }

  #isStillUnused(id: RemovableId): boolean {
    const known = this.#options.rules.history?.();
    if (known === undefined || !this.#options.isFollowing()) return false;
    return unusedMs(known, { id }, Date.now()) >= this.#maxMs;
  }
}
