/** What the disk gained, for people and machines: freed is never negative, and what grew meanwhile is said as such. */
import { formatBytes, formatCount } from './format.ts';
import type { Amount } from './thresholds.ts';

/** As events and reports carry it: of each resource one of the two is 0. */
export interface Gain {
  readonly freedBytes: number;
  readonly freedInodes: number;
  /** Growth of usage: others wrote more than was freed. */
  readonly grownBytes: number;
  readonly grownInodes: number;
}

/** @param gained negative where more is used than before */
export function gainOf(gained: Amount): Gain {
  return {
    freedBytes: Math.max(0, gained.bytes),
    freedInodes: Math.max(0, gained.inodes),
    grownBytes: Math.max(0, -gained.bytes),
    grownInodes: Math.max(0, -gained.inodes),
  };
}

/** The reverse, for adding up. */
export function gainedOf({ freedBytes, freedInodes, grownBytes, grownInodes }: Gain): Amount {
  return { bytes: freedBytes - grownBytes, inodes: freedInodes - grownInodes };
}

/** `70.1 MB and 12 inodes`, and what grew: `0 B and 12 inodes, but others wrote 117 MB meanwhile`. */
export function gainText(gain: Gain): string {
  const freed = `${formatBytes(gain.freedBytes)} and ${formatCount(gain.freedInodes, 'inode')}`;
  return `${freed}${grownText(gain)}`;
}

/** What grew, as the end of a sentence; empty where nothing did. */
export function grownText({ grownBytes, grownInodes }: Pick<Gain, 'grownBytes' | 'grownInodes'>): string {
  const parts = [
    ...(grownBytes > 0 ? [formatBytes(grownBytes)] : []),
    ...(grownInodes > 0 ? [formatCount(grownInodes, 'inode')] : []),
  ];
  return parts.length === 0 ? '' : `, while usage grew by ${parts.join(' and ')} (something else writes)`;
}
