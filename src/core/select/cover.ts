/**
 * The exact choice on a small part of the forest: a dynamic programme over the nodes in preorder. At each node either all
 * that stands on it is cleared with it, or it stays and the next node is looked at; so every closed set is met once. Of
 * the sets that reach a place only those are kept that no other one beats in cost and in both resources.
 *
 * A node without units goes by itself when all that stands on it does, so it must not be passed over then: `isOnEdge`.
 */
import type { Amount } from '../thresholds.ts';
import type { Clearable } from './clearable.ts';
import { weightFor } from './pick.ts';
import { type Sums, States } from './states.ts';

/** Bounds and costs are sums of many numbers, in different orders. */
const ROUNDING = 1e-9;

export interface Part {
  /** The nodes to choose from, ascending. All above one of them is among them too, or is chosen already. */
  readonly nodes: readonly number[];
  /** What is still to be freed, and what that may lose at most. */
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
  /** By place: the states that reach it; those on an edge apart. */
  const plain = subtree.map((): number[] => []);
  const edge = subtree.map((): number[] => []);
  let best = -1;
  let maxCost = part.maxCost;
  const offer = (waiting: number[][], place: number, rest: number, cleared: number): void => {
    const tree = cleared < 0 ? undefined : subtree[cleared];
    const bytes = (states.bytes[rest] ?? 0) + (tree?.bytes ?? 0);
    const inodes = (states.inodes[rest] ?? 0) + (tree?.inodes ?? 0);
    const cost = (states.cost[rest] ?? 0) + (tree?.cost ?? 0);
    if (cost > maxCost) return;
    const lacksBytes = goal.bytes - bytes;
    const lacksInodes = goal.inodes - inodes;
    if (lacksBytes <= 0 && lacksInodes <= 0) {
      if (best < 0 || isBetter({ bytes, inodes, cost }, sumsOf(states, best), goal))
        best = states.add(bytes, inodes, cost, cleared, rest);
      maxCost = states.cost[best] ?? 0;
      return;
    }
    if (lacksBytes > (left.bytes[place] ?? 0) || lacksInodes > (left.inodes[place] ?? 0)) return;
    // What is lacking costs its price at least, less what the rest gains on it at most (the Lagrangian bound).
    const lacking = price.bytes * Math.max(0, lacksBytes) + price.inodes * Math.max(0, lacksInodes);
    if (cost + lacking + (gain[place] ?? 0) > maxCost * (1 + ROUNDING)) return;
    waiting[place]?.push(tree === undefined ? rest : states.add(bytes, inodes, cost, cleared, rest));
  };
  offer(plain, 0, states.add(0, 0, 0, -1, -1), -1);
  subtree.forEach((tree, place) => {
    const hasUnits = whole.hasUnits[nodes[place] ?? -1] !== 0;
    for (const waiting of [edge, plain]) {
      for (const state of states.undominated(waiting[place] ?? [], part.maxStates)) {
        if (hasUnits) offer(plain, place + 1, state, -1);
        else if (tree.end > place + 1) offer(edge, place + 1, state, -1);
        if (waiting === plain || !tree.isLast) offer(waiting, tree.end, state, place);
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
function suffixSums(whole: Clearable, nodes: readonly number[]): { bytes: number[]; inodes: number[] } {
  const bytes = new Array<number>(nodes.length + 1).fill(0);
  const inodes = new Array<number>(nodes.length + 1).fill(0);
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
