/**
 * Deletes images because they have been unused for long, whatever the disk says: for MAX_UNUSED_SECONDS and
 * `clean --unused-for`. One by one with the delay between, within the circuit breakers, and without a cordon: nothing is
 * urgent, so scheduling need not pause.
 */
import { isCritical } from '../core/timing/critical.ts';
import { gainOf } from '../core/model/gain.ts';
import { amountToFree, freedBetween, isTriggered, type Usage } from '../core/model/thresholds.ts';
import type { UnusedPlan } from '../core/plan/plan-unused.ts';
import type { Victim } from '../core/plan/plan.ts';
import { PredictionCheck } from '../core/plan/prediction-check.ts';
import type { UnusedReport } from '../events/sweep-events.ts';
import { hasFired, sleep } from '../system/clock.ts';
import { removeVictim, tellLimit, tellMissedPredictions, tellPlanned } from './delete-victim.ts';
import { DelayedSpace } from './pending-space.ts';
import type { IsStillUnused, RemovalOutcome } from './remove/outcome.ts';
import { patiently } from './retry-engine.ts';
import { shownBy } from './shown.ts';
import type { SweepOptions } from './sweep-report.ts';
import { takeTurn } from './turn.ts';

export interface DeleteUnusedOptions extends Omit<
  SweepOptions,
  'observer' | 'isPlaceKnown' | 'whyStopped' | 'isStillUnused'
> {
  readonly isStillUnused: IsStillUnused;
}

/** How it ended; `changed`: other protections are in force, so that the rest is to be planned again. */
export type UnusedEnd = UnusedReport['endedBecause'];

/**
 * Carries out the plan.
 * @param usage of now. @returns the report, and usage afterwards.
 * @throws EngineError, DiskError when the engine stays unreachable or the path cannot be measured.
 */
export async function deleteUnused(
  { victims, maxUnusedSeconds }: UnusedPlan,
  usage: Usage,
  options: DeleteUnusedOptions,
): Promise<{ readonly report: UnusedReport; readonly usage: Usage }> {
  const { report: tell, dryRun } = options;
  const begunMs = performance.now();
  tell({ event: 'max-unused.started', images: victims.length, maxUnusedSeconds, dryRun });
  const run = new Run(usage, options);
  const endedBecause = dryRun ? run.show(victims) : await run.carryOut(victims);
  const report: UnusedReport = {
    dryRun,
    deletedImages: run.deleted,
    failedDeletions: run.failed,
    ...gainOf(freedBetween(usage, run.usage)),
    durationSeconds: (performance.now() - begunMs) / 1000,
    endedBecause,
  };
  tellMissedPredictions(run.predictions, tell);
  tell({ event: 'max-unused.completed', ...report });
  return { report, usage: run.usage };
}

class Run {
  deleted = 0;
  failed = 0;
  usage: Usage;
  readonly predictions: PredictionCheck;
  readonly #options: DeleteUnusedOptions;

  constructor(usage: Usage, options: DeleteUnusedOptions) {
    this.usage = usage;
    this.#options = options;
    this.predictions = new PredictionCheck(usage.inodes !== undefined);
  }

  show(victims: readonly Victim[]): UnusedEnd {
    const cut = this.#options.budget.cut(victims, performance.now());
    for (const victim of victims.slice(0, cut?.victims)) tellPlanned(victim, this.#options.report);
    if (cut === undefined) return 'done';
    tellLimit(cut.limit, this.#options);
    return 'limit';
  }

  async carryOut(victims: readonly Victim[]): Promise<UnusedEnd> {
    const { budget, rules, delaySeconds, stop } = this.#options;
    const { thresholds } = rules;
    // Where a sweep is due as well, it must see what these deletions free, or it would delete more than is needed.
    const isSweepDue = isTriggered(this.usage, thresholds);
    const toFree = isSweepDue ? amountToFree(this.usage, thresholds) : { bytes: 0, inodes: 0 };
    const delayed = new DelayedSpace(this.#options);
    let tried = 0;
    for (const victim of victims) {
      if (hasFired(stop)) return 'stopped';
      if ((await this.#options.rereadRules?.()) === true) return 'changed';
      const limit = budget.forbids(victim.predicted.bytes, tried, performance.now());
      if (limit !== undefined) {
        tellLimit(limit, this.#options);
        return 'limit';
      }
      const turn = { last: this.usage, toFree, delayed };
      const remove = (before: Usage): Promise<RemovalOutcome> => {
        const isShown = shownBy(before, victim, this.#options);
        return patiently(() => removeVictim(victim, this.#options, isShown), this.#options);
      };
      const { result, measured } = await takeTurn(victim, turn, remove, this.#options);
      this.usage = measured.usage;
      tried += 1;
      switch (result.outcome) {
        case 'deleted':
          this.deleted += 1;
          this.predictions.note(victim, measured.likely);
          this.#options.failures.forget(victim.id);
          if (!isCritical(this.usage, rules)) await sleep(delaySeconds * 1000, stop);
          break;
        case 'denied':
          this.failed += 1;
          this.#options.failures.allFailed(result.message, this.usage, Date.now());
          return 'denied';
        case 'unresolved':
          this.failed += 1;
          return hasFired(stop) ? 'stopped' : 'unanswered';
        case 'failed':
          this.failed += 1;
          this.#options.failures.failed(victim.id, result.message, Date.now());
          break;
        case 'gone':
        case 'kept':
      }
    }
    if (delayed.isAwaited && !hasFired(stop)) this.usage = await delayed.wait(this.usage);
    return 'done';
  }
}
