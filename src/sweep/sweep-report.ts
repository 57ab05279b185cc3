/** A sweep under way, and the report that it ends with. */
import type { DeletionBudget } from '../core/plan/deletion-budget.ts';
import { explainOutstanding, explainRemaining, freeByHand } from '../core/plan/explain.ts';
import { gainOf } from '../core/model/gain.ts';
import type { PredictionCheck } from '../core/plan/prediction-check.ts';
import type { SpaceByKind } from '../core/model/space-kinds.ts';
import { type ImageStore, storeWithout } from '../core/model/store.ts';
import {
  type Amount,
  freedBetween,
  isBelowLow,
  isBrimful,
  level,
  type Usage,
} from '../core/model/thresholds.ts';
import type { RemovableId, UnitKind } from '../core/forest/removable.ts';
import type { ImageDisk } from '../disk/image-disk.ts';
import type { StopReason, SweepReport } from '../events/events.ts';
import type { RemovalSettings } from './delete-victim.ts';
import type { FailedDeletions } from './failed-deletions.ts';
import type { DelayedSpace } from './pending-space.ts';
import type { Observer } from '../observe/observer.ts';

export interface SweepOptions extends RemovalSettings {
  readonly disk: ImageDisk;
  readonly observer: Observer;
  /** See DaemonOptions. */
  readonly rereadRules?: () => Promise<boolean>;
  readonly dryRun: boolean;
  /** How long the engine may be away in mid-sweep before the sweep ends. */
  readonly patienceMs: number;
  /** The images are on the measured filesystem, as far as is known. */
  readonly isPlaceKnown: boolean;
  /** The circuit breakers. */
  readonly budget: DeletionBudget;
  /** What earlier sweeps could not delete. */
  readonly failures: FailedDeletions;
  /** Why `stop` fired, where that was not the program's end. */
  readonly whyStopped?: () => StopReason | undefined;
}

/** What a sweep has done so far. */
export interface Progress {
  readonly delayed: DelayedSpace;
  usage: Usage;
  store: ImageStore;
  readonly deleted: Record<UnitKind, number>;
  failed: number;
  /** What the engine last said where a deletion failed, or where it complained about one that happened. */
  complaint: string | undefined;
  predicted: Amount;
  /** What the circuit breaker said that ended it. */
  limitedBy: string | undefined;
  readonly check: PredictionCheck;
  /** Deletions in a row that freed next to nothing. */
  uselessInARow: number;
  readonly refused: Map<RemovableId, string>;
  /** Deleted, by us or by others, since the store was listed. */
  readonly gone: Set<RemovableId>;
}

/** What a sweep ends with. */
export async function summary(
  before: Usage,
  progress: Progress,
  stoppedBecause: StopReason,
  durationSeconds: number,
  options: SweepOptions,
): Promise<SweepReport> {
  const { outstanding } = progress.delayed;
  const store = storeWithout(progress.store, progress.gone);
  const { thresholds, protections } = options.rules;
  const reachedLow = isBelowLow(progress.usage, thresholds);
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
    thresholdType: thresholds.type,
    durationSeconds,
    reachedLow,
    stoppedBecause,
    remaining:
      reachedLow || options.dryRun
        ? []
        : [
            ...explainRemaining({
              store,
              usage: progress.usage,
              scarce: level(progress.usage, thresholds.type).resource,
              protections: { ...protections, nowMs: Date.now() },
              space: await otherSpace(store, stoppedBecause, options),
            }),
            ...explainOutstanding(outstanding),
            ...explainFailure(stoppedBecause, progress),
            ...(progress.limitedBy === undefined ? [] : [progress.limitedBy]),
          ],
  };
}

/** The sweeps that could not help: there people want to know what does hold the space. */
const hasToExplain: ReadonlySet<StopReason> = new Set(['no-candidates', 'ineffective', 'deletions-failed']);

/** The space by kind; undefined if it adds nothing, or is unknown. */
async function otherSpace(
  store: ImageStore,
  stoppedBecause: StopReason,
  { observer, abandon }: SweepOptions,
): Promise<SpaceByKind | undefined> {
  if (!hasToExplain.has(stoppedBecause)) return undefined;
  const answer = await observer.space(store, abandon);
  return 'space' in answer ? answer.space : undefined;
}

/** What the engine said, and what to do where it cannot delete on a full disk. */
function explainFailure(stoppedBecause: StopReason, { complaint, usage }: Progress): readonly string[] {
  if (complaint === undefined || (stoppedBecause !== 'deletions-failed' && stoppedBecause !== 'denied'))
    return [];
  const said = `the engine said: ${complaint}`;
  return isBrimful(usage) ? [said, freeByHand] : [said];
}

/** Everything that is gone. */
export function deletions({ deleted }: Progress): number {
  return deleted.image + deleted['build-cache'] + deleted['stopped-container'];
}

export function usedLevel(usage: Usage, { rules }: Pick<SweepOptions, 'rules'>): number {
  return level(usage, rules.thresholds.type).value;
}
