/** Replays a trace on a virtual store with one chooser and counts what that cost. */
import { DEFAULT_QUIET_SECONDS } from '../../core/timing/soft-threshold.ts';
import { imagesOnly } from '../../core/eligible/cache-and-containers.ts';
import { noProtections } from '../../core/eligible/rules.ts';
import {
  isBelowLow,
  isTriggered,
  level,
  reaches,
  type Thresholds,
  type Usage,
} from '../../core/model/thresholds.ts';
import { isOpen } from '../../core/model/window.ts';
import { idsUnusedFor } from '../../core/use-history/unused.ts';
import { planUnused } from '../../core/plan/plan-unused.ts';
import { applyEvent } from '../../core/use-history/apply-event.ts';
import { newHistory, type UsageHistory } from '../../core/use-history/history.ts';
import type { ChooserMaker, Choose } from './chooser.ts';
import { Counting, type Figures } from './figures.ts';
import { Ends } from './ends.ts';
import type { Trace } from '../traces/trace.ts';
import type { ReplayOptions } from './options.ts';
import { VirtualStore } from './virtual-store.ts';

/** Between two deletions without a cordon: the daemon makes one a check, and this is its default interval. */
const GENTLE_PACE_MS = 300_000;
const QUIET_MS = DEFAULT_QUIET_SECONDS * 1000;

export function replay(trace: Trace, maker: ChooserMaker, options: ReplayOptions): Figures {
  const run = new Run(trace, maker, options);
  for (let use = 0; use < trace.startsMs.length; use++) run.use(use);
  return run.counting.figures(maker, options);
}

class Run {
  readonly counting: Counting;
  readonly #store: VirtualStore;
  readonly #choose: Choose;
  /** What others do knows neither the window nor the rule on unused images. */
  readonly #isReference: boolean;
  readonly #history: UsageHistory | undefined;
  readonly #options: ReplayOptions;
  readonly #thresholds: Thresholds;
  readonly #ends = new Ends();
  #lastGentleMs = -Infinity;
  #lastUseMs = -Infinity;
  /** Unused images are not looked for before this time. */
  #unusedAtMs = -Infinity;

  constructor(trace: Trace, maker: ChooserMaker, options: ReplayOptions) {
    this.#store = new VirtualStore(trace);
    this.#choose = maker.make(this.#store);
    this.#isReference = maker.isReference;
    this.#options = options;
    this.#thresholds = { type: options.type ?? 'relative', high: options.high, low: options.low };
    this.#history = maker.isReference ? undefined : newHistory(trace.startsMs[0] ?? 0);
    this.counting = new Counting(options);
  }

