/** The live picture: the disk's bar, its history and the latest happenings, redrawn in place; plain lines elsewhere. */
import { styleText } from 'node:util';
import { formatBytes, formatPercent } from '../src/core/model/format.ts';
import { bar } from '../src/surfaces/terminal/terminal.ts';
import type { Look } from './watch.ts';

const levels = '▁▂▃▄▅▆▇█';
const historyWidth = 72;
const shownHappenings = 10;
const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';

export interface Thresholds {
  readonly low: number;
  readonly high: number;
}

/** One character a measurement; halves itself when it grows too long, so that it always shows everything. */
function drawHistory(percents: readonly number[]): string {
  const step = Math.max(1, Math.ceil(percents.length / historyWidth));
  return percents
    .filter((_, index) => index % step === 0 || index === percents.length - 1)
    .map((percent) => levels[Math.min(levels.length - 1, Math.floor((percent / 100) * levels.length))])
    .join('');
}

export class Picture {
  readonly #out: NodeJS.WriteStream;
  readonly #thresholds: Thresholds;
  readonly #live: boolean;
  readonly #history: number[] = [];
  readonly #happenings: string[] = [];
  #drawnLines = 0;
  #phase = '';
  #last: Look | undefined;

  constructor(out: NodeJS.WriteStream, thresholds: Thresholds) {
    this.#out = out;
    this.#thresholds = thresholds;
    this.#live = out.isTTY && process.env['TERM'] !== 'dumb';
  }

  /** Names what follows. */
  phase(text: string): void {
    this.#phase = text;
    if (this.#live) this.#draw();
    else this.#out.write(`\n${text}\n`);
  }

  /** Adds a happening; in plain output a line with the disk's state. */
  happened(text: string): void {
    this.#happenings.push(text);
    if (this.#live) this.#draw();
    else if (this.#last === undefined) this.#out.write(`  ${text}\n`);
    else this.#out.write(`  ${this.#gauge(this.#last)}  ${text}\n`);
  }

  /** Takes in a measurement. */
  show(look: Look): void {
    this.#last = look;
    this.#history.push(look.usage.bytesPercent);
    if (this.#live) this.#draw();
  }

  /** Leaves the picture as it is and gives the cursor back. Safe to call at any time, also twice. */
  close(): void {
    if (this.#live && this.#drawnLines > 0) this.#out.write(showCursor);
    this.#drawnLines = 0;
  }

  #gauge(look: Look): string {
    return `${bar(look.usage.bytesPercent, this.#thresholds)} ${formatPercent(look.usage.bytesPercent).padStart(7)}`;
  }

  #lines(): string[] {
    const bold = (text: string): string => styleText('bold', text, { stream: this.#out });
    const look = this.#last;
    const { low, high } = this.#thresholds;
    const lines = [bold(this.#phase), ''];
    if (look !== undefined) {
      const inUse = look.images.filter((image) => image.inUse).length;
      lines.push(
        `  disk    ${this.#gauge(look)}   low ${low}%, high ${high}%`,
        `  so far  ${drawHistory(this.#history)}`,
        `  ${look.images.length} images, ${inUse} in use by ${look.containers} containers; ${formatBytes(look.usage.availableBytes)} free`,
        '',
      );
    }
    lines.push(...this.#happenings.slice(-shownHappenings).map((text) => `  ${text}`));
    return lines;
  }

  #draw(): void {
    const columns = this.#out.columns || 80;
    // A line that wraps would put the redrawing off by one: styled lines are short enough, the others are cut.
    const lines = this.#lines().map((line) => (line.includes('\u001b') ? line : line.slice(0, columns - 1)));
    const up = this.#drawnLines > 0 ? `\u001b[${this.#drawnLines}A` : hideCursor;
    this.#out.write(`${up}\u001b[J${lines.join('\n')}\n`);
    this.#drawnLines = lines.length;
  }
}
