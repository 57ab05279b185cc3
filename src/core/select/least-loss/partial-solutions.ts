/**
 * The partial choices of exact-search.ts, as lists by number: a search makes hundreds of thousands of them, and comparing numbers
 * in lists is many times faster than objects.
 */
import type { Amount } from '../../model/thresholds.ts';
import { mergeRuns, nthLowest } from '../order/sorting.ts';

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
  undominated(states: readonly number[], limit: number): readonly number[] {
    if (states.length <= 1) return states;
    const { bytes, inodes } = this;
    const [byBytes, byInodes] = [this.#countsBytes, this.#countsInodes];
    const sorted = mergeRuns(states, (a, b) => this.#isBefore(a, b));
    const kept = byBytes && byInodes ? this.#steps(sorted) : rising(sorted, byBytes ? bytes : inodes);
    return kept.length <= limit ? kept : this.#best(kept, limit);
  }

  /** By cost; of the same cost, those that free more first. */
  #isBefore(a: number, b: number): boolean {
    const costs = (this.cost[a] ?? 0) - (this.cost[b] ?? 0);
    if (costs !== 0) return costs < 0;
    const bytes = this.#countsBytes ? (this.bytes[b] ?? 0) - (this.bytes[a] ?? 0) : 0;
    if (bytes !== 0) return bytes < 0;
    const inodes = this.#countsInodes ? (this.inodes[b] ?? 0) - (this.inodes[a] ?? 0) : 0;
    return inodes !== 0 ? inodes < 0 : a < b;
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
      // One with the same bytes and fewer inodes is right before it.
      const from = before >= 0 && bytes[before] === itsBytes ? low - 1 : low;
      stairs.splice(from, beaten - from, state);
      kept.push(state);
    }
    return kept;
  }

  /** As many as the limit, best at the price, in the order in which they are. */
  #best(states: readonly number[], limit: number): number[] {
    const { bytes, inodes, cost } = this;
    const { bytes: bytePrice, inodes: inodePrice } = this.#price;
    const reduced = new Float64Array(states.length);
    for (let at = 0; at < states.length; at++) {
      const state = states[at] ?? 0;
      reduced[at] = (cost[state] ?? 0) - bytePrice * (bytes[state] ?? 0) - inodePrice * (inodes[state] ?? 0);
    }
    const last = nthLowest(reduced.slice(), limit - 1);
    let ties = limit;
    for (let at = 0; at < reduced.length; at++) if ((reduced[at] ?? 0) < last) ties -= 1;
    const best: number[] = [];
    for (let at = 0; at < states.length; at++) {
      const value = reduced[at] ?? 0;
      if (value < last || (value === last && ties-- > 0)) best.push(states[at] ?? 0);
    }
    return best;
  }
}

/** Of states by cost: those that free more than each that is cheaper. */
function rising(states: readonly number[], freed: readonly number[]): number[] {
  let most = -Infinity;
  const kept: number[] = [];
  for (let at = 0; at < states.length; at++) {
    const state = states[at] ?? 0;
    const its = freed[state] ?? 0;
    if (its <= most) continue;
    most = its;
    kept.push(state);
  }
  return kept;
}
