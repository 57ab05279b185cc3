/** Reads a file that a setting names. A link is followed: that is how Kubernetes and configuration managers lay files. */
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { errnoOf } from './errno.ts';

/** More than any configuration, less than what would fill the memory. */
const LARGEST_BYTES = 1024 * 1024;

export type TextFile =
  | {
      readonly ok: true;
      readonly text: string;
      /** What shows a change of the file, as of before its text was read. */
      readonly mark: string;
    }
  | { readonly ok: false; readonly reason: string };

export async function readTextFile(path: string): Promise<TextFile> {
  try {
    // Not to wait for the other end of a pipe.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      const stats = await file.stat({ bigint: true });
      if (!stats.isFile()) return { ok: false, reason: 'expected a plain file' };
      if (stats.size > LARGEST_BYTES) return { ok: false, reason: 'expected a file of 1 MiB at most' };
      return { ok: true, text: await file.readFile('utf8'), mark: markOf(stats) };
    } finally {
      await file.close();
    }
  } catch (error) {
    return { ok: false, reason: reasonOf(error) };
  }
}

/** What shows a change of a file without reading it; else why it cannot be examined. */
export async function fileMark(path: string): Promise<string> {
  try {
    return markOf(await stat(path, { bigint: true }));
  } catch (error) {
    return reasonOf(error);
  }
}

/** The change time also reveals a file that was put back with its old time. */
function markOf(stats: {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}): string {
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':');
}

function reasonOf(error: unknown): string {
  const code = errnoOf(error);
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'this user may not read it';
  return `cannot read it: ${error instanceof Error ? error.message : String(error)}`;
}
