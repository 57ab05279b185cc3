/**
 * Adds up many trees, most of them small: those on the main thread, in slices (a helper process takes longer to
 * start than they take to read), the large ones in helpers. Remembers which were large.
 */
import { DiskError } from './error.ts';
import type { Listings } from './listings.ts';
import type { MountTable } from './mount-points.ts';
import type { Slices } from './slices.ts';
import { SmallTrees } from './small-trees.ts';
import { type TreeTotal, walkTrees } from './walk.ts';

/** Entries read on the main thread in one call, all trees together: some 20 ms of work. */
const inlineEntries = 4000;

/** One for each set of trees that is measured again and again. */
export class TreeMeasurer {
  readonly #listings: Listings;
  readonly #mounts: MountTable;
  readonly #large = new Set<string>();

  constructor(listings: Listings, mounts: MountTable) {
    this.#listings = listings;
    this.#mounts = mounts;
  }

  /**
   * The total of each tree by its path; a tree that is gone is left out.
   * @param exclude absolute paths left out with all below.
   * @throws DiskError when something in a tree may not be read; the signal's reason when aborted.
   */
  async measure(
    paths: readonly string[],
    exclude: readonly string[],
    slices: Slices,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, TreeTotal>> {
    const totals = new Map<string, TreeTotal>();
    if (paths.length === 0) return totals;
    const small = new SmallTrees(this.#listings, [...this.#mounts.points, ...exclude], slices);
    const large: string[] = [];
    let left = inlineEntries;
    for (const path of paths) {
      if (left <= 0 || this.#large.has(path)) {
        large.push(path);
        continue;
      }
      const tree = await small.measure(path, left);
      if (tree === 'large') {
        // Forgotten trees do not pile up: the set never holds more than one call found.
        this.#large.add(path);
        large.push(path);
        left = 0;
      } else if (tree !== 'gone') {
        totals.set(path, tree.total);
        left -= tree.entries;
      }
    }
    const results = await walkTrees(large, signal, { exclude });
    for (const [index, result] of results.entries()) {
      const path = large[index] ?? '';
      if (result instanceof DiskError) {
        this.#large.delete(path);
        if (result.code === 'missing' && result.path === path) continue;
        throw result;
      }
      totals.set(path, result);
      if (result.inodes < inlineEntries / 4) this.#large.delete(path);
    }
    for (const path of this.#large) if (!totals.has(path)) this.#large.delete(path);
    return totals;
  }
}
