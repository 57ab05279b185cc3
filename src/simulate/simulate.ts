/** Replays a trace with several choosers, capacities and thresholds: what there is to do, and each part of it. */
import type { ReplayOptions } from './replay/options.ts';
import type { Protections } from '../core/eligible/rules.ts';
import type { Thresholds } from '../core/model/thresholds.ts';
import type { Window } from '../core/model/window.ts';
import { type Bound, bounds } from './bounds/bounds.ts';
import type { ChooserMaker } from './replay/chooser.ts';
import { bytesAt, type Figures } from './replay/figures.ts';
import { protectedBytes } from './bounds/protected-bytes.ts';
import { replay } from './replay/replay.ts';
import { type Trace, TraceError } from './traces/trace.ts';

/** An amount, or a share (0 to 1) of all that is in the trace, each layer once. */
export type Capacity =
  { readonly kind: 'amount'; readonly amount: number } | { readonly kind: 'share'; readonly share: number };

/** Percent of the capacity, bytes used, or bytes free of it. */
export interface Level {
  readonly type: Thresholds['type'];
  readonly value: number;
}

export interface Settings {
  readonly capacity: readonly Capacity[];
  /** Undefined: inodes are not counted. */
  readonly inodes: Capacity | undefined;
  /** All levels are of one type. */
  readonly high: Level;
  readonly low: Level;
  readonly soft: Level | undefined;
  readonly critical?: Level | undefined;
  /** Images unused for longer go whatever the disk says; 0 or undefined: off. */
  readonly maxUnused?: number;
  /** Undefined: sweeps begin at any time. */
  readonly window?: Window | undefined;
  /** Bytes a second. */
  readonly bandwidth: number;
  /** What each sweep takes besides what it deletes. */
  readonly sweepSeconds: number;
  readonly protections: Protections;
  /** Try pairs of thresholds instead of the one given. */
  readonly sweepThresholds: boolean;
}

export interface SimulatedNode {
  readonly type: Thresholds['type'];
  /** With absolute thresholds HIGH itself. */
  readonly capacityBytes: number;
  readonly high: number;
  readonly low: number;
}

export interface Result {
  readonly setting: SimulatedNode;
  readonly rows: readonly Figures[];
  readonly bounds: readonly Bound[];
  /** By policy: the disk in use over time. */
  readonly usage: ReadonlyMap<string, readonly Point[]>;
}

export interface Point {
  readonly atMs: number;
  readonly bytes: number;
}

/** One replay: a chooser with one setting. Jobs are numbered, so that helpers need to be told no more than a number. */
export interface Job {
  readonly maker: ChooserMaker;
  readonly setting: SimulatedNode;
  readonly options: ReplayOptions;
}

export interface Outcome {
  readonly figures: Figures;
  readonly usage: readonly Point[];
}

/** Pairs worth trying: a wide band means few, big sweeps, a narrow one many small ones. */
export const PAIRS: readonly (readonly [low: number, high: number])[] = [
  [40, 80],
  [60, 80],
  [70, 80],
  [75, 80],
  [78, 80],
  [60, 90],
  [75, 90],
  [85, 90],
];

/** How many points a curve of usage has at most. */
const POINTS = 400;
/** How often a replay says how far it is. */
const STEPS = 50;

/** All that is to be replayed: by setting, then by chooser. @throws TraceError where a trace has no inodes to share out. */
export function jobsOf(trace: Trace, choosers: readonly ChooserMaker[], settings: Settings): readonly Job[] {
  const { high, low, soft, bandwidth, sweepSeconds, protections } = settings;
  const pairs = settings.sweepThresholds ? PAIRS : [[low.value, high.value] as const];
  const capacities =
    high.type === 'absolute' ? [{ kind: 'amount', amount: high.value } as const] : settings.capacity;
  const capacityInodes = settings.inodes && amountOf(settings.inodes, inodesOf(trace));
  return capacities.flatMap((capacity) => {
    const capacityBytes = amountOf(capacity, trace.distinctBytes);
    return pairs.flatMap(([lowest, highest]) => {
      const setting = { type: high.type, capacityBytes, high: highest, low: lowest };
      const options: ReplayOptions = {
        ...{ ...setting, capacityInodes, sweepSeconds, protections, window: settings.window },
        bytesPerSecond: bandwidth,
        soft: soft?.value,
        critical: settings.critical?.value,
        maxUnusedSeconds: settings.maxUnused ?? 0,
      };
      return choosers.map((maker) => ({ maker, setting, options }));
    });
  });
}

function amountOf(capacity: Capacity, all: number): number {
  return capacity.kind === 'amount' ? capacity.amount : Math.round(all * capacity.share);
}

function inodesOf(trace: Trace): number {
  const inodes = trace.layers.reduce((sum, layer) => sum + layer.inodes, 0);
  if (inodes === 0) throw new TraceError('the trace has no inodes of its layers; omit --inodes');
  return inodes;
}

/** @param onProgress told now and then what share (0 to 1) is done. */
export function runJob(
  trace: Trace,
  job: Job,
  onProgress: (share: number) => void = () => undefined,
): Outcome {
  const curve = new Curve(trace);
  const step = Math.max(1, Math.ceil(trace.startsMs.length / STEPS));
  let uses = 0;
  const figures = replay(trace, job.maker, {
    ...job.options,
    watch: (atMs, bytes) => {
      curve.add(atMs, bytes);
      uses += 1;
      if (uses % step === 0) onProgress(uses / trace.startsMs.length);
    },
  });
  return { figures, usage: curve.points };
}

/** What came of all jobs, by setting. */
export function resultsOf(
  trace: Trace,
  jobs: readonly Job[],
  outcomes: readonly Outcome[],
  { protections }: Settings,
): readonly Result[] {
  const protectedAt = protectedBytes(trace, protections);
  const settings = [...new Set(jobs.map(({ setting }) => setting))];
  return settings.map((setting) => {
    const own = outcomes.filter((_, at) => jobs[at]?.setting === setting);
    return {
      setting,
      rows: own.map(({ figures }) => figures),
      usage: new Map(own.map(({ figures, usage }) => [figures.policy, usage])),
      bounds: bounds(trace, {
        highBytes: bytesAt(setting, setting.high),
        lowBytes: bytesAt(setting, setting.low),
        protectedBytes: protectedAt,
      }),
    };
  });
}

/** Keeps the highest usage of each slice of time. */
class Curve {
  readonly points: Point[] = [];
  readonly #fromMs: number;
  readonly #sliceMs: number;
  #slice = -1;

  constructor(trace: Trace) {
    this.#fromMs = trace.startsMs[0] ?? 0;
    this.#sliceMs = Math.max(1, ((trace.startsMs.at(-1) ?? 0) - this.#fromMs) / POINTS);
  }

  add(atMs: number, bytes: number): void {
    const slice = Math.floor((atMs - this.#fromMs) / this.#sliceMs);
    const last = this.points.at(-1);
    if (slice !== this.#slice || last === undefined) {
      this.points.push({ atMs, bytes });
      this.#slice = slice;
    } else if (bytes > last.bytes) this.points[this.points.length - 1] = { atMs, bytes };
  }
}
