/**
 * One sweep: plan, delete one, measure, again, until usage is below LOW or it does not help. A plan is a prediction;
 * what the filesystem says after each deletion decides. When a plan is used up above LOW, the world is observed anew.
 */
import { hasFired, sleep } from './clock.ts';
import type { Clean } from './core/clean.ts';
import { explainOutstanding, explainRemaining, freeByHand } from './core/explain.ts';
import { gainOf } from './core/gain.ts';
import { makePlan, type Plan, type Victim } from './core/plan.ts';
import { PredictionCheck } from './core/prediction-check.ts';
import type { UsageHistory } from './core/usage/history.ts';
import type { Policy } from './core/policy/policy.ts';
import type { Protections } from './core/protections.ts';
import { type ImageStore, storeWithout } from './core/store.ts';
import type { UnitId, UnitKind } from './core/unit.ts';
import {
  type Amount,
  freedBetween,
  isBelowLow,
  isBrimful,
  level,
  type Thresholds,
  type Usage,
} from './core/thresholds.ts';
import { DiskError } from './disk/error.ts';
import type { ImageDisk } from './disk/image-disk.ts';
import { type Engine, EngineError } from './engine/engine.ts';
import type { Reporter, StopReason, SweepReport } from './events.ts';
import { addLayers, listStore, type Snapshot } from './observe.ts';
import type { FailedDeletions } from './failed-deletions.ts';
import { gaveBack, helps } from './gains.ts';
import { LateSpace } from './late-space.ts';
import { patiently } from './patiently.ts';
import type { RemovalOutcome } from './remove/outcome.ts';
import { removeVictim, tellMissedPredictions, tellPlanned, tellRemoval } from './victim.ts';

/** So many deletions in a row that free next to nothing end a sweep. */
export const INEFFECTIVE_RUN = 8;
/** No sweep deletes more than this; the next check goes on. A bound for the loop, far above any real node. */
const VICTIMS_LIMIT = 100_000;

export interface SweepOptions {
  readonly engine: Engine;
  readonly disk: ImageDisk;
  readonly report: Reporter;
  readonly thresholds: Thresholds;
  readonly policy: Policy;
  /** What is known of the use of images, now. */
  readonly history?: (() => UsageHistory | undefined) | undefined;
  readonly protections: Protections;
  readonly clean: Clean;
  readonly delaySeconds: number;
  readonly dryRun: boolean;
  /** How long an unanswered deletion is given before we look, and how often; see src/remove/. */
  readonly settleMs: number;
  readonly looks: number;
  /** How long the engine may be away in mid-sweep before the sweep ends. */
  readonly patienceMs: number;
  /** Nothing speaks against the images being on the filesystem that is measured. */
  readonly isPlaceKnown: boolean;
  /** What earlier sweeps could not delete. */
  readonly failures: FailedDeletions;
  /** No further deletion is begun once this fires. */
  readonly stop: AbortSignal;
  /** Why it fired, where that was not the program's end. */
  readonly whyStopped?: () => StopReason | undefined;
  /** The request under way is abandoned when this fires. */
  readonly abandon: AbortSignal;
}

interface Progress {
  readonly late: LateSpace;
  usage: Usage;
  store: ImageStore;
  readonly deleted: Record<UnitKind, number>;
  failed: number;
  /** What the engine last said where a deletion failed, or where it complained about one that happened. */
  complaint: string | undefined;
  predicted: Amount;
  readonly check: PredictionCheck;
  /** Deletions in a row that freed next to nothing. */
  uselessInARow: number;
  readonly refused: Map<UnitId, string>;
  /** Deleted, by us or by others, since the store was listed. */
  readonly gone: Set<UnitId>;
}

