/**
 * From a snapshot to a plan: which images a sweep would delete, in order, each with its reason; and every image that
 * stays, with its reason. The same value is shown by `plan`, carried out by the sweep and replayed by the simulator.
 */
import { forestOf, type Forest } from './forest.ts';
import type { Policy } from './policy/policy.ts';
import { isBuiltOn, type Kept, keep, sortOut, stepsThatStay } from './protection.ts';
import { noProtections, type Protections } from './protections.ts';
import { chooseVictims } from './select/choose.ts';
import type { Freed } from './space.ts';
import { type Image, type ImageId, type ImageStore, references } from './store.ts';
import {
  type Amount,
  amountToFree,
  isBelowLow,
  isTriggered,
  level,
  type Thresholds,
  type Usage,
  usageAfter,
} from './thresholds.ts';
import type { Unit } from './unit.ts';

export interface Victim {
  readonly kind: 'image';
  readonly id: ImageId;
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
  readonly kept: readonly Kept[];
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
  /** What people protect besides images with the label; nothing where left out. */
  readonly protections?: Protections;
  /** Images that an earlier step of the same sweep found undeletable, with the reason. */
  readonly refused?: ReadonlyMap<ImageId, string>;
  /** The store's forest, where it is built already. */
  readonly forest?: Forest;
}

/**
 * Decides what a sweep that starts now would delete to bring usage below LOW. Also when HIGH is not reached, so
 * that people can look ahead; `triggered` tells whether the daemon would start.
 */
export function makePlan(input: PlanInput): Plan {
  const { store, usage, thresholds, policy, nowMs } = input;
  const rules = { ...(input.protections ?? noProtections), nowMs };
  const { candidates, kept } = sortOut(store, input.refused, rules);
  const steps = stepsThatStay(store, kept);
  const goal = amountToFree(usage, thresholds);
  const isNeeded = goal.bytes > 0 || goal.inodes > 0;
  const choice = isNeeded ? choose(input, candidates, goal) : undefined;
  const freed = choice?.freed ?? { bytes: 0, inodes: 0, exact: true };
  const after = usageAfter(usage, freed);
  const byId = new Map(store.images.map((image) => [image.id, image]));
  const victims = (choice?.victims ?? []).flatMap(({ id, freed: predicted, reason }): Victim[] => {
    const image = byId.get(id);
    if (image === undefined) return [];
    const keepParents = isBuiltOn(image, steps, byId);
    const { sizeBytes } = image;
    return [{ kind: 'image', id, references: references(image), sizeBytes, keepParents, predicted, reason }];
  });
  const stays =
    choice === undefined
      ? candidates.map((image) => keep(image, 'not-needed', 'unused, but usage is below the low threshold'))
      : choice.stays.flatMap(({ id, cause, reason }): Kept[] => {
          const image = byId.get(id);
          return image === undefined ? [] : [keep(image, cause, reason)];
        });
  return {
    triggered: isTriggered(usage, thresholds),
    toFree: goal,
    victims,
    kept: [...kept, ...stays],
    predicted: { freed, usageAfter: after, reachesLow: isBelowLow(after, thresholds) },
  };

  /** Build steps that stay hold their layers, which the forest does not know of steps. */
  function holding(): ImageStore {
    if (steps.length === 0) return store;
    const held = steps.flatMap((step) => step.layers?.at(-1) ?? []);
    return { ...store, heldLayers: [...(store.heldLayers ?? []), ...held] };
  }

  function choose({ forest = forestOf(holding()) }: PlanInput, images: readonly Image[], toFree: Amount) {
    const units = images.flatMap((image): Unit[] => {
      const unit = forest.units[forest.unitIndex.get(image.id) ?? -1];
      return unit === undefined ? [] : [unit];
    });
    const scarce = level(usage, thresholds.type).resource;
    return chooseVictims(policy, { store, forest, candidates: units, goal: toFree, scarce, nowMs });
  }
}
