/** The disk's usage over hours and days in bounded memory: the older, the coarser. Pure: times come in. */
import { percentUsed, type Usage } from '../../core/thresholds.ts';
import type { Sample } from '../json/activity.ts';

/** A time slice: its highest sample, and its last one, which may be the same. */
interface Slice {
  readonly slot: number;
  peak: Sample;
  last: Sample;
}

/** How long a slice is, and how many are kept: 6 hours, 3 days, 30 days. */
const tiers = [
  { sliceMs: 15_000, slices: 1_440 },
  { sliceMs: 300_000, slices: 864 },
  { sliceMs: 1_800_000, slices: 1_440 },
] as const;

export class Samples {
  readonly #tiers: readonly Slice[][] = tiers.map(() => []);

  /** Adds a sample; one that is older than the newest (the clock was set back) counts as being of the newest's time. */
  add(sample: Sample): void {
    this.#tiers.forEach((slices, index) => {
      const { sliceMs, slices: limit } = tiers[index] ?? tiers[2];
      const newest = slices.at(-1);
      const slot = Math.max(Math.floor(sample.atMs / sliceMs), newest?.slot ?? 0);
      if (newest?.slot === slot) {
        newest.last = sample;
        if (height(sample) >= height(newest.peak)) newest.peak = sample;
        return;
      }
      slices.push({ slot, peak: sample, last: sample });
      if (slices.length > limit) slices.shift();
    });
  }

  /** All that is known, each time in the finest tier that has it, oldest first. */
  list(): readonly Sample[] {
    const found: Sample[] = [];
    let untilMs = Number.POSITIVE_INFINITY;
    for (const slices of this.#tiers) {
      const part = slices
        .flatMap(({ peak, last }) =>
          peak === last ? [last] : peak.atMs <= last.atMs ? [peak, last] : [last, peak],
        )
        .filter(({ atMs }) => atMs < untilMs);
      found.unshift(...part);
      untilMs = Math.min(untilMs, part[0]?.atMs ?? untilMs);
    }
    return found;
  }
}

export function sampleOf(usage: Usage, atMs: number): Sample {
  return {
    atMs,
    blocks: percentUsed(usage.bytes),
    inodes: usage.inodes === undefined ? null : percentUsed(usage.inodes),
    allocated: usage.allocated?.bytes ?? null,
  };
}

/** In absolute mode what is allocated decides, else the fuller resource. */
function height({ blocks, inodes, allocated }: Sample): number {
  return allocated ?? Math.max(blocks, inodes ?? 0);
}
