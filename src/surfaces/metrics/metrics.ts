/**
 * The daemon as numbers: fed with its events, and with a view of the store whenever somebody has one. Asks nobody for
 * anything; giving the text costs no request to engine or cluster, so a scrape can disturb nothing.
 */
import { readdirSync } from 'node:fs';
import { type DeletionLimits, MOST_DELETIONS } from '../../core/plan/deletion-budget.ts';
import type { Forecast } from '../../core/model/forecast.ts';
import type { SpaceByKind, SpaceKind } from '../../core/model/space-kinds.ts';
import type { StoreSummary } from '../../core/plan/store-summary.ts';
import { isOpen } from '../../core/model/window.ts';
import type { Usage } from '../../core/model/thresholds.ts';
import type { PlanRules } from '../../core/plan/plan-rules.ts';
import {
  type DaemonEvent,
  type Deletion,
  type EventName,
  isDeletion,
  type Subject,
  type SweepReport,
} from '../../events/events.ts';
import type { Gauge } from './definition.ts';
import { setThresholds, setUsage } from './disk-figures.ts';
import { Samples } from './samples.ts';
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

const kindOf: Readonly<Record<Subject, DeletionKind>> = {
  image: 'image',
  'cache-record': 'build-cache',
  container: 'stopped-container',
};

/** What an event of a victim counts as; what is deleted has more to count. */
const resultOf = { kept: 'kept', gone: 'gone', 'delete-failed': 'failed' } as const;

/** Events that switch a gauge on or off. */
const switches: Readonly<
  Partial<Record<EventName, readonly [gauge: Gauge<Record<never, never>>, isOn: boolean]>>
> = {
  'engine.connected': [metrics.engineUp, true],
  'engine.unavailable': [metrics.engineUp, false],
  'path.available': [metrics.pathUp, true],
  'path.unavailable': [metrics.pathUp, false],
  'history.synced': [metrics.historyFollowed, true],
  'history.interrupted': [metrics.historyFollowed, false],
  'sweep.started': [metrics.sweepActive, true],
  'sweep.completed': [metrics.sweepActive, false],
  'slot.waiting': [metrics.cordonWaiting, true],
  'slot.taken': [metrics.cordonWaiting, false],
  'cordon.skipped': [metrics.cordonWaiting, false],
  'node.cordoned': [metrics.nodeCordoned, true],
  'node.uncordoned': [metrics.nodeCordoned, false],
  'node.left-cordoned': [metrics.nodeCordoned, false],
  'node.gone': [metrics.nodeCordoned, false],
  'notify.failed': [metrics.notifyFailing, true],
  'notify.working': [metrics.notifyFailing, false],
  'keep-file.failed': [metrics.keepFileFailing, true],
  'keep-file.read': [metrics.keepFileFailing, false],
};

const startedAtSeconds = Date.now() / 1000 - process.uptime();

export class Metrics {
  readonly #options: MetricsOptions;
  readonly #samples = new Samples(allMetrics);
  /** How long the node was cordoned, and since when it is. */
  #cordonedMs = 0;
  #cordonedSinceMs: number | undefined;
  /** By task: failed tries that were counted and are not over. */
  readonly #failing = new Map<string, number>();

