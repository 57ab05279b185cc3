/** Small files that must survive a restart: written whole or not at all, and never trusted blindly. */
import { constants } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './errno.ts';
import { openPlainFile } from './plain-file.ts';

/** A file larger than this is not ours; a state larger than this is not written. */
const maxStateBytes = 64 * 1024 * 1024;

/**
 * Reads a JSON file.
 * @returns undefined when it does not exist; `{ damaged }` with a sentence when it cannot be used.
 */
export async function readStateFile(
  path: string,
): Promise<{ readonly value: unknown } | { readonly damaged: string } | undefined> {
  try {
    const file = await openPlainFile(path, constants.O_RDONLY);
    try {
      const { size } = await file.stat();
      if (size > maxStateBytes)
        return { damaged: `${path} is larger than a state file may be (${size} bytes).` };
      return { value: JSON.parse(await file.readFile('utf8')) };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    return { damaged: `${path} cannot be used: ${error instanceof Error ? error.message : String(error)}.` };
  }
}

/**
 * Writes a JSON file: beside, flushed to the disk, renamed over the old one, the folder flushed. After a crash at any
 * moment the old or the new one is there, whole.
 * @throws RangeError when it is too large; Node's filesystem error when it cannot be written (a full disk, say).
 */
export async function writeStateFile(path: string, value: unknown): Promise<void> {
  await writeStateText(path, JSON.stringify(value));
}

/** As writeStateFile(), of JSON that is made already. */
export async function writeStateText(path: string, text: string): Promise<void> {
  if (Buffer.byteLength(text) > maxStateBytes) throw new RangeError(`${path} would be larger than allowed`);
  const beside = besideOf(path);
  try {
    const file = await create(beside);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    // It may not exist; the earlier error matters more.
    await unlink(beside).catch(() => undefined);
    throw error;
  }
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Whether it can be written, found out by a file beside it that is gone again. @throws Node's filesystem error */
export async function probeStateFile(path: string): Promise<void> {
  const beside = besideOf(path);
  await (await create(beside)).close();
  await unlink(beside);
}

function besideOf(path: string): string {
  return `${path}.new`;
}

/** A new file: an existing one, left behind or put there by others, is removed and never opened. */
async function create(path: string): Promise<FileHandle> {
  await unlink(path).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
  return await openPlainFile(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
}
