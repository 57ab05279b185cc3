/**
 * Tables for a terminal. On one they fit its width: names are shortened in the middle, sentences are wrapped, and no
 * word is broken. In a pipe every cell is whole, and no column is padded to its longest name.
 */
import { styleText } from 'node:util';
import { printable } from '../../core/model/printable.ts';
import { shortened, widthOf, wrapped } from './text-width.ts';

/** Where a text is shown. */
export interface TextLook {
  /** Decides about colours. */
  readonly stream: NodeJS.WriteStream;
  /** Undefined: not a terminal. */
  readonly columns: number | undefined;
}

/** Standard output as it is now. */
export function outputLook(): TextLook {
  const { stdout } = process;
  return { stream: stdout, columns: stdout.isTTY ? stdout.columns : undefined };
}

export interface Column {
  readonly title: string;
  /** Numbers are aligned to the right. */
  readonly isRight?: boolean;
  /**
   * How a column shrinks on a terminal: a name is shortened, a sentence wrapped. Left out: never narrower than its
   * cells.
   */
  readonly gives?: 'name' | 'sentence';
  /** Left out on a terminal with fewer columns than this. */
  readonly fromColumns?: number;
}

/** Text, which may be from elsewhere, or text of ours with colours in it. */
export type Cell = string | { readonly styled: string };

const GAP = '  ';
/** So narrow a column that gives way may become. */
const NARROWEST = 16;
/** In a pipe, longer cells move what follows on their line. */
const WIDEST_PADDING = 40;

export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  look: TextLook = outputLook(),
): string {
  const isShown = ({ fromColumns = 0 }: Column): boolean =>
    look.columns === undefined || look.columns >= fromColumns;
  const shown = columns.filter(isShown);
  const cells = rows.map((row) => row.filter((_, at) => columns[at] !== undefined && isShown(columns[at])));
  const texts = cells.map((row) =>
    row.map((cell) => (typeof cell === 'string' ? printable(cell) : cell.styled)),
  );
  const natural = shown.map(({ title }, at) =>
    texts.reduce((most, row) => Math.max(most, widthOf(row[at] ?? '')), widthOf(title)),
  );
  const widths =
    look.columns === undefined
      ? natural.map((width, at) => Math.min(width, Math.max(WIDEST_PADDING, widthOf(shown[at]?.title ?? ''))))
      : fittedWidths(shown, natural, look.columns);
  const lines = (row: readonly string[]): readonly string[] =>
    look.columns === undefined ? [aligned(shown, widths, row)] : fittedRow(shown, widths, row);
  const head = aligned(
    shown,
    widths,
    shown.map(({ title }) => title),
  );
  return [styleText('bold', head, { stream: look.stream }), ...texts.flatMap(lines)].join('\n');
}

/** Columns that never give way. */
export function plainColumns(titles: readonly string[], right: readonly number[]): readonly Column[] {
  return titles.map((title, at) => ({ title, isRight: right.includes(at) }));
}

/** The room of a terminal, shared: no column gets more than it needs, and those that give way as much as each other. */
function fittedWidths(
  columns: readonly Column[],
  natural: readonly number[],
  room: number,
): readonly number[] {
  const giving = columns.flatMap(({ gives }, at) => (gives === undefined ? [] : [at]));
  const gaps = GAP.length * Math.max(columns.length - 1, 0);
  const fixed = natural.reduce((sum, width, at) => (giving.includes(at) ? sum : sum + width), gaps);
  const widths = [...natural];
  let left = room - fixed;
  const byNeed = giving.toSorted((a, b) => (natural[a] ?? 0) - (natural[b] ?? 0));
  byNeed.forEach((at, done) => {
    const share = Math.max(Math.floor(left / (byNeed.length - done)), NARROWEST);
    widths[at] = Math.min(natural[at] ?? 0, share);
    left -= widths[at];
  });
  return widths;
}

function fittedRow(
  columns: readonly Column[],
  widths: readonly number[],
  row: readonly string[],
): readonly string[] {
  const parts = row.map((cell, at): readonly string[] => {
    const width = widths[at] ?? 0;
    const gives = columns[at]?.gives;
    if (gives === undefined) return [cell];
    return gives === 'name' ? [shortened(cell, width)] : wrapped(cell, width);
  });
  const height = Math.max(1, ...parts.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) =>
    aligned(
      columns,
      widths,
      parts.map((part) => part[line] ?? ''),
    ),
  );
}

function aligned(columns: readonly Column[], widths: readonly number[], row: readonly string[]): string {
  return row
    .map((cell, at) => {
      const space = ' '.repeat(Math.max((widths[at] ?? 0) - widthOf(cell), 0));
      return columns[at]?.isRight === true ? space + cell : cell + space;
    })
    .join(GAP)
    .trimEnd();
}
