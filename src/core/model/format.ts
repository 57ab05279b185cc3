/** Quantities as people read them: bytes in SI units, ages, percentages. Pure text, no locale. */
import type { ThresholdType } from './thresholds.ts';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Bytes in SI units with three significant figures at most, as `docker images` shows them: `3.21 GB`. */
export function formatBytes(bytes: number): string {
  const sign = bytes < 0 ? '-' : '';
  let value = Math.abs(bytes);
  let unit = 0;
  // 999.5 rounds to 1000, which belongs to the next unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${sign}${value.toFixed(digits)} ${UNITS[unit] ?? 'B'}`;
}

/** A percentage with one decimal: `81.4%`. */
export function formatPercent(percent: number): string {
  return `${percent.toFixed(1)}%`;
}

/** A duration in the largest fitting unit: `45 s`, `12 min`, `5 h`, `9 d`. */
export function formatDuration(seconds: number): string {
  const magnitude = Math.abs(seconds);
  if (magnitude < 9.95) return `${(Math.round(seconds * 10) / 10).toString()} s`;
  if (magnitude < 120) return `${Math.round(seconds)} s`;
  if (magnitude < 7200) return `${Math.round(seconds / 60)} min`;
  if (magnitude < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** A usage level in its own unit: `81.4%` in relative mode, `40 GB` in absolute mode, `20 GB free` in free mode. */
export function formatLevel(value: number, type: ThresholdType): string {
  if (type === 'relative') return formatPercent(value);
  return type === 'free' ? `${formatBytes(value)} free` : formatBytes(value);
}

/** `81.4% used`, `20 GB free`. */
export function usedText(value: number, type: ThresholdType): string {
  return type === 'free' ? formatLevel(value, type) : `${formatLevel(value, type)} used`;
}

/** Where a sweep ends: `until below 60%`, `until 40 GB are free`. */
export function untilText(low: number, type: ThresholdType): string {
  return type === 'free' ? `until ${formatBytes(low)} are free` : `until below ${formatLevel(low, type)}`;
}

/** The target of deletions: `down to 58.1%`, `up to 41 GB free`. */
export function endText(value: number, type: ThresholdType): string {
  return `${type === 'free' ? 'up' : 'down'} to ${formatLevel(value, type)}`;
}

/** `1 image`, `2 images`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
