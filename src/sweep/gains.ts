/** Whether a deletion helped, by what the disk gained. */
import type { Amount } from '../core/model/thresholds.ts';

/** "Next to nothing": less than this share of what had to be freed when the sweep began, of either resource. */
const INEFFECTIVE_SHARE = 0.001;

/** At least half of the bytes that were predicted; where next to nothing was predicted nothing can be missed. */
export function gaveBack(predicted: Amount, freed: Amount): boolean {
  const isNothing = predicted.bytes < 1_000_000;
  return isNothing || freed.bytes * 2 >= predicted.bytes;
}

/** More than next to nothing of what had to be freed. */
export function helps(freed: Amount, toFree: Amount): boolean {
  return (
    (toFree.bytes > 0 && freed.bytes >= toFree.bytes * INEFFECTIVE_SHARE) ||
    (toFree.inodes > 0 && freed.inodes >= toFree.inodes * INEFFECTIVE_SHARE)
  );
}
