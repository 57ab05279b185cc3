/**
 * What others write while a sweep deletes. It is seen in the pauses between deletions, and taken to go on at that pace
 * during them: else a deletion beside a build looks as if it had freed nothing.
 */
import { nothing, plus } from '../model/amount.ts';
import type { Freed } from '../forest/reclaim.ts';
import type { Amount } from '../model/thresholds.ts';

/** The pace is that of the last pauses, up to this many: builds write in bursts. */
const PAUSES = 8;

export class OtherWrites {
  readonly #pauses: { readonly written: Amount; readonly ms: number }[] = [];

  /** Notes a pause: what others wrote in it, negative where more was freed, and how long it was. */
  paused(written: Amount, ms: number): void {
    this.#pauses.push({ written, ms });
    if (this.#pauses.length > PAUSES) this.#pauses.shift();
  }

  /** What they are likely to write in that time, at the pace of the latest pauses. */
  during(ms: number): Amount {
    const total = this.#pauses.reduce((sum, pause) => sum + pause.ms, 0);
    if (total === 0) return nothing;
    const written = this.#pauses.reduce((sum, pause) => plus(sum, pause.written), nothing);
    const of = (amount: number): number => Math.max(0, Math.round((amount * ms) / total));
    return { bytes: of(written.bytes), inodes: of(written.inodes) };
  }
}

/**
 * What a deletion is likely to have freed, where others wrote meanwhile: never more for that than was predicted.
 * @param measured what the filesystem gained during it. @param written what others are likely to have written.
 */
export function likelyFreed(measured: Amount, written: Amount, predicted: Freed): Amount {
  const of = (resource: keyof Amount): number =>
    measured[resource] + Math.min(written[resource], Math.max(0, predicted[resource] - measured[resource]));
  return { bytes: of('bytes'), inodes: of('inodes') };
}
