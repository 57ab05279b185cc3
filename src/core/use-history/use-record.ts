/** The record of one image or layer, and how a use changes it. */
import type { VersionStanding } from './version-standing.ts';

/** Where idle times and returns are recorded (return-rates.ts); a return before it is counted. */
interface Told {
  readonly returned: (record: UseRecord, standing: VersionStanding, idleMs: number) => void;
  readonly idled: (record: UseRecord, standing: VersionStanding, fromMs: number, toMs: number) => void;
}

const DAY_MS = 86_400_000;

/** The clocks on which uses are counted: bursts, working weeks, seasons. A count halves in this time. */
export const HALF_LIVES_MS: readonly number[] = [DAY_MS, 7 * DAY_MS, 30 * DAY_MS];

/** The weight of each clock for future uses. */
const CLOCK_WEIGHTS: readonly number[] = [0.3, 0.4, 0.3];

/**
 * Uses in quick succession say little about future ones: a use counts by its distance from the previous one, fully
 * from this time on. (A course that launches an image a hundred times within an hour counts once.)
 */
const BURST_MS = 3_600_000;

const REMEMBERED_BITS = 7;
const REMEMBERED = 2 ** REMEMBERED_BITS;

/**
 * Results of a function of a time and the half-life of each clock, the last few. Exponentials are most of the cost of
 * tracking layers, and the layers of an image need the same ones one after the other.
 */
class Remembered {
  readonly #compute: (ms: number, halfLifeMs: number) => number;
  readonly #times = new Float64Array(REMEMBERED).fill(NaN);
  readonly results = new Float64Array(REMEMBERED * HALF_LIVES_MS.length);

  constructor(compute: (ms: number, halfLifeMs: number) => number) {
    this.#compute = compute;
  }

