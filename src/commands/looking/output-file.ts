/**
 * A file that a command writes at its end. It is opened at the beginning, so that a long calculation is not wasted;
 * its content is kept until there is something new, and a file that was created here and stayed empty is removed.
 */
import { type FileHandle, open, unlink } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { errnoOf } from '../../system/errno.ts';

/** It cannot be written; the message says why. */
export class OutputFileError extends Error {
  readonly code = 'OUTPUT_FILE_UNWRITABLE';

  constructor(path: string, cause: unknown) {
    super(`cannot write ${path}: ${reasonOf(cause)}`, { cause });
    this.name = 'OutputFileError';
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
  EROFS: 'the filesystem is read-only',
};

function reasonOf(error: unknown): string {
  return reasons[errnoOf(error) ?? ''] ?? (error instanceof Error ? error.message : String(error));
}

export class OutputFile {
  readonly #path: string;
  #handle: FileHandle | undefined;
  #isOurs = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws OutputFileError */
  async open(): Promise<void> {
    try {
      this.#handle = await open(this.#path, 'ax');
      this.#isOurs = true;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw new OutputFileError(this.#path, error);
      this.#handle = await open(this.#path, 'a').catch((cause: unknown) => {
        throw new OutputFileError(this.#path, cause);
      });
    }
  }

  /** Replaces what it holds. @throws OutputFileError, and what `fill` throws. */
  async write(fill: (stream: Writable) => Promise<void>): Promise<void> {
    const handle = this.#handle;
    if (handle === undefined) throw new RangeError('the file is not open');
    this.#handle = undefined;
    this.#isOurs = false;
    try {
      // A pipe or a device has nothing to be cut off.
      if ((await handle.stat()).isFile()) await handle.truncate(0);
      await fill(handle.createWriteStream());
    } catch (error) {
      await handle.close().catch(() => undefined);
      throw errnoOf(error) === undefined ? error : new OutputFileError(this.#path, error);
    }
  }

  /** Does nothing after it was written. */
  async close(): Promise<void> {
    await this.#handle?.close();
    if (this.#handle !== undefined && this.#isOurs) await unlink(this.#path).catch(() => undefined);
    this.#handle = undefined;
  }
}
