/** With whom a unit shares layers: the answer to "why does deleting this image free so little?". */
import type { Forest } from './forest.ts';
import { indexOf } from './space.ts';
import type { Amount } from './thresholds.ts';
import type { UnitId } from './unit.ts';

export interface Sharer {
  readonly id: UnitId;
  /** What both hold. */
  readonly shared: Amount;
}

/** Finds sharers; build one for a forest and ask it for as many units as needed. */
export class Sharing {
  readonly #forest: Forest;
  readonly #unitsAt = new Map<number, number[]>();
  readonly #childrenOf = new Map<number, number[]>();

  constructor(forest: Forest) {
    this.#forest = forest;
    forest.top.forEach((layer, unit) => {
      if (layer >= 0) append(this.#unitsAt, layer, unit);
    });
    forest.parent.forEach((parent, layer) => {
      if (parent >= 0 && (forest.holds[layer] ?? 0) > 0) append(this.#childrenOf, parent, layer);
    });
  }

  /**
   * The units that share a layer with this one, those that share most first, at most `limit`. Holders that are no units
   * (containers, held layers) are not among them.
   * @throws RangeError when the forest has no such unit.
   */
  sharersOf(id: UnitId, limit: number): Sharer[] {
    const { parent, top, units } = this.#forest;
    const self = indexOf(this.#forest, id);
    const found: Sharer[] = [];
    let from = -1;
    for (let layer = top[self] ?? -1; layer >= 0 && found.length < limit; layer = parent[layer] ?? -1) {
      const shared = this.#chainAmount(layer);
      const pending = [layer];
      for (let at = pending.pop(); at !== undefined && found.length < limit; at = pending.pop()) {
        for (const unit of this.#unitsAt.get(at) ?? []) {
          const other = units[unit];
          if (unit !== self && other !== undefined && found.length < limit)
            found.push({ id: other.id, shared });
        }
        for (const child of this.#childrenOf.get(at) ?? []) if (child !== from) pending.push(child);
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

function append(lists: Map<number, number[]>, key: number, value: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
