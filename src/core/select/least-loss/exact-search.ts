/**
 * The exact choice in a small forest: a dynamic programme over the nodes in preorder. At each node either everything
 * above it is cleared with it, or it is kept and the next node is examined; so every closed set is visited once. Of
 * the sets that reach a place only those are kept that no other beats in cost and both resources.
 *
 * A node without units is freed when everything on it is, and must not be skipped then: `isOnEdge`.
 */
import type { Amount } from '../../model/thresholds.ts';
import type { Clearable } from './reduced-forest.ts';
import { weightFor } from './closed-set.ts';
import { type Sums, States } from './partial-solutions.ts';

/** Bounds and costs are sums of many numbers, in different orders. */
const ROUNDING = 1e-9;

export interface Part {
  /** The nodes to choose from, ascending. All above one of them is among them too, or is chosen already. */
  readonly nodes: readonly number[];
  /** What remains to be freed, and the maximum loss for it. */
  readonly goal: Amount;
  readonly maxCost: number;
  /** What space is worth near the optimum: cost for a byte and for an inode. Any price is right, a good one is fast. */
  readonly price: Amount;
  /** How many sets are kept at a place; where there are more, those that are best at the price. */
  readonly maxStates: number;
}

/** The cheapest choice that reaches the goal; undefined where there is none within the cost. */
export function cheapestCover(whole: Clearable, part: Part): number[] | undefined {
  const { nodes, goal, price } = part;
  const subtree = subtrees(whole, nodes);
  const left = suffixSums(whole, nodes);
  const gain = cheapestRests(subtree, price);
  const states = new States(goal, price);
  const { bytes: bytesOf, inodes: inodesOf, cost: costOf } = states;
  const most = 1 + ROUNDING;
  /** By place: the states that reach it; those on an edge apart. */
  const plain = subtree.map(newArrivals);
  const edge = subtree.map(newArrivals);
  let best = -1;
  let maxCost = part.maxCost;
  /** Whether a state that reaches a place and not yet the goal can still become better than the best. */
  const canWin = (place: number, bytes: number, inodes: number, cost: number): boolean => {
    if (cost > maxCost) return false;
    const lacksBytes = goal.bytes - bytes;
    const lacksInodes = goal.inodes - inodes;
    if (lacksBytes > (left.bytes[place] ?? 0) || lacksInodes > (left.inodes[place] ?? 0)) return false;
    // The missing amount costs at least its price, less the maximum gain of the rest (the Lagrangian bound).
    const lacking = price.bytes * Math.max(0, lacksBytes) + price.inodes * Math.max(0, lacksInodes);
    return cost + lacking + (gain[place] ?? 0) <= maxCost * most;
  };
  const clear = (place: number, tree: Subtree, rest: number, into: number[] | undefined): void => {
    const bytes = (bytesOf[rest] ?? 0) + tree.bytes;
    const inodes = (inodesOf[rest] ?? 0) + tree.inodes;
    const cost = (costOf[rest] ?? 0) + tree.cost;
    if (goal.bytes - bytes <= 0 && goal.inodes - inodes <= 0) {
      if (cost > maxCost) return;
      if (best < 0 || isBetter({ bytes, inodes, cost }, sumsOf(states, best), goal))
        best = states.add(bytes, inodes, cost, place, rest);
      maxCost = costOf[best] ?? 0;
    } else if (canWin(tree.end, bytes, inodes, cost)) {
      into?.push(states.add(bytes, inodes, cost, place, rest));
    }
  };
  const none = states.add(0, 0, 0, -1, -1);
  if (goal.bytes <= 0 && goal.inodes <= 0) return maxCost < 0 ? undefined : [];
  if (canWin(0, 0, 0, 0)) plain[0]?.passed.push(none);
  subtree.forEach((tree, place) => {
    const hasUnits = whole.hasUnits[nodes[place] ?? -1] !== 0;
    // A node without units is kept only where something on it is; a leaf has nothing on it.
    const next = hasUnits ? plain[place + 1] : tree.end > place + 1 ? edge[place + 1] : undefined;
    const passed = next?.passed;
    for (const waiting of [edge, plain]) {
      const clears = waiting === plain || !tree.isLast;
      const cleared = waiting[tree.end]?.cleared;
      for (const state of states.undominated(allOf(waiting[place]), part.maxStates)) {
        const canPass =
          passed !== undefined &&
          canWin(place + 1, bytesOf[state] ?? 0, inodesOf[state] ?? 0, costOf[state] ?? 0);
        if (canPass) passed.push(state);
        if (clears) clear(place, tree, state, cleared);
      }
    }
  });
  if (best < 0) return undefined;
  const chosen: number[] = [];
  for (let state = best; state >= 0; state = states.rest[state] ?? -1) {
    const place = states.cleared[state] ?? -1;
    if (place >= 0) chosen.push(...nodes.slice(place, subtree[place]?.end));
  }
  return chosen.sort((a, b) => a - b);
}

