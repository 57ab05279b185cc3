/** The usage that is compared with the thresholds, measured now. */
import type { Thresholds, Usage } from '../core/thresholds.ts';
import { measureAllocated } from './allocated.ts';
import { measureFilesystem } from './filesystem.ts';

/**
 * Measures the filesystem that holds the path and, in absolute mode, what is allocated below the path.
 * @throws DiskError when the path is missing or unreadable; the signal's reason when aborted.
 */
export async function measureUsage(
  path: string,
  type: Thresholds['type'],
  signal: AbortSignal,
): Promise<Usage> {
  const allocated = type === 'absolute' ? await measureAllocated(path, signal) : undefined;
  return { path, ...(await measureFilesystem(path, signal)), allocated };
}
