/**
 * Gentle mode: between the soft threshold and HIGH, while the engine is quiet, what a sweep would delete first is
 * deleted, one step per check and without a cordon, so that fewer sweeps are needed. Plan and deletions are those of
 * a sweep; nothing is deleted where usage could not be brought below the soft threshold.
 */
import { hasFired } from '../system/clock.ts';
import { firstStep, isQuiet } from '../core/timing/soft-threshold.ts';
import { makePlan, type Victim } from '../core/plan/plan.ts';
import { PredictionCheck } from '../core/plan/prediction-check.ts';
import { type Amount, level, reaches, type Usage } from '../core/model/thresholds.ts';
import type { RemovableId } from '../core/forest/removable.ts';
import type { UsageHistory } from '../core/use-history/history.ts';
import { DelayedSpace, type PendingSpace, spacePatienceMs } from '../sweep/pending-space.ts';
import type { SweepOptions } from '../sweep/sweep-report.ts';
import {
  type RemovalSettings,
  removeVictim,
  tellLimit,
  tellMissedPredictions,
  tellPlanned,
} from '../sweep/delete-victim.ts';
import type { RemovalOutcome } from '../sweep/remove/outcome.ts';
import { takeTurn } from '../sweep/turn.ts';

export interface GentleOptions
  extends RemovalSettings, Pick<SweepOptions, 'disk' | 'observer' | 'dryRun' | 'budget'> {
  /** In the thresholds' unit. */
  readonly softLevel: number;
  readonly quietSeconds: number;
  /** What the last step did not show yet: the next one waits for it. */
  readonly owed: PendingSpace;
}

export class GentleMode {
  readonly #options: GentleOptions;
  /** What could not be deleted, with the reason; until usage is below the soft threshold. */
  readonly #refused = new Map<RemovableId, string>();
  /** In a dry run: what has been reported already. */
  #told: RemovableId | undefined;
  /** The latest event when there was nothing that could help: it is not tried again before the next. */
  #pointlessAtMs: number | undefined;
  #isPointlessSaid = false;

  constructor(options: GentleOptions) {
    this.#options = options;
  }

  /**
   * To be called when usage is below HIGH.
   * @throws EngineError, DiskError as Observer.snapshot().
   */
  async check(usage: Usage): Promise<void> {
    const { softLevel, rules } = this.#options;
    const { thresholds } = rules;
    const used = level(usage, thresholds.type).value;
    if (!reaches(used, softLevel, thresholds.type)) {
      this.#refused.clear();
      this.#told = undefined;
      this.#pointlessAtMs = undefined;
      this.#isPointlessSaid = false;
      return;
    }
    const isLimited = this.#options.budget.waitMs(performance.now()) > 0;
    if (isLimited || this.#options.owed.isExpected || !this.#isQuiet() || this.#isPointless()) return;
    await this.#step(used);
  }

  /** Undefined while unknown: then the engine does not count as quiet. */
  get #known(): UsageHistory | undefined {
    return this.#options.rules.history?.();
  }

  #isPointless(): boolean {
    return this.#pointlessAtMs !== undefined && this.#pointlessAtMs === this.#known?.latestMs;
  }

  #isQuiet(): boolean {
    const known = this.#known;
    return known !== undefined && isQuiet(known, Date.now(), this.#options.quietSeconds * 1000);
  }

  async #step(used: number): Promise<void> {
    const { observer, disk, rules, softLevel, report, stop } = this.#options;
    const { thresholds } = rules;
    const snapshot = await observer.snapshot(stop);
    const { store, usage } = snapshot;
    const refused = this.#refused;
    const plan = makePlan({ store, usage, refused, nowMs: Date.now() }, rules);
    const after = level(plan.predicted.usageAfter, thresholds.type).value;
    const canHelp = !reaches(after, softLevel, thresholds.type);
    const victims = firstStep(plan.victims);
    if (!canHelp || victims.length === 0) {
      this.#pointlessAtMs = this.#known?.latestMs;
      if (!this.#isPointlessSaid)
        report({ event: 'gentle.skipped', used, softLevel, thresholdType: thresholds.type });
      this.#isPointlessSaid = true;
      return;
    }
    this.#isPointlessSaid = false;
    // Something may have begun while the store was listed.
    if (!this.#isQuiet()) return;
    if (this.#options.dryRun) {
      if (this.#told !== victims[0]?.id) for (const victim of victims) tellPlanned(victim, report);
      this.#told = victims[0]?.id;
      return;
    }
    const step = victims.reduce((sum, { predicted }) => sum + predicted.bytes, 0);
    const limit = this.#options.budget.forbids(step, 0, performance.now());
    if (limit !== undefined) {
      tellLimit(limit, this.#options);
      return;
    }
    report({ event: 'gentle.started', used, softLevel, thresholdType: thresholds.type });
    const delayed = new DelayedSpace(this.#options);
    const check = new PredictionCheck(usage.inodes !== undefined);
    const usageAfter = await this.#remove(victims, usage, { toFree: plan.toFree, delayed, check });
    tellMissedPredictions(check, report);
    this.#options.owed.owe(
      delayed.outstanding,
      usageAfter,
      await spacePatienceMs(disk, this.#options.abandon),
    );
  }

  /** @returns what the disk says after the last deletion. */
  async #remove(
    victims: readonly Victim[],
    usage: Usage,
    {
      toFree,
      delayed,
      check,
    }: { readonly toFree: Amount; readonly delayed: DelayedSpace; readonly check: PredictionCheck },
  ): Promise<Usage> {
    const { stop } = this.#options;
    let last = usage;
    for (const victim of victims) {
      if (hasFired(stop)) break;
      const remove = (): Promise<RemovalOutcome> => removeVictim(victim, this.#options);
      const { result, measured } = await takeTurn(victim, { last, toFree, delayed }, remove, this.#options);
      if (result.outcome === 'deleted') check.note(victim, measured.likely);
      last = measured.usage;
      if (result.outcome === 'deleted' || result.outcome === 'gone') continue;
      this.#refused.set(victim.id, result.outcome === 'kept' ? result.reason : result.message);
      break;
    }
    return last;
  }
}
