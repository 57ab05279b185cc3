/**
 * The daemon as numbers: fed with its events, and with a view of the store whenever somebody has one. Asks nobody for
 * anything; giving the text costs no request to engine or cluster, so a scrape can disturb nothing.
 */
import { type DeletionLimits, MOST_DELETIONS } from '../../core/plan/deletion-budget.ts';
import type { Forecast } from '../../core/model/forecast.ts';
import type { SpaceByKind, SpaceKind } from '../../core/model/space-kinds.ts';
import type { StoreSummary } from '../../core/plan/store-summary.ts';
import { isOpen } from '../../core/model/window.ts';
import type { Usage } from '../../core/model/thresholds.ts';
import type { PlanRules } from '../../core/plan/plan-rules.ts';
import type { DaemonEvent, Subject, SweepReport } from '../../events/events.ts';
import { setThresholds, setUsage } from './disk-figures.ts';
import { processFigures } from './process.ts';
import { Samples } from './samples.ts';
import { Stopwatch } from './stopwatch.ts';
import { allMetrics, clusterTask, type DeletionKind, type FreedKind, metrics, spaceLabels } from './table.ts';

export interface MetricsOptions {
  readonly version: string;
  readonly rules: PlanRules;
  readonly intervalSeconds: number;
  readonly dryRun: boolean;
  readonly limits: DeletionLimits;
  /** Whether a node is cordoned for sweeps. */
  readonly cordons: boolean;
  /** Whether the engine's events are followed. */
  readonly followsHistory: boolean;
  /** How space is counted that appears after its deletion was measured: an event does not tell what it was. */
  readonly lateKind: FreedKind;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonicMs: () => number;
}

/** What was seen of the store at one moment. */
export interface StoreView {
  readonly takenAtMs: number;
  readonly summary: StoreSummary;
  /** Where the filesystem's space is; left out where it could not be told. */
  readonly space?: SpaceByKind | undefined;
}

const kindOf = {
  image: 'image',
  'cache-record': 'build-cache',
  container: 'stopped-container',
} as const satisfies Record<Subject, DeletionKind>;

export class Metrics {
  readonly #options: MetricsOptions;
  readonly #samples = new Samples(allMetrics);
  readonly #cordoned: Stopwatch;
  /** By task: failed tries that were counted and are not over. */
  readonly #failing = new Map<string, number>();

