/**
 * From a snapshot to a plan: which images a sweep would delete, in order, each with its reason; and every image that
 * stays, with its reason. The same value is shown by `plan`, carried out by the sweep and replayed by the simulator.
 */
import { forestOf, type Forest } from './forest.ts';
import type { Policy } from './policy/policy.ts';
import { type Kept, keep, sortOut } from './protection.ts';
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
  const { candidates, kept } = sortOut(store, input.refused);
  const goal = amountToFree(usage, thresholds);
  const isNeeded = goal.bytes > 0 || goal.inodes > 0;
  const choice = isNeeded ? choose(input, candidates, goal) : undefined;
  const freed = choice?.freed ?? { bytes: 0, inodes: 0, exact: true };
  const after = usageAfter(usage, freed);
  const byId = new Map(candidates.map((image) => [image.id, image]));
  const victims = (choice?.victims ?? []).flatMap(({ id, freed: predicted, reason }): Victim[] => {
    const image = byId.get(id);
    if (image === undefined) return [];
    return [
      { kind: 'image', id, references: references(image), sizeBytes: image.sizeBytes, predicted, reason },
    ];
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

  function choose({ forest = forestOf(store) }: PlanInput, images: readonly Image[], toFree: Amount) {
    const units = images.flatMap((image): Unit[] => {
      const unit = forest.units[forest.unitIndex.get(image.id) ?? -1];
      return unit === undefined ? [] : [unit];
    });
    const scarce = level(usage, thresholds.type).resource;
    return chooseVictims(policy, { store, forest, candidates: units, goal: toFree, scarce, nowMs });
  }
}