  /** Where in `results` those for a time begin, one a clock. */
  placeOf(ms: number): number {
    const entry = Math.imul(ms | 0, 0x9e3779b1) >>> (32 - REMEMBERED_BITS);
    const place = entry * HALF_LIVES_MS.length;
    if (this.#times[entry] === ms) return place;
    this.#times[entry] = ms;
    for (let clock = 0; clock < HALF_LIVES_MS.length; clock++)
      this.results[place + clock] = this.#compute(ms, HALF_LIVES_MS[clock] ?? DAY_MS);
    return place;
  }
}

/** All times are on the history's own clock (see UsageHistory.offsetMs), in milliseconds. */
export interface UseRecord {
  /** For a new version of something known: when that was first seen. */
  firstSeenMs: number;
  /** End of the last use; while it is in use, its begin or when it was last seen in use. At first: when it appeared. */
  lastUsedMs: number;
  /** Uses that began. */
  uses: number;
  /** Uses, those of a burst as one, each halved with the time that has passed, by HALF_LIVES_MS; as of `countedAtMs`. */
  counts: number[];
  countedAtMs: number;
  /** Uses that are under way. */
  active: number;
  /** Since when its idle time has not been recorded in the lessons. */
  openSinceMs: number;
}

export function newRecord(atMs: number): UseRecord {
  return {
    firstSeenMs: atMs,
    lastUsedMs: atMs,
    uses: 0,
    counts: HALF_LIVES_MS.map(() => 0),
    countedAtMs: atMs,
    active: 0,
    openSinceMs: atMs,
  };
}

/** How much of a count is left after a time, by clock. */
const decay = new Remembered((ms, halfLifeMs) => 2 ** (-ms / halfLifeMs));

/** How much of what a clock can see it has seen in a time, in milliseconds. */
const seenMs = new Remembered((ms, halfLifeMs) => {
  const meanMs = halfLifeMs / Math.LN2;
  return meanMs * -Math.expm1(-ms / meanMs);
});

function decayPlace(record: UseRecord, atMs: number): number {
  return decay.placeOf(Math.max(0, atMs - record.countedAtMs));
}

function seenPlace(record: UseRecord, atMs: number): number {
  return seenMs.placeOf(Math.max(DAY_MS, atMs - record.firstSeenMs));
}

/** A decayed count as it is at a time, in uses. */
function countAt(record: UseRecord, clock: number, atMs: number): number {
  return (record.counts[clock] ?? 0) * (decay.results[decayPlace(record, atMs) + clock] ?? 0);
}

/**
 * Uses per millisecond on one of the clocks. Records younger than the clock's period use their own age, at least a
 * day.
 */
export function rateAt(record: UseRecord, clock: number, atMs: number): number {
  return countAt(record, clock, atMs) / (seenMs.results[seenPlace(record, atMs) + clock] ?? 0);
}

/** Uses per millisecond that its own uses so far let expect: rateAt() of all clocks. */
export function ownRate(record: UseRecord, atMs: number): number {
  const { counts } = record;
  const left = decayPlace(record, atMs);
  const known = seenPlace(record, atMs);
  let rate = 0;
  for (let clock = 0; clock < CLOCK_WEIGHTS.length; clock++) {
    const count = (counts[clock] ?? 0) * (decay.results[left + clock] ?? 0);
    rate += (CLOCK_WEIGHTS[clock] ?? 0) * (count / (seenMs.results[known + clock] ?? 0));
  }
  return rate;
}

/** Uses that these let expect between two idle times. */
export function expectedUses(record: UseRecord, fromMs: number, toMs: number): number {
  return ownRate(record, record.lastUsedMs + (fromMs + toMs) / 2) * (toMs - fromMs);
}

/** Uses on the slowest clock, as they were at the last one. */
export function lastingCount({ counts }: UseRecord): number {
  return counts[counts.length - 1] ?? 0;
}

/** Lets a new record inherit the uses of the one that it replaces. */
export function inheritUses(record: UseRecord, from: UseRecord, atMs: number): void {
  record.counts = HALF_LIVES_MS.map((_, clock) => countAt(from, clock, atMs));
  record.countedAtMs = atMs;
  record.firstSeenMs = Math.min(record.firstSeenMs, from.firstSeenMs);
}

/** @param standing its standing while idle, for the lessons. */
export function beginUse(record: UseRecord, atMs: number, standing: VersionStanding, lessons: Told): void {
  const share = record.uses === 0 ? 1 : shareOf(record, atMs);
  if (record.active === 0) {
    closeIdle(record, atMs, standing, lessons);
    if (record.uses > 0) lessons.returned(record, standing, atMs - record.lastUsedMs);
  }
  const left = decayPlace(record, atMs);
  for (let clock = 0; clock < HALF_LIVES_MS.length; clock++)
    record.counts[clock] = (record.counts[clock] ?? 0) * (decay.results[left + clock] ?? 0) + share;
  record.countedAtMs = Math.max(record.countedAtMs, atMs);
  record.uses += 1;
  record.active += 1;
  seenInUse(record, atMs);
}

function shareOf(record: UseRecord, atMs: number): number {
  return record.active > 0 ? 0 : Math.min(1, (atMs - record.lastUsedMs) / BURST_MS);
}

export function endUse(record: UseRecord, atMs: number): void {
  if (record.active === 0) return;
  seenInUse(record, atMs);
  record.active -= 1;
}

export function seenInUse(record: UseRecord, atMs: number): void {
  record.lastUsedMs = Math.max(record.lastUsedMs, atMs);
  record.openSinceMs = record.lastUsedMs;
}

/** Records its idle time up to now in the lessons; to be called before its class changes or it is forgotten. */
export function closeIdle(record: UseRecord, atMs: number, standing: VersionStanding, lessons: Told): void {
  if (record.active > 0 || record.uses === 0 || atMs <= record.openSinceMs) return;
  lessons.idled(record, standing, record.openSinceMs - record.lastUsedMs, atMs - record.lastUsedMs);
  record.openSinceMs = atMs;
}
