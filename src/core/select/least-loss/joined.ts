/**
 * The forest without nodes on which no image ends. Such a node is freed when everything on it is deleted, so it can
 * be kept only together with something on it. At a price of space one child is the cheapest to keep it with; joined
 * with that child the rule is part of the forest's shape, and every closed set of joined nodes is a valid choice at
 * the cost shown. The choice is the best at that price; near it, it is a good one.
 */
import type { Clearable } from './reduced-forest.ts';

export interface Joined {
  /** In preorder like the original; every node has units. */
  readonly nodes: Clearable;
  /** By original node: the joined node that it is part of. */
  readonly place: Int32Array;
}

/** Whether every node has units, so that there is nothing to join. */
export function isJoined({ hasUnits }: Clearable): boolean {
  return hasUnits.indexOf(0) < 0;
}

/**
 * Joins each node without units with the child that is cheapest to keep.
 * @param weight what each node counts for the goal.
 * @param price cost for weight near the optimum.
 */
export function joinKept(nodes: Clearable, weight: Float64Array, price: number): Joined {
  const kept = cheapestToKeep(nodes, weight, price);
  const { place, first, before } = numbers(nodes.parent, kept);
  const count = first.length;
  const units = new Array<readonly number[]>(count).fill(none);
  const joined = {
    count,
    parent: new Int32Array(count),
    end: new Int32Array(count),
    bytes: sumsAt(place, nodes.bytes, count),
    inodes: sumsAt(place, nodes.inodes, count),
    cost: sumsAt(place, nodes.cost, count),
    units,
    hasUnits: new Uint8Array(count).fill(1),
  };
  for (let at = 0; at < count; at++) {
    const lowest = first[at] ?? 0;
    const below = nodes.parent[lowest] ?? -1;
    joined.parent[at] = below < 0 ? -1 : (place[below] ?? -1);
    joined.end[at] = before[nodes.end[lowest] ?? 0] ?? count;
  }
  for (let node = 0; node < nodes.count; node++) {
    if (nodes.hasUnits[node] === 1) units[place[node] ?? 0] = nodes.units[node] ?? none;
  }
  return { nodes: joined, place };
}

const none: readonly number[] = [];

// The hot loops of a big store are functions of their own, on lists; see id-index.ts.

/** By node without units: the child with which keeping it costs least at the price; -1 for other nodes. */
function cheapestToKeep(nodes: Clearable, weight: Float64Array, price: number): Int32Array {
  const { count, parent, hasUnits } = nodes;
  const kept = new Int32Array(count).fill(-1);
  /** Cost beyond the price: of clearing the node with all above it, of the best without clearing the node. */
  const clears = new Float64Array(count);
  const stays = new Float64Array(count);
  /** The least that keeping a child costs more than clearing it. */
  const least = new Float64Array(count).fill(Infinity);
  for (let node = count - 1; node >= 0; node--) {
    const clear = (clears[node] ?? 0) + (nodes.cost[node] ?? 0) - price * (weight[node] ?? 0);
    let stay = stays[node] ?? 0;
    const more = least[node] ?? 0;
    if (hasUnits[node] === 0 && more > 0) stay += more;
    const below = parent[node] ?? -1;
    if (below < 0) continue;
    clears[below] = (clears[below] ?? 0) + clear;
    stays[below] = (stays[below] ?? 0) + Math.min(clear, stay);
    if (hasUnits[below] === 0 && stay - clear < (least[below] ?? 0)) {
      least[below] = stay - clear;
      kept[below] = node;
    }
  }
  return kept;
}

interface Numbers {
  /** By node: the number of the joined node that it is part of. */
  readonly place: Int32Array;
  /** By joined node: its lowest part. */
  readonly first: Int32Array;
  /** By node, and after the last: how many joined nodes begin before it. */
  readonly before: Int32Array;
}

function numbers(parent: Int32Array, kept: Int32Array): Numbers {
  const place = new Int32Array(parent.length);
  const first = new Int32Array(parent.length);
  const before = new Int32Array(parent.length + 1);
  let count = 0;
  for (let node = 0; node < parent.length; node++) {
    const below = parent[node] ?? -1;
    before[node] = count;
    if (below >= 0 && kept[below] === node) place[node] = place[below] ?? 0;
    else {
      first[count] = node;
      place[node] = count++;
    }
  }
  before[parent.length] = count;
  return { place, first: first.subarray(0, count), before };
}

function sumsAt(place: Int32Array, amounts: Float64Array, count: number): Float64Array {
  const sums = new Float64Array(count);
  for (let node = 0; node < place.length; node++) {
    const at = place[node] ?? 0;
    sums[at] = (sums[at] ?? 0) + (amounts[node] ?? 0);
  }
  return sums;
}
