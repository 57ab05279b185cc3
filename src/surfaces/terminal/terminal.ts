/** Bars and tables for a terminal; plain text, aligned, with colours only where the output is a terminal. */
import { stripVTControlCharacters, styleText } from 'node:util';
import { formatBytes, formatLevel, formatPercent } from '../../core/model/format.ts';
import { printable } from '../../core/model/printable.ts';
import { percentAt, percentUsed, type Thresholds, type Usage } from '../../core/model/thresholds.ts';

const BAR_WIDTH = 40;
const NARROW_BAR_WIDTH = 20;
/** A gauge's line with a wide bar is about this long. */
const WIDE_COLUMNS = 100;

export interface BarLook {
  /** Where it will be shown: decides whether there are colours. */
  readonly stream: NodeJS.WriteStream;
  /** In columns, without the brackets. */
  readonly width: number;
}

function defaultLook(): BarLook {
  const { stdout } = process;
  const isNarrow = stdout.isTTY && stdout.columns < WIDE_COLUMNS;
  return { stream: stdout, width: isNarrow ? NARROW_BAR_WIDTH : BAR_WIDTH };
}

/** The disk's gauges against the thresholds, a line each. */
export function gauges(usage: Usage, thresholds: Thresholds): string {
  const { type, high, low } = thresholds;
  const lines: string[] = [];
  const shownAt = { low: percentAt(usage, type, low), high: percentAt(usage, type, high) };
  const marks = type === 'absolute' ? undefined : shownAt;
  if (type === 'absolute' && usage.allocated !== undefined) {
    const share = (100 * usage.allocated.bytes) / Math.max(usage.bytes.total, 1);
    lines.push(
      `below   ${bar(share, shownAt)} ${formatBytes(usage.allocated.bytes)} (high ${formatBytes(high)}, low ${formatBytes(low)})`,
    );
  }
  const { total, available } = usage.bytes;
  lines.push(
    `blocks  ${bar(percentUsed(usage.bytes), marks)} ${formatPercent(percentUsed(usage.bytes))}, ${formatBytes(available)} of ${formatBytes(total)} available`,
  );
  if (usage.inodes !== undefined) {
    const inodes = usage.inodes;
    lines.push(
      `inodes  ${bar(percentUsed(inodes), type === 'relative' ? marks : undefined)} ${formatPercent(percentUsed(inodes))}, ${inodes.available} of ${inodes.total} available`,
    );
  }
  if (marks !== undefined)
    lines.push(`        high ${formatLevel(high, type)}, low ${formatLevel(low, type)}`);
  return [printable(usage.path), ...lines].join('\n');
}

/** A bar for 0–100 per cent; `|` marks the thresholds. */
export function bar(
  percent: number,
  marks?: { readonly low: number; readonly high: number },
  { stream, width }: BarLook = defaultLook(),
): string {
  const column = (value: number): number => Math.round((Math.min(Math.max(value, 0), 100) / 100) * width);
  const filled = column(percent);
  const cells: string[] = Array.from({ length: width }, (_, index) => (index < filled ? '█' : '·'));
  if (marks !== undefined) {
    for (const mark of [marks.low, marks.high]) {
      const at = Math.min(column(mark), width - 1);
      if (mark > 0 && mark <= 100) cells[at] = '|';
    }
  }
  const colour =
    marks === undefined || percent < marks.low ? 'green' : percent < marks.high ? 'yellow' : 'red';
  return `[${styleText(colour, cells.join(''), { stream })}]`;
}

/** Text, which may be from elsewhere, or text of ours with colours in it. */
export type Cell = string | { readonly styled: string };

/** An aligned table; `right` names the columns that are aligned to the right. */
export function table(
  head: readonly string[],
  cells: readonly (readonly Cell[])[],
  right: readonly number[] = [],
): string {
  const rows = cells.map((row) =>
    row.map((cell) => (typeof cell === 'string' ? printable(cell) : cell.styled)),
  );
  const widths = head.map((title, column) =>
    rows.reduce((most, row) => Math.max(most, widthOf(row[column] ?? '')), title.length),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        const space = ' '.repeat(width - widthOf(cell));
        return right.includes(column) ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  return [styleText('bold', line(head), { stream: process.stdout }), ...rows.map(line)].join('\n');
}

/** Colours take no room. */
function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
