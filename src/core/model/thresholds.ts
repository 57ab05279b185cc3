/**
 * Usage against the thresholds: when to start, when to stop, what is scarce, how much to free. Percentages are of
 * what is *not available* to unprivileged users, as kubelet and the original tool count: `100 × (1 −
 * available/total)`, by blocks or by inodes, whichever is fuller.
 */

export type Resource = 'bytes' | 'inodes';

/** An amount of both resources; used for what to free, what a step frees, what was freed. */
export interface Amount {
  readonly bytes: number;
  readonly inodes: number;
}

export interface Gauge {
  readonly total: number;
  /** What an unprivileged process may still take; blocks reserved for root do not count as available. */
  readonly available: number;
  /** Free, but for root only; left out where that is not known. */
  readonly reserved?: number;
}

/** What the filesystem says at one moment. */
export interface Usage {
  /** The path that was measured. */
  readonly path: string;
  /** The filesystem that holds the path, in bytes. */
  readonly bytes: Gauge;
  /** Undefined on a filesystem without an inode count (btrfs reports 0). */
  readonly inodes: Gauge | undefined;
  /** What is compared with thresholds in bytes: allocated below the path, or all images; undefined in relative mode. */
  readonly allocated: Amount | undefined;
}

/**
 * - `relative`: high and low are percent (0–100).
 * - `absolute`: bytes allocated below the path.
 * - `free`: bytes available on the filesystem, which count down as it fills, so that there HIGH is the smaller number: a
 *   sweep begins when less than HIGH is available, and ends when LOW is.
 * - `images`: bytes of all images as the engine counts them: needs no disk, and knows nothing of one.
 */
export type ThresholdType = 'relative' | 'absolute' | 'free' | 'images';

export interface Thresholds {
  readonly type: ThresholdType;
  readonly high: number;
  readonly low: number;
}

export interface Level {
  /** Percent in relative mode, bytes in absolute mode, available bytes in free mode. */
  readonly value: number;
  /** The resource of the value: the fuller one. */
  readonly resource: Resource;
}

/** The level is bytes that are counted up, not what the filesystem says of itself. */
export function isCounted(type: ThresholdType): type is 'absolute' | 'images' {
  return type === 'absolute' || type === 'images';
}

/** Percent of a gauge that is not available; 0 for an empty gauge. */
export function percentUsed(gauge: Gauge): number {
  return gauge.total <= 0 ? 0 : 100 * (1 - gauge.available / gauge.total);
}

/**
 * The one number that is compared with the thresholds.
 * @throws RangeError in absolute mode when the usage carries no allocated bytes (a caller's mistake).
 */
export function level(usage: Usage, type: Thresholds['type']): Level {
  if (isCounted(type)) {
    if (usage.allocated === undefined) throw new RangeError(`${type} mode needs the allocated bytes`);
    return { value: usage.allocated.bytes, resource: 'bytes' };
  }
  if (type === 'free') return { value: usage.bytes.available, resource: 'bytes' };
  const blocks = percentUsed(usage.bytes);
  const inodes = usage.inodes === undefined ? 0 : percentUsed(usage.inodes);
  return inodes > blocks ? { value: inodes, resource: 'inodes' } : { value: blocks, resource: 'bytes' };
}

/** Whether a level has reached another: at or above it; in free mode, where less is fuller, below it. */
export function reaches(value: number, other: number, type: Thresholds['type']): boolean {
  return type === 'free' ? value < other : value >= other;
}

/** True at and above HIGH (in free mode: with less than HIGH available): a sweep is due. */
export function isTriggered(usage: Usage, { type, high }: Thresholds): boolean {
  return reaches(level(usage, type).value, high, type);
}

/** True strictly below LOW (in free mode: with LOW available): a sweep may stop. */
export function isBelowLow(usage: Usage, { type, low }: Thresholds): boolean {
  return !reaches(level(usage, type).value, low, type);
}

