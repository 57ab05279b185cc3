/** Work on the main thread in slices, so that the event loop is never held for long. */
import { setImmediate } from 'node:timers/promises';

const sliceMs = 8;

/** Lets others run when this slice is used up. One object for one stretch of work. */
export class Slices {
  readonly signal: AbortSignal;
  #endsAtMs = performance.now() + sliceMs;

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  /** True when it is time to `rest()`. Synchronous, because it is called often. */
  get isOver(): boolean {
    return performance.now() >= this.#endsAtMs;
  }

  /** Goes once round the event loop. @throws the signal's reason when aborted. */
  async rest(): Promise<void> {
    await setImmediate();
    this.signal.throwIfAborted();
    this.#endsAtMs = performance.now() + sliceMs;
  }
}
