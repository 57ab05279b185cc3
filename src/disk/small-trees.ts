/**
 * Adds up small trees on the main thread, in slices. The names in their folders are remembered; what bears the names may be
 * written in place and is looked at each time.
 */
import { errnoOf } from '../errno.ts';
import { unreadablePath } from './error.ts';
import { type Listings, look } from './listings.ts';
import type { Slices } from './slices.ts';
import type { TreeTotal } from './walk.ts';
import { createWalker, type TreeSum, type Walker } from './walker.ts';

/** A folder whose list of names is longer is never read on the main thread: one call would hold the event loop. */
const maxFolderBytes = 256 * 1024;
/** Well before PATH_MAX (4096). */
const longPath = 3000;

/** A tree's total and how many entries it took; `gone`; `large` where it is not for the main thread. */
export type SmallTree = { readonly total: TreeTotal; readonly entries: number } | 'large' | 'gone';

export class SmallTrees {
  readonly #listings: Listings;
  readonly #walker: Walker;
  readonly #slices: Slices;
  /** Folder → the names in it to skip. */
  readonly #skipped = new Map<string, Set<string>>();

  /** @param skip absolute paths that are left out with all below and not even looked at. */
  constructor(listings: Listings, skip: readonly string[], slices: Slices) {
    this.#listings = listings;
    this.#walker = createWalker(skip);
    this.#slices = slices;
    for (const path of skip) {
      const cut = path.lastIndexOf('/');
      const folder = cut === 0 ? '/' : path.slice(0, cut);
      const names = this.#skipped.get(folder) ?? new Set<string>();
      this.#skipped.set(folder, names.add(path.slice(cut + 1)));
    }
  }

  /** @throws DiskError when something in the tree may not be read; the signal's reason when aborted. */
  async measure(path: string, maxEntries: number): Promise<SmallTree> {
    const top = look(path);
    if (top === undefined) return 'gone';
    const sum = this.#walker.newSum();
    this.#walker.add(sum, top);
    const stack = top.isDirectory() ? [{ folder: path, stats: top }] : [];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const { folder, stats } = at;
      if (stats.size > maxFolderBytes) return 'large';
      if (folder.length > longPath) return await this.#walk(path, maxEntries);
      const skipped = this.#skipped.get(folder);
      for (const name of this.#listings.namesOf(folder, stats)) {
        if (skipped?.has(name) === true) continue;
        if (isNotText(name)) return await this.#walk(path, maxEntries);
        const below = `${folder}/${name}`;
        const entry = look(below);
        if (entry === undefined || entry.dev !== top.dev) continue;
        this.#walker.add(sum, entry);
        if (entry.isDirectory()) stack.push({ folder: below, stats: entry });
        if (sum.entries > maxEntries) return 'large';
        if (this.#slices.isOver) await this.#slices.rest();
      }
    }
    return { total: finish(sum, top.dev), entries: sum.entries };
  }

  /** The same for a tree with names that are no text or with very long paths, with nothing remembered. */
  async #walk(path: string, maxEntries: number): Promise<SmallTree> {
    const sum = this.#walker.newSum();
    try {
      const top = this.#walker.addTop(sum, path);
      for (const stack of this.#walker.below(sum, top.device, path)) {
        if (sum.largestFolderBytes > maxFolderBytes) return 'large';
        if (sum.entries > maxEntries && stack.length > 0) return 'large';
        if (this.#slices.isOver) await this.#slices.rest();
      }
      return { total: finish(sum, top.device), entries: sum.entries };
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      if (errno === 'ENOENT' || errno === 'ENOTDIR') return 'gone';
      const at = error instanceof Error && 'path' in error ? String(error.path) : path;
      throw unreadablePath(at, errno, error);
    }
  }
}

/** What Node makes of a name that is no UTF-8 does not find the file again. */
function isNotText(name: string): boolean {
  return name.includes('\ufffd');
}

/** The total of a tree that was walked in one piece. */
function finish(sum: TreeSum, device: number): TreeTotal {
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
