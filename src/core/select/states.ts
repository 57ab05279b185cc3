/**
 * The partial choices of cover.ts, as lists by number: a search makes hundreds of thousands of them, and comparing numbers
 * in lists is many times faster than objects.
 */
import type { Amount } from '../thresholds.ts';

/** A closed set of the nodes before some place: what it frees and loses. */
export interface Sums {
  readonly bytes: number;
  readonly inodes: number;
  readonly cost: number;
}

export class States {
  readonly #countsBytes: boolean;
  readonly #countsInodes: boolean;
  readonly #price: Amount;
  readonly bytes: number[] = [];
  readonly inodes: number[] = [];
  readonly cost: number[] = [];
  /** The last place whose subtree the set clears; the rest is another state; -1: nothing. */
  readonly cleared: number[] = [];
  readonly rest: number[] = [];

  /** @param price cost for a byte and for an inode near the optimum. */
  constructor(goal: Amount, price: Amount) {
    this.#countsBytes = goal.bytes > 0;
    this.#countsInodes = goal.inodes > 0;
    this.#price = price;
  }

  /** @returns its number. */
  add(bytes: number, inodes: number, cost: number, cleared: number, rest: number): number {
    this.bytes.push(bytes);
    this.inodes.push(inodes);
    this.cost.push(cost);
    this.cleared.push(cleared);
    return this.rest.push(rest) - 1;
  }

  /**
   * Those that no other one beats or equals in cost and in what the goal asks for, by cost; where they are more than
   * `limit`, those that are best at the price.
   */
  undominated(states: number[], limit: number): readonly number[] {
    if (states.length <= 1) return states;
    const { bytes, inodes, cost } = this;
    const [byBytes, byInodes] = [this.#countsBytes, this.#countsInodes];
    states.sort(
      (a, b) =>
        (cost[a] ?? 0) - (cost[b] ?? 0) ||
        (byBytes ? (bytes[b] ?? 0) - (bytes[a] ?? 0) : 0) ||
        (byInodes ? (inodes[b] ?? 0) - (inodes[a] ?? 0) : 0) ||
        a - b,
    );
    const kept = byBytes && byInodes ? this.#steps(states) : rising(states, byBytes ? bytes : inodes);
    return kept.length <= limit ? kept : this.#best(kept, limit);
  }

  /** Of states by cost: those that free more of one of both than each that is cheaper. */
  #steps(states: readonly number[]): number[] {
    const { bytes, inodes } = this;
    const kept: number[] = [];
    /** Of the kept ones so far those that none beats in both: bytes descending, inodes ascending. */
    const stairs: number[] = [];
    for (const state of states) {
      const [itsBytes, itsInodes] = [bytes[state] ?? 0, inodes[state] ?? 0];
      let low = 0;
      let high = stairs.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((bytes[stairs[middle] ?? 0] ?? 0) >= itsBytes) low = middle + 1;
        else high = middle;
      }
      const before = stairs[low - 1] ?? -1;
      if (before >= 0 && (inodes[before] ?? 0) >= itsInodes) continue;
      let beaten = low;
      while (beaten < stairs.length && (inodes[stairs[beaten] ?? 0] ?? 0) <= itsInodes) beaten++;
      // One with the same bytes and fewer inodes comes right before.
      const from = before >= 0 && bytes[before] === itsBytes ? low - 1 : low;
      stairs.splice(from, beaten - from, state);
      kept.push(state);
    }
    return kept;
  }

  /** As many as the limit, best at the price, in the order in which they are. */
  #best(states: readonly number[], limit: number): number[] {
    const { bytes: bytePrice, inodes: inodePrice } = this.#price;
    const reduced = Float64Array.from(
      states,
      (state) =>
        (this.cost[state] ?? 0) -
        bytePrice * (this.bytes[state] ?? 0) -
        inodePrice * (this.inodes[state] ?? 0),
    );
    const last = reduced.toSorted()[limit - 1] ?? 0;
    let ties = limit - reduced.reduce((count, value) => count + (value < last ? 1 : 0), 0);
    return states.filter((_, at) => {
      const value = reduced[at] ?? 0;
      return value < last || (value === last && ties-- > 0);
    });
  }
}

/** Of states by cost: those that free more than each that is cheaper. */
function rising(states: readonly number[], freed: readonly number[]): number[] {
  let most = -Infinity;
  return states.filter((state) => {
    const its = freed[state] ?? 0;
    if (its <= most) return false;
    most = its;
    return true;
  });
}
