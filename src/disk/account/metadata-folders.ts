/**
 * Adds up folders with metadata, in which files are only added, replaced by renaming and removed, never changed in
 * place: a folder whose times are as before has the same files as before. A check then costs one look a folder
 * instead of one a file.
 */
import type { Stats } from 'node:fs';
import type { Amount } from '../../core/model/thresholds.ts';
import { FolderMemory } from '../walk/folder-memory.ts';
import { look, readNames } from '../walk/listings.ts';
import type { Slices } from '../walk/slices.ts';

/** The files in a folder, without folders. */
interface Files extends Amount {
  /** The names of the folders in it. */
  readonly folders: readonly string[];
}

export class MetadataFolders {
  readonly #memory = new FolderMemory<Files>();

  /**
   * Allocated bytes and inodes of the trees, their tops included. Hard links do not occur there and count by name.
   * @param exclude absolute paths of folders left out with all below.
   * @throws DiskError when a folder may not be read; the signal's reason when aborted.
   */
  async measure(tops: readonly string[], exclude: readonly string[], slices: Slices): Promise<Amount> {
    let bytes = 0;
    let inodes = 0;
    const stack = [...tops];
    for (let path = stack.pop(); path !== undefined; path = stack.pop()) {
      const stats = look(path);
      if (stats === undefined) continue;
      bytes += stats.blocks * 512;
      inodes++;
      if (!stats.isDirectory()) continue;
      const files = this.#memory.get(path, stats) ?? (await this.#read(path, stats, slices));
      bytes += files.bytes;
      inodes += files.inodes;
      const below = files.folders.map((name) => `${path}/${name}`);
      stack.push(...below.filter((folder) => !exclude.includes(folder)));
      if (slices.isOver) await slices.rest();
    }
    this.#memory.forgetUnused();
    return { bytes, inodes };
  }

  async #read(path: string, stats: Stats, slices: Slices): Promise<Files> {
    const nowMs = Date.now();
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
    const files = { bytes, inodes, folders };
    this.#memory.set(path, stats, nowMs, files);
    return files;
  }
}
