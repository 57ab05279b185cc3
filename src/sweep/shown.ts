/** Whether the filesystem shows a deletion: then it is a fact, and the engine need not be asked whether it kept its word. */
import type { Victim } from '../core/plan/plan.ts';
import { freedBetween, type Usage } from '../core/model/thresholds.ts';
import { DiskError } from '../disk/filesystem/error.ts';
import type { DelayedSpaceOptions } from './pending-space.ts';

/** Less may as well be a log that was rotated. */
const LEAST = { bytes: 64 * 1024, inodes: 8, bytesAlone: 1_000_000 } as const;

/** Undefined where the filesystem cannot tell, or its answer would cost more than the engine's. */
export function shownBy(
  before: Usage,
  { kind, predicted }: Victim,
  { disk, rules, abandon }: DelayedSpaceOptions,
): (() => Promise<boolean>) | undefined {
  const { type } = rules.thresholds;
  if (kind !== 'image' || !predicted.exact || (type !== 'relative' && type !== 'free')) return undefined;
  const least = before.inodes === undefined ? LEAST.bytesAlone : LEAST.bytes;
  if (predicted.bytes < least || (before.inodes !== undefined && predicted.inodes < LEAST.inodes))
    return undefined;
  return async () => {
    try {
      const freed = freedBetween(before, await disk.usage(abandon));
      const hasInodes = before.inodes === undefined || freed.inodes * 2 >= predicted.inodes;
      return hasInodes && freed.bytes * 2 >= predicted.bytes;
    } catch (error) {
      // The next measurement reports the error.
      if (error instanceof DiskError) return false;
      throw error;
    }
  };
}
