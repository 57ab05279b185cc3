/**
 * What can be had at most. Both figures come from an easier problem: every byte is a page of its own, so layers may go in
 * parts, and without the images and layers above them. What is used furthest in the future is deleted first (Belady).
 *
 * - `lower-bound`: nothing goes until usage is at HIGH, and then only as much as passes HIGH. What a policy keeps is a
 *   number of gaps between two needs of a byte; at each check the gaps that it may bridge are at most HIGH less the bytes in
 *   use (or none, where what is in use and protected takes more). To drop the gap that ends last whenever there are too
 *   many keeps the most gaps there can be, so no choice that is below HIGH after each check fetches less.
 * - `relaxed`: the same under the rule of the daemon, from HIGH to below LOW. It shows what the band costs. A mark, not a
 *   bound: a sweep that frees a little more than it must can spare a later sweep.
 */
import { Ends } from '../replay/ends.ts';
import { Heap } from '../replay/heap.ts';
import { NEVER, nextUses } from './next-uses.ts';
import type { Trace } from '../traces/trace.ts';

export interface Bound {
  readonly name: 'relaxed' | 'lower-bound';
  /** One line. */
  readonly summary: string;
  readonly fetchedBytes: number;
  readonly refetchedBytes: number;
}

export interface BoundOptions {
  readonly highBytes: number;
  readonly lowBytes: number;
  /** By use: the bytes that may be protected at its check besides what is in use; nothing where left out. */
  readonly protectedBytes?: Float64Array | undefined;
}

export function bounds(trace: Trace, options: BoundOptions): readonly Bound[] {
  const future = nextUses(trace);
  const figure = (name: Bound['name'], summary: string, lowBytes: number): Bound => {
    const fetchedBytes = new ByBytes(trace, future, { ...options, lowBytes }).replay();
    return { name, summary, fetchedBytes, refetchedBytes: fetchedBytes - trace.distinctBytes };
  };
  return [
    figure(
      'relaxed',
      'mark: the future is known and layers may be deleted in parts; from HIGH to LOW',
      options.lowBytes,
    ),
    figure(
      'lower-bound',
      'no policy can fetch less: the same without a band, always full to HIGH',
      options.highBytes,
    ),
  ];
}

class ByBytes {
  readonly #trace: Trace;
  readonly #future: ReturnType<typeof nextUses>;
  readonly #options: BoundOptions;
  /** By layer: the bytes of it that are here, by how many running containers it is held, the next use that needs it. */
  readonly #here: Float64Array;
  readonly #running: Int32Array;
  readonly #next: Float64Array;
  readonly #ends = new Ends();
  /** Layers that were not in use when they came here, the one needed latest first. */
  readonly #latest = new Heap<{ readonly layer: number; readonly next: number }>((a, b) => a.next > b.next);
  #used = 0;
  #inUse = 0;

  constructor(trace: Trace, future: ReturnType<typeof nextUses>, options: BoundOptions) {
    this.#trace = trace;
    this.#future = future;
    this.#options = options;
    this.#here = new Float64Array(trace.layers.length);
    this.#running = new Int32Array(trace.layers.length);
    this.#next = new Float64Array(trace.layers.length).fill(NEVER);
  }

  /** @returns all bytes fetched. */
  replay(): number {
    const { startsMs } = this.#trace;
    let fetched = 0;
    for (let use = 0; use < startsMs.length; use++) {
      this.#endUses(startsMs[use] ?? 0);
      fetched += this.#begin(use);
      this.#check(use);
    }
    return fetched;
  }

  #endUses(untilMs: number): void {
    for (let end = this.#ends.popUntil(untilMs); end !== undefined; end = this.#ends.popUntil(untilMs)) {
      for (const layer of this.#trace.chains[end.image] ?? []) {
        const running = (this.#running[layer] ?? 0) - 1;
        this.#running[layer] = running;
        if (running > 0) continue;
        this.#inUse -= this.#bytesOf(layer);
        this.#latest.push({ layer, next: this.#next[layer] ?? NEVER });
      }
    }
  }

  #begin(use: number): number {
    const { imageOf, chains, startsMs, holdsMs } = this.#trace;
    const image = imageOf[use] ?? 0;
    let fetched = 0;
    let entry = this.#future.begin[use] ?? 0;
    for (const layer of chains[image] ?? []) {
      const bytes = this.#bytesOf(layer);
      fetched += bytes - (this.#here[layer] ?? 0);
      this.#here[layer] = bytes;
      if (this.#running[layer] === 0) this.#inUse += bytes;
      this.#running[layer] = (this.#running[layer] ?? 0) + 1;
      this.#next[layer] = this.#future.nextUse[entry++] ?? NEVER;
    }
    this.#used += fetched;
    this.#ends.push((startsMs[use] ?? 0) + (holdsMs[use] ?? 0), '', image);
    return fetched;
  }

  #check(use: number): void {
    const { highBytes, lowBytes, protectedBytes } = this.#options;
    if (this.#used < highBytes) return;
    const stays = this.#inUse + (protectedBytes?.[use] ?? 0);
    // The daemon's "below LOW" is strict; without a band, up to HIGH is allowed, so that the bound is one for sure.
    const target = lowBytes < highBytes ? Math.ceil(lowBytes) - 1 : highBytes;
    while (this.#used > Math.max(target, stays)) {
      const { first } = this.#latest;
      if (first === undefined) return;
      const { layer, next } = first;
      // It was used since.
      if (this.#running[layer] !== 0 || this.#next[layer] !== next) {
        this.#latest.pop();
        continue;
      }
      const here = this.#here[layer] ?? 0;
      const gone = Math.min(here, this.#used - Math.max(target, stays));
      this.#here[layer] = here - gone;
      this.#used -= gone;
      if (gone === here) this.#latest.pop();
    }
  }

  #bytesOf(layer: number): number {
    return this.#trace.layers[layer]?.bytes ?? 0;
  }
}
