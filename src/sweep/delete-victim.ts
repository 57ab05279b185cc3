/** One victim: its deletion, by the one folder that deletes, and the events about it. For sweeps and gentle mode. */
import type { DeletionBudget, LimitName } from '../core/plan/deletion-budget.ts';
import type { Victim } from '../core/plan/plan.ts';
import type { PlanRules } from '../core/plan/plan-rules.ts';
import type { PredictionCheck } from '../core/plan/prediction-check.ts';
import { gainOf } from '../core/model/gain.ts';
import { type Amount, level, type Usage } from '../core/model/thresholds.ts';
import type { UnitKind } from '../core/forest/removable.ts';
import type { Engine } from '../engine/engine.ts';
import type { Reporter, Subject } from '../events/events.ts';
import type { RemovalOptions, RemovalOutcome } from './remove/outcome.ts';
import { remove } from './remove/remove.ts';

/** How long an unanswered deletion is given before we look. */
const SETTLE_MS = 30_000;

export interface RemovalSettings extends Pick<
  RemovalOptions,
  'removedNames' | 'isStillUnused' | 'stop' | 'abandon'
> {
  readonly engine: Engine;
  readonly report: Reporter;
  readonly rules: PlanRules;
  readonly delaySeconds: number;
  /** 30 s unless a test says otherwise; see RemovalOptions. */
  readonly settleMs?: number;
}

/**
 * Deletes a victim of a plan, if it is still what the plan saw; says so when the engine does not answer.
 * @param isShown see RemovalOptions. @throws EngineError when the engine cannot be asked (nothing was deleted then).
 */
export async function removeVictim(
  victim: Victim,
  settings: RemovalSettings,
  isShown?: () => Promise<boolean>,
): Promise<RemovalOutcome> {
  const { engine, report, rules, delaySeconds } = settings;
  const settleMs = Math.max(settings.settleMs ?? SETTLE_MS, delaySeconds * 1000);
  return await remove(engine, victim, {
    ...settings,
    settleMs,
    clean: rules.clean,
    ...(isShown && { isShown }),
    onUnanswered: (message) =>
      report({
        event: `${subjectOf[victim.kind]}.delete-unanswered`,
        ...named(victim),
        message,
        waitSeconds: settleMs / 1000,
      }),
  });
}

/** Reports how it ended. @param turn what the disk gained, what it says afterwards, and how long it took */
export function tellRemoval(
  result: RemovalOutcome,
  turn: {
    readonly victim: Victim;
    readonly freed: Amount;
    readonly after: Usage;
    readonly durationSeconds: number;
  },
  { report, rules }: Pick<RemovalSettings, 'report' | 'rules'>,
): void {
  const { victim, freed, after, durationSeconds } = turn;
  const subject = subjectOf[victim.kind];
  switch (result.outcome) {
    case 'deleted': {
      report({
        event: `${subject}.deleted`,
        ...facts(victim),
        ...gainOf(freed),
        used: level(after, rules.thresholds.type).value,
        usage: after,
        durationSeconds,
      });
      return;
    }
    case 'gone':
      report({ event: `${subject}.gone`, ...named(victim) });
      return;
    case 'kept':
      report({ event: `${subject}.kept`, ...named(victim), reason: result.reason });
      return;
    case 'failed':
    case 'denied':
    case 'unresolved':
      report({ event: `${subject}.delete-failed`, ...named(victim), message: result.message });
  }
}

/** Reports, once for all checked deletions, where they did not free what was predicted. */
export function tellMissedPredictions(check: PredictionCheck, report: Reporter): void {
  const result = check.result();
  if (result === undefined) return;
  const { missed, deletions, worst } = result;
  const { id, references, sizeBytes, predictedBytes, predictedInodes } = facts(worst.victim);
  report({
    event: 'prediction.missed',
    missed,
    deletions,
    ...{ id, references, sizeBytes, predictedBytes, predictedInodes },
    exact: worst.victim.predicted.exact,
    ...gainOf(worst.freed),
  });
}

/** Counts for the circuit breaker what was freed, or may have been: who does not answer may still delete. */
export function noteFreed(
  { outcome }: RemovalOutcome,
  { predicted }: Victim,
  freed: Amount,
  budget: DeletionBudget,
): void {
  if (outcome === 'deleted') budget.note(Math.max(predicted.bytes, freed.bytes), performance.now());
  else if (outcome === 'unresolved') budget.note(predicted.bytes, performance.now());
}

/** Reports that a circuit breaker stopped deletions. @returns why, one line for people. */
export function tellLimit(
  limit: LimitName,
  { report, budget }: { readonly report: Reporter; readonly budget: DeletionBudget },
): string {
  const { maxDeletionsPerSweep, maxFreedPerHour = 0 } = budget.limits;
  const nowMs = performance.now();
  const reason = budget.reason(limit, nowMs);
  report({
    event: 'limit.reached',
    limit,
    maximum: limit === 'deletions-per-sweep' ? maxDeletionsPerSweep : maxFreedPerHour,
    freedLastHourBytes: budget.freedLately(nowMs),
    reason,
  });
  return reason;
}

/** Dry run: reports what would be deleted. */
export function tellPlanned(victim: Victim, report: Reporter): void {
  report({ event: `${subjectOf[victim.kind]}.would-delete`, ...facts(victim) });
}

/** How the events call each kind of victim. */
const subjectOf = {
  image: 'image',
  'build-cache': 'cache-record',
  'stopped-container': 'container',
} as const satisfies Record<UnitKind, Subject>;

function named(victim: Victim): Pick<Victim, 'id' | 'references'> {
  return { id: victim.id, references: victim.references };
}

function facts(victim: Victim) {
  return {
    ...named(victim),
    sizeBytes: victim.sizeBytes,
    predictedBytes: victim.predicted.bytes,
    predictedInodes: victim.predicted.inodes,
    reason: victim.reason,
  };
}
