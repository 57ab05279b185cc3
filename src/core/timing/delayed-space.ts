/** What deletions should have freed and did not show: when that counts as missing, and when it is there. */
import type { Freed } from '../forest/reclaim.ts';
import { isNothing, nothing } from '../model/amount.ts';
import type { Amount, Resource } from '../model/thresholds.ts';

const resources: readonly Resource[] = ['bytes', 'inodes'];

/** Less of a prediction than this is missing. Estimated sizes err, but by less. */
const SEEN_SHARE = 0.5;
/** What is less than this share of what has to go is not looked for. */
const RELEVANT_SHARE = 0.001;
/** Nor what others write or delete within a second as well. */
const noise: Amount = { bytes: 1024 * 1024, inodes: 100 };

/**
 * What is missing of a prediction; nothing where most of it is there or it was too small to tell. Inodes that were not
 * counted are a guess, and not missed.
 * @param toFree what has to go: a resource of which nothing has to is not looked at.
 */
export function missingOf(predicted: Freed, freed: Amount, toFree: Amount): Amount {
  const of = (resource: Resource): number => {
    const expected = predicted[resource];
    const least = Math.max(noise[resource], toFree[resource] * RELEVANT_SHARE);
    const isKnown = resource === 'bytes' || predicted.exact;
    const isLookedAt = isKnown && toFree[resource] > 0 && expected >= least;
    return isLookedAt && freed[resource] < expected * SEEN_SHARE ? expected - freed[resource] : 0;
  };
  return { bytes: of('bytes'), inodes: of('inodes') };
}

/** Whether most of what was missing is there. */
export function hasArrived(gained: Amount, missing: Amount): boolean {
  return resources.every((resource) => gained[resource] >= missing[resource] * SEEN_SHARE);
}

/** Whether more than what others write and delete has come since the last look. */
export function hasGrown(gained: Amount, missing: Amount): boolean {
  return !isNothing(missingOf({ ...gained, exact: true }, nothing, missing));
}
