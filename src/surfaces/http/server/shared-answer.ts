/** An answer that is computed at a limited rate, however many clients ask: for a moment all get the same one. */
import type { Answer } from './routes.ts';

/** Long enough that many who ask at once cost as much as one, too short for people to see. */
const HOLD_MS = 250;

export class SharedAnswer {
  readonly #make: () => Answer;
  readonly #clock: () => number;
  #answer: Answer | undefined;
  #madeAtMs = 0;

  /** @param clock in ms, monotonic */
  constructor(make: () => Answer, clock: () => number) {
    this.#make = make;
    this.#clock = clock;
  }

  get(): Answer {
    const nowMs = this.#clock();
    if (this.#answer === undefined || nowMs - this.#madeAtMs >= HOLD_MS) {
      const { body, ...answer } = this.#make();
      this.#answer = { ...answer, body: typeof body === 'string' ? Buffer.from(body) : body };
      this.#madeAtMs = nowMs;
    }
    return this.#answer;
  }

  /** The next request must get a new answer. */
  changed(): void {
    this.#answer = undefined;
  }
}
