/**
 * Adds up many trees, most of them small: those on the main thread, in slices (a helper process takes longer to
 * start than they take to read), the large ones in helpers. Remembers which were large.
 */
import type { TreeTotal } from './tree-total.ts';
import { DiskError } from '../filesystem/error.ts';
import type { Listings } from './listings.ts';
import type { LeftOut } from './left-out.ts';
import type { MountTable } from './mount-points.ts';
import type { Slices } from './slices.ts';
import { type SmallTree, SmallTrees } from './small-trees.ts';
import { walkTrees } from './walk.ts';

/** Entries read on the main thread in one call, all trees together: some 20 ms of work. */
const inlineEntries = 4000;

/** Trees that took longer together are not measured again at once: that would take the machine more than a twentieth of its time. */
const SLOW_MS = 1000;
const restFactor = 20;
const longestRestMs = 300_000;

/** One for each set of trees that is measured again and again. */
export class TreeMeasurer {
  readonly #listings: Listings;
  readonly #mounts: MountTable;
  readonly #leftOut: LeftOut;
  readonly #slowMs: number;
  readonly #large = new Set<string>();
  /** What was measured at a price, and until when it is good enough. */
  readonly #slow = new Map<string, { readonly total: TreeTotal; readonly untilMs: number }>();

  /**
   * @param leftOut where trees go that cannot be measured.
   * @param slowMs trees that take longer together are measured less often.
   */
  constructor(listings: Listings, mounts: MountTable, leftOut: LeftOut, slowMs = SLOW_MS) {
    this.#listings = listings;
    this.#mounts = mounts;
    this.#leftOut = leftOut;
    this.#slowMs = slowMs;
  }

  /**
   * The total of each tree by its path; a tree that is gone or cannot be measured is left out. Trees that took seconds are
   * told as they were up to five minutes ago.
   * @param exclude absolute paths left out with all below.
   * @throws DiskError when something in a tree may not be read; the signal's reason when aborted.
   */
  async measure(
    paths: readonly string[],
    exclude: readonly string[],
    slices: Slices,
  ): Promise<ReadonlyMap<string, TreeTotal>> {
    const totals = new Map<string, TreeTotal>();
    if (paths.length === 0) return totals;
    const small = new SmallTrees(this.#listings, [...this.#mounts.points, ...exclude], slices);
    const large: string[] = [];
    const nowMs = performance.now();
    let left = inlineEntries;
    for (const path of paths) {
      const slow = this.#slow.get(path);
      if (slow !== undefined && slow.untilMs > nowMs) {
        totals.set(path, slow.total);
        if (slow.total.leftOut !== undefined) this.#leftOut.add(slow.total.leftOut);
        continue;
      }
      this.#slow.delete(path);
      if (left <= 0 || this.#large.has(path)) {
        large.push(path);
        continue;
      }
      const tree = await this.#small(small, path, left);
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
    const startMs = performance.now();
    const results = await walkTrees(large, slices.signal, { exclude });
    const tookMs = performance.now() - startMs;
    const untilMs = startMs + Math.min(restFactor * tookMs, longestRestMs);
    for (const [index, result] of results.entries()) {
      const path = large[index] ?? '';
      if (result instanceof DiskError) {
        this.#large.delete(path);
        if (result.code === 'missing' && result.path === path) continue;
        this.#leftOut.add(result);
        continue;
      }
      totals.set(path, result);
      if (result.leftOut !== undefined) this.#leftOut.add(result.leftOut);
      if (tookMs > this.#slowMs) this.#slow.set(path, { total: result, untilMs });
      if (result.inodes < inlineEntries / 4) this.#large.delete(path);
    }
    for (const path of this.#large) if (!totals.has(path)) this.#large.delete(path);
    for (const path of this.#slow.keys()) if (!totals.has(path)) this.#slow.delete(path);
    return totals;
  }

  async #small(trees: SmallTrees, path: string, maxEntries: number): Promise<SmallTree> {
    try {
      return await trees.measure(path, maxEntries);
    } catch (error) {
      // The helpers leave out the one entry that fails.
      if (error instanceof DiskError && error.code === 'failed') return 'large';
      throw error;
    }
  }
}
