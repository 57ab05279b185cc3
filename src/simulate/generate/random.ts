/** Random numbers from a seed: the same seed gives the same trace on every machine. */

/** Another course of things from some hour on: all that led there is the same, only the dice fall otherwise. */
export interface OtherFuture {
  readonly fromHour: number;
  readonly seed: number;
}

export class Random {
  #state: number;
  readonly #other: OtherFuture | undefined;

  constructor(seed: number, other?: OtherFuture) {
    this.#other = other;
    // Neighbouring seeds must not give neighbouring streams.
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
  }

  /** To be called when an hour begins. */
  hour(hour: number): void {
    if (this.#other?.fromHour === hour)
      this.#state = Math.imul(this.#other.seed ^ 0x51ed270b, 0x85ebca6b) >>> 0;
  }

  /** In [0, 1); mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  between(from: number, to: number): number {
    return from + (to - from) * this.next();
  }

  /** A whole number from `from` to `to`, both possible. */
  whole(from: number, to: number): number {
    return from + Math.floor((to - from + 1) * this.next());
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }

  /** Log-normal by its median and the standard deviation of its logarithm. */
  logNormal(median: number, sigma: number): number {
    return median * Math.exp(sigma * this.normal());
  }

  /** The time to the next event of a process with this mean time between events. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[Math.floor(this.next() * list.length)] ?? list[0];
  }

  /** An item with a probability in proportion to its weight; undefined when there is none. */
  weighted<T>(list: readonly T[], weight: (item: T) => number): T | undefined {
    const total = list.reduce((sum, item) => sum + weight(item), 0);
    let left = this.next() * total;
    for (const item of list) {
      left -= weight(item);
      if (left < 0) return item;
    }
    return list.at(-1);
  }
}
