/** What a tree adds up to, put together from the parts that helpers find. */
import type { TreeSum } from './walker-types.ts';
import type { Amount } from '../../core/model/thresholds.ts';
import type { DiskError } from '../filesystem/error.ts';
import type { WalkPart } from './walk-worker.ts';

/** A file whose other names lie outside of the tree (or that lost names while walking). */
export interface OpenLink {
  readonly ino: number;
  readonly bytes: number;
}

/** One tree: what is in it alone, and the files it shares with others by hard links (not in the sums). */
export interface TreeTotal extends Amount {
  readonly device: number;
  readonly openLinks: readonly OpenLink[];
  /** Something in it could not be read and is left out: the first error. */
  readonly leftOut?: DiskError;
}

/** Joins trees as if they were walked as one: each shared file once. */
export function sumTrees(trees: Iterable<TreeTotal>): Amount {
  let bytes = 0;
  let inodes = 0;
  const seen = new Set<string>();
  for (const tree of trees) {
    bytes += tree.bytes;
    inodes += tree.inodes;
    for (const link of tree.openLinks) {
      const key = `${tree.device}:${link.ino}`;
      if (seen.has(key)) continue;
      seen.add(key);
      bytes += link.bytes;
      inodes++;
    }
  }
  return { bytes, inodes };
}

/** Files with several names that are remembered of one tree: some 10 MB. */
const mostLinks = 60_000;

/** A tree that helpers are at. */
export class GrowingTree {
  readonly #links: TreeSum['links'] = new Map();
  #device = -1;
  #bytes = 0;
  #inodes = 0;
  /** Tasks given out or waiting. */
  #pending = 1;
  #error: DiskError | undefined;
  #leftOut: DiskError | undefined;
  /** Too many files have several names. */
  #isTooMuch = false;
  #isSpread = false;

  taskAdded(): void {
    this.#pending++;
  }

  /** @returns whether it was the last one. */
  taskDone(): boolean {
    this.#pending--;
    return this.#pending <= 0;
  }

  /** It cannot be measured; the first error counts. */
  fail(error: DiskError): void {
    this.#error ??= error;
  }

  /** Something in it cannot be read; the first error counts. */
  leaveOut(error: DiskError): void {
    this.#leftOut ??= error;
  }

  add(part: WalkPart): void {
    this.#device = part.device;
    this.#bytes += part.bytes;
    this.#inodes += part.inodes;
    this.#isTooMuch ||= part.isTooMuch || this.#links.size > mostLinks;
    for (const [ino, bytes, met, names] of part.links) {
      const link = this.#links.get(ino);
      if (link === undefined) this.#links.set(ino, [bytes, met, names]);
      else link[1] += met;
    }
  }

  /** It has too many files with several names to remember each. */
  get mustBeSpread(): boolean {
    return this.#isTooMuch && !this.#isSpread && this.#error === undefined;
  }

  /** Once more, with nothing remembered of each file: exact but for files with names outside of the tree. */
  startAgain(): void {
    this.#links.clear();
    this.#bytes = 0;
    this.#inodes = 0;
    this.#pending = 1;
    this.#isSpread = true;
    this.#isTooMuch = false;
  }

  result(): TreeTotal | DiskError {
    if (this.#error !== undefined) return this.#error;
    const total = totalOf(this.#device, { bytes: this.#bytes, inodes: this.#inodes }, this.#links);
    return { ...total, ...(this.#leftOut && { leftOut: this.#leftOut }) };
  }
}

/** What a tree comes to whose files with one name add up to an amount. @param links see TreeSum */
export function totalOf(device: number, { bytes, inodes }: Amount, links: TreeSum['links']): TreeTotal {
  const openLinks: OpenLink[] = [];
  for (const [ino, [size, met, names]] of links) {
    if (met < names) {
      openLinks.push({ ino, bytes: size });
      continue;
    }
    bytes += size;
    inodes++;
  }
  // Parts of files with many names add up to whole ones but for rounding.
  return { device, bytes: Math.round(bytes), inodes: Math.round(inodes), openLinks };
}
