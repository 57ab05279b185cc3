/** What `du` says of a folder, as the judge of every account, and when a folder is at rest. */
import { execFileSync } from 'node:child_process';
import type { Amount } from '../../src/core/model/thresholds.ts';
import { waitFor } from './wait.ts';

/** Allocated bytes and inodes below the path, on its filesystem. */
export function du(path: string): Amount {
  const first = (...args: string[]): number =>
    Number(execFileSync('du', ['-s', '-x', ...args, path], { encoding: 'utf8' }).split('\t')[0]);
  return { bytes: first('--block-size=1'), inodes: first('--inodes') };
}

/**
 * Waits until no folder below the path changed for that long: whatever may be remembered of it then is.
 * @param seconds default: what `isSettled` asks for; a test that replaces it may ask for less.
 */
export async function atRest(path: string, seconds = 2): Promise<void> {
  const find = [path, '-xdev', '-type', 'd', '-newerct', `${seconds} seconds ago`, '-print', '-quit'];
  await waitFor(
    `${path} to be at rest`,
    () => execFileSync('find', find, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }) === '',
  );
}
