/**
 * The selection of a policy that gives a strict order (`biggest`, `lru`): walk it until the goal is reached.
 *
 * The rule about what frees nothing: take the order from its start up to the place where the goal is reached (all of it
 * where it never is), then leave out every unit that contributes nothing, which means that of the layers it holds none
 * is gone once all that were taken are. So an image that frees nothing at its own place goes only where a later one,
 * taken before the goal was reached, completes its group.
 */
import type { Forest } from '../../forest/forest.ts';
import { StoreAfterRemovals, covers, indexOf } from '../../forest/reclaim.ts';
import type { Amount } from '../../model/thresholds.ts';
import type { RemovableId } from '../../forest/removable.ts';
import { dependentsFirst, describe, possible, withoutUseless } from './sequence.ts';
import type { Selection } from './selection.ts';

/**
 * Chooses victims by walking candidates in the order given; dependents still go before what depends on them.
 * @throws RangeError when a candidate is not in the forest.
 */
export function walkOrder(forest: Forest, ordered: readonly RemovableId[], goal: Amount): Selection {
  const candidates = withoutRepeats(forest, ordered);
  const can = possible(forest, candidates);
  const remaining = new StoreAfterRemovals(forest);
  const taken: number[] = [];
  for (const unit of dependentsFirst(forest, can)) {
    if (covers(remaining.freed, goal)) break;
    remaining.removeAt(unit);
    taken.push(unit);
  }
  return describe(forest, candidates, can, withoutUseless(forest, taken, goal), goal);
}

/** All candidates that can be deleted, whatever they free; dependents first. */
export function takeAll(forest: Forest, ids: readonly RemovableId[]): Selection {
  const candidates = withoutRepeats(forest, ids);
  const can = possible(forest, candidates);
  return describe(forest, candidates, can, dependentsFirst(forest, can), {
    bytes: Infinity,
    inodes: Infinity,
  });
}

function withoutRepeats(forest: Forest, ids: readonly RemovableId[]): number[] {
  const seen = new Uint8Array(forest.units.length);
  return ids
    .map((id) => indexOf(forest, id))
    .filter((unit) => {
      if (seen[unit] === 1) return false;
      seen[unit] = 1;
      return true;
    });
}
