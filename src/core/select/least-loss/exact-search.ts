/**
 * The exact choice in a small forest: a dynamic programme over the nodes in preorder. At each node either everything
 * above it is cleared with it, or it is kept and the next node is examined; so every closed set is visited once. Of
 * the sets that reach a place only those are kept that no other beats in cost and both resources.
 *
 * A node without units is freed when everything on it is, and must not be skipped then: `isOnEdge`.
 */
import type { Amount } from '../../model/thresholds.ts';
import { weightFor } from './closed-set.ts';
import type { Clearable } from './reduced-forest.ts';

/** Bounds and costs are sums of many numbers, in different orders. */
const ROUNDING = 1e-9;

export interface Bounds {
  /** The maximum loss of the choice. */
  readonly maxCost: number;
  /** What space is worth near the optimum: cost for a byte and for an inode. Any price is right, a good one is fast. */
  readonly price: Amount;
  /** How many sets are kept at a place; where there are more, those that are best at the price. */
  readonly maxStates: number;
}

interface Sums extends Amount {
  readonly cost: number;
}

/** A closed set of the nodes before some place. */
interface State extends Sums {
  /** In the order in which they are made. */
  readonly number: number;
  /** The last node that the set clears with all above it, and what it clears before; -1: nothing. */
  readonly cleared: number;
  readonly rest: State | undefined;
}

/** The cheapest choice that reaches the goal, which nothing does; undefined where there is none within the cost. */
export function cheapestCover(nodes: Clearable, goal: Amount, bounds: Bounds): number[] | undefined {
  const { price, maxStates } = bounds;
  const { count, end } = nodes;
  /** By node: all that is cleared with it, and all that could be from there on. */
  const trees = Array.from({ length: count }, (_, node) => sumsOf(nodes, node, end[node] ?? 0));
  const left = Array.from({ length: count + 1 }, (_, node) => sumsOf(nodes, node, count));
  const gain = cheapestRests(end, trees, price);
  /** By place: the states that reach it; those on an edge apart. */
  const plain = Array.from({ length: count + 1 }, (): State[] => []);
  const edge = Array.from({ length: count + 1 }, (): State[] => []);
  let best: State | undefined;
  let { maxCost } = bounds;
  let number = 0;
  /** Whether a state that reaches a place and not yet the goal can still become better than the best. */
  const canWin = (place: number, { bytes, inodes, cost }: Sums): boolean => {
    if (cost > maxCost) return false;
    const lacksBytes = goal.bytes - bytes;
    const lacksInodes = goal.inodes - inodes;
    if (lacksBytes > (left[place]?.bytes ?? 0) || lacksInodes > (left[place]?.inodes ?? 0)) return false;
    // The missing amount costs at least its price, less the maximum gain of the rest (the Lagrangian bound).
    const lacking = price.bytes * Math.max(0, lacksBytes) + price.inodes * Math.max(0, lacksInodes);
    return cost + lacking + (gain[place] ?? 0) <= maxCost * (1 + ROUNDING);
  };
  const clear = (node: number, tree: Sums, rest: State, into: State[] | undefined): void => {
    const bytes = rest.bytes + tree.bytes;
    const inodes = rest.inodes + tree.inodes;
    const state = { bytes, inodes, cost: rest.cost + tree.cost, number: number++, cleared: node, rest };
    if (bytes >= goal.bytes && inodes >= goal.inodes) {
      if (state.cost > maxCost) return;
      if (best === undefined || isBetter(state, best, goal)) best = state;
      maxCost = best.cost;
    } else if (canWin(end[node] ?? 0, state)) into?.push(state);
  };
  const none = { bytes: 0, inodes: 0, cost: 0, number: number++, cleared: -1, rest: undefined };
  if (canWin(0, none)) plain[0]?.push(none);
  trees.forEach((tree, node) => {
    const after = end[node] ?? 0;
    // A node without units is kept only where something on it is; a leaf has nothing on it.
    const passed =
      nodes.hasUnits[node] !== 0 ? plain[node + 1] : after > node + 1 ? edge[node + 1] : undefined;
    // It ends where the subtree of the node below it ends: of that one nothing would be kept.
    const isLast = end[nodes.parent[node] ?? -1] === after;
    for (const waiting of [edge, plain]) {
      for (const state of undominated(waiting[node] ?? [], goal, price, maxStates)) {
        if (passed !== undefined && canWin(node + 1, state)) passed.push(state);
        if (waiting === plain || !isLast) clear(node, tree, state, waiting[after]);
      }
    }
  });
  if (best === undefined) return undefined;
  const chosen: number[] = [];
  for (let state: State | undefined = best; state !== undefined; state = state.rest)
    for (let node = state.cleared; node >= 0 && node < (end[state.cleared] ?? 0); node++) chosen.push(node);
  return chosen.sort((a, b) => a - b);
}

