/**
 * What a deletion frees: the layers whose every user is deleted, in bytes and in inodes. All answers are about the forest
 * (forest.ts); nothing here decides what may go.
 */
import type { Forest } from './forest.ts';
import type { Amount } from '../model/thresholds.ts';
import type { RemovableId } from './removable.ts';

/** A predicted amount. */
export interface Freed extends Amount {
  /** True when every layer of it was measured on the disk; false when one is an estimate. */
  readonly exact: boolean;
}

/** True when an amount is at least a goal in both resources. */
export function covers(amount: Amount, goal: Amount): boolean {
  return amount.bytes >= goal.bytes && amount.inodes >= goal.inodes;
}

/** The index of a unit. @throws RangeError when the forest has no such unit (a caller's mistake). */
export function indexOf(forest: Forest, id: RemovableId): number {
  const index = forest.unitIndex.get(id);
  if (index === undefined) throw new RangeError(`no unit ${id} in the forest`);
  return index;
}

/** The store as it would be while units go one after another. */
export class StoreAfterRemovals {
  readonly #forest: Forest;
  readonly #holds: Int32Array;
  readonly #gone: Uint8Array;
  /** By layer: the unit whose removal freed it; -1 while it is there. */
  readonly #freedWith: Int32Array;

  #bytes = 0;
  #inodes = 0;
  #exact = true;

  constructor(forest: Forest) {
    this.#forest = forest;
    this.#holds = forest.holds.slice();
    this.#gone = new Uint8Array(forest.units.length);
    this.#freedWith = new Int32Array(forest.parent.length).fill(-1);
  }

  /** What all removals so far have freed. */
  get freed(): Freed {
    return { bytes: this.#bytes, inodes: this.#inodes, exact: this.#exact };
  }

  /** Removes a unit, by its index, and returns what that frees at this moment; removing it again, or a build step, frees nothing. */
  removeAt(unit: number): Freed {
    let bytes = 0;
    let inodes = 0;
    let exact = true;
    if (this.#gone[unit] === 0 && this.#forest.units[unit]?.isStep === false) {
      this.#gone[unit] = 1;
      const { parent, top } = this.#forest;
      for (let layer = top[unit] ?? -1; layer >= 0; layer = parent[layer] ?? -1) {
        const left = (this.#holds[layer] ?? 0) - 1;
        this.#holds[layer] = left;
        if (left > 0) break;
        this.#freedWith[layer] = unit;
        bytes += this.#forest.bytes[layer] ?? 0;
        inodes += this.#forest.inodes[layer] ?? 0;
        exact &&= this.#forest.exact[layer] === 1;
      }
    }
    this.#bytes += bytes;
    this.#inodes += inodes;
    this.#exact &&= exact;
    return { bytes, inodes, exact };
  }

  /** The unit whose removal freed a layer; -1 while the layer is there. */
  freedWith(layer: number): number {
    return this.#freedWith[layer] ?? -1;
  }
}

/**
 * By layer: the unit of a sequence with whose removal it is gone, -1 where it stays; as StoreAfterRemovals tells it, for many units.
 * @param sequence none of them twice, none a build step.
 */
export function freedWithEach(forest: Forest, sequence: readonly number[]): Int32Array {
  const freedWith = new Int32Array(forest.parent.length).fill(-1);
  removeAll(sequence, forest.top, forest.parent, forest.holds.slice(), freedWith);
  return freedWith;
}

/** Of its own, on lists; see id-index.ts. */
function removeAll(
  sequence: readonly number[],
  top: Int32Array,
  parent: Int32Array,
  holds: Int32Array,
  freedWith: Int32Array,
): void {
  for (let at = 0; at < sequence.length; at++) {
    const unit = sequence[at] ?? -1;
    for (let layer = top[unit] ?? -1; layer >= 0; layer = parent[layer] ?? -1) {
      const left = (holds[layer] ?? 0) - 1;
      holds[layer] = left;
      if (left > 0) break;
      freedWith[layer] = unit;
    }
  }
}

/**
 * What deleting exactly these units frees, in one pass over them and the layers they free.
 * @throws RangeError when the forest has no such unit.
 */
export function freedBy(forest: Forest, ids: Iterable<RemovableId>): Freed {
  const remaining = new StoreAfterRemovals(forest);
  for (const id of ids) remaining.removeAt(indexOf(forest, id));
  return remaining.freed;
}

/** A unit's part in the forest. */
export interface Share {
  /** What deleting it alone frees. */
  readonly unique: Freed;
  /** The rest of what it holds: others hold it too. */
  readonly shared: Freed;
}

/** The unique and the shared part of one unit. @throws RangeError when the forest has no such unit. */
export function shareOf(forest: Forest, id: RemovableId): Share {
  const unique = { bytes: 0, inodes: 0, exact: true };
  const shared = { bytes: 0, inodes: 0, exact: true };
  const { parent, holds } = forest;
  const unit = indexOf(forest, id);
  // What a build step stands on, the image built on it holds.
  let part = forest.units[unit]?.isStep === true ? shared : unique;
  for (let layer = forest.top[unit] ?? -1; layer >= 0; layer = parent[layer] ?? -1) {
    // Once a layer is held by another, all below it are.
    if ((holds[layer] ?? 0) > 1) part = shared;
    part.bytes += forest.bytes[layer] ?? 0;
    part.inodes += forest.inodes[layer] ?? 0;
    part.exact &&= forest.exact[layer] === 1;
  }
  return { unique, shared };
}