  /** One launch: what ended before ends, the image comes if it must, the container holds it, the disk is checked. */
  use(use: number): void {
    const { trace } = this.#store;
    const atMs = trace.startsMs[use] ?? 0;
    const image = trace.imageOf[use] ?? 0;
    this.#goGently(atMs, use);
    this.#endUses(atMs);
    this.#deleteUnused(atMs);
    this.#lastUseMs = atMs;
    const wasHere = this.#store.has(image);
    const fetched = this.#store.pull(image, atMs);
    this.counting.launched(wasHere, fetched);
    this.#begin(`use-${use}`, image, atMs, wasHere, trace.holdsMs[use] ?? 0);
    this.counting.sawUse(this.#store.usedBytes);
    this.#check(atMs, use + 1);
    this.#options.watch?.(atMs, this.#store.usedBytes);
  }

  #begin(containerId: string, image: number, atMs: number, wasHere: boolean, holdsMs: number): void {
    const self = this.#store.trace.images[image];
    if (self === undefined) return;
    this.#store.start(containerId, image, atMs);
    this.#ends.push(atMs + holdsMs, containerId, image);
    if (this.#history === undefined) return;
    if (!wasHere) {
      applyEvent(this.#history, { kind: 'appeared', atMs, image: self, layers: this.#store.layers });
    }
    applyEvent(this.#history, { kind: 'use-began', atMs, containerId, imageId: self.id });
  }

  #endUses(untilMs: number): void {
    for (let end = this.#ends.popUntil(untilMs); end !== undefined; end = this.#ends.popUntil(untilMs)) {
      this.#store.stop(end.containerId, end.image, end.atMs);
      if (this.#history === undefined) continue;
      applyEvent(this.#history, { kind: 'use-ended', atMs: end.atMs, containerId: end.containerId });
    }
  }

  #check(atMs: number, nextUse: number): void {
    const usage = this.#usage();
    if (isTriggered(usage, this.#thresholds) && this.#mayBegin(usage, atMs)) {
      const before = this.#store.usedBytes;
      const victims = this.#choose(this.#moment(usage, atMs, nextUse, this.#thresholds));
      if (victims.length > 0) this.#delete(victims, atMs);
      const isBelow = isBelowLow(this.#usage(), this.#thresholds);
      this.counting.swept(victims.length, before - this.#store.usedBytes, this.#store.usedBytes, isBelow);
    }
  }

  /** What the daemon deletes for being unused, as late as it can matter here: before the next use. */
  #deleteUnused(atMs: number): void {
    const { maxUnusedSeconds = 0, protections = noProtections } = this.#options;
    const history = this.#history;
    if (maxUnusedSeconds <= 0 || history === undefined) return;
    if (atMs < this.#unusedAtMs || !this.#mayBegin(this.#usage(), atMs)) return;
    // The daemon does this at each check; an hour more or less does not matter to what is measured in days.
    this.#unusedAtMs = atMs + Math.min(3_600_000, maxUnusedSeconds * 100);
    if (idsUnusedFor(history, maxUnusedSeconds * 1000, atMs).length === 0) return;
    const rules = { maxUnusedSeconds, protections, clean: imagesOnly, history: () => history };
    const victims = planUnused({ store: this.#store.snapshot(), nowMs: atMs }, rules)?.victims ?? [];
    if (victims.length === 0) return;
    this.#delete(
      victims.map(({ id }) => this.#store.indexOf(id)),
      atMs,
    );
    this.counting.deletedUnused(victims.length);
  }

  #mayBegin(usage: Usage, atMs: number): boolean {
    const { window, critical } = this.#options;
    if (window === undefined || this.#isReference || isOpen(window, atMs)) return true;
    const { type } = this.#thresholds;
    return critical !== undefined && reaches(level(usage, type).value, critical, type);
  }

  /** While nobody launches anything: what a sweep would delete first goes, one step a check. */
  #goGently(untilMs: number, nextUse: number): void {
    const { soft } = this.#options;
    if (soft === undefined) return;
    let atMs = Math.max(this.#lastUseMs + QUIET_MS, this.#lastGentleMs + GENTLE_PACE_MS);
    for (
      ;
      atMs < untilMs &&
      reaches(level(this.#usage(), this.#thresholds.type).value, soft, this.#thresholds.type);
      atMs += GENTLE_PACE_MS
    ) {
      if (!this.#mayBegin(this.#usage(), atMs)) continue;
      this.#endUses(atMs);
      const usedBytes = this.#store.usedBytes;
      const victims = this.#choose(this.#moment(this.#usage(), atMs, nextUse, this.#thresholds));
      for (const victim of victims) {
        this.#delete([victim], atMs);
        this.counting.deletedGently();
        if (this.#store.usedBytes < usedBytes) break;
      }
      this.#lastGentleMs = atMs;
      if (this.#store.usedBytes === usedBytes) return;
    }
  }

  #delete(victims: readonly number[], atMs: number): void {
    for (const image of victims) {
      this.#store.remove(image);
      this.#options.onDeleted?.(atMs, image);
      const imageId = this.#store.trace.images[image]?.id;
      if (this.#history !== undefined && imageId !== undefined)
        applyEvent(this.#history, { kind: 'removed', atMs, imageId });
    }
  }

  #moment(usage: Usage, nowMs: number, nextUse: number, thresholds: Thresholds) {
    const { protections = noProtections } = this.#options;
    return { store: this.#store, usage, thresholds, protections, history: this.#history, nowMs, nextUse };
  }

  #usage(): Usage {
    const { capacityBytes, capacityInodes } = this.#options;
    return {
      path: 'simulated',
      bytes: { total: capacityBytes, available: capacityBytes - this.#store.usedBytes },
      inodes:
        capacityInodes === undefined
          ? undefined
          : { total: capacityInodes, available: capacityInodes - this.#store.usedInodes },
      allocated: { bytes: this.#store.usedBytes, inodes: this.#store.usedInodes },
    };
  }
}
