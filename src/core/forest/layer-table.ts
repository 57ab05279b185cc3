/**
 * Layers as numbers: each gets an index, and lists by index give its parent and size. A layer that an image names and
 * the store does not know gets an estimated size.
 */
import { IdIndex } from './id-index.ts';
import type { ChainId, Layer } from '../model/store.ts';

/**
 * Bytes per inode where inodes are not known: the median image on Docker Hub has 94 MB in 1,090 files
 * (Zhao et al., "Large-scale analysis of Docker images", CLUSTER 2019).
 */
const BYTES_PER_INODE = 86_000;

/** A guess for a layer of which only the bytes are known; never zero, as a layer has a directory at least. */
export function estimatedInodes(bytes: number): number {
  return 1 + Math.round(bytes / BYTES_PER_INODE);
}

/** The top of a chain of which something is not known. */
export const UNKNOWN_TOP = -2;

export class LayerTable {
  readonly #index: IdIndex;
  /** Index of the parent; -1 for a bottom layer. All lists may be longer than `ids`. */
  parent: Int32Array;
  bytes: Float64Array;
  inodes: Float64Array;
  exact: Uint8Array;
  /** Number of layers from the bottom to this one. */
  #depth: Int32Array;

  constructor(layers: ReadonlyMap<ChainId, Layer>) {
    const size = layers.size + 16;
    this.#index = new IdIndex(layers.keys());
    this.parent = new Int32Array(size);
    this.bytes = new Float64Array(size);
    this.inodes = new Float64Array(size);
    this.exact = new Uint8Array(size);
    this.#depth = new Int32Array(size);
    const apart = readLayers(layers, this.parent, this.bytes, this.inodes, this.exact);
    const parents = this.#index.getAll(apart.parentIds);
    apart.layers.forEach((layer, at) => (this.parent[layer] = parents[at] ?? -1));
    measureDepths(layers.size, this.parent, this.#depth);
  }

  /** Chain IDs by index. */
  get ids(): readonly ChainId[] {
    return this.#index.ids;
  }

  /** The index of a layer; -1 where it is not known. */
  indexOf(id: ChainId): number {
    return this.#index.get(id);
  }

  /** Adds a layer and returns its index. */
  add(id: ChainId, parent: number, bytes: number, inodes: number, exact: boolean): number {
    if (this.ids.length === this.parent.length) this.#grow();
    const at = this.#index.add(id);
    this.parent[at] = parent;
    this.bytes[at] = bytes;
    this.inodes[at] = inodes;
    this.exact[at] = exact ? 1 : 0;
    this.#depth[at] = parent < 0 ? 1 : this.depth(parent) + 1;
    return at;
  }

  #grow(): void {
    const size = 2 * this.parent.length;
    const longer = <T extends Int32Array | Float64Array | Uint8Array>(list: T, empty: T): T => {
      empty.set(list);
      return empty;
    };
    this.parent = longer(this.parent, new Int32Array(size));
    this.bytes = longer(this.bytes, new Float64Array(size));
    this.inodes = longer(this.inodes, new Float64Array(size));
    this.exact = longer(this.exact, new Uint8Array(size));
    this.#depth = longer(this.#depth, new Int32Array(size));
  }

  /** The top of each chain: -1 of an empty one, UNKNOWN_TOP where something is missing. */
  topsOf(chains: readonly (readonly ChainId[])[]): Int32Array {
    const tops = this.#index.getAll(chains.map((chain) => chain[chain.length - 1] ?? ''));
    chains.forEach(({ length }, at) => {
      const top = tops[at] ?? -1;
      tops[at] = length === 0 ? -1 : top >= 0 && this.depth(top) === length ? top : UNKNOWN_TOP;
    });
    return tops;
  }

  /** The unknown layers of a chain, and the rest of the total size that is left for them. */
  unknownOf(
    chain: readonly ChainId[],
    wholeBytes: number,
  ): { readonly missing: readonly ChainId[]; readonly rest: number } {
    const missing: ChainId[] = [];
    let rest = wholeBytes;
    for (const id of chain) {
      const layer = this.indexOf(id);
      if (layer < 0) missing.push(id);
      else rest -= this.bytes[layer] ?? 0;
    }
    return { missing, rest: Math.max(0, rest) };
  }

