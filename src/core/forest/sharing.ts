/** With whom a unit shares layers: the answer to "why does deleting this image free so little?". */
import type { Forest } from './forest.ts';
import { indexOf } from './reclaim.ts';
import type { Amount } from '../model/thresholds.ts';
import type { RemovableId } from './removable.ts';

export interface Sharer {
  readonly id: RemovableId;
  /** What both hold. */
  readonly shared: Amount;
}

/** Finds sharers; build one for a forest and ask it for as many units as needed. */
export class Sharing {
  readonly #forest: Forest;
  /** Lists through arrays: the first unit at a layer, then by unit the next; likewise the layers on a layer. */
  readonly #firstUnit: Int32Array;
  readonly #nextUnit: Int32Array;
  readonly #firstChild: Int32Array;
  readonly #nextChild: Int32Array;

  constructor(forest: Forest) {
    this.#forest = forest;
    const { top, parent, holds } = forest;
    this.#firstUnit = new Int32Array(parent.length).fill(-1);
    this.#nextUnit = new Int32Array(top.length).fill(-1);
    this.#firstChild = new Int32Array(parent.length).fill(-1);
    this.#nextChild = new Int32Array(parent.length).fill(-1);
    for (let unit = top.length - 1; unit >= 0; unit--) {
      const layer = top[unit] ?? -1;
      if (layer < 0) continue;
      this.#nextUnit[unit] = this.#firstUnit[layer] ?? -1;
      this.#firstUnit[layer] = unit;
    }
    for (let layer = parent.length - 1; layer >= 0; layer--) {
      const below = parent[layer] ?? -1;
      if (below < 0 || holds[layer] === 0) continue;
      this.#nextChild[layer] = this.#firstChild[below] ?? -1;
      this.#firstChild[below] = layer;
    }
  }

  /**
   * The units that share a layer with this one, those that share most first, at most `limit`. Holders that are no units
   * (containers, held layers) are not among them.
   * @throws RangeError when the forest has no such unit.
   */
  sharersOf(id: RemovableId, limit: number): Sharer[] {
    const { parent, top, units } = this.#forest;
    const self = indexOf(this.#forest, id);
    const found: Sharer[] = [];
    let from = -1;
    for (let layer = top[self] ?? -1; layer >= 0 && found.length < limit; layer = parent[layer] ?? -1) {
      const shared = this.#chainAmount(layer);
      const pending = [layer];
      for (let at = pending.pop(); at !== undefined && found.length < limit; at = pending.pop()) {
        let unit = this.#firstUnit[at] ?? -1;
        for (; unit >= 0 && found.length < limit; unit = this.#nextUnit[unit] ?? -1) {
          const other = units[unit];
          if (unit !== self && other !== undefined) found.push({ id: other.id, shared });
        }
        let child = this.#firstChild[at] ?? -1;
        for (; child >= 0; child = this.#nextChild[child] ?? -1) if (child !== from) pending.push(child);
      }
      from = layer;
    }
    return found;
  }

  #chainAmount(top: number): Amount {
    const { parent, bytes, inodes } = this.#forest;
    const sum = { bytes: 0, inodes: 0 };
    for (let layer = top; layer >= 0; layer = parent[layer] ?? -1) {
      sum.bytes += bytes[layer] ?? 0;
      sum.inodes += inodes[layer] ?? 0;
    }
    return sum;
  }
}
