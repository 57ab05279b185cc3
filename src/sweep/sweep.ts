/**
 * One sweep: plan, delete one, measure, again, until usage is below LOW or it does not help. A plan is a prediction;
 * what the filesystem says after each deletion decides. When a plan is used up above LOW, the store is listed again.
 */
import { nothing, plus } from '../core/model/amount.ts';
import { hasFired, sleep } from '../system/clock.ts';
import { isCritical } from '../core/timing/critical.ts';
import { makePlan, type Plan } from '../core/plan/plan.ts';
import { PredictionCheck } from '../core/plan/prediction-check.ts';
import { type Amount, freedBetween, isBelowLow, type Usage } from '../core/model/thresholds.ts';
import { DiskError } from '../disk/filesystem/error.ts';
import { EngineError } from '../engine/engine.ts';
import type { StopReason, SweepReport } from '../events/events.ts';
import { gaveBack, helps } from './gains.ts';
import { DelayedSpace } from './pending-space.ts';
import type { Snapshot } from '../observe/observer.ts';
import { patiently } from './retry-engine.ts';
import { shownBy } from './shown.ts';
import { deletions, type Progress, summary, type SweepOptions, usedLevel } from './sweep-report.ts';
import { removeVictim, tellLimit, tellMissedPredictions, tellPlanned } from './delete-victim.ts';
import { takeTurn, type Turn } from './turn.ts';

/** This many consecutive deletions that free next to nothing end a sweep. */
const INEFFECTIVE_RUN = 8;

/** How a sweep ended, and the disk's usage then. */
export interface Swept {
  readonly report: SweepReport;
  readonly usage: Usage;
}

/** Carries out one sweep from a snapshot that is over HIGH. Reports every step; never throws for what the surroundings do. */
export async function sweep(snapshot: Snapshot, options: SweepOptions): Promise<Swept> {
  const startedMs = performance.now();
  const progress: Progress = {
    delayed: new DelayedSpace(options),
    usage: snapshot.usage,
    store: snapshot.store,
    deleted: { image: 0, 'build-cache': 0, 'stopped-container': 0 },
    failed: 0,
    complaint: undefined,
    predicted: nothing,
    limitedBy: undefined,
    check: new PredictionCheck(snapshot.usage.inodes !== undefined),
    uselessInARow: 0,
    refused: options.failures.refusals(Date.now()),
    gone: new Set(),
  };
  const first = planFor(progress, options);
  options.report({
    event: 'sweep.started',
    dryRun: options.dryRun,
    used: usedLevel(snapshot.usage, options),
    thresholds: options.rules.thresholds,
    toFree: first.toFree,
  });
  const stoppedBecause = await run(first, progress, options);
  const report = await summary(
    snapshot.usage,
    progress,
    stoppedBecause,
    (performance.now() - startedMs) / 1000,
    options,
  );
  tellMissedPredictions(progress.check, options.report);
  options.report({ event: 'sweep.completed', ...report });
  return { report, usage: progress.usage };
}

async function run(first: Plan, progress: Progress, options: SweepOptions): Promise<StopReason> {
  if (options.dryRun) {
    const cut = options.budget.cut(first.victims, performance.now());
    for (const victim of first.victims.slice(0, cut?.victims)) tellPlanned(victim, options.report);
    if (cut !== undefined) tellLimit(cut.limit, options);
    return 'dry-run';
  }
  try {
    for (let plan = first; ;) {
      const stopped = await carryOut(plan, progress, options);
      if (stopped !== undefined) return stopped;
      const seen = await patiently((signal) => options.observer.storeWithLayers(signal), options);
      progress.store = seen.store;
      progress.gone.clear();
      plan = planFor(progress, options);
      if (plan.victims.length > 0) continue;
      await awaitSpace(plan.toFree, progress);
      if (isBelowLow(progress.usage, options.rules.thresholds)) return 'reached-low';
      if (hasFired(options.stop)) return stopReason(options);
      return progress.failed > 0 && deletions(progress) === 0 ? 'deletions-failed' : 'no-candidates';
    }
  } catch (error) {
    if (options.stop.aborted) return stopReason(options);
    if (error instanceof DiskError) {
      options.report({ event: 'path.unavailable', path: progress.usage.path, message: error.message });
      return 'path-unavailable';
    }
    if (!(error instanceof EngineError)) throw error;
    options.report({
      event: 'engine.unavailable',
      endpoint: options.engine.endpoint,
      message: error.message,
    });
    return 'engine-unavailable';
  }
}

function stopReason(options: SweepOptions): StopReason {
  return options.whyStopped?.() ?? 'stopped';
}

function planFor({ store, usage, refused }: Progress, { rules }: SweepOptions): Plan {
  return makePlan({ store, usage, refused, nowMs: Date.now() }, rules);
}

