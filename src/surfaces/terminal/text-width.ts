/** Text as wide as a terminal shows it: wide characters take two columns, colours and combining marks none. */
import truncated from 'fast-string-truncated-width';

const ELLIPSIS = '…';
/** Digests, commits and other long identifiers: their beginning distinguishes them. */
const identifier = /[0-9a-f]{20,}/g;
const IDENTIFIER_SHOWN = 7;
/** A space at which a line may end: not one between a number and its unit. */
const breakable = / (?!(?<=\d )(?:[kMGTP]?B|%|s|min|h|d)(?!\w))/;

export function widthOf(text: string): number {
  return truncated(text, { limit: Infinity }).width;
}

/** Cuts a line to a number of columns; colours are closed where the cut is inside of them. */
export function cut(line: string, columns: number): string {
  const { index, truncated: isCut } = truncated(line, { limit: columns });
  return isCut ? `${line.slice(0, index)}\u001b[0m` : line;
}

/**
 * A name that is too long, shortened where it matters least: long hexadecimal numbers first, then its middle. Where
 * images are built by commit, as BinderHub does, the names begin alike and end in 40 digits; the difference is in
 * between.
 */
export function shortened(name: string, columns: number): string {
  if (widthOf(name) <= columns) return name;
  const brief = name.replace(identifier, (digits) => digits.slice(0, IDENTIFIER_SHOWN) + ELLIPSIS);
  if (widthOf(brief) <= columns) return brief;
  const room = Math.max(columns - 1, 0);
  // More of the end than of the beginning, which is a registry that many names share.
  const front = start(brief, Math.floor(room / 3));
  const back = end(brief, room - widthOf(front));
  return columns < 1 ? '' : `${front}${ELLIPSIS}${back}`;
}

/**
 * The lines of a text, broken between words only. A word that does not fit on a line of its own is shortened in its middle.
 */
export function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(breakable)) {
    const fitting = shortened(word, columns);
    if (line !== '' && widthOf(line) + 1 + widthOf(fitting) > columns) {
      lines.push(line);
      line = fitting;
    } else line = line === '' ? fitting : `${line} ${fitting}`;
  }
  return [...lines, line];
}

function start(text: string, columns: number): string {
  return text.slice(0, truncated(text, { limit: columns }).index);
}

function end(text: string, columns: number): string {
  const characters = [...text];
  let width = 0;
  let from = characters.length;
  for (; from > 0; from--) {
    width += widthOf(characters[from - 1] ?? '');
    if (width > columns) break;
  }
  return characters.slice(from).join('');
}
