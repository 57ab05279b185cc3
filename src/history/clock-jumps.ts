/**
 * Detects forward jumps of the host's clock by comparing it with a monotonic one. Skipped time does not count as
 * unused: without this, a wrong date for a minute would make every image appear unused for years.
 */

/** Slewing changes a clock by much less between two readings. */
const TOLERANCE_MS = 30_000;

export class ClockJumps {
  readonly #clock: () => number;
  readonly #monotonic: () => number;
  #atMs: number;
  #monotonicMs: number;

  /** @param clock the host's, epoch ms. @param monotonic never jumps. */
  constructor(clock: () => number, monotonic: () => number) {
    this.#clock = clock;
    this.#monotonic = monotonic;
    this.#atMs = clock();
    this.#monotonicMs = monotonic();
  }

  /** What the clock has skipped since the last reading, as a time in which nothing was seen; undefined: nothing. */
  take(): { readonly fromMs: number; readonly toMs: number } | undefined {
    const toMs = this.#clock();
    const monotonicMs = this.#monotonic();
    const skippedMs = toMs - this.#atMs - (monotonicMs - this.#monotonicMs);
    this.#atMs = toMs;
    this.#monotonicMs = monotonicMs;
    return skippedMs > TOLERANCE_MS ? { fromMs: toMs - skippedMs, toMs } : undefined;
  }
}
