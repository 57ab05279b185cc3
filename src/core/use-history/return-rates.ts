/**
 * What a host teaches about images like this one: how much more or less often they return than their own past uses
 * suggest. Returns, and the uses expected in idle times (use-record.ts), are counted by class; their ratio corrects
 * the expectation for the next image in the class. There are two corrections, the second applied to the result of the
 * first:
 *
 * - by standing (is there a newer version?), number of uses and idle time;
 * - by standing and active time, from when it was first seen to its last use: three uses within a day differ from
 *   three uses within a month.
 *
 * Idle times count hour by hour, so that images that never return are not overlooked.
 */
import { expectedUses, lastingCount, type UseRecord } from './use-record.ts';
import { VersionStanding } from './version-standing.ts';

const STANDINGS = Object.keys(VersionStanding).length;
/** By number of uses, those of a burst as one: 1, 2, 3-4, 5-9, 10-19, more. */
const USE_CLASSES = 6;
/** By idle time, each twice as long as the one before, from a quarter of an hour to a year. */
const AGES = 17;
const FIRST_AGE_MS = 900_000;
/** By the time between first seen and last used, each twice as long as the one before, from half a day to a month. */
const SPANS = 8;
const FIRST_SPAN_MS = 43_200_000;

/** The prior before anything is learned, weighing this many expected uses. Observations soon replace it. */
const PRIOR_USES = 2;
const PRIORS: Readonly<Record<VersionStanding, number>> = {
  [VersionStanding.newest]: 1,
  [VersionStanding.superseded]: 0.25,
  [VersionStanding.older]: 0.5,
};
/** Knowledge of all similar layers weighs this many expected uses, beside that of a class. */
const SHRINKAGE = 4;
/** Expected uses after which the learned horizon applies half of its correction. */
const SPAN_SHRINKAGE = 8;

/** Both corrections' classes one after another. */
export interface LessonsState {
  readonly returns: readonly number[];
  readonly expected: readonly number[];
}

/** Returns, and the uses that were to be expected, by class. */
class Tally {
  readonly returns: Float64Array;
  readonly expected: Float64Array;

  constructor(classes: number) {
    this.returns = new Float64Array(classes);
    this.expected = new Float64Array(classes);
  }

  /** Returned uses divided by expected ones; `assumed` is the weight of the prior, in expected uses. */
  ratio(at: number, assumed: number, weight: number): number {
    return (assumed * weight + (this.returns[at] ?? 0)) / (weight + (this.expected[at] ?? 0));
  }

  add(at: number, returns: number, expected: number): void {
    this.returns[at] = (this.returns[at] ?? 0) + returns;
    this.expected[at] = (this.expected[at] ?? 0) + expected;
  }

  fade(factor: number): void {
    for (let at = 0; at < this.returns.length; at++) {
      this.returns[at] = (this.returns[at] ?? 0) * factor;
      this.expected[at] = (this.expected[at] ?? 0) * factor;
    }
  }
}

function usesClassOf(record: UseRecord): number {
  const count = lastingCount(record);
  return count <= 1.2 ? 0 : Math.min(USE_CLASSES - 1, 1 + Math.floor(Math.log2(count / 1.2)));
}

function spanOf(record: UseRecord): number {
  return doublings((record.lastUsedMs - record.firstSeenMs) / FIRST_SPAN_MS, SPANS);
}

function ageOf(idleMs: number): number {
  return doublings(idleMs / FIRST_AGE_MS, AGES);
}

/** 0 below 1, 1 below 2, 2 below 4 and so on; the last class takes all that is more. */
function doublings(value: number, classes: number): number {
  return Math.min(classes - 1, 32 - Math.clz32(Math.min(2 ** 31, Math.max(0, value))));
}

const endsMs = Float64Array.from({ length: AGES }, (_, age) =>
  age === AGES - 1 ? Infinity : FIRST_AGE_MS * 2 ** age,
);

