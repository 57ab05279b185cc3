/** What a replay cost, in figures; and the counting that leads there. */
import type { ReplayOptions } from './options.ts';
import type { ChooserMaker } from './chooser.ts';
import type { Fetched } from './virtual-store.ts';

export interface Figures {
  readonly policy: string;
  /** A baseline or the clairvoyant mark: nothing that can be set. */
  readonly isReference: boolean;
  readonly launches: number;
  /** Launches of an image that was not there. */
  readonly misses: number;
  readonly fetchedBytes: number;
  /** Of these: layers that had been there before and were deleted. */
  readonly refetchedBytes: number;
  /** Launches that had to wait for bytes, and how long (the bytes fetched at the bandwidth given). */
  readonly launchesWaited: number;
  readonly delayP50Seconds: number;
  readonly delayP95Seconds: number;
  readonly imagesDeleted: number;
  readonly sweeps: number;
  /** Sweeps that ended at or above LOW, because nothing more was deletable or too much was counted as freed. */
  readonly sweepsAboveLow: number;
  /** Deleted between the soft threshold and HIGH, without a cordon. */
  readonly deletedGently: number;
  /** The time that the sweeps would have taken. */
  readonly cordonedMinutes: number;
  /** How far below LOW sweeps ended. */
  readonly meanOvershootBytes: number;
  readonly maxOvershootBytes: number;
  readonly peakBytes: number;
}

/**
 * The time of a sweep besides its fixed cost: two seconds an image for the engine and its check, and to unlink the
 * files.
 */
const SECONDS_PER_IMAGE = 2;
const FREED_BYTES_PER_SECOND = 500e6;

/**
 * The time of each sweep besides deleting: the node is listed, cordoned and uncordoned, and the scheduler, which
 * backs off up to ten seconds from a pod that it could not place, finds the node again.
 */
const DEFAULT_SWEEP_SECONDS = 10;

/** A threshold in bytes of the disk. */
export function bytesAt(
  { capacityBytes, type }: Pick<ReplayOptions, 'capacityBytes' | 'type'>,
  level: number,
): number {
  if (type === 'free') return capacityBytes - level;
  return type === 'absolute' ? level : (capacityBytes * level) / 100;
}

export class Counting {
  readonly #lowBytes: number;
  readonly #sweepSeconds: number;
  #launches = 0;
  #misses = 0;
  #fetched = 0;
  #refetched = 0;
  /** Bytes that each waiting launch waited for. */
  readonly #waits: number[] = [];
  #deleted = 0;
  #sweeps = 0;
  #aboveLow = 0;
  #gently = 0;
  #cordonedSeconds = 0;
  #overshootSum = 0;
  #overshootMax = 0;
  #peak = 0;

  constructor(options: ReplayOptions) {
    this.#lowBytes = bytesAt(options, options.low);
    this.#sweepSeconds = options.sweepSeconds ?? DEFAULT_SWEEP_SECONDS;
  }

  launched(wasHere: boolean, { bytes, againBytes }: Fetched): void {
    this.#launches += 1;
    if (!wasHere) this.#misses += 1;
    this.#fetched += bytes;
    this.#refetched += againBytes;
    if (bytes > 0) this.#waits.push(bytes);
  }

  sawUse(usedBytes: number): void {
    this.#peak = Math.max(this.#peak, usedBytes);
  }

  /** @param isBelowLow whether it reached its goal, in bytes and in inodes. */
  swept(images: number, freedBytes: number, usedBytesAfter: number, isBelowLow: boolean): void {
    this.#sweeps += 1;
    this.#deleted += images;
    // A sweep that may delete nothing delays nobody: the daemon does not repeat it while nothing has changed.
    if (images > 0) this.#cordonedSeconds += this.#sweepSeconds;
    this.#cordonedSeconds += images * SECONDS_PER_IMAGE + freedBytes / FREED_BYTES_PER_SECOND;
    if (!isBelowLow) this.#aboveLow += 1;
    const overshoot = Math.max(0, this.#lowBytes - usedBytesAfter);
    this.#overshootSum += overshoot;
    this.#overshootMax = Math.max(this.#overshootMax, overshoot);
  }

  deletedUnused(images: number): void {
    this.#deleted += images;
  }

  deletedGently(): void {
    this.#gently += 1;
    this.#deleted += 1;
  }

  figures({ name, isReference }: ChooserMaker, { bytesPerSecond }: ReplayOptions): Figures {
    const waits = Float64Array.from(this.#waits).sort();
    const delay = (share: number): number =>
      (waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0) / bytesPerSecond;
    return {
      policy: name,
      isReference,
      launches: this.#launches,
      misses: this.#misses,
      fetchedBytes: this.#fetched,
      refetchedBytes: this.#refetched,
      launchesWaited: waits.length,
      delayP50Seconds: delay(0.5),
      delayP95Seconds: delay(0.95),
      imagesDeleted: this.#deleted,
      sweeps: this.#sweeps,
      sweepsAboveLow: this.#aboveLow,
      deletedGently: this.#gently,
      cordonedMinutes: this.#cordonedSeconds / 60,
      meanOvershootBytes: this.#sweeps === 0 ? 0 : this.#overshootSum / this.#sweeps,
      maxOvershootBytes: this.#overshootMax,
      peakBytes: this.#peak,
    };
  }
}
