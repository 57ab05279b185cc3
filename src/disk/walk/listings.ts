/**
 * Names in folders, read on the main thread and read again only when the folder's times say that they changed: what is
 * left of a check is one look a folder. Nothing here may be asked of a filesystem that does not answer, or the daemon
 * hangs: see untilAnswering().
 */
import { lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { errnoOf } from '../../system/errno.ts';
import { isGone, unreadablePath } from '../filesystem/error.ts';
import { FolderMemory } from './folder-memory.ts';

/** One for all that is looked at in one measurement. */
export class Listings {
  readonly #memory = new FolderMemory<readonly string[]>();

  /**
   * The names in a folder, links followed; the same array while they are the same. Undefined where the folder does not exist;
   * the errno when it may not be read.
   */
  list(path: string): readonly string[] | string | undefined {
    try {
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats?.isDirectory() === true ? this.#names(path, stats) : undefined;
    } catch (error) {
      return isGone(error) ? undefined : (errnoOf(error) ?? String(error));
    }
  }

  /** As list(), none where the folder does not exist. @throws DiskError when it may not be read. */
  namesIn(path: string): readonly string[] {
    const names = this.list(path);
    if (typeof names === 'string') throw unreadablePath(path, names);
    return names ?? none;
  }

  /**
   * The names in a folder just checked not to be a link; none when it is gone.
   * @param way where it is read: a path by which it cannot be another one.
   * @throws DiskError when it may not be read.
   */
  namesOf(path: string, stats: Stats, way = path): readonly string[] {
    try {
      return this.#names(path, stats, way);
    } catch (error) {
      if (isGone(error)) return none;
      throw unreadablePath(path, errnoOf(error), error);
    }
  }

  /** Forgets the folders that nobody asked for since the last time. */
  forgetUnused(): void {
    this.#memory.forgetUnused();
  }

  #names(path: string, stats: Stats, way = path): readonly string[] {
    const known = this.#memory.get(path, stats);
    if (known !== undefined) return known;
    const nowMs = Date.now();
    const names = readdirSync(way);
    this.#memory.set(path, stats, nowMs, names);
    return names;
  }
}

/**
 * An entry as it is now, links not followed; undefined when it is gone.
 * @param name what it is called in an error.
 * @throws DiskError when it may not be looked at.
 */
export function look(path: string, name = path): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw unreadablePath(name, errnoOf(error), error);
  }
}

/** The names in a folder, not remembered; none when it is gone. @throws DiskError when it may not be read. */
export function readNames(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (isGone(error)) return none;
    throw unreadablePath(path, errnoOf(error), error);
  }
}

const none: readonly string[] = [];
