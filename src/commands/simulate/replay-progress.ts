/** How far replays are, on one line of a terminal; nothing where it is none. */
import type { Job } from '../../simulate/simulate.ts';
import { bar } from '../../surfaces/terminal/terminal.ts';

/** Not more often than that is drawn. */
const PACE_MS = 100;
const BAR_WIDTH = 20;

export class ReplayProgress {
  readonly #jobs: readonly Job[];
  readonly #stream: NodeJS.WriteStream;
  readonly #shares: number[];
  #drawnMs = -Infinity;
  #isDrawn = false;

  constructor(jobs: readonly Job[], stream: NodeJS.WriteStream) {
    this.#jobs = jobs;
    this.#stream = stream;
    this.#shares = jobs.map(() => 0);
  }

  at(job: number, share: number): void {
    this.#shares[job] = share;
    const nowMs = performance.now();
    if (!this.#stream.isTTY || nowMs - this.#drawnMs < PACE_MS) return;
    this.#drawnMs = nowMs;
    this.#isDrawn = true;
    const text = progressText(
      this.#jobs.map(({ maker }) => maker.name),
      this.#shares,
    );
    const drawn = bar(100 * mean(this.#shares), undefined, { stream: this.#stream, width: BAR_WIDTH });
    // Some terminals report no width.
    const width = (this.#stream.columns || 80) - BAR_WIDTH - 10;
    this.#stream.write(`\r\u001b[K${drawn} ${text.slice(0, Math.max(0, width))}`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#isDrawn) this.#stream.write('\r\u001b[K');
  }
}

/** `3 of 9 replays; value 40%, lru 12%`. */
export function progressText(names: readonly string[], shares: readonly number[]): string {
  const done = shares.filter((share) => share >= 1).length;
  const running = names.flatMap((name, at) => {
    const share = shares[at] ?? 0;
    return share > 0 && share < 1 ? [`${name} ${(share * 100).toFixed(0)}%`] : [];
  });
  return `${done} of ${names.length} replays${running.length === 0 ? '' : `; ${running.join(', ')}`}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
