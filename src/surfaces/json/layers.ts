/**
 * `/api/layers.json`, what the status page shows of the store: the layer forest as pieces that are freed together,
 * and what is deleted next, also while nothing has to be.
 */
import type { Cut } from '../../core/plan/deletion-budget.ts';
import type { Plan } from '../../core/plan/plan.ts';
import { shareOf } from '../../core/forest/reclaim.ts';
import { segmentsOf, unitStates } from '../../core/plan/layer-groups.ts';
import { level, type Thresholds } from '../../core/model/thresholds.ts';
import { idleOf } from '../../core/policy/lru.ts';
import type { UsageHistory } from '../../core/use-history/history.ts';

export interface LayersInput {
  readonly plan: Plan;
  readonly history: UsageHistory | undefined;
  readonly takenAtMs: number;
  /** The usage for which the plan was made, where that is not the one of now; in the thresholds' unit. */
  readonly assumedUsed: number | undefined;
  readonly thresholds: Thresholds;
  /** Where a circuit breaker would end the sweep. */
  readonly cut?: Cut | undefined;
}

export function layersJson({ plan, history, takenAtMs, assumedUsed, thresholds, cut }: LayersInput) {
  const { store, forest } = plan.eligibility;
  const leaving = new Set(plan.victims.map(({ id }) => id));
  const heldBeside = [...(store.heldSpace ?? [])].flatMap(([id, { top }]) =>
    top === undefined || leaving.has(id) ? [] : [top],
  );
  const segments = segmentsOf(forest, plan, [...(store.heldLayers ?? []), ...heldBeside]);
  const states = unitStates(plan);
  const predicted = new Map(plan.victims.map((victim) => [victim.id, victim.predicted]));
  const frees = (id: string) => {
    const { bytes, exact } = predicted.get(id) ?? shareOf(forest, id).unique;
    return { bytes, exact };
  };
  const place = new Map(plan.victims.map(({ id }, index) => [id, index]));
  const reasons = new Map([...plan.victims, ...plan.kept].map(({ id, reason }) => [id, reason]));
  return {
    takenAt: new Date(takenAtMs).toISOString(),
    bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
    inodes: segments.reduce((sum, { inodes }) => sum + inodes, 0),
    units: forest.units.map((unit) => {
      const idle = history && idleOf({ store, history, nowMs: takenAtMs }, unit.id);
      return {
        id: unit.id,
        kind: unit.kind,
        name: unit.name,
        references: unit.references,
        isStep: unit.isStep,
        sizeBytes: unit.sizeBytes,
        frees: frees(unit.id),
        state: states.get(unit.id) ?? 'unused',
        victim: place.get(unit.id) ?? null,
        reason: reasons.get(unit.id) ?? null,
        idleSeconds: idle === undefined ? null : Math.round(idle.ms / 1000),
        wasUsed: idle === undefined ? null : idle.since === 'last used',
      };
    }),
    next: {
      assumedUsed: assumedUsed ?? null,
      triggered: plan.triggered && assumedUsed === undefined,
      used: level(plan.predicted.usageAfter, thresholds.type).value,
      cut: cut ?? null,
      reachesLow: plan.predicted.reachesLow,
      freedBytes: plan.predicted.freed.bytes,
      freedInodes: plan.predicted.freed.inodes,
      victims: plan.victims.map(({ kind, id, references, sizeBytes, predicted, reason }) => ({
        kind,
        id,
        references,
        sizeBytes,
        predictedBytes: predicted.bytes,
        predictedInodes: predicted.inodes,
        exact: predicted.exact,
        reason,
      })),
      kept: plan.kept.map(({ kind, id, references, sizeBytes, code, reason }) => ({
        kind,
        id,
        references,
        sizeBytes,
        code,
        reason,
      })),
    },
    segments: segments.map(({ victim, ...segment }) => ({ ...segment, victim: victim < 0 ? null : victim })),
  };
}

export type LayersJson = ReturnType<typeof layersJson>;
