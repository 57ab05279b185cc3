/**
 * What MAX_UNUSED_SECONDS deletes whatever the disk says: every deletable image that has been unused for longer, with the
 * protections of every plan, and dependents first.
 */
import { Eligibility } from './eligibility.ts';
import type { Freed } from '../forest/reclaim.ts';
import { makePlan, type Plan, type PlanInput, type Victim, victimsOf } from './plan.ts';
import type { PlanRules } from './plan-rules.ts';
import { takeAll } from '../select/order/in-order.ts';
import { formatBytes } from '../model/format.ts';
import { usageAfter } from '../model/thresholds.ts';
import type { UnusedSummary } from '../model/unused.ts';
import { missingWatchMs, unusedFor, unusedReason } from '../use-history/unused.ts';

export interface UnusedPlan {
  readonly maxUnusedSeconds: number;
  /** How much longer the use of images must be tracked before anything is deleted; 0: long enough. */
  readonly missingSeconds: number;
  readonly victims: readonly Victim[];
  readonly freed: Freed;
}

/** Its figures. */
export function summaryOf({ maxUnusedSeconds, missingSeconds, victims, freed }: UnusedPlan): UnusedSummary {
  return { maxUnusedSeconds, missingSeconds, images: victims.length, freedBytes: freed.bytes };
}

/** @returns undefined where the rule is off. @param rules what protects counts in full, also on a critically full disk. */
export function planUnused(
  input: Omit<PlanInput, 'usage'>,
  rules: Pick<PlanRules, 'maxUnusedSeconds' | 'protections' | 'clean' | 'history'>,
): UnusedPlan | undefined {
  const { maxUnusedSeconds = 0, protections, clean } = rules;
  if (maxUnusedSeconds <= 0) return undefined;
  const { store, nowMs } = input;
  const history = rules.history?.();
  const maxMs = maxUnusedSeconds * 1000;
  const missingSeconds = missingWatchMs(history, maxMs, nowMs) / 1000;
  const nothing = { victims: [], freed: { bytes: 0, inodes: 0, exact: true } };
  const unused = unusedFor(store, history, maxMs, nowMs);
  if (unused.size === 0) return { maxUnusedSeconds, missingSeconds, ...nothing };
  const eligibility = new Eligibility({ ...input, protections, clean });
  const ids = eligibility.images
    .filter(({ id }) => unused.has(id))
    .sort((a, b) => (unused.get(b.id) ?? 0) - (unused.get(a.id) ?? 0) || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
  const { forest } = eligibility;
  const selection = takeAll(forest, ids);
  const chosen = selection.victims.flatMap(({ id, freed }) => {
    const unit = forest.units[forest.unitIndex.get(id) ?? -1];
    if (unit === undefined) return [];
    const why = unusedReason(unused.get(id) ?? 0, maxMs);
    const frees = `frees ${freed.exact ? '' : 'about '}${formatBytes(freed.bytes)}`;
    return [{ unit, freed, reason: `${why}; ${frees}` }];
  });
  const victims = victimsOf(chosen, eligibility, protections);
  return { maxUnusedSeconds, missingSeconds, victims, freed: selection.freed };
}

/** A plan of exactly the images that are due, however empty the disk is. */
export function planOfUnused(input: PlanInput, rules: PlanRules, { victims, freed }: UnusedPlan): Plan {
  const plan = makePlan(input, rules);
  const due = new Set(victims.map(({ id }) => id));
  return {
    ...plan,
    triggered: victims.length > 0,
    toFree: freed,
    victims,
    kept: plan.kept.filter(({ id }) => !due.has(id)),
    predicted: { freed, usageAfter: usageAfter(input.usage, freed), reachesLow: true },
  };
}
