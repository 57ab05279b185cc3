/** Phrases that several sentences have. */
import { formatBytes, formatCount, formatLevel } from '../core/model/format.ts';
import { nameOf } from '../core/model/store.ts';
import type { Amount, Thresholds } from '../core/model/thresholds.ts';

/** `clean` has one target, which is both of its thresholds. */
export function limits({ type, high, low }: Thresholds): string {
  if (high === low) return `target ${formatLevel(low, type)}`;
  return `high ${formatLevel(high, type)}, low ${formatLevel(low, type)}`;
}

/** `3.2 GB and 12 inodes`; zero is left out. */
export function amount({ bytes, inodes }: Amount): string {
  const parts = [];
  if (bytes > 0) parts.push(formatBytes(bytes));
  if (inodes > 0) parts.push(formatCount(inodes, 'inode'));
  return parts.length > 0 ? parts.join(' and ') : 'nothing';
}

/** What an event is about, as people call it. */
export function nameFor(event: {
  readonly event: string;
  readonly id: string;
  readonly references: readonly string[];
}): string {
  const name = event.references[0] ?? nameOf({ id: event.id, tags: [], digests: [] });
  if (event.event.startsWith('container.')) return `container ${name}`;
  return event.event.startsWith('cache-record.') ? `build-cache record ${event.id} (${name})` : name;
}
