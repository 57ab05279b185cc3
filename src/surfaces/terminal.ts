/** Bars and tables for a terminal; plain text, aligned, with colours only where the output is a terminal. */
import { styleText } from 'node:util';
import { formatBytes, formatPercent } from '../core/format.ts';
import { percentUsed, type Thresholds, type Usage } from '../core/thresholds.ts';

const BAR_WIDTH = 40;

/** The disk's gauges against the thresholds, a line each. */
export function gauges(usage: Usage, thresholds: Thresholds): string {
  const relative = thresholds.type === 'relative';
  const lines: string[] = [];
  const marks = relative ? { low: thresholds.low, high: thresholds.high } : undefined;
  if (!relative && usage.allocated !== undefined) {
    const share = (100 * usage.allocated.bytes) / Math.max(usage.bytes.total, 1);
    const marksOfDisk = {
      low: (100 * thresholds.low) / usage.bytes.total,
      high: (100 * thresholds.high) / usage.bytes.total,
    };
    lines.push(
      `below   ${bar(share, marksOfDisk)} ${formatBytes(usage.allocated.bytes)} (high ${formatBytes(thresholds.high)}, low ${formatBytes(thresholds.low)})`,
    );
  }
  const { total, available } = usage.bytes;
  lines.push(
    `blocks  ${bar(percentUsed(usage.bytes), marks)} ${formatPercent(percentUsed(usage.bytes))}, ${formatBytes(available)} of ${formatBytes(total)} available`,
  );
  if (usage.inodes !== undefined) {
    const inodes = usage.inodes;
    lines.push(
      `inodes  ${bar(percentUsed(inodes), marks)} ${formatPercent(percentUsed(inodes))}, ${inodes.available} of ${inodes.total} available`,
    );
  }
  if (marks !== undefined)
    lines.push(`        high ${formatPercent(marks.high)}, low ${formatPercent(marks.low)}`);
  return [usage.path, ...lines].join('\n');
}

/** A bar for 0–100 per cent; `|` marks the thresholds. */
export function bar(percent: number, marks?: { readonly low: number; readonly high: number }): string {
  const column = (value: number): number => Math.round((Math.min(Math.max(value, 0), 100) / 100) * BAR_WIDTH);
  const filled = column(percent);
  const cells: string[] = Array.from({ length: BAR_WIDTH }, (_, index) => (index < filled ? '█' : '·'));
  if (marks !== undefined) {
    for (const mark of [marks.low, marks.high]) {
      const at = Math.min(column(mark), BAR_WIDTH - 1);
      if (mark > 0 && mark <= 100) cells[at] = '|';
    }
  }
  const colour =
    marks === undefined || percent < marks.low ? 'green' : percent < marks.high ? 'yellow' : 'red';
  return `[${styleText(colour, cells.join(''), { stream: process.stdout })}]`;
}

/** An aligned table; `right` names the columns that are aligned to the right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [styleText('bold', line(head), { stream: process.stdout }), ...rows.map(line)].join('\n');
}
