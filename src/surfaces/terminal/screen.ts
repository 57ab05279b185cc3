/**
 * A view that is drawn again and again on a terminal, without flicker: one write per frame, over the previous one, on
 * the terminal's second screen, so that the earlier content is restored at the end. The rest is reached by scrolling.
 */
import type { WriteStream } from 'node:tty';
import { cut } from './text-width.ts';

const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';
/** Terminals that know it show a frame only when it is whole; others ignore it. */
const frame = { begin: '\u001b[?2026h', end: '\u001b[?2026l' };
/** As terminals send them; a mouse wheel sends arrows on the second screen. */
const keys = /\u001b(?:\[|O)(?:[ABHF]|[1456]~)|[jkgGb ]/g;

export class Screen {
  readonly #out: WriteStream;
  #head = '';
  #render: (columns: number) => string = () => '';
  #offset = 0;
  readonly #redraw = (): void => {
    const { columns, rows } = this.#out;
    const page = pageOf(this.#head, this.#render(columns), { columns, rows, offset: this.#offset });
    this.#offset = page.offset;
    const drawn = page.lines.map((line) => `${line}\u001b[K`).join('\r\n');
    this.#out.write(`${frame.begin}\u001b[H${drawn}\u001b[J${frame.end}`);
  };

  /** Takes the terminal over, until close(). */
  constructor(out: WriteStream) {
    this.#out = out;
    out.write(enter);
    out.on('resize', this.#redraw);
    process.on('exit', this.#restore);
  }

  /**
   * Shows a text below a fixed line; it remains scrolled as it was.
   * @param render the text for a width; asked again when the terminal's size changes.
   */
  show(head: string, render: (columns: number) => string): void {
    this.#head = head;
    this.#render = render;
    this.#redraw();
  }

  /** Scrolls by what was typed: arrows, j and k, Page Up and Down, space and b, Home and End, g and G. */
  press(typed: string): void {
    const body = Math.max(this.#out.rows - 3, 1);
    for (const [key] of typed.matchAll(keys)) this.#offset = scrolled(this.#offset, key, body);
    this.#redraw();
  }

  /** Gives the terminal back as it was. */
  close(): void {
    this.#out.off('resize', this.#redraw);
    process.off('exit', this.#restore);
    this.#restore();
  }

  /** Also when the process ends unexpectedly. */
  readonly #restore = (): void => {
    this.#out.write(leave);
  };
}

function scrolled(offset: number, key: string, page: number): number {
  switch (key.replace(/^\u001b(\[|O)/, '')) {
    case 'A':
    case 'k':
      return Math.max(offset - 1, 0);
    case 'B':
    case 'j':
      return offset + 1;
    case '5~':
    case 'b':
      return Math.max(offset - page, 0);
    case '6~':
    case ' ':
      return offset + page;
    case 'H':
    case '1~':
    case 'g':
      return 0;
    default:
      return Infinity; // End: bounded where the text is known.
  }
}

export interface PageSize {
  readonly columns: number;
  readonly rows: number;
  /** The first line to show; beyond the end means the end. */
  readonly offset: number;
}

/** The lines of a screen: the head, a part of the text, and where that is in the whole unless all of it is shown. */
export function pageOf(
  head: string,
  text: string,
  { columns, rows, offset }: PageSize,
): { readonly lines: readonly string[]; readonly offset: number } {
  const all = ['', ...text.replace(/\n+$/, '').split('\n')];
  const isWhole = all.length + 1 <= rows;
  const room = Math.max(isWhole ? all.length : rows - 2, 1);
  const from = Math.min(Math.max(offset, 0), Math.max(all.length - room, 0));
  const shown = all.slice(from, from + room);
  const foot = isWhole
    ? []
    : [`lines ${from + 1}–${from + shown.length} of ${all.length} · ↑ ↓ PgUp PgDn Home End scroll, q ends`];
  return { lines: [head, ...shown, ...foot].map((line) => cut(line, columns)), offset: from };
}
