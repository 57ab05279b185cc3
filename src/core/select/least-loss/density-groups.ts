/**
 * The best order in which to clear nodes: groups by what they lose for what they free, the cheapest first, none
 * before the nodes above it. This is Horn's rule for sequencing under a tree of precedences (W. A. Horn,
 * "Single-machine job sequencing with treelike precedence ordering and linear delay penalties", 1972). Every
 * beginning of the sequence is the choice that is best for some price of space (the Lagrangian optimum), so no search
 * for the price is needed.
 */
import { ascending } from '../order/sorting.ts';
import type { Clearable } from './reduced-forest.ts';

/** Groups of nodes that are cleared together, each of them with all above it that earlier groups have not cleared. */
export interface Groups {
  readonly count: number;
  /** The nodes of the groups, one group after the other; those of a group in preorder. */
  readonly nodes: Int32Array;
  /** By group: where its nodes begin; one more says where the last end. */
  readonly start: Int32Array;
  readonly cost: Float64Array;
  /** By group: cost for weight; Infinity where it has no weight. Strictly lower than of a group which stands below. */
  readonly ratio: Float64Array;
}

/** The nodes of a group; none where the group does not exist. */
export function nodesOf({ nodes, start }: Groups, group: number): Int32Array {
  return nodes.subarray(start[group] ?? 0, start[group + 1] ?? 0);
}

/**
 * All nodes in groups, lowest ratio first; on a tie, in preorder.
 * @param weight what each node counts for the goal.
 * @param only 1 for each node that counts, where not all do: a closed set.
 */
export function densityGroups(nodes: Clearable, weight: Float64Array, only?: Uint8Array): Groups {
  const cost = nodes.cost.slice();
  const ratio = new Float64Array(nodes.count);
  const counts = only ?? new Uint8Array(nodes.count).fill(1);
  const headOf = absorb(nodes.parent, counts, cost, weight.slice(), ratio);
  return inOrder(headOf, cost, ratio);
}

/**
 * Puts nodes together, each with those above it that are dearer.
 * @param cost and the others, by node: of the group, where the node is its head.
 * @returns by node: the head of its group, the lowest node in it; -1 where the node does not count.
 */
function absorb(
  parent: Int32Array,
  counts: Uint8Array,
  cost: Float64Array,
  weight: Float64Array,
  ratio: Float64Array,
): Int32Array {
  const count = parent.length;
  const heaps = newHeaps(ratio);
  /** By node: before its turn, the heap of groups above it; afterwards, of those above its group. */
  const above = new Int32Array(count).fill(-1);
  const absorbedBy = new Int32Array(count).fill(-1);
  for (let node = count - 1; node >= 0; node--) {
    if (counts[node] === 0) continue;
    let heap = above[node] ?? -1;
    let own = ratioOf(cost[node] ?? 0, weight[node] ?? 0);
    // A dearer group above must be cleared before the node, so it is worthwhile only together with it.
    while (heap >= 0 && (ratio[heap] ?? 0) >= own) {
      const dearest = heap;
      absorbedBy[dearest] = node;
      cost[node] = (cost[node] ?? 0) + (cost[dearest] ?? 0);
      weight[node] = (weight[node] ?? 0) + (weight[dearest] ?? 0);
      own = ratioOf(cost[node] ?? 0, weight[node] ?? 0);
      heap = merge(heaps, withoutTop(heaps, dearest), above[dearest] ?? -1);
    }
    above[node] = heap;
    ratio[node] = own;
    const below = parent[node] ?? -1;
    if (below >= 0 && counts[below] !== 0) above[below] = merge(heaps, above[below] ?? -1, node);
  }
  const headOf = new Int32Array(count).fill(-1);
  for (let node = 0; node < count; node++) {
    if (counts[node] === 0) continue;
    const into = absorbedBy[node] ?? -1;
    headOf[node] = into < 0 ? node : (headOf[into] ?? -1);
  }
  return headOf;
}

/** The groups by their ratios. */
function inOrder(headOf: Int32Array, costs: Float64Array, ratios: Float64Array): Groups {
  const heads = headOf.filter((head, node) => head === node);
  const values = new Float64Array(heads.length);
  for (let at = 0; at < heads.length; at++) values[at] = ratios[heads[at] ?? 0] ?? 0;
  const order = ascending(values);
  const groupOf = new Int32Array(headOf.length);
  const groups = {
    count: heads.length,
    nodes: new Int32Array(headOf.length),
    start: new Int32Array(heads.length + 1),
    cost: new Float64Array(heads.length),
    ratio: new Float64Array(heads.length),
  };
  for (let group = 0; group < order.length; group++) {
    const head = heads[order[group] ?? 0] ?? 0;
    groupOf[head] = group;
    groups.cost[group] = costs[head] ?? 0;
    groups.ratio[group] = ratios[head] ?? 0;
  }
  collect(headOf, groupOf, groups.start, groups.nodes);
  return groups;
}

/** Lists nodes by group: counts them, says where each group begins, puts each node there. */
function collect(headOf: Int32Array, groupOf: Int32Array, start: Int32Array, nodes: Int32Array): void {
  for (let node = 0; node < headOf.length; node++) {
    const head = headOf[node] ?? -1;
    if (head < 0) continue;
    const after = (groupOf[head] ?? 0) + 1;
    start[after] = (start[after] ?? 0) + 1;
  }
  for (let group = 1; group < start.length; group++)
    start[group] = (start[group] ?? 0) + (start[group - 1] ?? 0);
  const next = start.slice();
  for (let node = 0; node < headOf.length; node++) {
    const head = headOf[node] ?? -1;
    if (head < 0) continue;
    const group = groupOf[head] ?? 0;
    const at = next[group] ?? 0;
    nodes[at] = node;
    next[group] = at + 1;
  }
}

function ratioOf(cost: number, weight: number): number {
  if (weight > 0) return cost / weight;
  return cost > 0 ? Infinity : 0;
}

/** Leftist heaps over nodes, the highest ratio on top; merging two takes a logarithmic number of steps. */
interface Heaps {
  readonly ratio: Float64Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly rank: Int32Array;
}

function newHeaps(ratio: Float64Array): Heaps {
  return {
    ratio,
    left: new Int32Array(ratio.length).fill(-1),
    right: new Int32Array(ratio.length).fill(-1),
    rank: new Int32Array(ratio.length).fill(1),
  };
}

function merge(heaps: Heaps, a: number, b: number): number {
  if (a < 0) return b;
  if (b < 0) return a;
  const { ratio, left, right, rank } = heaps;
  const first = (ratio[a] ?? 0) - (ratio[b] ?? 0);
  // Infinity minus Infinity is NaN; treated as equal.
  const isFirst = first > 0 || (!(first < 0) && a < b);
  const top = isFirst ? a : b;
  const onRight = merge(heaps, right[top] ?? -1, isFirst ? b : a);
  const onLeft = left[top] ?? -1;
  const lower = Math.min(rankOf(rank, onLeft), rankOf(rank, onRight));
  const swaps = rankOf(rank, onLeft) < rankOf(rank, onRight);
  left[top] = swaps ? onRight : onLeft;
  right[top] = swaps ? onLeft : onRight;
  rank[top] = lower + 1;
  return top;
}

function withoutTop(heaps: Heaps, top: number): number {
  return merge(heaps, heaps.left[top] ?? -1, heaps.right[top] ?? -1);
}

function rankOf(rank: Int32Array, node: number): number {
  return node < 0 ? 0 : (rank[node] ?? 0);
}