  constructor(options: MetricsOptions) {
    this.#options = options;
    this.#cordoned = new Stopwatch(options.monotonicMs);
    const { version, rules, dryRun, limits } = options;
    const { thresholds } = rules;
    this.#samples.inform(metrics.buildInfo, { version, nodejs_version: process.version });
    this.#samples.inform(metrics.configInfo, {
      policy: rules.policy.name,
      threshold_type: thresholds.type,
      dry_run: String(dryRun),
    });
    this.#samples.set(metrics.interval, {}, options.intervalSeconds);
    this.#samples.set(metrics.sweepActive, {}, false);
    if (limits.maxDeletionsPerSweep < MOST_DELETIONS)
      this.#samples.set(metrics.deletionLimit, { limit: 'deletions-per-sweep' }, limits.maxDeletionsPerSweep);
    this.#samples.set(metrics.deletionLimit, { limit: 'freed-per-hour' }, limits.maxFreedPerHour);
    if (options.cordons) {
      this.#samples.set(metrics.nodeCordoned, {}, false);
      this.#samples.set(metrics.cordonWaiting, {}, false);
      for (const task of metrics.apiServerFailing.labels.task)
        this.#samples.set(metrics.apiServerFailing, { task }, false);
    }
    // Bytes are a share of a disk that was not measured yet.
    if (thresholds.type === 'relative') setThresholds(this.#samples, rules, (value) => value / 100);
    if (options.followsHistory) this.#samples.set(metrics.historyFollowed, {}, false);
  }

  /** A Reporter: takes every event of the daemon. */
  readonly report = (event: DaemonEvent): void => {
    const samples = this.#samples;
    switch (event.event) {
      case 'check.completed':
        samples.add(metrics.checks, {});
        samples.set(metrics.lastSuccess, { task: 'check' }, this.#nowSeconds());
        samples.set(metrics.engineUp, {}, true);
        samples.set(metrics.pathUp, {}, true);
        setUsage(this.#samples, this.#options.rules, event.usage);
        // A cordon that was not needed any more, because usage fell meanwhile.
        if (!event.triggered && this.#options.cordons) samples.set(metrics.cordonWaiting, {}, false);
        return;
      case 'engine.connected':
        return samples.set(metrics.engineUp, {}, true);
      case 'engine.unavailable':
        return samples.set(metrics.engineUp, {}, false);
      case 'path.unavailable':
        return samples.set(metrics.pathUp, {}, false);
      case 'path.available':
        return samples.set(metrics.pathUp, {}, true);
      case 'history.synced':
        samples.set(metrics.historyFollowed, {}, true);
        if (event.missedSeconds > 0) {
          samples.add(metrics.historyGaps, {});
          samples.add(metrics.historyGapSeconds, {}, event.missedSeconds);
        }
        return;
      case 'history.interrupted':
        return samples.set(metrics.historyFollowed, {}, false);
      case 'sweep.started':
        return samples.set(metrics.sweepActive, {}, true);
      case 'sweep.skipped':
        return samples.add(metrics.sweepsSkipped, {});
      case 'limit.reached':
        return samples.add(metrics.limitsReached, { limit: event.limit });
      case 'sweep.completed':
        return this.#swept(event);
      case 'image.deleted':
      case 'cache-record.deleted':
      case 'container.deleted':
        return this.#deleted(event);
      case 'space.appeared':
        samples.add(metrics.freedBytes, { kind: this.#options.lateKind }, event.freedBytes);
        samples.add(metrics.freedInodes, { kind: this.#options.lateKind }, event.freedInodes);
        return setUsage(this.#samples, this.#options.rules, event.usage);
      case 'image.kept':
      case 'cache-record.kept':
      case 'container.kept':
        return samples.add(metrics.deletions, { kind: kindIn(event.event), result: 'kept' });
      case 'image.gone':
      case 'cache-record.gone':
      case 'container.gone':
        return samples.add(metrics.deletions, { kind: kindIn(event.event), result: 'gone' });
      case 'image.delete-failed':
      case 'cache-record.delete-failed':
      case 'container.delete-failed':
        return samples.add(metrics.deletions, { kind: kindIn(event.event), result: 'failed' });
      case 'image.delete-unanswered':
      case 'cache-record.delete-unanswered':
      case 'container.delete-unanswered':
        return samples.add(metrics.unanswered, { kind: kindIn(event.event) });
      case 'cluster.failing':
        samples.set(metrics.apiServerFailing, { task: clusterTask(event.task) }, true);
        return this.#clusterFailed(event.task, 1);
      case 'cluster.working':
        this.#clusterFailed(event.task, event.tries - 1 - (this.#failing.get(event.task) ?? 0));
        this.#failing.delete(event.task);
        return samples.set(metrics.apiServerFailing, { task: clusterTask(event.task) }, false);
      case 'slot.waiting':
        return samples.set(metrics.cordonWaiting, {}, true);
      case 'slot.taken':
        return samples.set(metrics.cordonWaiting, {}, false);
      case 'cordon.skipped':
        samples.set(metrics.cordonWaiting, {}, false);
        return samples.add(metrics.cordonsSkipped, {});
      case 'node.cordoned':
        this.#cordoned.start();
        return samples.set(metrics.nodeCordoned, {}, true);
      case 'node.uncordoned':
      case 'node.left-cordoned':
      case 'node.gone':
        this.#cordoned.stop();
        return samples.set(metrics.nodeCordoned, {}, false);
      case 'max-unused.completed':
        samples.add(metrics.unusedDeletions, {}, event.deletedImages);
        return;
      case 'notify.failed':
        return samples.set(metrics.notifyFailing, {}, true);
      case 'notify.working':
        return samples.set(metrics.notifyFailing, {}, false);
      case 'keep-file.read':
        return samples.set(metrics.keepFileFailing, {}, false);
      case 'keep-file.failed':
        return samples.set(metrics.keepFileFailing, {}, true);
      default:
        return;
    }
  };

  /** The filesystem was looked at between two checks. */
  looked(usage: Usage): void {
    setUsage(this.#samples, this.#options.rules, usage);
  }

  /** When the filesystem will be full; undefined where that cannot be known. */
  forecast(forecast: Forecast | undefined): void {
    this.#samples.set(metrics.fullIn, { estimate: 'expected' }, forecast?.seconds);
    this.#samples.set(metrics.fullIn, { estimate: 'earliest' }, forecast?.earliestSeconds);
    this.#samples.set(metrics.fullIn, { estimate: 'latest' }, forecast?.latestSeconds);
  }

  /** Takes a view of the store: what it is made of and what could be had back. */
  observe({ takenAtMs, summary, space }: StoreView): void {
    const samples = this.#samples;
    for (const state of ['in-use', 'protected', 'unused'] as const) {
      samples.set(metrics.images, { state }, summary.images[state].count);
      samples.set(metrics.imageBytes, { state }, summary.images[state].bytes);
    }
    samples.set(metrics.reclaimableBytes, {}, summary.reclaimable.bytes);
    samples.set(metrics.reclaimableInodes, {}, summary.reclaimable.inodes);
    samples.set(metrics.buildCacheBytes, {}, space?.parts.buildCache.bytes);
    for (const part of Object.keys(spaceLabels) as SpaceKind[]) {
      const labels = { kind: spaceLabels[part] };
      samples.set(metrics.spaceBytes, labels, space?.parts[part].bytes);
      samples.set(metrics.spaceInodes, labels, space?.parts[part].inodes);
    }
    samples.set(metrics.storeTimestamp, {}, takenAtMs / 1000);
  }

  /** Counts a request to the engine that failed. */
  engineFailed(code: (typeof metrics.engineErrors.labels.code)[number]): void {
    this.#samples.add(metrics.engineErrors, { code });
  }

  /** The exposition, with the process as it is now. */
  text(): string {
    this.#samples.setTotal(metrics.cordonedSeconds, this.#cordoned.seconds);
    const { window } = this.#options.rules;
    if (window !== undefined)
      this.#samples.set(metrics.windowOpen, {}, isOpen(window, this.#options.nowMs()));
    const figures = processFigures();
    this.#samples.setTotal(metrics.cpuSeconds, figures.cpuSeconds);
    this.#samples.set(metrics.residentMemory, {}, figures.residentBytes);
    this.#samples.set(metrics.startTime, {}, figures.startedAtSeconds);
    this.#samples.set(metrics.openFiles, {}, figures.openFiles);
    this.#samples.set(metrics.heapUsed, {}, figures.heapUsedBytes);
    return this.#samples.text();
  }

  #nowSeconds(): number {
    return this.#options.nowMs() / 1000;
  }

  #deleted(event: Extract<DaemonEvent, { event: `${Subject}.deleted` }>): void {
    const kind = kindIn(event.event);
    const samples = this.#samples;
    samples.add(metrics.deletions, { kind, result: 'deleted' });
    samples.add(metrics.freedBytes, { kind }, event.freedBytes);
    samples.add(metrics.freedInodes, { kind }, event.freedInodes);
    samples.add(metrics.predictedBytes, { kind }, event.predictedBytes);
    samples.add(metrics.predictedInodes, { kind }, event.predictedInodes);
    samples.observe(metrics.deletionDuration, { kind }, event.durationSeconds);
    setUsage(this.#samples, this.#options.rules, event.usage);
  }

  #swept(report: SweepReport): void {
    const samples = this.#samples;
    samples.set(metrics.sweepActive, {}, false);
    samples.add(metrics.sweeps, { outcome: report.stoppedBecause });
    samples.observe(metrics.sweepDuration, {}, report.durationSeconds);
    if (report.dryRun) return;
    samples.set(metrics.lastSweepReachedLow, {}, report.reachedLow);
    if (report.reachedLow) samples.set(metrics.lastSuccess, { task: 'sweep' }, this.#nowSeconds());
  }

  #clusterFailed(task: string, times: number): void {
    if (times <= 0) return;
    this.#samples.add(metrics.apiServerErrors, { task: clusterTask(task) }, times);
    this.#failing.set(task, (this.#failing.get(task) ?? 0) + times);
  }
}

/** `cache-record.gone` → `build-cache`. */
function kindIn(event: `${Subject}.${string}`): DeletionKind {
  const subject = event.slice(0, event.indexOf('.'));
  return kindOf[subject as Subject];
}
