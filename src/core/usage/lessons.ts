/**
 * What a host teaches about images like this one: how likely something that has been idle for some time is wanted again.
 * Idle times and returns are counted by class (how often it was used before, whether a newer version has come) and by
 * how long it had been idle; returns divided by idle time is the rate of return (the hazard, as in survival analysis).
 * Idle times that have not ended count as well, so that what never comes back is not overlooked.
 */

/** By number of uses: 1, 2, 3-4, 5-8, 9-16, more. */
const USE_CLASSES = 6;
/** By idle time, each twice as long as the one before, from a minute to 2 years. */
const AGES = 21;
const FIRST_AGE_MS = 60_000;
const CELLS = 2 * USE_CLASSES * AGES;

/** What is assumed before anything was learned: a rate of return of 0.2 / idle time, as much as two returns weigh. */
const PRIOR_RETURNS = 2;
const PRIOR_RATE_PER_AGE = 0.2;
/** Superseded versions come back this much less; an assumption that is soon replaced by what was seen. */
const PRIOR_SUPERSEDED = 0.25;

export interface LessonsState {
  readonly returns: readonly number[];
  readonly idleMs: readonly number[];
}

/** The class of a number of uses: the logarithm, rounded up. (By bits: this is asked for every layer at every sweep.) */
export function useClassOf(uses: number): number {
  return Math.min(USE_CLASSES - 1, 32 - Math.clz32(Math.max(1, uses) - 1));
}

function classOf(uses: number, superseded: boolean): number {
  return (superseded ? USE_CLASSES : 0) + useClassOf(uses);
}

function ageOf(idleMs: number): number {
  return Math.min(AGES - 1, 32 - Math.clz32(Math.min(2 ** 31, idleMs / FIRST_AGE_MS)));
}

/** Idle time at which each age ends. A table: this is asked for every layer at every sweep. */
const ENDS: readonly number[] = Array.from({ length: AGES }, (_, age) =>
  age >= AGES - 1 ? Infinity : FIRST_AGE_MS * 2 ** age,
);

function endOf(age: number): number {
  return ENDS[age] ?? Infinity;
}

export class Lessons {
  readonly #returns: Float64Array;
  readonly #idleMs: Float64Array;

  constructor(state?: LessonsState) {
    const from = (list: readonly number[] | undefined): Float64Array =>
      list?.length === CELLS ? Float64Array.from(list) : new Float64Array(CELLS);
    this.#returns = from(state?.returns);
    this.#idleMs = from(state?.idleMs);
  }

  toState(): LessonsState {
    return { returns: [...this.#returns], idleMs: [...this.#idleMs] };
  }

  /**
   * A copy that counts idle times as well that have not ended.
   * @param tellAll tells of each as `idled` is told of those that have.
   */
  withOpen(tellAll: (tell: Lessons['idled']) => void): Lessons {
    const copy = new Lessons(this.toState());
    // How many idle times end in a cell, and their sum, those less what was told of them already.
    const ending = new Float64Array(CELLS);
    const sums = new Float64Array(CELLS);
    const count = (first: number, idleMs: number, sign: 1 | -1): void => {
      const cell = first + ageOf(idleMs);
      ending[cell] = (ending[cell] ?? 0) + sign;
      sums[cell] = (sums[cell] ?? 0) + sign * idleMs;
    };
    tellAll((uses, superseded, fromMs, toMs) => {
      const first = classOf(uses, superseded) * AGES;
      count(first, toMs, 1);
      if (fromMs > 0) count(first, fromMs, -1);
    });
    for (let first = 0; first < CELLS; first += AGES) {
      let older = 0;
      for (let age = AGES - 1; age >= 0; age--) {
        const cell = first + age;
        const begin = age === 0 ? 0 : endOf(age - 1);
        const within = (sums[cell] ?? 0) - (ending[cell] ?? 0) * begin;
        const through = older > 0 ? older * (endOf(age) - begin) : 0;
        copy.#idleMs[cell] = (copy.#idleMs[cell] ?? 0) + within + through;
        older += ending[cell] ?? 0;
      }
    }
    return copy;
  }

  /** Something was used again after having been idle. @param uses before that one. */
  returned(uses: number, superseded: boolean, idleMs: number): void {
    const cell = classOf(uses, superseded) * AGES + ageOf(idleMs);
    this.#returns[cell] = (this.#returns[cell] ?? 0) + 1;
  }

  /** Something was idle between two idle times. */
  idled(uses: number, superseded: boolean, fromMs: number, toMs: number): void {
    const first = classOf(uses, superseded) * AGES;
    let at = Math.max(0, fromMs);
    for (let age = ageOf(at); age < AGES && at < toMs; age++) {
      const end = Math.min(toMs, endOf(age));
      this.#idleMs[first + age] = (this.#idleMs[first + age] ?? 0) + (end - at);
      at = end;
    }
  }

  /** Returns per millisecond of what has been idle for some time. */
  rate(uses: number, superseded: boolean, idleMs: number): number {
    const cell = classOf(uses, superseded) * AGES + ageOf(idleMs);
    const assumed =
      (PRIOR_RATE_PER_AGE * (superseded ? PRIOR_SUPERSEDED : 1)) / Math.max(FIRST_AGE_MS, idleMs);
    return (
      ((this.#returns[cell] ?? 0) + PRIOR_RETURNS) / ((this.#idleMs[cell] ?? 0) + PRIOR_RETURNS / assumed)
    );
  }

  /** The probability that something that has been idle for some time is wanted within the next time. */
  wantedWithin(uses: number, superseded: boolean, idleMs: number, horizonMs: number): number {
    let expected = 0;
    let at = idleMs;
    const until = idleMs + horizonMs;
    for (let age = ageOf(at); age < AGES && at < until; age++) {
      const end = Math.min(until, endOf(age));
      expected += this.rate(uses, superseded, (at + end) / 2) * (end - at);
      at = end;
    }
    return -Math.expm1(-expected);
  }

  /** Lets the past weigh less: multiplies all that was learned. */
  fade(factor: number): void {
    for (let cell = 0; cell < CELLS; cell++) {
      this.#returns[cell] = (this.#returns[cell] ?? 0) * factor;
      this.#idleMs[cell] = (this.#idleMs[cell] ?? 0) * factor;
    }
  }
}
