/**
 * From a snapshot to a plan: which images a sweep would delete, in order, each with its reason; and every image that
 * stays, with its reason. The same value is shown by `plan`, carried out by the sweep and replayed by the simulator.
 */
import { type Clean, imagesOnly, sortOutCleanable } from './eligible/cache-and-containers.ts';
import { forestOf, type Forest } from './forest/forest.ts';
import type { Policy } from './policy/policy.ts';
import {
  holdingSteps,
  isBuiltOn,
  type Kept,
  keep,
  keepUnit,
  sortOut,
  type SortedOut,
  stepsThatStay,
} from './eligible/images.ts';
import { type KeepPattern, unmatched } from './eligible/pattern.ts';
import { isLabelIgnored, noProtections, type Protections } from './eligible/rules.ts';
import type { UsageHistory } from './use-history/history.ts';
import { chooseVictims } from './select/choose.ts';
import type { Freed } from './forest/reclaim.ts';
import type { Image, ImageStore } from './model/store.ts';
import {
  type Amount,
  amountToFree,
  isBelowLow,
  isTriggered,
  level,
  type Thresholds,
  type Usage,
  usageAfter,
  usageAt,
} from './model/thresholds.ts';
import type { Removable, RemovableId, UnitKind } from './forest/removable.ts';

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
  /** What must go until usage is below LOW. */
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
}

export interface PlanInput {
  readonly store: ImageStore;
  readonly usage: Usage;
  readonly thresholds: Thresholds;
  readonly policy: Policy;
  readonly nowMs: number;
  /** What is known of the use of images. */
  readonly history?: UsageHistory | undefined;
  /** What people protect besides images with the label; nothing where left out. */
  readonly protections?: Protections;
  /** What an earlier step of the same sweep found undeletable, by ID, with the reason. */
  readonly refused?: ReadonlyMap<RemovableId, string>;
  /** What may go at all; images only where left out. */
  readonly clean?: Clean;
  /** The store's forest, where it is built already and nothing but images may go. */
  readonly forest?: Forest;
}

/**
 * Decides what a sweep that starts now would delete to bring usage below LOW. Also when HIGH is not reached, so
 * that people can look ahead; `triggered` tells whether the daemon would start.
 */
export function makePlan(input: PlanInput): Plan {
  const { store, usage, thresholds, policy, nowMs, clean = imagesOnly } = input;
  const others = sortOutCleanable(store, clean, nowMs, input.refused);
  const { candidates, kept } = sortOutImages(input, clean, others.units);
  const steps = stepsThatStay(store, kept);
  const goal = amountToFree(usage, thresholds);
  const isNeeded = goal.bytes > 0 || goal.inodes > 0;
  const choice = isNeeded ? choose() : undefined;
  const freed = choice?.freed ?? { bytes: 0, inodes: 0, exact: true };
  const after = usageAfter(usage, freed);
  const isKeepingParents = keepingParents(store, steps);
  const rules = input.protections ?? noProtections;
  const ignored = store.images.filter((image) => isLabelIgnored(image, rules));
  const labelsIgnored = new Set(ignored.map(({ id }) => id));
  const victims = (choice?.victims ?? []).map(({ unit, freed: predicted, reason }): Victim => {
    const { kind, id, references, sizeBytes } = unit;
    const keepParents = isKeepingParents(unit);
    const note = labelsIgnored.has(id) ? '; its keep label does not count (KEEP_LABEL)' : '';
    return { kind, id, references, sizeBytes, keepParents, predicted, reason: reason + note };
  });
  const stays =
    choice === undefined
      ? [
          ...candidates.map((image) => keep(image, 'not-needed', notNeeded)),
          ...others.units.map((unit) => keepUnit(unit, 'not-needed', notNeeded)),
        ]
      : choice.stays.map(({ unit, cause, reason }) => keepUnit(unit, cause, reason));
  return {
    triggered: isTriggered(usage, thresholds),
    toFree: goal,
    victims,
    kept: inListOrder([...kept, ...others.kept, ...stays]),
    unmatchedKeep: unmatched(store.images, rules.keep),
    predicted: { freed, usageAfter: after, reachesLow: isBelowLow(after, thresholds) },
  };

  function choose() {
    const isGiven = others.units.length === 0 && input.forest !== undefined;
    const forest = isGiven ? input.forest : forestOf(holdingSteps(store, kept), others.units);
    // Each image that nothing keeps is a candidate.
    const stayingIds = new Set(kept.map(({ id }) => id));
    const isCandidate = ({ kind, id }: Removable): boolean => kind === 'image' && !stayingIds.has(id);
    const units = forest.units.filter(isCandidate);
    const scarce = level(usage, thresholds.type).resource;
    const all = [...units, ...others.units];
    const { history } = input;
    return chooseVictims(policy, {
      store,
      forest,
      candidates: all,
      goal,
      scarce,
      nowMs,
      ...(history && { history }),
    });
  }
}

/**
 * What a sweep would delete if usage were at HIGH; undefined where it is not below LOW, so that the plan says what is due.
 * @param input of the plan itself.
 */
export function planAtHigh(input: PlanInput): Plan | undefined {
  const { usage, thresholds } = input;
  if (!isBelowLow(usage, thresholds)) return undefined;
  return makePlan({ ...input, usage: usageAt(usage, thresholds.type, thresholds.high) });
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

/** Tells of units whether a nameless build step below them stays. */
function keepingParents(store: ImageStore, steps: readonly Image[]): (unit: Removable) => boolean {
  if (steps.length === 0) return () => false;
  const byId = new Map(store.images.map((image) => [image.id, image]));
  return ({ id }) => {
    const image = byId.get(id);
    return image !== undefined && isBuiltOn(image, steps, byId);
  };
}

const notNeeded = 'unused, but usage is below the low threshold';

/** As sortOut, with containers that may go themselves holding nothing, and no image going where none may. */
function sortOutImages(input: PlanInput, clean: Clean, others: readonly Removable[]): SortedOut {
  const { store } = input;
  const leaving = new Set(others.map(({ id }) => id));
  const staying = { ...store, containers: store.containers.filter(({ id }) => !leaving.has(id)) };
  const rules = { ...(input.protections ?? noProtections), nowMs: input.nowMs };
  const { candidates, kept } = sortOut(staying, input.refused, rules);
  if (clean.images) return { candidates, kept };
  const spared = candidates.map((image) =>
    keep(image, 'not-cleaned', 'unused, but images are not to be cleaned'),
  );
  return { candidates: [], kept: [...kept, ...spared] };
}