/** Carries out one sweep from a snapshot that is over HIGH. Reports every step; never throws for what the surroundings do. */
export async function sweep(snapshot: Snapshot, options: SweepOptions): Promise<SweepReport> {
  const startedMs = performance.now();
  const progress: Progress = {
    late: new LateSpace(options),
    usage: snapshot.usage,
    store: snapshot.store,
    deleted: { image: 0, 'build-cache': 0, 'stopped-container': 0 },
    failed: 0,
    complaint: undefined,
    predicted: { bytes: 0, inodes: 0 },
    check: new PredictionCheck(),
    uselessInARow: 0,
    refused: options.failures.refusals(Date.now()),
    gone: new Set(),
  };
  const first = planFor(progress, options);
  options.report({
    event: 'sweep.started',
    dryRun: options.dryRun,
    used: usedLevel(snapshot.usage, options),
    thresholds: options.thresholds,
    toFree: first.toFree,
  });
  const stoppedBecause = await run(first, progress, options);
  const report = summary(
    snapshot.usage,
    progress,
    stoppedBecause,
    (performance.now() - startedMs) / 1000,
    options,
  );
  tellMissedPredictions(progress.check, options.report);
  options.report({ event: 'sweep.completed', ...report });
  return report;
}

async function run(first: Plan, progress: Progress, options: SweepOptions): Promise<StopReason> {
  if (options.dryRun) {
    for (const victim of first.victims) tellPlanned(victim, options.report);
    return 'dry-run';
  }
  try {
    for (let plan = first; ;) {
      const stopped = await carryOut(plan, progress, options);
      if (stopped !== undefined) return stopped;
      progress.store = await patiently(async (signal) => {
        const listed = await listStore(options.engine, options.disk, signal, options.clean);
        return (await addLayers(listed, options.engine, options.disk, signal, options.clean)).store;
      }, options);
      progress.gone.clear();
      plan = planFor(progress, options);
      if (plan.victims.length === 0)
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

function planFor(progress: Progress, options: SweepOptions): Plan {
  const { store, usage, refused } = progress;
  const { thresholds, policy, protections, clean } = options;
  const history = options.history?.();
  return makePlan({
    store,
    usage,
    thresholds,
    policy,
    protections,
    clean,
    refused,
    history,
    nowMs: Date.now(),
  });
}

/** Deletes the plan's victims one by one. Returns why the sweep must end, or undefined when the plan is used up. */
async function carryOut(
  plan: Plan,
  progress: Progress,
  options: SweepOptions,
): Promise<StopReason | undefined> {
  for (const victim of plan.victims) {
    if (options.stop.aborted) return stopReason(options);
    if (isBelowLow(progress.usage, options.thresholds)) return 'reached-low';
    if (deletions(progress) + progress.failed >= VICTIMS_LIMIT) return 'deletion-limit';
    const before = progress.usage;
    const begunMs = performance.now();
    const result = await patiently(() => removeVictim(victim, options), options);
    progress.usage =
      result.outcome === 'deleted'
        ? await progress.late.measure(before, victim.predicted, plan.toFree)
        : await options.disk.usage(options.abandon);
    const durationSeconds = (performance.now() - begunMs) / 1000;
    note(result, { victim, before, toFree: plan.toFree, durationSeconds }, progress, options);
    if (result.outcome === 'unresolved')
      return hasFired(options.stop) ? stopReason(options) : 'engine-unavailable';
    if (result.outcome === 'denied') return 'denied';
    const isHollow = (): boolean =>
      result.outcome === 'deleted' &&
      result.complaint !== undefined &&
      !gaveBack(victim.predicted, freedBetween(before, progress.usage));
    const isUseless = progress.uselessInARow >= INEFFECTIVE_RUN || isHollow();
    // Not judged, and no more deleted than is needed, before what is outstanding was waited for.
    if (progress.late.isEnough(progress.usage) || isUseless) await awaitSpace(plan.toFree, progress);
    if (isBelowLow(progress.usage, options.thresholds)) return 'reached-low';
    if (hasFired(options.stop)) return stopReason(options);
    // Gone, but the engine failed at giving the space back: the next one would go for nothing as well.
    if (isHollow()) return 'deletions-failed';
    if (progress.uselessInARow >= INEFFECTIVE_RUN) return 'ineffective';
    if (result.outcome === 'deleted') await sleep(options.delaySeconds * 1000, options.stop);
  }
  if (!options.stop.aborted) await awaitSpace(plan.toFree, progress);
  if (isBelowLow(progress.usage, options.thresholds)) return 'reached-low';
  return hasFired(options.stop) ? stopReason(options) : undefined;
}

/** Waits for the space that is outstanding, if any is; where it comes, the deletions did help. */
async function awaitSpace(toFree: Amount, progress: Progress): Promise<void> {
  if (!progress.late.isAwaited) return;
  const before = progress.usage;
  progress.usage = await progress.late.wait(before);
  const freed = freedBetween(before, progress.usage);
  progress.check.noteLate(freed);
  if (helps(freed, toFree)) progress.uselessInARow = 0;
}

/** One victim's turn. */
interface Turn {
  readonly victim: Victim;
  readonly before: Usage;
  /** What the plan was to free. */
  readonly toFree: Amount;
  readonly durationSeconds: number;
}

/** Records and reports how the deletion of one victim ended. */
function note(
  result: RemovalOutcome,
  { victim, before, toFree, durationSeconds }: Turn,
  progress: Progress,
  options: SweepOptions,
): void {
  switch (result.outcome) {
    case 'deleted': {
      const freed = freedBetween(before, progress.usage);
      progress.deleted[victim.kind] += 1;
      progress.gone.add(victim.id);
      progress.predicted = {
        bytes: progress.predicted.bytes + victim.predicted.bytes,
        inodes: progress.predicted.inodes + victim.predicted.inodes,
      };
      progress.check.note(victim, freed);
      options.failures.forget(victim.id);
      if (result.complaint !== undefined) progress.complaint = result.complaint;
      if (helps(freed, toFree)) progress.uselessInARow = 0;
      // Where it is not known that the images are on this disk, the first that should have shown and did not decides.
      else if (!options.isPlaceKnown && !gaveBack(victim.predicted, freed))
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
  tellRemoval(result, { victim, before, after: progress.usage, durationSeconds }, options);
}

function summary(
  before: Usage,
  progress: Progress,
  stoppedBecause: StopReason,
  durationSeconds: number,
  options: SweepOptions,
): SweepReport {
  const { outstanding } = progress.late;
  const reachedLow = isBelowLow(progress.usage, options.thresholds);
  return {
    dryRun: options.dryRun,
    deletedImages: progress.deleted.image,
    deletedCacheRecords: progress.deleted['build-cache'],
    deletedContainers: progress.deleted['stopped-container'],
    failedDeletions: progress.failed,
    ...gainOf(freedBetween(before, progress.usage)),
    outstandingBytes: outstanding.bytes,
    outstandingInodes: outstanding.inodes,
    predictedBytes: progress.predicted.bytes,
    usedBefore: usedLevel(before, options),
    usedAfter: usedLevel(progress.usage, options),
    thresholdType: options.thresholds.type,
    durationSeconds,
    reachedLow,
    stoppedBecause,
    remaining:
      reachedLow || options.dryRun
        ? []
        : [
            ...explainRemaining(storeWithout(progress.store, progress.gone), progress.usage, {
              ...options.protections,
              nowMs: Date.now(),
            }),
            ...explainOutstanding(outstanding),
            ...explainFailure(stoppedBecause, progress),
          ],
  };
}

/** What the engine said, and what to do where it cannot delete on a full disk. */
function explainFailure(stoppedBecause: StopReason, { complaint, usage }: Progress): readonly string[] {
  if (complaint === undefined || (stoppedBecause !== 'deletions-failed' && stoppedBecause !== 'denied'))
    return [];
  const said = `the engine said: ${complaint}`;
  return isBrimful(usage) ? [said, freeByHand] : [said];
}

function deletions({ deleted }: Progress): number {
  return deleted.image + deleted['build-cache'] + deleted['stopped-container'];
}

function usedLevel(usage: Usage, options: Pick<SweepOptions, 'thresholds'>): number {
  return level(usage, options.thresholds.type).value;
}
