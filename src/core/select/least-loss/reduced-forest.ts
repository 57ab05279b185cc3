/**
 * The part of the forest that candidates can clear, as small as it gets: layers that can only be freed together are
 * one node. Freeing a node means that all nodes above it are freed and all units at it are deleted; so a set of
 * victims without a useless one is a set of nodes that contains, with each node, all above it ("closed").
 */
import type { Forest } from '../../forest/forest.ts';

/**
 * Nodes in preorder: a node precedes those above it, which fill the places up to `end`. The order among siblings is
 * that of their units' IDs, so that the same store gives the same numbers however it was listed.
 */
export interface Clearable {
  readonly count: number;
  readonly parent: Int32Array;
  readonly end: Int32Array;
  readonly bytes: Float64Array;
  readonly inodes: Float64Array;
  /** What is lost by freeing the node: the worths of the units at it and of its layers. */
  readonly cost: Float64Array;
  /** The units of which the node is the top, by ID. */
  readonly units: readonly (readonly number[])[];
  /** 1 where it is the top of a unit. */
  readonly hasUnits: Uint8Array;
}

/** What is lost when units are deleted and layers freed. All worths are at least zero. */
export interface Worths {
  /** By unit index. */
  readonly unit: (unit: number) => number;
  /** By layer index; nothing where left out. */
  readonly layer?: (layer: number) => number;
}

/**
 * @param candidates unit indices, sorted by ID; none of them twice, none a build step.
 * @throws RangeError when a worth is negative or not a finite number.
 */
export function clearable(forest: Forest, candidates: readonly number[], worths: Worths): Clearable {
  const { parent, holds, top } = forest;
  const freed = layersFreed(candidates, top, parent, holds.slice());
  const nodeOf = new Int32Array(parent.length).fill(-1);
  const raw = joinLayers(freed, parent, holds, nodeOf);
  const { place, end } = preorder(raw, firstUnits(candidates, top, nodeOf, raw.length));
  renumber(freed, nodeOf, place);
  const units = new Array<number[]>(raw.length).fill(none);
  const nodes = {
    count: raw.length,
    parent: new Int32Array(raw.length),
    end: new Int32Array(raw.length),
    bytes: sumsByNode(freed, nodeOf, forest.bytes, raw.length),
    inodes: sumsByNode(freed, nodeOf, forest.inodes, raw.length),
    cost: new Float64Array(raw.length),
    units,
    hasUnits: new Uint8Array(raw.length),
  };
  for (let node = 0; node < raw.length; node++) {
    const at = place[node] ?? 0;
    const below = raw[node] ?? -1;
    nodes.parent[at] = below < 0 ? -1 : (place[below] ?? -1);
    nodes.end[at] = end[node] ?? 0;
  }
  const lose = (node: number, worth: number): void => {
    if (!(worth >= 0) || worth === Infinity)
      throw new RangeError(`a worth must be zero or more, got ${worth}`);
    if (node >= 0) nodes.cost[node] = (nodes.cost[node] ?? 0) + worth;
  };
  if (worths.layer !== undefined) for (const layer of freed) lose(nodeOf[layer] ?? -1, worths.layer(layer));
  for (const unit of candidates) {
    const node = nodeOf[top[unit] ?? -1] ?? -1;
    lose(node, worths.unit(unit));
    if (node < 0) continue;
    if (nodes.hasUnits[node] === 0) units[node] = [unit];
    else units[node]?.push(unit);
    nodes.hasUnits[node] = 1;
  }
  return nodes;
}

/** Most nodes have no units: they share this list. */
const none: number[] = [];

// The hot loops of a big store are functions of their own, on lists; see id-index.ts.

/** All layers that are freed with all candidates, each before its children. */
function layersFreed(
  candidates: readonly number[],
  top: Int32Array,
  parent: Int32Array,
  holds: Int32Array,
): Int32Array {
  const freed = new Int32Array(parent.length);
  let count = 0;
  for (let at = 0; at < candidates.length; at++) {
    for (let layer = top[candidates[at] ?? -1] ?? -1; layer >= 0; layer = parent[layer] ?? -1) {
      const left = (holds[layer] ?? 0) - 1;
      holds[layer] = left;
      if (left > 0) break;
      freed[count++] = layer;
    }
  }
  return freed.subarray(0, count).reverse();
}

