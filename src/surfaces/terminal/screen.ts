/**
 * A view that is drawn again and again on a terminal, without flicker: one write a frame, over what stands there, on the
 * terminal's second screen, so that what was there before comes back at the end.
 */
import type { WriteStream } from 'node:tty';

const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';
/** Terminals that know it show a frame only when it is whole; others ignore it. */
const frame = { begin: '\u001b[?2026h', end: '\u001b[?2026l' };
const escapes = /\u001b\[[0-9;]*m/y;

export class Screen {
  readonly #out: WriteStream;
  #text = '';
  readonly #redraw = (): void => {
    this.show(this.#text);
  };

  /** Takes the terminal over, until close(). */
  constructor(out: WriteStream) {
    this.#out = out;
    out.write(enter);
    out.on('resize', this.#redraw);
    process.on('exit', this.#restore);
  }

  /** Shows a text as far as there is room; lines that are too long or too many are cut. */
  show(text: string): void {
    this.#text = text;
    const lines = fitted(text, this.#out.columns, this.#out.rows);
    const drawn = lines.map((line) => `${line}\u001b[K`).join('\r\n');
    this.#out.write(`${frame.begin}\u001b[H${drawn}\u001b[J${frame.end}`);
  }

  /** Gives the terminal back as it was. */
  close(): void {
    this.#out.off('resize', this.#redraw);
    process.off('exit', this.#restore);
    this.#restore();
  }

  /** Also when the process ends in a way that nobody planned. */
  readonly #restore = (): void => {
    this.#out.write(leave);
  };
}

/** The lines of a text that fit, the last of them saying how many do not. */
export function fitted(text: string, columns: number, rows: number): readonly string[] {
  const lines = text.replace(/\n+$/, '').split('\n');
  const shown = lines.length <= rows ? lines : lines.slice(0, Math.max(0, rows - 1));
  const left = lines.length - shown.length;
  return [...shown, ...(left > 0 ? [`… ${left} more lines`] : [])].map((line) => cut(line, columns));
}

/** A line of at most so many columns; colours take none, and are ended where the line is cut inside of them. */
export function cut(line: string, columns: number): string {
  let width = 0;
  let at = 0;
  while (at < line.length) {
    escapes.lastIndex = at;
    const escape = escapes.exec(line)?.[0];
    if (escape !== undefined) at += escape.length;
    else if (width === columns) return `${line.slice(0, at)}\u001b[0m`;
    else {
      width += 1;
      at += (line.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
    }
  }
  return line;
}
