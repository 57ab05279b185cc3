/**
 * What a host teaches about images like this one: how much oftener or seldomer they come back than their own uses so far
 * let expect. Returns are counted, and the uses that were to be expected in idle times (record.ts), by class: how often
 * it was used before, whether a newer version has come, how long it had been idle. The one divided by the other corrects
 * what is expected of the next that is in the class. Idle times count hour by hour, so that what never comes back is not
 * overlooked.
 */
import { expectedUses, lastingCount, type UseRecord } from './record.ts';

/** By number of uses, those of a burst as one: 1, 2, 3-4, 5-9, 10-19, more. */
const USE_CLASSES = 6;
/** By idle time, each twice as long as the one before, from a quarter of an hour to a year. */
const AGES = 17;
const FIRST_AGE_MS = 900_000;
const CELLS = 2 * USE_CLASSES * AGES;

/** What is assumed before anything was learned, as much as so many expected uses weigh. */
const PRIOR_USES = 2;
const PRIOR = 1;
/** Superseded versions come back this much less; an assumption that is soon replaced by what was seen. */
const PRIOR_SUPERSEDED = 0.25;
/** What is known of all likes weighs as much as so many expected uses beside what is known of a class. */
const SHRINKAGE = 4;

export interface LessonsState {
  readonly returns: readonly number[];
  readonly expected: readonly number[];
}

/** What returned, in parts of what was to be expected, by class. */
export type Correction = (record: UseRecord, superseded: boolean, idleMs: number) => number;

function classOf(record: UseRecord, superseded: boolean): number {
  const count = lastingCount(record);
  const byUses = count <= 1.2 ? 0 : Math.min(USE_CLASSES - 1, 1 + Math.floor(Math.log2(count / 1.2)));
  return (superseded ? USE_CLASSES : 0) + byUses;
}

function ageOf(idleMs: number): number {
  return Math.min(AGES - 1, 32 - Math.clz32(Math.min(2 ** 31, idleMs / FIRST_AGE_MS)));
}

const endsMs = Float64Array.from({ length: AGES }, (_, age) =>
  age === AGES - 1 ? Infinity : FIRST_AGE_MS * 2 ** age,
);

/** Idle time at which an age ends. */
export function endOfAge(idleMs: number): number {
  return endsMs[ageOf(idleMs)] ?? Infinity;
}

export class Lessons {
  readonly #returns: Float64Array;
  readonly #expected: Float64Array;

  constructor(state?: LessonsState) {
    const from = (list: readonly number[] | undefined): Float64Array =>
      list?.length === CELLS ? Float64Array.from(list) : new Float64Array(CELLS);
    this.#returns = from(state?.returns);
    this.#expected = from(state?.expected);
  }

  toState(): LessonsState {
    return { returns: [...this.#returns], expected: [...this.#expected] };
  }

  /** Something is used again after having been idle. */
  returned(record: UseRecord, superseded: boolean, idleMs: number): void {
    const cell = classOf(record, superseded) * AGES + ageOf(idleMs);
    this.#returns[cell] = (this.#returns[cell] ?? 0) + 1;
  }

  /** Something was idle between two idle times. */
  idled(record: UseRecord, superseded: boolean, fromMs: number, toMs: number): void {
    const first = classOf(record, superseded) * AGES;
    for (let at = Math.max(0, fromMs); at < toMs;) {
      const end = Math.min(toMs, endOfAge(at));
      const cell = first + ageOf(at);
      this.#expected[cell] = (this.#expected[cell] ?? 0) + expectedUses(record, at, end);
      at = end;
    }
  }

  /** What was learned up to now: a class of which little is known is taken for its likes (all uses at that age, all). */
  correction(): Correction {
    const table = new Float64Array(CELLS);
    for (const superseded of [false, true]) {
      const first = superseded ? USE_CLASSES : 0;
      const cellsOf = (age: number): number[] =>
        Array.from({ length: USE_CLASSES }, (_, uses) => (first + uses) * AGES + age);
      const prior = superseded ? PRIOR_SUPERSEDED : PRIOR;
      const all = this.#ratio(
        Array.from({ length: AGES }, (_, age) => cellsOf(age)).flat(),
        prior,
        PRIOR_USES,
      );
      for (let age = 0; age < AGES; age++) {
        const cells = cellsOf(age);
        const atAge = this.#ratio(cells, all, SHRINKAGE);
        for (const cell of cells) table[cell] = this.#ratio([cell], atAge, SHRINKAGE);
      }
    }
    return (record, superseded, idleMs) => table[classOf(record, superseded) * AGES + ageOf(idleMs)] ?? PRIOR;
  }

  #ratio(cells: readonly number[], assumed: number, weight: number): number {
    let [returns, expected] = [assumed * weight, weight];
    for (const cell of cells) {
      returns += this.#returns[cell] ?? 0;
      expected += this.#expected[cell] ?? 0;
    }
    return returns / expected;
  }

  /** Lets the past weigh less: multiplies all that was learned. */
  fade(factor: number): void {
    for (let cell = 0; cell < CELLS; cell++) {
      this.#returns[cell] = (this.#returns[cell] ?? 0) * factor;
      this.#expected[cell] = (this.#expected[cell] ?? 0) * factor;
    }
  }
}
