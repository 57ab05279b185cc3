/**
 * A victim's whole turn, for sweeps, gentle mode and images unused for long: what others wrote since the last one is
 * measured, the victim is deleted, and what that freed is measured, counted and reported.
 */
import type { DeletionBudget } from '../core/plan/deletion-budget.ts';
import type { Amount, Usage } from '../core/model/thresholds.ts';
import type { Victim } from '../core/plan/plan.ts';
import { noteFreed, type RemovalSettings, tellRemoval } from './delete-victim.ts';
import type { DelayedSpace, Measured } from './pending-space.ts';
import type { RemovalOutcome } from './remove/outcome.ts';

export interface Turn {
  readonly victim: Victim;
  readonly result: RemovalOutcome;
  readonly measured: Measured;
}

/**
 * @param last what the disk said after the turn before. @param toFree what the plan was to free.
 * @param remove deletes it, and is given what the disk said right before.
 * @throws DiskError, and what `remove` throws.
 */
export async function takeTurn(
  victim: Victim,
  {
    last,
    toFree,
    delayed,
  }: { readonly last: Usage; readonly toFree: Amount; readonly delayed: DelayedSpace },
  remove: (before: Usage) => Promise<RemovalOutcome>,
  options: Pick<RemovalSettings, 'report' | 'rules'> & { readonly budget: DeletionBudget },
): Promise<Turn> {
  const begun = await delayed.begin(last);
  const result = await remove(begun.now);
  const measured =
    result.outcome === 'deleted'
      ? await delayed.measure(begun, victim.predicted, toFree)
      : await delayed.look(begun);
  const durationSeconds = (performance.now() - begun.atMs) / 1000;
  noteFreed(result, victim, measured.freed, options.budget);
  tellRemoval(result, { victim, freed: measured.freed, after: measured.usage, durationSeconds }, options);
  return { victim, result, measured };
}