/** Deletes the plan's victims one by one. Returns why the sweep must end, or undefined when the plan is used up. */
async function carryOut(
  plan: Plan,
  progress: Progress,
  options: SweepOptions,
): Promise<StopReason | undefined> {
  for (const victim of plan.victims) {
    if (options.stop.aborted) return stopReason(options);
    if (isBelowLow(progress.usage, options.rules.thresholds)) return 'reached-low';
    // Who protects something while a sweep runs means this sweep, too: the rest of the plan is made again.
    if ((await options.rereadRules?.()) === true) return undefined;
    const tried = deletions(progress) + progress.failed;
    const limit = options.budget.forbids(victim.predicted.bytes, tried, performance.now());
    if (limit !== undefined) {
      progress.limitedBy = tellLimit(limit, options);
      return limit === 'freed-per-hour' ? 'freed-limit' : 'deletion-limit';
    }
    const { delayed, usage: last } = progress;
    const turn = await takeTurn(
      victim,
      { last, toFree: plan.toFree, delayed },
      (before) => patiently(() => removeVictim(victim, options, shownBy(before, victim, options)), options),
      options,
    );
    const { result, measured } = turn;
    progress.usage = measured.usage;
    note(turn, plan.toFree, progress, options);
    if (result.outcome === 'unresolved')
      return hasFired(options.stop) ? stopReason(options) : 'engine-unavailable';
    if (result.outcome === 'denied') return 'denied';
    const isHollow = (): boolean =>
      result.outcome === 'deleted' &&
      result.complaint !== undefined &&
      !gaveBack(victim.predicted, measured.likely);
    const isUseless = progress.uselessInARow >= INEFFECTIVE_RUN || isHollow();
    // Not judged, and no more deleted than is needed, before what is outstanding was waited for.
    if (progress.delayed.isEnough(progress.usage) || isUseless) await awaitSpace(plan.toFree, progress);
    if (isBelowLow(progress.usage, options.rules.thresholds)) return 'reached-low';
    if (hasFired(options.stop)) return stopReason(options);
    // Gone, but the engine failed at giving the space back: the next one would go for nothing as well.
    if (isHollow()) return 'deletions-failed';
    if (progress.uselessInARow >= INEFFECTIVE_RUN) return 'ineffective';
    if (result.outcome === 'deleted' && !isCritical(progress.usage, options.rules))
      await sleep(options.delaySeconds * 1000, options.stop);
  }
  // Where others wrote enough meanwhile that more must be deleted in any case, the rest is planned at once.
  if (!options.stop.aborted && progress.delayed.isEnough(progress.usage))
    await awaitSpace(plan.toFree, progress);
  if (isBelowLow(progress.usage, options.rules.thresholds)) return 'reached-low';
  return hasFired(options.stop) ? stopReason(options) : undefined;
}

/** Waits for the space that is outstanding, if any is; where it comes, the deletions did help. */
async function awaitSpace(toFree: Amount, progress: Progress): Promise<void> {
  if (!progress.delayed.isAwaited) return;
  const before = progress.usage;
  progress.usage = await progress.delayed.wait(before);
  const freed = freedBetween(before, progress.usage);
  progress.check.noteLate(freed);
  if (helps(freed, toFree)) progress.uselessInARow = 0;
}

/** Records how a victim's turn ended. @param toFree what the plan was to free. */
function note(
  { victim, result, measured }: Turn,
  toFree: Amount,
  progress: Progress,
  options: SweepOptions,
): void {
  switch (result.outcome) {
    case 'deleted': {
      const { freed, likely } = measured;
      progress.deleted[victim.kind] += 1;
      progress.gone.add(victim.id);
      progress.predicted = plus(progress.predicted, victim.predicted);
      progress.check.note(victim, likely);
      options.failures.forget(victim.id);
      if (result.complaint !== undefined) progress.complaint = result.complaint;
      // Where others write, only most of what was predicted is a sign.
      if (helps(freed, toFree) || (likely.bytes > freed.bytes && gaveBack(victim.predicted, likely)))
        progress.uselessInARow = 0;
      // Where it is not known that the images are on this disk, the first that should have shown and did not decides.
      else if (!options.isPlaceKnown && !gaveBack(victim.predicted, likely))
        progress.uselessInARow = INEFFECTIVE_RUN;
      // A record or container that only stands in the way of another victim was never to free anything.
      else if (victim.kind === 'image' || helps(victim.predicted, toFree)) progress.uselessInARow += 1;
      break;
    }
    case 'gone':
      progress.gone.add(victim.id);
      break;
    case 'kept':
      progress.refused.set(victim.id, result.reason);
      // Otherwise each sweep would begin by failing on it again.
      if (result.isContradicted === true) options.failures.failed(victim.id, result.reason, Date.now());
      break;
    case 'failed':
    case 'denied':
    case 'unresolved':
      progress.failed += 1;
      progress.complaint = result.message;
      progress.refused.set(victim.id, result.message);
      if (result.outcome === 'failed' && result.isAnswered)
        options.failures.failed(victim.id, result.message, Date.now());
      else options.failures.uncertain();
  }
}
