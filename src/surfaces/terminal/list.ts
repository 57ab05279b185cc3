/** A list of images as a table that shows its first rows, and says what it leaves out. */
import type { ListOptions } from '../../config/requests/list-options.ts';
import { formatCount } from '../../core/model/format.ts';
import { shortId } from '../../core/model/store.ts';
import { type Cell, type Column, table, type TextLook } from './table.ts';
import { wrapped } from './text-width.ts';

/** Rows of a table on a terminal by default. */
const ROWS_ON_TERMINAL = 25;
/** IDs are for those who want to type them; a terminal narrower than this has no room for them beside names and reasons. */
export const ID_FROM_COLUMNS = 100;

export interface ListLook extends TextLook, ListOptions {
  /** The output scrolls, so that there is room for every row. */
  readonly scrolls?: boolean;
}

/** The rows that are shown, and a line about the others. */
function firstRows<T extends { readonly sizeBytes: number }>(
  rows: readonly T[],
  { top, all, columns, scrolls }: ListLook,
): { readonly shown: readonly T[]; readonly note: readonly string[] } {
  const usual = columns === undefined || scrolls === true ? Infinity : ROWS_ON_TERMINAL;
  const limit = all ? Infinity : (top ?? usual);
  const shown = rows.slice(0, limit);
  const left = rows.length - shown.length;
  return { shown, note: left === 0 ? [] : [`… and ${left} more; --all lists them.`] };
}

export interface Listed<T> {
  readonly columns: readonly Column[];
  readonly rows: readonly T[];
  readonly cells: (row: T) => readonly Cell[];
  /** All names of a row; the first column shows the first of them. */
  readonly names: (row: T) => readonly string[];
}

/** @returns the lines of the table and the remark below it. */
export function list<T extends { readonly id: string; readonly sizeBytes: number }>(
  { columns, rows, cells, names }: Listed<T>,
  look: ListLook,
): readonly string[] {
  const { shown, note } = firstRows(rows, look);
  const lines = shown.flatMap((row) => {
    const [first, ...others] = names(row);
    const named = first ?? `<none> ${shortId(row.id)}`;
    const more = !look.all && others.length > 0 ? ` +${others.length}` : '';
    const below = look.all ? others.map((name) => [`  ${name}`, ...columns.slice(1).map(() => '')]) : [];
    return [[named + more, ...cells(row)], ...below];
  });
  return [table(columns, lines, look), ...note];
}

/** Sentences below a table, as wide as the terminal. */
export function paragraph(text: string, { columns }: TextLook): readonly string[] {
  return columns === undefined ? [text] : wrapped(text, columns);
}

/** The remark about build steps that are not listed. */
export function foldedSteps(count: number): readonly string[] {
  if (count === 0) return [];
  const are = count === 1 ? 'is' : 'are';
  return [
    `${formatCount(count, 'step')} of classic builds ${are} not listed: deleted with the last image built on them. --all lists them.`,
  ];
}