  /**
   * Adds the missing layers of a chain and returns its top. The total size, less its known layers, is spread over the
   * missing ones; if some are its own, shared ones get no more than other chains would give them.
   * @param leastShares bytes by layer, of those that several chains have.
   */
  complete(chain: readonly ChainId[], wholeBytes: number, leastShares: ReadonlyMap<ChainId, number>): number {
    const { missing, rest } = this.unknownOf(chain, wholeBytes);
    const shared = missing.filter((id) => leastShares.has(id));
    const own = missing.length - shared.length;
    const even = Math.floor(rest / Math.max(1, missing.length));
    const capped = (id: ChainId): number => Math.min(even, Math.floor(leastShares.get(id) ?? even));
    const forShared = shared.reduce((sum, id) => sum + capped(id), 0);
    const forOwn = Math.floor((rest - forShared) / Math.max(1, own));
    let below = -1;
    for (const id of chain) {
      const bytes = own === 0 ? even : leastShares.has(id) ? capped(id) : forOwn;
      const known = this.indexOf(id);
      const layer = known >= 0 ? known : this.add(id, below, bytes, estimatedInodes(bytes), false);
      // The parent of a known layer becomes known. (A bottom layer is its own proof against loops.)
      if (this.parent[layer] === -1 && below !== layer && !this.#standsOn(below, layer)) {
        this.parent[layer] = below;
      }
      below = layer;
    }
    return below;
  }

  depth(layer: number): number {
    return this.#depth[layer] ?? 0;
  }

  #standsOn(layer: number, on: number): boolean {
    for (let at = layer; at >= 0; at = this.parent[at] ?? -1) if (at === on) return true;
    return false;
  }
}

// The hot loops of a big store are functions of their own on lists; see id-index.ts.

/** Most layers directly follow their parent; the others are returned. */
function readLayers(
  layers: ReadonlyMap<ChainId, Layer>,
  parent: Int32Array,
  bytes: Float64Array,
  inodes: Float64Array,
  exact: Uint8Array,
): { readonly layers: readonly number[]; readonly parentIds: readonly ChainId[] } {
  const apart: number[] = [];
  const parentIds: ChainId[] = [];
  let at = 0;
  let last: ChainId | undefined;
  for (const layer of layers.values()) {
    const { id, parentId } = layer;
    if (parentId === undefined) parent[at] = -1;
    else if (parentId === last) parent[at] = at - 1;
    else {
      apart.push(at);
      parentIds.push(parentId);
    }
    bytes[at] = layer.bytes;
    inodes[at] = layer.exact || layer.inodes > 0 ? layer.inodes : estimatedInodes(layer.bytes);
    exact[at] = layer.exact ? 1 : 0;
    last = id;
    at += 1;
  }
  return { layers: apart, parentIds };
}

function measureDepths(count: number, parent: Int32Array, depths: Int32Array): void {
  for (let layer = 0; layer < count; layer++) {
    const below = parent[layer] ?? -1;
    const known = below < 0 ? 0 : (depths[below] ?? 0);
    if (below < 0 || known > 0) depths[layer] = known + 1;
    else measureDepth(layer, parent, depths);
  }
}

/** Sets the depth of a layer and of all below it; cuts a loop, which only a damaged store can have. */
function measureDepth(layer: number, parent: Int32Array, depths: Int32Array): void {
  const depthOf = (at: number): number => depths[at] ?? 0;
  if (depthOf(layer) > 0) return;
  const path: number[] = [];
  let at = layer;
  while (at >= 0 && depthOf(at) === 0) {
    depths[at] = -1;
    path.push(at);
    at = parent[at] ?? -1;
  }
  const last = path.at(-1);
  if (last === undefined) return;
  if (at >= 0 && depthOf(at) === -1) parent[last] = at = -1;
  let depth = at < 0 ? 0 : depthOf(at);
  for (const each of path.reverse()) depths[each] = ++depth;
}
