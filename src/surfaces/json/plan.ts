/** `plan --json` and `/api/plan.json`. */
import type { Cut } from '../../core/plan/deletion-budget.ts';
import type { Plan } from '../../core/plan/plan.ts';
import { level, type Thresholds } from '../../core/model/thresholds.ts';
import type { UnusedPlan } from '../../core/plan/plan-unused.ts';
import type { WindowState } from '../../core/model/window.ts';
import { type Look, sourceJson, usageJson, windowJson } from './look.ts';

/** A plan with what it was made from and what is shown beside it. */
export interface SeenPlan {
  readonly seen: Look;
  /** What a sweep would delete now. */
  readonly due: Plan;
  readonly thresholds: Thresholds;
  /** What a sweep would delete at HIGH, where usage is below LOW. */
  readonly atHigh?: Plan | undefined;
  /** Where a circuit breaker would end the sweep. */
  readonly cut?: Cut | undefined;
  /** What is deleted for being unused; undefined: that is off. */
  readonly unused?: UnusedPlan | undefined;
  /** Undefined: sweeps may begin at any time. */
  readonly window?: WindowState | undefined;
}

export function planJson({ seen, due, thresholds, atHigh, cut, unused, window }: SeenPlan) {
  const { engine, snapshot } = seen;
  const { type } = thresholds;
  return {
    engine,
    usage: usageJson(snapshot.usage, type),
    ...sourceJson(seen),
    thresholds,
    triggered: due.triggered,
    window: windowJson(window),
    unused:
      unused === undefined
        ? null
        : {
            maxUnusedSeconds: unused.maxUnusedSeconds,
            missingSeconds: unused.missingSeconds,
            victims: victimsJson(unused),
            freedBytes: unused.freed.bytes,
          },
    victims: victimsJson(due),
    kept: due.kept,
    unmatchedKeep: due.unmatchedKeep.map(({ text }) => text),
    predicted: predictedJson(due, type),
    cut: cut ?? null,
    atHigh:
      atHigh === undefined ? null : { victims: victimsJson(atHigh), predicted: predictedJson(atHigh, type) },
  };
}

function victimsJson({ victims }: Pick<Plan, 'victims'>) {
  return victims.map(({ predicted: frees, ...victim }) => ({
    ...victim,
    predictedBytes: frees.bytes,
    predictedInodes: frees.inodes,
  }));
}

function predictedJson({ predicted }: Plan, type: Thresholds['type']) {
  return {
    freedBytes: predicted.freed.bytes,
    freedInodes: predicted.freed.inodes,
    used: level(predicted.usageAfter, type).value,
    reachesLow: predicted.reachesLow,
  };
}

export type PlanJson = ReturnType<typeof planJson>;
