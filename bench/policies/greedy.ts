/**
 * The choice to beat: always the image that frees most right now for each layer chain it gives up; where none frees
 * anything, the first by ID.
 */
import type { Forest } from '../../src/core/forest/forest.ts';
import { StoreAfterRemovals } from '../../src/core/forest/reclaim.ts';
import type { Amount } from '../../src/core/model/thresholds.ts';

/** What removing a unit would free of the bytes, given how many hold each layer. */
function wouldFree(forest: Forest, holds: Int32Array, unit: number): number {
  let bytes = 0;
  for (let layer = forest.top[unit] ?? -1; layer >= 0; layer = forest.parent[layer] ?? -1) {
    if ((holds[layer] ?? 0) > 1) break;
    bytes += forest.bytes[layer] ?? 0;
  }
  return bytes;
}

/** The units chosen, in order. */
export function greedy(forest: Forest, goal: Amount): number[] {
  const holds = forest.holds.slice();
  const remaining = new StoreAfterRemovals(forest);
  const left = new Set(forest.units.keys());
  const chosen: number[] = [];
  let bytes = 0;
  while (bytes < goal.bytes && left.size > 0) {
    let best = -1;
    let most = -1;
    for (const unit of left) {
      const amount = wouldFree(forest, holds, unit);
      if (amount > most) [best, most] = [unit, amount];
    }
    left.delete(best);
    chosen.push(best);
    bytes += remaining.removeAt(best).bytes;
    for (let layer = forest.top[best] ?? -1; layer >= 0; layer = forest.parent[layer] ?? -1) {
      holds[layer] = (holds[layer] ?? 0) - 1;
      if ((holds[layer] ?? 0) > 0) break;
    }
  }
  return chosen;
}