function isBetter(a: Sums, b: Sums, goal: Amount): boolean {
  return a.cost === b.cost ? weightFor(goal, a) > weightFor(goal, b) : a.cost < b.cost;
}

/** Of the nodes from one up to another. */
function sumsOf(nodes: Clearable, from: number, to: number): Sums {
  let [bytes, inodes, cost] = [0, 0, 0];
  for (let node = from; node < to; node++) {
    bytes += nodes.bytes[node] ?? 0;
    inodes += nodes.inodes[node] ?? 0;
    cost += nodes.cost[node] ?? 0;
  }
  return { bytes, inodes, cost };
}

/** By place: the least that any closed choice from there on costs beyond the price of what it frees; zero or less. */
function cheapestRests(end: Int32Array, trees: readonly Sums[], price: Amount): Float64Array {
  const rest = new Float64Array(trees.length + 1);
  for (const [node, tree] of [...trees.entries()].reverse()) {
    const reduced = tree.cost - price.bytes * tree.bytes - price.inodes * tree.inodes;
    rest[node] = Math.min(rest[node + 1] ?? 0, reduced + (rest[end[node] ?? 0] ?? 0));
  }
  return rest;
}

/**
 * The states that no other one beats or equals in cost and in what the goal asks for, by cost; where they are more than
 * `limit`, those that are best at the price.
 */
function undominated(states: State[], goal: Amount, price: Amount, limit: number): readonly State[] {
  if (states.length <= 1) return states;
  const bytesOf = (state: Sums): number => (goal.bytes > 0 ? state.bytes : 0);
  const inodesOf = (state: Sums): number => (goal.inodes > 0 ? state.inodes : 0);
  states.sort(
    (a, b) => a.cost - b.cost || bytesOf(b) - bytesOf(a) || inodesOf(b) - inodesOf(a) || a.number - b.number,
  );
  const kept: State[] = [];
  /** Of the kept ones so far those that none beats in both: bytes descending, inodes ascending. */
  const stairs: Amount[] = [];
  for (const state of states) {
    const step = { bytes: bytesOf(state), inodes: inodesOf(state) };
    let low = 0;
    let high = stairs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((stairs[middle]?.bytes ?? 0) >= step.bytes) low = middle + 1;
      else high = middle;
    }
    const before = stairs[low - 1];
    if (before !== undefined && before.inodes >= step.inodes) continue;
    let beaten = low;
    while (beaten < stairs.length && (stairs[beaten]?.inodes ?? 0) <= step.inodes) beaten++;
    // One with the same bytes and fewer inodes comes right before.
    const from = before?.bytes === step.bytes ? low - 1 : low;
    stairs.splice(from, beaten - from, step);
    kept.push(state);
  }
  if (kept.length <= limit) return kept;
  const reduced = Float64Array.from(
    kept,
    ({ bytes, inodes, cost }) => cost - price.bytes * bytes - price.inodes * inodes,
  );
  const last = reduced.toSorted()[limit - 1] ?? 0;
  let ties = limit - reduced.filter((value) => value < last).length;
  return kept.filter((_, at) => (reduced[at] ?? 0) < last || (reduced[at] === last && ties-- > 0));
}
