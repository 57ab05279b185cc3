/**
 * Adds up folders with metadata, in which files are only added, replaced by renaming and removed, never changed in
 * place: a folder whose times are as before has the same files as before. A check then costs one look a folder
 * instead of one a file.
 */
import type { Stats } from 'node:fs';
import type { Amount } from '../../core/model/thresholds.ts';
import { type FolderMark, isSettled, isUnchanged } from '../walk/folder-mark.ts';
import { look, readNames } from '../walk/listings.ts';
import type { Slices } from '../walk/slices.ts';

interface KnownFolder extends FolderMark {
  /** The files in it, without folders. */
  readonly bytes: number;
  readonly inodes: number;
  /** The names of the folders in it. */
  readonly folders: readonly string[];
  /** False: changed too shortly before it was read, so a later change could bear the same time. */
  readonly isSettled: boolean;
}

export class MetadataFolders {
  #known = new Map<string, KnownFolder>();
  #next = new Map<string, KnownFolder>();

  /**
   * Allocated bytes and inodes of the trees, their tops included. Hard links do not occur there and count by name.
   * @param exclude absolute paths of folders left out with all below.
   * @throws DiskError when a folder may not be read; the signal's reason when aborted.
   */
  async measure(tops: readonly string[], exclude: readonly string[], slices: Slices): Promise<Amount> {
    let bytes = 0;
    let inodes = 0;
    this.#next = new Map();
    const stack = [...tops];
    for (let path = stack.pop(); path !== undefined; path = stack.pop()) {
      const stats = look(path);
      if (stats === undefined) continue;
      bytes += stats.blocks * 512;
      inodes++;
      if (!stats.isDirectory()) continue;
      const folder = await this.#folder(path, stats, slices);
      bytes += folder.bytes;
      inodes += folder.inodes;
      for (const name of folder.folders) {
        const below = `${path}/${name}`;
        if (!exclude.includes(below)) stack.push(below);
      }
      if (slices.isOver) await slices.rest();
    }
    this.#known = this.#next;
    return { bytes, inodes };
  }

  async #folder(path: string, stats: Stats, slices: Slices): Promise<KnownFolder> {
    const known = this.#known.get(path);
    const isSame = known?.isSettled === true && isUnchanged(known, stats);
    const folder = isSame ? known : await read(path, stats, slices);
    this.#next.set(path, folder);
    return folder;
  }
}

async function read(path: string, stats: Stats, slices: Slices): Promise<KnownFolder> {
  // The time before reading: what changes while we read must be noticed the next time.
  const isFinal = isSettled(stats, Date.now());
  const folders: string[] = [];
  let bytes = 0;
  let inodes = 0;
  for (const name of readNames(path)) {
    const entry = look(`${path}/${name}`);
    if (entry === undefined || entry.dev !== stats.dev) continue;
    if (entry.isDirectory()) folders.push(name);
    else {
      bytes += entry.blocks * 512;
      inodes++;
    }
    if (slices.isOver) await slices.rest();
  }
  return {
    ino: stats.ino,
    mtimeMs: stats.mtimeMs,
    ctimeMs: stats.ctimeMs,
    bytes,
    inodes,
    folders,
    isSettled: isFinal,
  };
}
