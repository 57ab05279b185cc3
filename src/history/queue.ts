/** Events that wait to be dealt with: bounded, because a storm of them must not cost memory without end. */
import type { EngineEvent } from '../engine/engine-events.ts';

export class EventQueue {
  readonly #limit: number;
  readonly #clock: () => number;
  #events: EngineEvent[] = [];
  #droppedAtMs: number | undefined;
  #failure: { readonly error: unknown; readonly atMs: number } | undefined;
  #wake = (): void => undefined;

  /** @param limit events held at most; further ones are dropped, and that they were is remembered. */
  constructor(limit: number, clock: () => number) {
    this.#limit = limit;
    this.#clock = clock;
  }

  get waiting(): readonly EngineEvent[] {
    return this.#events;
  }

  /** When the first event was dropped since `accept`; undefined when none was. */
  get droppedAtMs(): number | undefined {
    return this.#droppedAtMs;
  }

  get failedAtMs(): number | undefined {
    return this.#failure?.atMs;
  }

  push(event: EngineEvent): void {
    if (this.#droppedAtMs !== undefined || this.#events.length >= this.#limit) {
      this.#droppedAtMs ??= this.#clock();
    } else this.#events.push(event);
    this.#wake();
  }

  /** There will be no more events. */
  fail(error: unknown): void {
    this.#failure ??= { error, atMs: this.#clock() };
    this.#wake();
  }

  /** What was dropped is made up for by a list that is about to be made. */
  accept(): void {
    this.#droppedAtMs = undefined;
  }

  /** Takes all that wait. */
  takeAll(): readonly EngineEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** Takes those at the head that are from before a time, by the engine's clock. */
  takeBefore(engineTimeMs: number): readonly EngineEvent[] {
    const end = this.#events.findIndex(({ atMs }) => atMs >= engineTimeMs);
    return end < 0 ? this.takeAll() : this.#events.splice(0, end);
  }

  /** Waits until there is an event. @throws what it failed with, once all events were taken. */
  async wait(): Promise<void> {
    while (this.#events.length === 0 && this.#droppedAtMs === undefined) {
      if (this.#failure !== undefined) throw this.#failure.error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
