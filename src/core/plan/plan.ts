/**
 * From a snapshot to a plan: which images a sweep would delete, in order, each with its reason; and every kept image,
 * with its reason. The same value is shown by `plan`, carried out by the sweep and replayed by the simulator.
 */
import { protectionsAt } from '../timing/critical.ts';
import { Eligibility, type EligibilityInput } from './eligibility.ts';
import type { PlanRules } from './plan-rules.ts';
import { isBuiltOn, type Kept, keep, keepUnit } from '../eligible/images.ts';
import { type KeepPattern, unmatched } from '../eligible/pattern.ts';
import { isLabelIgnored, isTooYoung, type Protections } from '../eligible/rules.ts';
import { type Choice, chooseVictims } from '../select/choose.ts';
import type { Freed } from '../forest/reclaim.ts';
import type { Image, ImageStore } from '../model/store.ts';
import {
  type Amount,
  amountToFree,
  isBelowLow,
  isTriggered,
  level,
  type Usage,
  usageAfter,
  usageAt,
} from '../model/thresholds.ts';
import type { Removable, RemovableId, UnitKind } from '../forest/removable.ts';

export interface Victim {
  readonly kind: UnitKind;
  /** The engine's ID of the image, the build-cache record or the container. */
  readonly id: RemovableId;
  /** An image's names, a record's description, a container's name. */
  readonly references: readonly string[];
  /** The engine's figure: shared layers included. */
  readonly sizeBytes: number;
  /** A nameless build step below it is protected: the engine must not delete it along. */
  readonly keepParents: boolean;
  /** What its deletion frees at its place in the order, after those before it. */
  readonly predicted: Freed;
  /** One line for people. */
  readonly reason: string;
}

export interface Plan {
  /** Usage has reached HIGH, so that the daemon would sweep now. */
  readonly triggered: boolean;
  /** What must be freed until usage is below LOW. */
  readonly toFree: Amount;
  readonly victims: readonly Victim[];
  /** By reason, then by name: the same world gives the same list. */
  readonly kept: readonly Kept[];
  /** Patterns of KEEP that no image here falls under: often misspelt. */
  readonly unmatchedKeep: readonly KeepPattern[];
  readonly predicted: {
    readonly freed: Freed;
    readonly usageAfter: Usage;
    readonly reachesLow: boolean;
  };
  /** What it was made from. */
  readonly eligibility: Eligibility;
}

/** The world at one moment. */
export type PlanInput = Pick<EligibilityInput, 'store' | 'nowMs' | 'refused'> & { readonly usage: Usage };

/**
 * Decides what a sweep that starts now would delete to bring usage below LOW. Also when HIGH is not reached, as a
 * preview; `triggered` says whether the daemon would start.
 */
export function makePlan(input: PlanInput, rules: PlanRules): Plan {
  const { store, usage, nowMs, refused } = input;
  const { thresholds, policy, clean, protections: given } = rules;
  const protections = protectionsAt(usage, given, rules);
  const eligibility = new Eligibility({ store, nowMs, protections, clean, refused });
  const history = rules.history?.();
  const goal = amountToFree(usage, thresholds);
  const isNeeded = goal.bytes > 0 || goal.inodes > 0;
  const choice = isNeeded
    ? chooseVictims(policy, {
        store,
        forest: eligibility.forest,
        candidates: eligibility.candidates,
        goal,
        scarce: level(usage, thresholds.type).resource,
        nowMs,
        ...(history && { history }),
      })
    : undefined;
  const freed = choice?.freed ?? { bytes: 0, inodes: 0, exact: true };
  const after = usageAfter(usage, freed);
  const young = protections === given ? [] : store.images.filter((image) => isTooYoung(image, given, nowMs));
  const youngIds = new Set(young.map(({ id }) => id));
  const age = '; younger than the minimum age, but the disk is critically full';
  const chosen = (choice?.victims ?? []).map((each) =>
    youngIds.has(each.unit.id) ? { ...each, reason: each.reason + age } : each,
  );
  const victims = victimsOf(chosen, eligibility, protections);
  return {
    triggered: isTriggered(usage, thresholds),
    toFree: goal,
    victims,
    kept: inListOrder([...eligibility.kept, ...staysOf(choice, eligibility)]),
    unmatchedKeep: unmatched(store.images, protections.keep),
    predicted: { freed, usageAfter: after, reachesLow: isBelowLow(after, thresholds) },
    eligibility,
  };
}

/** The chosen units as victims: with parents that the engine must keep, and labels that do not count. */
export function victimsOf(
  chosen: readonly { readonly unit: Removable; readonly freed: Freed; readonly reason: string }[],
  { store, steps }: Eligibility,
  protections: Protections,
): readonly Victim[] {
  const isKeepingParents = keepingParents(store, steps);
  const ignored = store.images.filter((image) => isLabelIgnored(image, protections));
  const labelsIgnored = new Set(ignored.map(({ id }) => id));
  return chosen.map(({ unit, freed: predicted, reason }): Victim => {
    const { kind, id, references, sizeBytes } = unit;
    const keepParents = isKeepingParents(unit);
    const note = labelsIgnored.has(id) ? '; its keep label does not count (KEEP_LABEL)' : '';
    return { kind, id, references, sizeBytes, keepParents, predicted, reason: reason + note };
  });
}

/** Why each candidate that is not a victim is kept. */
function staysOf(choice: Choice | undefined, { images, others }: Eligibility): readonly Kept[] {
  if (choice !== undefined)
    return choice.stays.map(({ unit, cause, reason }) => keepUnit(unit, cause, reason));
  return [
    ...images.map((image) => keep(image, 'not-needed', notNeeded)),
    ...others.map((unit) => keepUnit(unit, 'not-needed', notNeeded)),
  ];
}

/**
 * What a sweep would delete if usage were at HIGH; undefined where it is not below LOW, so that the plan says what is due.
 * @param input, rules of the plan itself.
 */
export function planAtHigh(input: PlanInput, rules: PlanRules): Plan | undefined {
  const { usage } = input;
  const { thresholds } = rules;
  if (!isBelowLow(usage, thresholds)) return undefined;
  return makePlan({ ...input, usage: usageAt(usage, thresholds.type, thresholds.high) }, rules);
}

/** Engines list in another order each time. */
function inListOrder(kept: readonly Kept[]): readonly Kept[] {
  const nameOf = ({ references, id }: Kept): string => references[0] ?? id;
  return kept.toSorted(
    (a, b) => compare(a.code, b.code) || compare(nameOf(a), nameOf(b)) || compare(a.id, b.id),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether an untagged build step below a unit is kept. */
function keepingParents(store: ImageStore, steps: readonly Image[]): (unit: Removable) => boolean {
  if (steps.length === 0) return () => false;
  const byId = new Map(store.images.map((image) => [image.id, image]));
  return ({ id }) => {
    const image = byId.get(id);
    return image !== undefined && isBuiltOn(image, steps, byId);
  };
}

const notNeeded = 'not needed: usage is below the low threshold';
