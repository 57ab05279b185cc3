/** The containers that run, by when they end. */
import { Heap } from './heap.ts';

interface End {
  readonly atMs: number;
  readonly order: number;
  readonly containerId: string;
  readonly image: number;
}

export class Ends {
  readonly #heap = new Heap<End>((a, b) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order));
  #pushed = 0;

  push(atMs: number, containerId: string, image: number): void {
    this.#heap.push({ atMs, order: this.#pushed++, containerId, image });
  }

  /** The earliest that ends at or before a time, taken out; undefined when there is none. */
  popUntil(atMs: number): End | undefined {
    const { first } = this.#heap;
    return first === undefined || first.atMs > atMs ? undefined : this.#heap.pop();
  }
}
