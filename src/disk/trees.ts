/**
 * Adds up many trees, most of them small: those on the main thread, in slices (a helper process takes longer to
 * start than they take to read), the large ones in helpers. Remembers which were large.
 */
import { errnoOf } from '../errno.ts';
import { DiskError, unreadablePath } from './error.ts';
import { mountPointsBelow } from './mount-points.ts';
import { Slices } from './slices.ts';
import { type TreeTotal, walkTrees } from './walk.ts';
import { createWalker, type TreeSum, type Walker } from './walker.ts';

/** Entries read on the main thread in one call, all trees together: some 20 ms of work. */
const inlineEntries = 4000;
/** A folder whose list of names is longer is never read on the main thread: one call would hold the event loop. */
const inlineFolderBytes = 256 * 1024;

export class TreeMeasurer {
  readonly #large = new Set<string>();

  /**
   * The total of each tree by its path; a tree that is gone is left out.
   * @param exclude absolute paths left out with all below.
   * @throws DiskError when something in a tree may not be read; the signal's reason when aborted.
   */
  async measure(
    paths: readonly string[],
    exclude: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, TreeTotal>> {
    const totals = new Map<string, TreeTotal>();
    if (paths.length === 0) return totals;
    const walker = createWalker([...(await mountPointsBelow(paths)), ...exclude]);
    const slices = new Slices(signal);
    const large: string[] = [];
    let left = inlineEntries;
    for (const path of paths) {
      if (left <= 0 || this.#large.has(path)) {
        large.push(path);
        continue;
      }
      const small = await this.#inline(walker, path, left, slices);
      if (small === 'large') {
        // Forgotten trees do not pile up: the set never holds more than one call found.
        this.#large.add(path);
        large.push(path);
        left = 0;
      } else if (small !== undefined) {
        totals.set(path, small.total);
        left -= small.entries;
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

  async #inline(
    walker: Walker,
    path: string,
    maxEntries: number,
    slices: Slices,
  ): Promise<{ readonly total: TreeTotal; readonly entries: number } | 'large' | undefined> {
    const sum = walker.newSum();
    try {
      const top = walker.addTop(sum, path);
      if (top.isFolder && sum.largestFolderBytes <= inlineFolderBytes) {
        for (const stack of walker.below(sum, top.device, path)) {
          if (sum.largestFolderBytes > inlineFolderBytes) return 'large';
          if (sum.entries > maxEntries && stack.length > 0) return 'large';
          if (slices.isOver) await slices.rest();
        }
      }
      if (sum.largestFolderBytes > inlineFolderBytes) return 'large';
      return { total: finish(sum, top.device), entries: sum.entries };
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
      const at = error instanceof Error && 'path' in error ? String(error.path) : path;
      throw unreadablePath(at, errno, error);
    }
  }
}

/** The total of a tree that was walked in one piece. */
export function finish(sum: TreeSum, device: number): TreeTotal {
  let { bytes, inodes } = sum;
  const openLinks: { ino: number; bytes: number }[] = [];
  for (const [ino, [size, met, names]] of sum.links) {
    if (met < names) openLinks.push({ ino, bytes: size });
    else {
      bytes += size;
      inodes++;
    }
  }
  return { device, bytes, inodes, openLinks };
}
