/** Replays a trace with several choosers, capacities and thresholds. */
import type { ChooserMaker } from './chooser.ts';
import type { Figures } from './figures.ts';
import { replay } from './replay.ts';
import type { Trace } from './trace.ts';

export interface Settings {
  readonly capacity: readonly (
    { readonly kind: 'bytes'; readonly bytes: number } | { readonly kind: 'share'; readonly share: number }
  )[];
  readonly high: number;
  readonly low: number;
  readonly soft: number | undefined;
  /** Bytes a second. */
  readonly bandwidth: number;
  /** Try pairs of thresholds instead of the one given. */
  readonly sweepThresholds: boolean;
}

export interface Setting {
  readonly capacityBytes: number;
  readonly high: number;
  readonly low: number;
}

export interface Result {
  readonly setting: Setting;
  readonly rows: readonly Figures[];
  /** By policy: the disk in use over time. */
  readonly usage: ReadonlyMap<string, readonly Point[]>;
}

export interface Point {
  readonly atMs: number;
  readonly bytes: number;
}

/** Pairs worth a look: a wide gap means few and big sweeps, a narrow one many and small ones. */
const PAIRS: readonly (readonly [low: number, high: number])[] = [
  [40, 80],
  [60, 80],
  [70, 80],
  [60, 90],
  [75, 90],
  [85, 90],
];

/** How many points a curve of usage has at most. */
const POINTS = 400;

export function simulate(
  trace: Trace,
  choosers: readonly ChooserMaker[],
  settings: Settings,
): readonly Result[] {
  const pairs = settings.sweepThresholds ? PAIRS : [[settings.low, settings.high] as const];
  return settings.capacity.flatMap((capacity) => {
    const capacityBytes =
      capacity.kind === 'bytes' ? capacity.bytes : Math.round(trace.distinctBytes * capacity.share);
    return pairs.map(([low, high]): Result => {
      const usage = new Map<string, Point[]>();
      const rows = choosers.map((maker) => {
        const curve = new Curve(trace);
        const figures = replay(trace, maker, {
          capacityBytes,
          low,
          high,
          bytesPerSecond: settings.bandwidth,
          ...(settings.soft !== undefined && { soft: settings.soft }),
          watch: (atMs, bytes) => {
            curve.add(atMs, bytes);
          },
        });
        usage.set(maker.name, curve.points);
        return figures;
      });
      return { setting: { capacityBytes, high, low }, rows, usage };
    });
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
