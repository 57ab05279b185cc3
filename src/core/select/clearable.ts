/**
 * The part of the forest that candidates can clear, as small as it gets: layers that can only go together are one node.
 * Freeing a node means that all nodes above it are freed and all units at it are deleted; so a set of victims that holds
 * no useless one is a set of nodes that contains, with each node, all above it ("closed").
 */
import type { Forest } from '../forest.ts';
import { Remaining } from '../space.ts';

/**
 * Nodes in preorder: a node comes before those that stand on it, and those fill the places up to `end`. The order among
 * siblings is that of their units' IDs, so that the same store gives the same numbers however it was listed.
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
}

/** What is lost when units are deleted and layers freed. All worths are at least zero. */
export interface Worths {
  /** By unit index. */
  readonly unit: (unit: number) => number;
  /** By layer index; nothing where left out. */
  readonly layer?: (layer: number) => number;
}

/**
 * @param candidates unit indices, sorted by ID.
 * @throws RangeError when a worth is negative or not a finite number.
 */
export function clearable(forest: Forest, candidates: readonly number[], worths: Worths): Clearable {
  const { parent, holds, top } = forest;
  const freed = layersFreed(forest, candidates);
  const nodeOf = new Int32Array(parent.length).fill(-1);
  const raw = { parent: [] as number[], bytes: [] as number[], inodes: [] as number[], cost: [] as number[] };
  for (let at = freed.length - 1; at >= 0; at--) {
    const layer = freed[at] ?? -1;
    const below = parent[layer] ?? -1;
    const belowNode = nodeOf[below] ?? -1;
    let node = belowNode;
    if (belowNode < 0 || holds[below] !== 1) {
      node = raw.parent.push(belowNode) - 1;
      raw.bytes.push(0);
      raw.inodes.push(0);
      raw.cost.push(0);
    }
    nodeOf[layer] = node;
    raw.bytes[node] = (raw.bytes[node] ?? 0) + (forest.bytes[layer] ?? 0);
    raw.inodes[node] = (raw.inodes[node] ?? 0) + (forest.inodes[layer] ?? 0);
    if (worths.layer !== undefined) raw.cost[node] = (raw.cost[node] ?? 0) + checked(worths.layer(layer));
  }
  const units = raw.parent.map(() => none);
  const rank = new Float64Array(units.length).fill(Infinity);
  candidates.forEach((unit, place) => {
    const worth = checked(worths.unit(unit));
    const node = nodeOf[top[unit] ?? -1] ?? -1;
    if (node < 0) return;
    if (rank[node] === Infinity) {
      rank[node] = place;
      units[node] = [unit];
    } else units[node]?.push(unit);
    raw.cost[node] = (raw.cost[node] ?? 0) + worth;
  });
  return inPreorder(raw, units, rank);
}

/** Most nodes have no units: they share this list. */
const none: number[] = [];

/** All layers that go when all candidates do, each after those that stand on it. */
function layersFreed(forest: Forest, candidates: readonly number[]): number[] {
  const remaining = new Remaining(forest);
  const freed: number[] = [];
  for (const unit of candidates) {
    remaining.removeAt(unit);
    let layer = forest.top[unit] ?? -1;
    while (layer >= 0 && remaining.freedWith(layer) === unit) {
      freed.push(layer);
      layer = forest.parent[layer] ?? -1;
    }
  }
  return freed;
}

function checked(worth: number): number {
  if (!(worth >= 0) || worth === Infinity) throw new RangeError(`a worth must be zero or more, got ${worth}`);
  return worth;
}

interface Raw {
  readonly parent: readonly number[];
  readonly bytes: readonly number[];
  readonly inodes: readonly number[];
  readonly cost: readonly number[];
}

/**
 * Renumbers nodes (parents come first already) into the order that `Clearable` promises.
 * @param firstUnit by node: the place of its first unit among the candidates; Infinity where it has none.
 */
function inPreorder(raw: Raw, units: readonly (readonly number[])[], firstUnit: Float64Array): Clearable {
  const count = raw.parent.length;
  // A node's rank is the lowest of a unit at it or above it; siblings never have the same.
  const rank = firstUnit.slice();
  const size = new Int32Array(count).fill(1);
  for (let node = count - 1; node >= 0; node--) {
    const below = raw.parent[node] ?? -1;
    if (below < 0) continue;
    rank[below] = Math.min(rank[below] ?? 0, rank[node] ?? 0);
    size[below] = (size[below] ?? 0) + (size[node] ?? 0);
  }
  // By rank, then by number: parents have a rank at most their children's and a lower number, so they come first. One
  // number holds both (a sort without a comparison function is many times faster).
  const byRank = rank.map((value, node) => value * count + node).sort();
  const place = new Int32Array(count);
  const nextFree = new Int32Array(count);
  let nextRoot = 0;
  for (const key of byRank) {
    const node = key % count;
    const below = raw.parent[node] ?? -1;
    const at = below < 0 ? nextRoot : (nextFree[below] ?? 0);
    const after = at + (size[node] ?? 0);
    if (below < 0) nextRoot = after;
    else nextFree[below] = after;
    place[node] = at;
    nextFree[node] = at + 1;
  }
  const result = {
    count,
    parent: new Int32Array(count),
    end: new Int32Array(count),
    bytes: new Float64Array(count),
    inodes: new Float64Array(count),
    cost: new Float64Array(count),
    units: new Array<readonly number[]>(count),
  };
  for (let node = 0; node < count; node++) {
    const at = place[node] ?? 0;
    const below = raw.parent[node] ?? -1;
    result.parent[at] = below < 0 ? -1 : (place[below] ?? -1);
    result.end[at] = at + (size[node] ?? 0);
    result.bytes[at] = raw.bytes[node] ?? 0;
    result.inodes[at] = raw.inodes[node] ?? 0;
    result.cost[at] = raw.cost[node] ?? 0;
    result.units[at] = units[node] ?? [];
  }
  return result;
}
