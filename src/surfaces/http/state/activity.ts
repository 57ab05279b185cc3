/**
 * What the daemon has been doing, from its events: usage over time, the last sweeps, the one under way. Bounded; the
 * past can be kept in a file (activity-file.ts).
 */
import { type Gain, gainedOf } from '../../../core/model/gain.ts';
import { FillRate, type Forecast } from '../../../core/model/forecast.ts';
import type { Gauge, Thresholds, Usage } from '../../../core/model/thresholds.ts';
import { type DaemonEvent, isDeletion, type SweepReport } from '../../../events/events.ts';
import type { Doings, SweepDone, SweepUnderWay } from '../../json/activity.ts';
import { sampleOf, UsageSamples, type SamplesState, thousandths } from './samples.ts';

/** What is kept. */
export interface ActivityState {
  readonly samples: SamplesState;
  readonly sweeps: readonly SweepDone[];
}

/** How many sweeps are remembered. */
const SWEEPS = 100;
/** How many steps of the sweep under way are shown: the newest. */
const STEPS = 200;

const uncordoned: ReadonlySet<string> = new Set(['node.uncordoned', 'node.left-cordoned', 'node.gone']);

/** What grew in between is made up for first, so that the sum is what the disk gained. */
function add(sweep: SweepUnderWay, gain: Gain): void {
  const { bytes, inodes } = gainedOf(gain);
  sweep.freedBytes += bytes;
  sweep.freedInodes += inodes;
}

export class Activity {
  readonly #samples = new UsageSamples();
  readonly #fillRate = new FillRate();
  readonly #sweeps: SweepDone[] = [];
  #sweep: SweepUnderWay | undefined;
  #checkedAtMs: number | undefined;
  #cordoned = false;
  #version = 0;

  /** Another one whenever `toState` is. */
  get version(): number {
    return this.#version;
  }

  /** When the filesystem will be full; undefined where that cannot be known. */
  get forecast(): Forecast | undefined {
    return this.#fillRate.forecast();
  }

  /** To continue from there. */
  get fillRate(): FillRate {
    return this.#fillRate;
  }

  /** What an earlier process did; before anything else. */
  restore({ samples, sweeps }: ActivityState, nowMs: number): void {
    this.#samples.restore(samples, nowMs);
    this.#sweeps.push(...sweeps.filter(({ endedAtMs }) => endedAtMs <= nowMs).slice(-SWEEPS));
    const sinceMs = this.#sweeps.at(-1)?.endedAtMs ?? 0;
    const share = (percent: number): Gauge => ({ total: 100, available: 100 - percent });
    for (const { atMs, blocks, inodes } of this.#samples.list())
      if (atMs >= sinceMs)
        this.#fillRate.add(
          { bytes: share(blocks), inodes: inodes === null ? undefined : share(inodes) },
          atMs,
        );
  }

  /** For a file. */
  toState(): ActivityState {
    return { samples: this.#samples.toState(), sweeps: [...this.#sweeps] };
  }

  on(event: DaemonEvent, atMs: number): void {
    if (event.event === 'check.completed') {
      this.#checkedAtMs = atMs;
      this.measured(event.usage, atMs);
    } else if (event.event === 'sweep.started') this.#begin(event, atMs);
    else if (event.event === 'sweep.completed') this.#end(event, atMs);
    else if (event.event === 'node.cordoned') this.#cordoned = true;
    else if (uncordoned.has(event.event)) this.#cordoned = false;
    else if (isDeletion(event) || event.event === 'space.appeared') {
      this.#fillRate.forget();
      this.measured(event.usage, atMs);
      if (this.#sweep !== undefined) add(this.#sweep, event);
    }
    if ('id' in event) this.#step(event, atMs);
  }

  #begin({ dryRun, used, toFree }: Extract<DaemonEvent, { event: 'sweep.started' }>, atMs: number): void {
    this.#sweep = {
      startedAtMs: atMs,
      dryRun,
      usedBefore: used,
      toFree,
      freedBytes: 0,
      freedInodes: 0,
      predictedBytes: 0,
      deleted: 0,
      steps: [],
    };
  }

  #end(report: SweepReport, atMs: number): void {
    const done: SweepDone & { event?: string } = {
      startedAtMs: this.#sweep?.startedAtMs ?? atMs,
      endedAtMs: atMs,
      ...report,
    };
    // It was reported as an event, with its name.
    delete done.event;
    this.#sweeps.push(done);
    if (this.#sweeps.length > SWEEPS) this.#sweeps.shift();
    this.#sweep = undefined;
    this.#version += 1;
  }

  /** The filesystem was looked at, and nothing of what is below the path. */
  looked(usage: Usage, atMs: number): void {
    this.#fillRate.add(usage, atMs);
  }

  /** The disk was measured. */
  measured(usage: Usage, atMs: number): void {
    this.#fillRate.add(usage, atMs);
    this.#samples.add(sampleOf(usage, atMs));
    this.#version += 1;
  }

  #step(event: Extract<DaemonEvent, { readonly id: string }>, atMs: number): void {
    if (this.#sweep === undefined) return;
    if (isDeletion(event)) {
      this.#sweep.predictedBytes += event.predictedBytes;
      this.#sweep.deleted += 1;
    }
    this.#sweep.steps.push({
      atMs,
      outcome: event.event,
      id: event.id,
      name: event.references[0] ?? event.id,
      freedBytes: 'freedBytes' in event ? event.freedBytes : null,
      predictedBytes: 'predictedBytes' in event ? event.predictedBytes : null,
      reason: 'reason' in event ? event.reason : 'message' in event ? event.message : null,
    });
    if (this.#sweep.steps.length > STEPS) this.#sweep.steps.shift();
  }

  json(thresholds: Thresholds): Doings {
    const sweep = this.#sweep;
    return {
      thresholds,
      checkedAtMs: this.#checkedAtMs ?? null,
      cordoned: this.#cordoned,
      forecast: this.forecast ?? null,
      sweep:
        sweep === undefined
          ? null
          : {
              ...sweep,
              freedBytes: Math.max(0, sweep.freedBytes),
              freedInodes: Math.max(0, sweep.freedInodes),
            },
      sweeps: [...this.#sweeps].reverse(),
      samples: this.#samples.list().map(({ atMs, blocks, inodes, allocated }) => ({
        atMs,
        blocks: thousandths(blocks),
        inodes: inodes === null ? null : thousandths(inodes),
        allocated,
      })),
    };
  }
}
