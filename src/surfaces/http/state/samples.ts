/** The disk's usage over hours and days in bounded memory: the older, the coarser. Pure: times are arguments. */
import { percentUsed, type Usage } from '../../../core/model/thresholds.ts';
import type { Sample } from '../../json/activity.ts';

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

/** Time, blocks, inodes, allocated: a sample in few bytes. */
type PackedSample = [number, number, number | null, number | null];

/** By tier, the finest first: slot, peak, last; null where that is the peak. */
export type SamplesState = [slot: number, peak: PackedSample, last: PackedSample | null][][];

function packed({ atMs, blocks, inodes, allocated }: Sample): PackedSample {
  return [atMs, thousandths(blocks), inodes === null ? null : thousandths(inodes), allocated];
}

function unpacked([atMs, blocks, inodes, allocated]: PackedSample): Sample {
  return { atMs, blocks, inodes, allocated };
}

/** As precise as anybody can see. */
export function thousandths(percent: number): number {
  return Math.round(percent * 1000) / 1000;
}

export class UsageSamples {
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

  /** For a file. */
  toState(): SamplesState {
    return this.#tiers.map((slices) =>
      slices.map(({ slot, peak, last }) => [slot, packed(peak), last === peak ? null : packed(last)]),
    );
  }

  /**
   * Takes over the past of an earlier process, before anything is added. Entries in the future, by a clock that was
   * or is wrong, are left out: later ones would be counted at their time.
   */
  restore(state: SamplesState, nowMs: number): void {
    this.#tiers.forEach((slices, index) => {
      const { sliceMs, slices: limit } = tiers[index] ?? tiers[2];
      for (const [slot, peak, last] of (state[index] ?? []).slice(-limit)) {
        const slice = { slot, peak: unpacked(peak), last: unpacked(last ?? peak) };
        if (last === null) slice.last = slice.peak;
        const isLate = slot * sliceMs > nowMs || slice.peak.atMs > nowMs || slice.last.atMs > nowMs;
        if (!isLate && slot > (slices.at(-1)?.slot ?? -1)) slices.push(slice);
      }
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

/** In absolute mode the allocated bytes decide, else the fuller resource. */
function height({ blocks, inodes, allocated }: Sample): number {
  return allocated ?? Math.max(blocks, inodes ?? 0);
}
