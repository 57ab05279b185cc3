/** `plan --json` and `/api/plan.json`. */
import type { Plan } from '../../core/plan.ts';
import { level, type Thresholds } from '../../core/thresholds.ts';
import { type Look, sourceJson, usageJson } from './look.ts';

export function planJson(seen: Look, planned: Plan, thresholds: Thresholds) {
  const { engine, snapshot } = seen;
  const { predicted } = planned;
  const { type } = thresholds;
  return {
    engine,
    usage: usageJson(snapshot.usage, type),
    ...sourceJson(seen),
    thresholds,
    triggered: planned.triggered,
    victims: planned.victims.map(({ predicted: frees, ...victim }) => ({
      ...victim,
      predictedBytes: frees.bytes,
      predictedInodes: frees.inodes,
    })),
    kept: planned.kept,
    unmatchedKeep: planned.unmatchedKeep.map(({ text }) => text),
    predicted: {
      freedBytes: predicted.freed.bytes,
      freedInodes: predicted.freed.inodes,
      used: level(predicted.usageAfter, type).value,
      reachesLow: predicted.reachesLow,
    },
  };
}

export type PlanJson = ReturnType<typeof planJson>;