/** A level as percent used of the filesystem's bytes, to be shown beside others. */
export function percentAt({ bytes: { total } }: Usage, type: Thresholds['type'], value: number): number {
  if (type === 'relative') return value;
  const share = (100 * value) / Math.max(total, 1);
  return type === 'free' ? 100 - share : share;
}

function overLow(gauge: Gauge | undefined, lowPercent: number): number {
  // The same comparison as isBelowLow, so that the two never disagree by a rounding.
  if (gauge === undefined || percentUsed(gauge) < lowPercent) return 0;
  const over = gauge.total - gauge.available - (gauge.total * lowPercent) / 100;
  // "Below LOW" is strict, so reaching the line exactly is one unit short.
  return Math.max(0, Math.floor(over)) + 1;
}

/** How much of each resource must be freed before usage is below LOW; zero where it already is. */
export function amountToFree(usage: Usage, thresholds: Thresholds): Amount {
  if (isCounted(thresholds.type)) {
    const used = level(usage, thresholds.type).value;
    return { bytes: used < thresholds.low ? 0 : Math.floor(used - thresholds.low) + 1, inodes: 0 };
  }
  if (thresholds.type === 'free')
    return { bytes: Math.max(0, thresholds.low - usage.bytes.available), inodes: 0 };
  return {
    bytes: overLow(usage.bytes, thresholds.low),
    inodes: overLow(usage.inodes, thresholds.low),
  };
}

/** What the disk gained between two measurements; negative where others wrote more than was deleted. */
export function freedBetween(before: Usage, after: Usage): Amount {
  if (before.allocated !== undefined && after.allocated !== undefined) {
    return {
      bytes: before.allocated.bytes - after.allocated.bytes,
      inodes: before.allocated.inodes - after.allocated.inodes,
    };
  }
  return {
    bytes: after.bytes.available - before.bytes.available,
    inodes: (after.inodes?.available ?? 0) - (before.inodes?.available ?? 0),
  };
}

/** The usage as it would be after freeing an amount; never below empty. */
export function usageAfter(usage: Usage, freed: Amount): Usage {
  const less = (gauge: Gauge, amount: number): Gauge => ({
    ...gauge,
    available: Math.min(gauge.total, gauge.available + amount),
  });
  return {
    path: usage.path,
    bytes: less(usage.bytes, freed.bytes),
    inodes: usage.inodes && less(usage.inodes, freed.inodes),
    allocated: usage.allocated && {
      bytes: Math.max(0, usage.allocated.bytes - freed.bytes),
      inodes: Math.max(0, usage.allocated.inodes - freed.inodes),
    },
  };
}

/** The usage as it would be if the resource that decides were used up to a level, in the thresholds' unit. */
export function usageAt(usage: Usage, type: Thresholds['type'], value: number): Usage {
  if (isCounted(type)) return { ...usage, allocated: { bytes: value, inodes: usage.allocated?.inodes ?? 0 } };
  if (type === 'free')
    return { ...usage, bytes: { ...usage.bytes, available: Math.min(value, usage.bytes.total) } };
  const upTo = (gauge: Gauge): Gauge => ({
    ...gauge,
    available: Math.floor(gauge.total * (1 - value / 100)),
  });
  return level(usage, type).resource === 'inodes' && usage.inodes !== undefined
    ? { ...usage, inodes: upTo(usage.inodes) }
    : { ...usage, bytes: upTo(usage.bytes) };
}

/** Nothing is known of the filesystem: the engine's disk is another machine's. */
export function isUnmeasured({ bytes }: Usage): boolean {
  return bytes.total === 0;
}

/** Too little is left to write even a record of a deletion. */
export function isBrimful(usage: Usage): boolean {
  const { bytes, inodes } = usage;
  if (isUnmeasured(usage)) return false;
  return bytes.available < 64 * 1024 || (inodes !== undefined && inodes.available < 4);
}
