/**
 * Adds up small trees on the main thread, in slices. The names in their folders are remembered; what bears the names may be
 * written in place and is looked at each time. As in walker.ts, nothing is reached but by the handle of the folder it is in.
 */
import type { TreeSum, Walker } from './walker-types.ts';
import { totalOf, type TreeTotal } from './tree-total.ts';
import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';
import { errnoOf } from '../../system/errno.ts';
import { isGone, unreadablePath } from '../filesystem/error.ts';
import { type Listings, look } from './listings.ts';
import type { Slices } from './slices.ts';
import { createWalker } from './walker.ts';

/** A folder whose list of names is longer is never read on the main thread: one call would hold the event loop. */
const maxFolderBytes = 256 * 1024;
/** Depth of folders, each with a handle, that is read here. */
const maxDepth = 64;

/** A tree's total and how many entries it took; `gone`; `large` where it is not for the main thread. */
export type SmallTree = { readonly total: TreeTotal; readonly entries: number } | 'large' | 'gone';

/** A folder on the way down, opened, with those below it that are still to be read. */
interface Level {
  readonly handle: number;
  readonly folder: string;
  readonly below: { readonly name: string; readonly ino: number }[];
}

export class SmallTrees {
  readonly #listings: Listings;
  readonly #walker: Walker;
  readonly #slices: Slices;
  /** Folder → the names in it to skip. */
  readonly #skipped = new Map<string, Set<string>>();

  /** @param skip absolute paths that are left out with all below and not even looked at. */
  constructor(listings: Listings, skip: readonly string[], slices: Slices) {
    this.#listings = listings;
    this.#walker = createWalker([]);
    this.#slices = slices;
    for (const path of skip) {
      const cut = path.lastIndexOf('/');
      const folder = cut === 0 ? '/' : path.slice(0, cut);
      const names = this.#skipped.get(folder) ?? new Set<string>();
      this.#skipped.set(folder, names.add(path.slice(cut + 1)));
    }
  }

  /**
   * @param path one that nobody but the engine can change.
   * @throws DiskError when something in the tree may not be read; the signal's reason when aborted.
   */
  async measure(path: string, maxEntries: number): Promise<SmallTree> {
    const top = look(path);
    if (top === undefined) return 'gone';
    const sum = this.#walker.newSum();
    this.#walker.add(sum, top);
    if (!top.isDirectory()) return { total: totalOf(top.dev, sum, sum.links), entries: sum.entries };
    const levels: Level[] = [];
    try {
      if (this.#enter(levels, path, path, top, sum, maxEntries) === 'large') return 'large';
      for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
        const next = level.below.pop();
        if (next === undefined) {
          levels.pop();
          closeSync(level.handle);
          continue;
        }
        const folder = `${level.folder}/${next.name}`;
        const seen = { dev: top.dev, ino: next.ino };
        const way = `${handles}${level.handle}/${next.name}`;
        if (this.#enter(levels, way, folder, seen, sum, maxEntries) === 'large') return 'large';
        if (this.#slices.isOver) await this.#slices.rest();
      }
      return { total: totalOf(top.dev, sum, sum.links), entries: sum.entries };
    } finally {
      for (const { handle } of levels) closeSync(handle);
    }
  }

  /** Opens a folder, if it is still the one that was looked at, and counts its entries. */
  #enter(
    levels: Level[],
    way: string,
    folder: string,
    seen: Pick<Stats, 'dev' | 'ino'>,
    sum: TreeSum,
    maxEntries: number,
  ): 'large' | undefined {
    if (levels.length >= maxDepth) return 'large';
    const handle = openFolder(way, folder);
    if (handle === undefined) return undefined;
    const level: Level = { handle, folder, below: [] };
    levels.push(level);
    const stats = fstatSync(handle);
    if (stats.ino !== seen.ino || stats.dev !== seen.dev) return undefined;
    if (stats.size > maxFolderBytes) return 'large';
    const skipped = this.#skipped.get(folder);
    for (const name of this.#listings.namesOf(folder, stats, `${handles}${handle}`)) {
      if (skipped?.has(name) === true) continue;
      // The helpers can read those.
      if (isNotText(name)) return 'large';
      const entry = look(`${handles}${handle}/${name}`, `${folder}/${name}`);
      if (entry === undefined || entry.dev !== seen.dev) continue;
      this.#walker.add(sum, entry);
      if (sum.entries > maxEntries) return 'large';
      if (entry.isDirectory()) level.below.push({ name, ino: entry.ino });
    }
    return undefined;
  }
}

const handles = '/proc/self/fd/';

function openFolder(way: string, folder: string): number | undefined {
  try {
    return openSync(way, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    // Gone, or something else by now.
    if (isGone(error) || errnoOf(error) === 'ELOOP') return undefined;
    throw unreadablePath(folder, errnoOf(error), error);
  }
}

/** A name that is not UTF-8, once decoded by Node, no longer finds its file. */
function isNotText(name: string): boolean {
  return name.includes('\ufffd');
}
