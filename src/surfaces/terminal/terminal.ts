/** Bars and gauges for a terminal: plain text, with colours only where the output is a terminal. */
import { styleText } from 'node:util';
import { formatBytes, formatPercent } from '../../core/model/format.ts';
import { printable } from '../../core/model/printable.ts';
import {
  type Gauge,
  isCounted,
  isUnmeasured,
  percentAt,
  percentUsed,
  type Thresholds,
  type Usage,
} from '../../core/model/thresholds.ts';
import { limits } from '../../events/phrases.ts';
import { outputLook, type TextLook } from './table.ts';
import { wrapped } from './text-width.ts';

const BAR_WIDTH = 40;
const NARROW_BAR_WIDTH = 20;
/** On a terminal of 60 columns. */
const TINY_BAR_WIDTH = 8;
/** A gauge's line with a wide bar is about this long. */
const WIDE_COLUMNS = 100;
/** With a narrow one, about this long. */
const NARROW_COLUMNS = 72;

export interface BarLook {
  /** Where it will be shown: decides whether there are colours. */
  readonly stream: NodeJS.WriteStream;
  /** In columns, without the brackets. */
  readonly width: number;
}

/** A bar as wide as there is room for beside its figures. */
export function barLook({ stream, columns }: TextLook): BarLook {
  if (columns === undefined || columns >= WIDE_COLUMNS) return { stream, width: BAR_WIDTH };
  return { stream, width: columns >= NARROW_COLUMNS ? NARROW_BAR_WIDTH : TINY_BAR_WIDTH };
}

/** The disk's gauges against the thresholds, a line each. */
export function gauges(usage: Usage, thresholds: Thresholds, look: TextLook = outputLook()): string {
  const drawn = barLook(look);
  const { type, high, low } = thresholds;
  const lines: string[] = [];
  const shownAt = { low: percentAt(usage, type, low), high: percentAt(usage, type, high) };
  const marks = isCounted(type) ? undefined : shownAt;
  if (isCounted(type) && usage.allocated !== undefined) {
    const share = (100 * usage.allocated.bytes) / Math.max(usage.bytes.total, 1);
    lines.push(
      `${type === 'images' ? 'images  ' : 'below   '}${bar(share, shownAt, drawn)} ${formatBytes(usage.allocated.bytes)} (${limits(thresholds)})`,
    );
  }
  if (isUnmeasured(usage)) {
    const used = formatBytes(usage.allocated?.bytes ?? 0);
    const isSet = high < Number.MAX_SAFE_INTEGER;
    return `${printable(usage.path)}\nimages  ${used} by the engine's count${isSet ? ` (${limits(thresholds)})` : ''}`;
  }
  const { total, available } = usage.bytes;
  lines.push(
    `blocks  ${bar(percentUsed(usage.bytes), marks, drawn)} ${formatPercent(percentUsed(usage.bytes))}, ${formatBytes(available)} of ${formatBytes(total)} available`,
  );
  if (usage.inodes !== undefined) {
    const inodes = usage.inodes;
    lines.push(
      `inodes  ${bar(percentUsed(inodes), type === 'relative' ? marks : undefined, drawn)} ${formatPercent(percentUsed(inodes))}, ${inodes.available} of ${inodes.total} available`,
    );
  }
  if (marks !== undefined) lines.push(`        ${limits(thresholds)}`);
  return [printable(usage.path), ...lines, ...dfLine(usage.bytes, look)].join('\n');
}

/** `df` leaves out what the filesystem reserves for root, so people who compare the two find another number there. */
function dfLine(gauge: Gauge, look: TextLook): readonly string[] {
  const { total, available, reserved = 0 } = gauge;
  const shown = dfPercent(gauge);
  if (Math.abs(percentUsed(gauge) - shown) <= 1) return [];
  const share = formatPercent((100 * reserved) / total);
  const text = `df shows ${shown}%: it leaves out ${formatBytes(reserved)} reserved for root (${share}). What is available is the same: ${formatBytes(available)}.`;
  const lines = look.columns === undefined ? [text] : wrapped(text, look.columns - 8);
  return lines.map((line) => `        ${line}`);
}

/** `Use%` of df: used / (used + available), rounded up. */
export function dfPercent({ total, available, reserved = 0 }: Gauge): number {
  const used = total - available - reserved;
  return used + available <= 0 ? 0 : Math.ceil((100 * used) / (used + available));
}

/** A bar for 0–100 percent; `|` marks the thresholds. */
export function bar(
  percent: number,
  marks?: { readonly low: number; readonly high: number },
  { stream, width }: BarLook = barLook(outputLook()),
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
