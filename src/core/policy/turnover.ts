/** How long what stays at a sweep will stay. */
import { Remaining } from '../space.ts';
import { idleTimes } from './lru.ts';
import type { PolicyContext } from './policy.ts';

const LEAST_MS = 900_000;

/**
 * The idle time at which an image would have to go if the longest unused went first until the goal is reached: about as
 * long as it takes until the disk is full of other images (its characteristic time, as that of a cache). A quarter of an
 * hour at least.
 */
export function turnoverMs(context: PolicyContext): number {
  const { forest, candidates, goal } = context;
  const idle = idleTimes(context);
  const byIdle = candidates
    .map(({ id }) => ({ unit: forest.unitIndex.get(id) ?? -1, idleMs: idle(id) }))
    .sort((a, b) => b.idleMs - a.idleMs);
  const remaining = new Remaining(forest);
  let [bytes, inodes] = [0, 0];
  let reached = LEAST_MS;
  for (const { unit, idleMs } of byIdle) {
    if (bytes >= goal.bytes && inodes >= goal.inodes) break;
    const freed = remaining.removeAt(unit);
    bytes += freed.bytes;
    inodes += freed.inodes;
    reached = idleMs;
  }
  return Math.max(LEAST_MS, reached);
}
