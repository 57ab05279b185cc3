/** Reads the file that `--config` names. A link is followed: that is how Kubernetes and configuration managers lay files. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ConfigFile } from '../config/config-file.ts';
import { errnoOf } from '../system/errno.ts';

/** More than any configuration, less than what would fill the memory. */
const LARGEST_BYTES = 1024 * 1024;

export async function readConfigFile(path: string): Promise<ConfigFile> {
  return { path, content: await read(path) };
}

async function read(path: string): Promise<ConfigFile['content']> {
  try {
    // Not to wait for the other end of a pipe.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      const stats = await file.stat();
      if (!stats.isFile()) return { ok: false, reason: 'expected a plain file' };
      if (stats.size > LARGEST_BYTES) return { ok: false, reason: 'expected a file of 1 MiB at most' };
      return { ok: true, text: await file.readFile('utf8') };
    } finally {
      await file.close();
    }
  } catch (error) {
    return { ok: false, reason: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  const code = errnoOf(error);
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'this user may not read it';
  return `cannot read it: ${error instanceof Error ? error.message : String(error)}`;
}