/**
 * Joins layers that can only be freed together into a node.
 * @param nodeOf by layer; filled in.
 * @returns by node: its parent.
 */
function joinLayers(
  freed: Int32Array,
  parent: Int32Array,
  holds: Int32Array,
  nodeOf: Int32Array,
): Int32Array {
  const below = new Int32Array(freed.length);
  let count = 0;
  for (let at = 0; at < freed.length; at++) {
    const layer = freed[at] ?? 0;
    const on = parent[layer] ?? -1;
    const node = on < 0 ? -1 : (nodeOf[on] ?? -1);
    if (node >= 0 && holds[on] === 1) nodeOf[layer] = node;
    else {
      nodeOf[layer] = count;
      below[count++] = node;
    }
  }
  return below.subarray(0, count);
}

function renumber(freed: Int32Array, nodeOf: Int32Array, place: Int32Array): void {
  for (let at = 0; at < freed.length; at++) {
    const layer = freed[at] ?? 0;
    nodeOf[layer] = place[nodeOf[layer] ?? 0] ?? 0;
  }
}

function sumsByNode(
  freed: Int32Array,
  nodeOf: Int32Array,
  amounts: Float64Array,
  count: number,
): Float64Array {
  const sums = new Float64Array(count);
  for (let at = 0; at < freed.length; at++) {
    const layer = freed[at] ?? 0;
    const node = nodeOf[layer] ?? 0;
    sums[node] = (sums[node] ?? 0) + (amounts[layer] ?? 0);
  }
  return sums;
}

/** By node: the place of its first unit among the candidates; Infinity where it has none. */
function firstUnits(
  candidates: readonly number[],
  top: Int32Array,
  nodeOf: Int32Array,
  count: number,
): Float64Array {
  const first = new Float64Array(count).fill(Infinity);
  for (let at = candidates.length - 1; at >= 0; at--) {
    const layer = top[candidates[at] ?? -1] ?? -1;
    const node = layer < 0 ? -1 : (nodeOf[layer] ?? -1);
    if (node >= 0) first[node] = at;
  }
  return first;
}

/**
 * Numbers for nodes (parents come first already) in the order that `Clearable` promises.
 * @param firstUnit by node: the place of its first unit among the candidates; Infinity where it has none.
 * @returns by node: its new number, and where its subtree ends.
 */
function preorder(
  parent: Int32Array,
  firstUnit: Float64Array,
): { readonly place: Int32Array; readonly end: Int32Array } {
  const count = parent.length;
  // A node's rank is the lowest of a unit at it or above it; siblings never have the same.
  const rank = firstUnit.slice();
  const size = new Int32Array(count).fill(1);
  for (let node = count - 1; node >= 0; node--) {
    const below = parent[node] ?? -1;
    if (below < 0) continue;
    rank[below] = Math.min(rank[below] ?? 0, rank[node] ?? 0);
    size[below] = (size[below] ?? 0) + (size[node] ?? 0);
  }
  // By rank, then by number: parents have a rank at most their children's and a lower number, so they come first. One
  // number holds both (a sort without a comparison function is many times faster).
  for (let node = 0; node < count; node++) rank[node] = (rank[node] ?? 0) * count + node;
  const byRank = rank.sort();
  const place = new Int32Array(count);
  const end = new Int32Array(count);
  const nextFree = new Int32Array(count);
  let nextRoot = 0;
  for (let at = 0; at < count; at++) {
    const node = (byRank[at] ?? 0) % count;
    const below = parent[node] ?? -1;
    const first = below < 0 ? nextRoot : (nextFree[below] ?? 0);
    const after = first + (size[node] ?? 0);
    if (below < 0) nextRoot = after;
    else nextFree[below] = after;
    place[node] = first;
    end[node] = after;
    nextFree[node] = first + 1;
  }
  return { place, end };
}
