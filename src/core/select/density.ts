/**
 * The best order in which to clear nodes: groups by what they lose for what they free, the cheapest first, none before
 * what stands on it. This is Horn's rule for sequencing under a tree of precedences (W. A. Horn, "Single-machine job
 * sequencing with treelike precedence ordering and linear delay penalties", 1972). Every beginning of the sequence is the
 * choice that is best for some price of space (the Lagrangian optimum), so no search for the price is needed.
 */
import type { Clearable } from './clearable.ts';

/** Nodes that are cleared together, each of them with all above it that earlier groups have not cleared. */
export interface Group {
  readonly nodes: readonly number[];
  readonly cost: number;
  readonly weight: number;
  /** Cost for weight; Infinity where it has no weight. Strictly lower than that of a group which stands below. */
  readonly ratio: number;
}

/**
 * All nodes in groups, lowest ratio first; on a tie, in preorder.
 * @param weight what each node counts for the goal.
 * @param only 1 for each node that counts, where not all do: a closed set.
 */
export function densityGroups(nodes: Clearable, weight: Float64Array, only?: Uint8Array): Group[] {
  const { count, parent } = nodes;
  const cost = nodes.cost.slice();
  const sum = weight.slice();
  const ratio = new Float64Array(count);
  const heaps = new Heaps(ratio);
  /** By node: before its turn, the heap of groups that stand on it; afterwards, of those that stand on its group. */
  const above = new Int32Array(count).fill(-1);
  const absorbedBy = new Int32Array(count).fill(-1);
  for (let node = count - 1; node >= 0; node--) {
    if (only?.[node] === 0) continue;
    let heap = above[node] ?? -1;
    let own = ratioOf(cost[node] ?? 0, sum[node] ?? 0);
    // What is dearer than the node itself must go before it, so it is worth doing only together with it.
    while (heap >= 0 && (ratio[heap] ?? 0) >= own) {
      const dearest = heap;
      absorbedBy[dearest] = node;
      cost[node] = (cost[node] ?? 0) + (cost[dearest] ?? 0);
      sum[node] = (sum[node] ?? 0) + (sum[dearest] ?? 0);
      own = ratioOf(cost[node] ?? 0, sum[node] ?? 0);
      heap = heaps.merge(heaps.withoutTop(dearest), above[dearest] ?? -1);
    }
    above[node] = heap;
    ratio[node] = own;
    const below = parent[node] ?? -1;
    if (below >= 0 && only?.[below] !== 0) above[below] = heaps.merge(above[below] ?? -1, node);
  }
  const members = new Map<number, number[]>();
  const groupOf = new Int32Array(count);
  for (let node = 0; node < count; node++) {
    if (only?.[node] === 0) continue;
    const into = absorbedBy[node] ?? -1;
    const head = into < 0 ? node : (groupOf[into] ?? 0);
    groupOf[node] = head;
    if (into < 0) members.set(node, [node]);
    else members.get(head)?.push(node);
  }
  return [...members]
    .map(([head, list]) => ({
      nodes: list,
      cost: cost[head] ?? 0,
      weight: sum[head] ?? 0,
      ratio: ratio[head] ?? 0,
    }))
    .sort((a, b) => (a.ratio === b.ratio ? (a.nodes[0] ?? 0) - (b.nodes[0] ?? 0) : a.ratio - b.ratio));
}

function ratioOf(cost: number, weight: number): number {
  if (weight > 0) return cost / weight;
  return cost > 0 ? Infinity : 0;
}

/** Leftist heaps over nodes, the highest ratio on top; merging two takes a logarithmic number of steps. */
class Heaps {
  readonly #ratio: Float64Array;
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  readonly #rank: Int32Array;

  constructor(ratio: Float64Array) {
    this.#ratio = ratio;
    this.#left = new Int32Array(ratio.length).fill(-1);
    this.#right = new Int32Array(ratio.length).fill(-1);
    this.#rank = new Int32Array(ratio.length).fill(1);
  }

  merge(a: number, b: number): number {
    if (a < 0) return b;
    if (b < 0) return a;
    const first = (this.#ratio[a] ?? 0) - (this.#ratio[b] ?? 0);
    // Infinity minus Infinity is no number: equal, like zero.
    const [top, other] = first > 0 || (!(first < 0) && a < b) ? [a, b] : [b, a];
    this.#right[top] = this.merge(this.#right[top] ?? -1, other);
    if (this.#rankOf(this.#left[top]) < this.#rankOf(this.#right[top])) {
      const left = this.#left[top] ?? -1;
      this.#left[top] = this.#right[top] ?? -1;
      this.#right[top] = left;
    }
    this.#rank[top] = this.#rankOf(this.#right[top]) + 1;
    return top;
  }

  withoutTop(top: number): number {
    return this.merge(this.#left[top] ?? -1, this.#right[top] ?? -1);
  }

  #rankOf(node: number | undefined): number {
    return node === undefined || node < 0 ? 0 : (this.#rank[node] ?? 0);
  }
}
