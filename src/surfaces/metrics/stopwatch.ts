/** How long something lasted, all its times together. */
export class Stopwatch {
  readonly #nowMs: () => number;
  #sinceMs: number | undefined;
  /** Of the times that are over. */
  #ms = 0;

  /** @param nowMs a clock that never jumps, in ms. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Begins; nothing where it runs already. */
  start(): void {
    this.#sinceMs ??= this.#nowMs();
  }

  /** Ends; nothing where it does not run. */
  stop(): void {
    this.#ms += this.#runningMs;
    this.#sinceMs = undefined;
  }

  /** In all, up to now. */
  get seconds(): number {
    return (this.#ms + this.#runningMs) / 1000;
  }

  get #runningMs(): number {
    return this.#sinceMs === undefined ? 0 : this.#nowMs() - this.#sinceMs;
  }
}
