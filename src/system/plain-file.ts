/**
 * Files of ours at paths that others may have prepared: opened without following a symbolic link at the end of the path,
 * and without waiting for the other end of a pipe.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { errnoOf } from './errno.ts';

/** Only we read and write what we remember. */
const OWNER_ONLY = 0o600;
const CAREFULLY = constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** The path exists and is not a plain file. */
export class NotAPlainFile extends Error {
  /** @param what it is, with its article. */
  constructor(path: string, what: string) {
    super(`${path} is ${what}, not a plain file`);
    this.name = 'NotAPlainFile';
  }
}

/** @returns undefined where there is a plain file, nothing, or no way to look. Opens nothing, so never waits for anybody. */
export async function notAPlainFile(path: string): Promise<NotAPlainFile | undefined> {
  try {
    const what = oddity(await lstat(path));
    return what === undefined ? undefined : new NotAPlainFile(path, what);
  } catch {
    // A file that cannot be examined cannot be opened either; opening it reports that.
    return undefined;
  }
}

/**
 * Opens a plain file. New ones are for their owner only.
 * @param flags of `node:fs` constants, without those that are always set here.
 * @throws NotAPlainFile; Node's filesystem error.
 */
export async function openPlainFile(path: string, flags: number): Promise<FileHandle> {
  const odd = await notAPlainFile(path);
  if (odd !== undefined) throw odd;
  let file: FileHandle;
  try {
    file = await open(path, flags | CAREFULLY, OWNER_ONLY);
  } catch (error) {
    // Replaced since the check.
    if (errnoOf(error) === 'ELOOP') throw new NotAPlainFile(path, 'a symbolic link');
    throw error;
  }
  const what = oddity(await file.stat());
  if (what === undefined) return file;
  await file.close();
  throw new NotAPlainFile(path, what);
}

function oddity(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isSymbolicLink()) return 'a symbolic link';
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}
