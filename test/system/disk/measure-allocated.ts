/** What is allocated below a path, by reading every entry. Costs a few microseconds an entry, off the event loop. */
import { sumTrees } from '../../../src/disk/walk/tree-total.ts';
import type { Amount } from '../../../src/core/model/thresholds.ts';
import { DiskError } from '../../../src/disk/filesystem/error.ts';
import { walkTrees } from '../../../src/disk/walk/walk.ts';

/**
 * Bytes really allocated (blocks, not file sizes) and inodes below and including a path: hard links once, folders
 * included, mount points and what is below them left out, entries that vanish during the walk ignored. The same as
 * `du -s --block-size=1 -x` and `du -s --inodes -x`.
 * @throws DiskError `missing`, `unreadable` or `failed`, naming the path; the signal's reason when aborted.
 */
export async function measureAllocated(path: string, signal: AbortSignal): Promise<Amount> {
  const [total] = await walkTrees([path], signal);
  if (total === undefined) throw new RangeError('a walk of one path has one result');
  if (total instanceof DiskError) throw total;
  return sumTrees([total]);
}
