/** How long what a sweep keeps will be kept. */
import { ascending } from '../select/order/sorting.ts';
import { covers, StoreAfterRemovals } from '../forest/reclaim.ts';
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
  const idleMs = candidates.map(({ id }) => idle(id));
  // The longest unused first.
  const order = ascending(Float64Array.from(idleMs, (ms) => -ms));
  const remaining = new StoreAfterRemovals(forest);
  let reached = LEAST_MS;
  for (const at of order) {
    if (covers(remaining.freed, goal)) break;
    remaining.removeAt(forest.unitIndex.get(candidates[at]?.id ?? '') ?? -1);
    reached = idleMs[at] ?? reached;
  }
  return Math.max(LEAST_MS, reached);
}