  constructor(options: MetricsOptions) {
    this.#options = options;
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
    const [gauge, isOn] = switches[event.event] ?? [];
    if (gauge !== undefined) samples.set(gauge, {}, isOn);
    if (gauge === metrics.nodeCordoned) this.#setCordoned(isOn === true);
    if (isDeletion(event)) this.#deleted(event);
    else if ('id' in event) this.#turnEnded(event);
    switch (event.event) {
      case 'check.completed':
        samples.add(metrics.checks, {});
        samples.set(metrics.lastSuccess, { task: 'check' }, this.#nowSeconds());
        samples.set(metrics.engineUp, {}, true);
        samples.set(metrics.pathUp, {}, true);
        this.looked(event.usage);
        // A cordon that was not needed any more, because usage fell meanwhile.
        if (!event.triggered && this.#options.cordons) samples.set(metrics.cordonWaiting, {}, false);
        return;
      case 'history.synced':
        if (event.missedSeconds <= 0) return;
        samples.add(metrics.historyGaps, {});
        return samples.add(metrics.historyGapSeconds, {}, event.missedSeconds);
      case 'sweep.skipped':
        return samples.add(metrics.sweepsSkipped, {});
      case 'limit.reached':
        return samples.add(metrics.limitsReached, { limit: event.limit });
      case 'sweep.completed':
        return this.#swept(event);
      case 'space.appeared':
        samples.add(metrics.freedBytes, { kind: this.#options.lateKind }, event.freedBytes);
        samples.add(metrics.freedInodes, { kind: this.#options.lateKind }, event.freedInodes);
        return this.looked(event.usage);
      case 'cluster.failing':
        samples.set(metrics.apiServerFailing, { task: clusterTask(event.task) }, true);
        return this.#clusterFailed(event.task, 1);
      case 'cluster.working':
        this.#clusterFailed(event.task, event.tries - 1 - (this.#failing.get(event.task) ?? 0));
        this.#failing.delete(event.task);
        return samples.set(metrics.apiServerFailing, { task: clusterTask(event.task) }, false);
      case 'cordon.skipped':
        return samples.add(metrics.cordonsSkipped, {});
      case 'max-unused.completed':
        return samples.add(metrics.unusedDeletions, {}, event.deletedImages);
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
    const samples = this.#samples;
    samples.setTotal(metrics.cordonedSeconds, (this.#cordonedMs + this.#cordonedNowMs) / 1000);
    const { window } = this.#options.rules;
    if (window !== undefined) samples.set(metrics.windowOpen, {}, isOpen(window, this.#options.nowMs()));
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    samples.setTotal(metrics.cpuSeconds, (user + system) / 1e6);
    samples.set(metrics.residentMemory, {}, rss);
    samples.set(metrics.startTime, {}, startedAtSeconds);
    samples.set(metrics.openFiles, {}, openFiles());
    samples.set(metrics.heapUsed, {}, heapUsed);
    return samples.text();
  }

  get #cordonedNowMs(): number {
    return this.#cordonedSinceMs === undefined ? 0 : this.#options.monotonicMs() - this.#cordonedSinceMs;
  }

  #setCordoned(isCordoned: boolean): void {
    this.#cordonedMs += this.#cordonedNowMs;
    this.#cordonedSinceMs = isCordoned ? this.#options.monotonicMs() : undefined;
  }

  #nowSeconds(): number {
    return this.#options.nowMs() / 1000;
  }

  #turnEnded({ event }: DaemonEvent): void {
    const [subject = '', what = ''] = event.split('.');
    const kind = kindOf[subject as Subject];
    if (what === 'delete-unanswered') this.#samples.add(metrics.unanswered, { kind });
    else if (what in resultOf)
      this.#samples.add(metrics.deletions, { kind, result: resultOf[what as keyof typeof resultOf] });
  }

  #deleted(event: Deletion): void {
    const kind = kindOf[event.event.slice(0, event.event.indexOf('.')) as Subject];
    const samples = this.#samples;
    samples.add(metrics.deletions, { kind, result: 'deleted' });
    samples.add(metrics.freedBytes, { kind }, event.freedBytes);
    samples.add(metrics.freedInodes, { kind }, event.freedInodes);
    samples.add(metrics.predictedBytes, { kind }, event.predictedBytes);
    samples.add(metrics.predictedInodes, { kind }, event.predictedInodes);
    samples.observe(metrics.deletionDuration, { kind }, event.durationSeconds);
    this.looked(event.usage);
  }

  #swept(report: SweepReport): void {
    const samples = this.#samples;
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

/** Undefined where the kernel does not show them. */
function openFiles(): number | undefined {
  try {
    // The folder's own descriptor is one of them.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined;
  }
}
