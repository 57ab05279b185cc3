/**
 * When the filesystem will be full at the rate of the recent past. Pure. It says nothing where it cannot know: where the
 * rate of the parts of that past differs too much, or where it would have to look further ahead than it can look back.
 */
import { formatDuration } from './format.ts';
import type { Amount, Gauge, Resource, Usage } from './thresholds.ts';

export interface Forecast {
  /** What will be used up first. */
  readonly resource: Resource;
  /** Until nothing of it is available, in seconds. */
  readonly seconds: number;
  /** The rate is known within two standard errors: between these two. */
  readonly earliestSeconds: number;
  readonly latestSeconds: number;
  /** Bytes or inodes a second. */
  readonly rate: number;
  /** The length of the past used. */
  readonly observedSeconds: number;
}

/** Which share is available at one moment, from 0 to 1. */
interface FillSample {
  readonly atMs: number;
  readonly bytes: number;
  /** Undefined on a filesystem without an inode count. */
  readonly inodes: number | undefined;
}

/** The lengths of past tried: the shortest that gives a rate decides, so that a burst counts at once. */
const WINDOWS_MS = [60_000, 180_000, 600_000, 1_800_000, 7_200_000, 21_600_000] as const;
const LONGEST_MS = 21_600_000;
/** Number of parts of a window that are compared with each other. */
const PARTS = 6;
/** A rate that is known no better than so says nothing: the latest time would be three times the earliest. */
const VAGUE = 0.5;
/** A forecast reaches at most this many times as far ahead as the window reaches back. */
const AHEAD = 20;
/** Number of samples kept for the older past, where one every five seconds would be too many. */
const MOST_SAMPLES = 400;

export class FillRate {
  #samples: FillSample[] = [];
  /** Of the newest look. */
  #totals: Amount = { bytes: 0, inodes: 0 };

  /** A measurement of the filesystem. A clock that was set back discards the earlier ones. */
  add({ bytes, inodes }: Pick<Usage, 'bytes' | 'inodes'>, atMs: number): void {
    const newest = this.#samples.at(-1);
    if (newest !== undefined && atMs < newest.atMs) this.#samples = [];
    if (newest?.atMs === atMs) this.#samples.pop();
    this.#samples.push({ atMs, bytes: shareOf(bytes), inodes: inodes && shareOf(inodes) });
    this.#totals = { bytes: bytes.total, inodes: inodes?.total ?? 0 };
    if (this.#samples.length > MOST_SAMPLES) this.#samples = thinned(this.#samples, atMs);
  }

  /** Something was deleted: the rate is seen from here on. */
  forget(): void {
    this.#samples = [];
  }

  /** @returns undefined where it cannot be known. */
  forecast(): Forecast | undefined {
    const bytes = forecastOf(this.#samples, 'bytes', this.#totals);
    const inodes = forecastOf(this.#samples, 'inodes', this.#totals);
    if (bytes === undefined || inodes === undefined) return bytes ?? inodes;
    return inodes.seconds < bytes.seconds ? inodes : bytes;
  }
}

/** `full in about 40 min at this rate (30 min to 1 h)`. */
export function forecastText({ resource, seconds, earliestSeconds, latestSeconds }: Forecast): string {
  const what = resource === 'inodes' ? 'out of inodes' : 'full';
  const [about, from, to] = [seconds, earliestSeconds, latestSeconds].map(formatDuration);
  const range = from === to ? '' : ` (${from ?? ''} to ${to ?? ''})`;
  return `${what} in about ${about ?? ''} at this rate${range}`;
}

function shareOf({ total, available }: Gauge): number {
  return total <= 0 ? 0 : available / total;
}

function forecastOf(
  samples: readonly FillSample[],
  resource: Resource,
  totals: Amount,
): Forecast | undefined {
  for (const windowMs of WINDOWS_MS) {
    const rates = ratesOf(samples, resource, windowMs);
    const available = samples.at(-1)?.[resource];
    if (available === undefined) return undefined;
    if (rates === undefined) continue;
    const rate = rates.reduce((sum, each) => sum + each, 0) / PARTS;
    const variance = rates.reduce((sum, each) => sum + (each - rate) ** 2, 0) / (PARTS - 1);
    const error = 2 * Math.sqrt(variance / PARTS);
    const observedSeconds = windowMs / 1000;
    const seconds = available / rate;
    if (!(rate > 0) || error > rate * VAGUE || seconds > AHEAD * observedSeconds) continue;
    return {
      resource,
      seconds,
      earliestSeconds: available / (rate + error),
      latestSeconds: available / (rate - error),
      rate: rate * totals[resource],
      observedSeconds,
    };
  }
  return undefined;
}

/** What was used up a second in each part of a window that ends with the newest sample; undefined where it is not covered. */
function ratesOf(
  samples: readonly FillSample[],
  resource: Resource,
  windowMs: number,
): readonly number[] | undefined {
  const endMs = samples.at(-1)?.atMs ?? 0;
  const startMs = endMs - windowMs;
  const within = samples.filter(({ atMs }) => atMs >= startMs).length;
  if ((samples[0]?.atMs ?? endMs) > startMs || within < PARTS) return undefined;
  const edges = Array.from({ length: PARTS + 1 }, (_, part) =>
    availableAt(samples, resource, startMs + (windowMs * part) / PARTS),
  );
  const rates: number[] = [];
  for (let part = 0; part < PARTS; part += 1) {
    const [from, to] = [edges[part], edges[part + 1]];
    if (from === undefined || to === undefined) return undefined;
    rates.push(((from - to) * 1000 * PARTS) / windowMs);
  }
  return rates;
}

/** Between two samples, as if it went straight from the one to the other. */
function availableAt(samples: readonly FillSample[], resource: Resource, atMs: number): number | undefined {
  const next = samples.findIndex((sample) => sample.atMs >= atMs);
  const [after, before] = [samples[next], samples[Math.max(0, next - 1)]];
  const [to, from] = [after?.[resource], before?.[resource]];
  if (after === undefined || before === undefined || to === undefined || from === undefined) return undefined;
  const spanMs = after.atMs - before.atMs;
  return spanMs === 0 ? to : from + ((to - from) * (atMs - before.atMs)) / spanMs;
}

/** The older, the fewer: as many as the longest window that needs them can resolve. */
function thinned(samples: readonly FillSample[], nowMs: number): FillSample[] {
  const kept: FillSample[] = [];
  for (const sample of samples) {
    const ageMs = nowMs - sample.atMs;
    if (ageMs > LONGEST_MS * 1.1) continue;
    const before = kept.at(-1);
    if (before === undefined || sample.atMs - before.atMs >= ageMs / (PARTS * 6)) kept.push(sample);
  }
  return kept;
}