/** Idle time at which an age ends. */
export function endOfAge(idleMs: number): number {
  return endsMs[ageOf(idleMs)] ?? Infinity;
}

export class ReturnRates {
  readonly #ofUses = new Tally(STANDINGS * AGES * USE_CLASSES);
  /** Sums of these: of all uses at an age, and of all. What little is known of a class is rounded out with them. */
  readonly #ofAge = new Tally(STANDINGS * AGES);
  readonly #ofAll = new Tally(STANDINGS);
  readonly #ofSpan = new Tally(STANDINGS * SPANS);

  /** A state whose classes are other ones is not taken: what it says is learned again. */
  constructor(state?: LessonsState) {
    const classes = this.#ofUses.returns.length;
    const all = classes + this.#ofSpan.returns.length;
    if (state?.returns.length !== all || state.expected.length !== all) return;
    for (let at = 0; at < classes; at++) {
      const atAge = Math.floor(at / USE_CLASSES);
      const standing = Math.floor(atAge / AGES);
      this.#add(standing, atAge, at, state.returns[at] ?? 0, state.expected[at] ?? 0);
    }
    for (let at = classes; at < all; at++)
      this.#ofSpan.add(at - classes, state.returns[at] ?? 0, state.expected[at] ?? 0);
  }

  toState(): LessonsState {
    return {
      returns: [...this.#ofUses.returns, ...this.#ofSpan.returns],
      expected: [...this.#ofUses.expected, ...this.#ofSpan.expected],
    };
  }

  /** Something is used again after having been idle. */
  returned(record: UseRecord, standing: VersionStanding, idleMs: number): void {
    const atAge = standing * AGES + ageOf(idleMs);
    this.#add(standing, atAge, atAge * USE_CLASSES + usesClassOf(record), 1, 0);
    this.#ofSpan.add(standing * SPANS + spanOf(record), 1, 0);
  }

  /** Something was idle between two idle times. */
  idled(record: UseRecord, standing: VersionStanding, fromMs: number, toMs: number): void {
    const uses = usesClassOf(record);
    const span = standing * SPANS + spanOf(record);
    for (let at = Math.max(0, fromMs); at < toMs;) {
      const end = Math.min(toMs, endOfAge(at));
      const age = ageOf(at);
      const expected = expectedUses(record, at, end);
      this.#ofSpan.add(span, 0, expected * this.#byUses(standing, age, uses));
      const atAge = standing * AGES + age;
      this.#add(standing, atAge, atAge * USE_CLASSES + uses, 0, expected);
      at = end;
    }
  }

  /** What returned of its likes at an idle time, in parts of what was to be expected. */
  corrections(record: UseRecord, standing: VersionStanding): (idleMs: number) => number {
    const bySpan = this.#ofSpan.ratio(standing * SPANS + spanOf(record), 1, SPAN_SHRINKAGE);
    const uses = usesClassOf(record);
    return (idleMs) => this.#byUses(standing, ageOf(idleMs), uses) * bySpan;
  }

  #byUses(standing: VersionStanding, age: number, uses: number): number {
    const atAge = standing * AGES + age;
    const ofAll = this.#ofAll.ratio(standing, PRIORS[standing], PRIOR_USES);
    const ofAge = this.#ofAge.ratio(atAge, ofAll, SHRINKAGE);
    return this.#ofUses.ratio(atAge * USE_CLASSES + uses, ofAge, SHRINKAGE);
  }

  #add(standing: number, atAge: number, at: number, returns: number, expected: number): void {
    this.#ofUses.add(at, returns, expected);
    this.#ofAge.add(atAge, returns, expected);
    this.#ofAll.add(standing, returns, expected);
  }

  /** Lets the past weigh less: multiplies all that was learned. */
  fade(factor: number): void {
    for (const tally of [this.#ofUses, this.#ofAge, this.#ofAll, this.#ofSpan]) tally.fade(factor);
  }
}
