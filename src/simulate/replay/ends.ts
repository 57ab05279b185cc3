/** The containers that run, by when they end: a binary heap. */

interface End {
  readonly atMs: number;
  readonly order: number;
  readonly containerId: string;
  readonly image: number;
}

const isBefore = (a: End, b: End): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

export class Ends {
  readonly #heap: End[] = [];
  #pushed = 0;

  push(atMs: number, containerId: string, image: number): void {
    const heap = this.#heap;
    const end = { atMs, order: this.#pushed++, containerId, image };
    let at = heap.push(end) - 1;
    for (let parent = (at - 1) >> 1; at > 0; parent = (at - 1) >> 1) {
      const above = heap[parent];
      if (above === undefined || !isBefore(end, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = end;
  }

  /** The earliest that ends at or before a time, taken out; undefined when there is none. */
  popUntil(atMs: number): End | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.atMs > atMs) return undefined;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      let below = heap[child];
      const right = heap[child + 1];
      if (below !== undefined && right !== undefined && isBefore(right, below))
        [child, below] = [child + 1, right];
      if (below === undefined || !isBefore(below, last)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}
