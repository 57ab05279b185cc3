/** A cache of what is expensive to get. It outlives the checkout, so a fresh clone can use it. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { errnoOf } from '../../src/system/errno.ts';
import { waitFor } from './wait.ts';

export const cacheHome = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');

/** All that is made at once, one after the other, on a busy machine. */
const TURN_MS = 3_600_000;

/**
 * What is at a path of the cache; made where nothing is. Tests run side by side: one process makes it, the others wait.
 * @param make puts it there whole, by renaming. @throws what `make` throws.
 */
export async function madeOnce(path: string, make: () => Promise<unknown>): Promise<string> {
  if (existsSync(path)) return path;
  mkdirSync(dirname(path), { recursive: true });
  const turn = `${path}.turn`;
  await waitFor(`the process that makes ${path}`, () => takeTurn(turn), { timeoutMs: TURN_MS, everyMs: 500 });
  try {
    if (!existsSync(path)) await make();
    return path;
  } finally {
    rmSync(turn);
  }
}

/** Whether the file is ours now. A process that has ended no longer owns it. */
function takeTurn(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  const holder = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (holder !== '' && !existsSync(`/proc/${holder}`)) rmSync(file, { force: true });
  return false;
}
