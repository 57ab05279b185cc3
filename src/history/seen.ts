/** Which events were seen already, so that a stream can be joined to the one before it without a seam. */
import type { EngineEvent } from '../engine/engine-events.ts';

/** Twice the number of events that Docker repeats. */
const REMEMBERED = 512;
/** In the state file: those of the last event's millisecond are needed, a few more do no harm. */
const SAVED = 32;

/** For the state file. */
export interface SeenMark {
  readonly engineTimeMs: number;
  /** The last one is the last event. */
  readonly keys: readonly string[];
}

export class SeenEvents {
  #keys: Set<string>;
  #last: { readonly key: string; readonly engineTimeMs: number } | undefined;

  constructor(mark?: SeenMark) {
    this.#keys = new Set(mark?.keys);
    const key = mark?.keys.at(-1);
    if (mark !== undefined && key !== undefined) this.#last = { key, engineTimeMs: mark.engineTimeMs };
  }

  has({ key }: EngineEvent): boolean {
    return this.#keys.has(key);
  }

  add({ key, atMs }: EngineEvent): void {
    this.#keys.add(key);
    this.#last = { key, engineTimeMs: atMs };
    if (this.#keys.size > REMEMBERED) {
      const [oldest] = this.#keys;
      if (oldest !== undefined) this.#keys.delete(oldest);
    }
  }

  /** Time of the last event by the engine's clock. */
  get lastTimeMs(): number | undefined {
    return this.#last?.engineTimeMs;
  }

  /** True when the engine repeats the last event: then nothing between it and these was lost. */
  isContinuedBy(events: readonly EngineEvent[]): boolean {
    return events.some(({ key }) => key === this.#last?.key);
  }

  toMark(): SeenMark | undefined {
    return this.#last && { engineTimeMs: this.#last.engineTimeMs, keys: [...this.#keys].slice(-SAVED) };
  }
}