/** The states that reach a place by skipping a node and by clearing one: both sorted, so that sorting is fast. */
interface Arrivals {
  readonly passed: number[];
  readonly cleared: number[];
}

function newArrivals(): Arrivals {
  return { passed: [], cleared: [] };
}

function allOf(arrivals: Arrivals | undefined): readonly number[] {
  if (arrivals === undefined) return [];
  return arrivals.passed.concat(arrivals.cleared);
}

function sumsOf({ bytes, inodes, cost }: States, at: number): Sums {
  return { bytes: bytes[at] ?? 0, inodes: inodes[at] ?? 0, cost: cost[at] ?? 0 };
}

function isBetter(a: Sums, b: Sums, goal: Amount): boolean {
  return a.cost === b.cost ? weightFor(goal, a) > weightFor(goal, b) : a.cost < b.cost;
}

interface Subtree {
  readonly end: number;
  /** It ends where the subtree of the node below it ends. */
  readonly isLast: boolean;
  readonly bytes: number;
  readonly inodes: number;
  readonly cost: number;
}

/** By place in the list: where the subtree ends in the list, and its sums. */
function subtrees(whole: Clearable, nodes: readonly number[]): Subtree[] {
  const result: { below: number; end: number; bytes: number; inodes: number; cost: number }[] = [];
  const closing: { node: number; place: number }[] = [];
  nodes.forEach((node, place) => {
    while (closing.length > 0 && node >= (whole.end[closing.at(-1)?.node ?? 0] ?? 0)) closing.pop();
    result.push({ below: closing.at(-1)?.place ?? -1, end: place, bytes: 0, inodes: 0, cost: 0 });
    closing.push({ node, place });
    for (const open of closing) {
      const tree = result[open.place];
      if (tree === undefined) continue;
      tree.end = place + 1;
      tree.bytes += whole.bytes[node] ?? 0;
      tree.inodes += whole.inodes[node] ?? 0;
      tree.cost += whole.cost[node] ?? 0;
    }
  });
  return result.map((tree) => ({ ...tree, isLast: result[tree.below]?.end === tree.end }));
}

/** By place: what could be freed at most from there on. */
function suffixSums(
  whole: Clearable,
  nodes: readonly number[],
): { bytes: Float64Array; inodes: Float64Array } {
  const bytes = new Float64Array(nodes.length + 1);
  const inodes = new Float64Array(nodes.length + 1);
  for (let place = nodes.length - 1; place >= 0; place--) {
    const node = nodes[place] ?? 0;
    bytes[place] = (bytes[place + 1] ?? 0) + (whole.bytes[node] ?? 0);
    inodes[place] = (inodes[place + 1] ?? 0) + (whole.inodes[node] ?? 0);
  }
  return { bytes, inodes };
}

/** By place: the least that any closed choice from there on costs beyond the price of what it frees; zero or less. */
function cheapestRests(subtree: readonly Subtree[], price: Amount): Float64Array {
  const rest = new Float64Array(subtree.length + 1);
  for (let place = subtree.length - 1; place >= 0; place--) {
    const tree = subtree[place];
    if (tree === undefined) continue;
    const reduced = tree.cost - price.bytes * tree.bytes - price.inodes * tree.inodes;
    rest[place] = Math.min(rest[place + 1] ?? 0, reduced + (rest[tree.end] ?? 0));
  }
  return rest;
}
