/** With whom a unit shares layers: the answer to "why does deleting this image free so little?". */
import type { Forest } from './forest.ts';
import { indexOf } from './reclaim.ts';
import type { RemovableId } from './removable.ts';

/**
 * Finds for a unit another one that shares the most layers with it; undefined where it shares none with a unit. Make one
 * for a forest and ask it for as many units as needed: it throws RangeError when the forest has no such unit.
 */
export function sharers(forest: Forest): (id: RemovableId) => RemovableId | undefined {
  const { top, parent, units } = forest;
  /** By layer: two of the units that hold it. A layer that two hold needs no third, nor do those below it. */
  const first = new Int32Array(parent.length).fill(-1);
  const second = new Int32Array(parent.length).fill(-1);
  top.forEach((highest, unit) => {
    for (let layer = highest; layer >= 0 && (second[layer] ?? 0) < 0; layer = parent[layer] ?? -1)
      ((first[layer] ?? 0) < 0 ? first : second)[layer] = unit;
  });
  return (id) => {
    const self = indexOf(forest, id);
    for (let layer = top[self] ?? -1; layer >= 0; layer = parent[layer] ?? -1) {
      const other = (first[layer] === self ? second : first)[layer] ?? -1;
      if (other >= 0) return units[other]?.id;
    }
    return undefined;
  };
}
