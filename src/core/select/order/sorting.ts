/** The order of many numbers, several times faster than the language's sort with a comparison function. */

/** Indices by their values, the lowest first; those of equal values in their own order. None may be NaN. */
export function ascending(values: Float64Array): Int32Array {
  const sorted = values.toSorted();
  const order = new Int32Array(values.length);
  /** By the first place of a value: how many of the same are there already. */
  const taken = new Int32Array(values.length);
  for (let index = 0; index < values.length; index++) {
    const place = firstPlace(sorted, values[index] ?? 0);
    const same = taken[place] ?? 0;
    taken[place] = same + 1;
    order[place + same] = index;
  }
  return order;
}

function firstPlace(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
