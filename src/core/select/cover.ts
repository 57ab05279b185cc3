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

/** A closed set of the nodes before some place, as a list: the last node whose subtree it clears, then the rest. */
interface State {
  readonly bytes: number;
  readonly inodes: number;
  readonly cost: number;
  readonly cleared: number;
  readonly rest: State | undefined;
  /** The innermost node that was passed over has no units, and all that stands on it so far is cleared. */
  readonly isOnEdge: boolean;
}

export interface Part {
  /** The nodes to choose from, ascending. All above one of them is among them too, or is chosen already. */
  readonly nodes: readonly number[];
  /** What is still to be freed, and what that may lose at most. */
  readonly goal: Amount;
  readonly maxCost: number;
  /** How many sets are kept at a place; where there are more, those that are best for `price` (cost for weight). */
  readonly maxStates: number;
  readonly price: number;
}

/** The cheapest choice that reaches the goal; undefined where there is none within the cost. */
export function cheapestCover(whole: Clearable, part: Part): number[] | undefined {
  const { nodes, goal, maxCost } = part;
  const count = nodes.length;
  const subtree = subtrees(whole, nodes);
  const left = suffixSums(whole, nodes);
  const waiting: State[][] = Array.from({ length: count + 1 }, () => []);
  waiting[0]?.push({ bytes: 0, inodes: 0, cost: 0, cleared: -1, rest: undefined, isOnEdge: false });
  let best: State | undefined;
  const offer = (place: number, state: State): void => {
    if (state.cost > maxCost) return;
    const lacking = { bytes: goal.bytes - state.bytes, inodes: goal.inodes - state.inodes };
    if (lacking.bytes <= 0 && lacking.inodes <= 0) {
      if (best === undefined || isBetter(state, best, goal)) best = state;
    } else if (lacking.bytes <= (left.bytes[place] ?? 0) && lacking.inodes <= (left.inodes[place] ?? 0)) {
      waiting[place]?.push(state);
    }
  };
  for (let place = 0; place < count; place++) {
    const here = waiting[place] ?? [];
    const states = [true, false].flatMap((isOnEdge) =>
      undominated(
        here.filter((state) => state.isOnEdge === isOnEdge),
        part,
      ),
    );
    waiting[place] = [];
    const tree = subtree[place];
    if (tree === undefined) continue;
    const hasUnits = whole.units[nodes[place] ?? -1]?.length !== 0;
    for (const state of states) {
      if (hasUnits) offer(place + 1, state.isOnEdge ? { ...state, isOnEdge: false } : state);
      else if (tree.end > place + 1) offer(place + 1, { ...state, isOnEdge: true });
      if (state.isOnEdge && tree.isLast) continue;
      offer(tree.end, {
        bytes: state.bytes + tree.bytes,
        inodes: state.inodes + tree.inodes,
        cost: state.cost + tree.cost,
        cleared: place,
        rest: state,
        isOnEdge: state.isOnEdge,
      });
    }
  }
  const chosen: number[] = [];
  for (let state = best; state !== undefined; state = state.rest) {
    if (state.cleared >= 0) chosen.push(...nodes.slice(state.cleared, subtree[state.cleared]?.end));
  }
  return best === undefined ? undefined : chosen.sort((a, b) => a - b);
}

function isBetter(a: State, b: State, goal: Amount): boolean {
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

/** The states that no other one beats or equals in all three; thinned out where they are too many. */
function undominated(states: State[], { goal, maxStates, price }: Part): State[] {
  const bytesOf = (state: State): number => (goal.bytes > 0 ? state.bytes : 0);
  const inodesOf = (state: State): number => (goal.inodes > 0 ? state.inodes : 0);
  states.sort((a, b) => a.cost - b.cost || bytesOf(b) - bytesOf(a) || inodesOf(b) - inodesOf(a));
  const kept: State[] = [];
  /** Of the kept ones so far those that none beats in bytes and inodes: bytes descending, inodes ascending. */
  const stairs: { bytes: number; inodes: number }[] = [];
  for (const state of states) {
    const step = { bytes: bytesOf(state), inodes: inodesOf(state) };
    let low = 0;
    let high = stairs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((stairs[middle]?.bytes ?? 0) >= step.bytes) low = middle + 1;
      else high = middle;
    }
    if (low > 0 && (stairs[low - 1]?.inodes ?? 0) >= step.inodes) continue;
    let beaten = low;
    while (beaten < stairs.length && (stairs[beaten]?.inodes ?? 0) <= step.inodes) beaten++;
    // One with the same bytes and fewer inodes comes right before.
    const from = low > 0 && stairs[low - 1]?.bytes === step.bytes ? low - 1 : low;
    stairs.splice(from, beaten - from, step);
    kept.push(state);
  }
  if (kept.length <= maxStates) return kept;
  const reduced = (state: State): number => state.cost - price * weightFor(goal, state);
  return kept.sort((a, b) => reduced(a) - reduced(b)).slice(0, maxStates);
}
