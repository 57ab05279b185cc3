/** Who decides what goes in a replay: the policies of the daemon through the daemon's own planner, and what others do. */
import { Eligibility } from '../../core/plan/eligibility.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { Protections } from '../../core/eligible/rules.ts';
import { selectVictims } from '../../core/select/choose.ts';
import { amountToFree, level, type Thresholds, type Usage } from '../../core/model/thresholds.ts';
import type { UsageHistory } from '../../core/use-history/history.ts';
import type { VirtualStore } from './virtual-store.ts';

/** What a chooser sees when a sweep begins. */
export interface Moment {
  readonly store: VirtualStore;
  readonly usage: Usage;
  readonly thresholds: Thresholds;
  /** What people protect; the policies of the daemon keep it, the baselines know nothing of it. */
  readonly protections: Protections;
  /** What was learned so far; undefined where the chooser is no policy. */
  readonly history: UsageHistory | undefined;
  readonly nowMs: number;
  /** The number of the next use in the trace. For those who know the future; nobody else may look. */
  readonly nextUse: number;
}

/** The numbers of the images to delete, in order. None is in use. */
export type Choose = (moment: Moment) => readonly number[];

/** Makes a chooser for a replay; each replay has its own, so that a chooser may remember things. */
export interface ChooserMaker {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** It is a baseline or a mark to measure against, not a policy that can be set; it gets no history. */
  readonly isReference: boolean;
  readonly make: (store: VirtualStore) => Choose;
}

/** What the daemon would delete now. The one seam between the simulator and the planner. */
export function plannedVictims(policy: Policy, moment: Moment): readonly number[] {
  const { protections, nowMs } = moment;
  const store = moment.store.snapshot();
  const held = moment.store.holders();
  const { forest, candidates } = new Eligibility({ store, protections, nowMs, held });
  const { victims } = selectVictims(policy, {
    store,
    forest,
    candidates,
    goal: amountToFree(moment.usage, moment.thresholds),
    scarce: level(moment.usage, moment.thresholds.type).resource,
    nowMs,
    ...(moment.history && { history: moment.history }),
  });
  return victims.map((victim) => moment.store.indexOf(victim.id));
}

/** A policy of the daemon. */
export function policyChooser(policy: Policy): ChooserMaker {
  const { name, summary } = policy;
  return { name, summary, isReference: false, make: () => (moment) => plannedVictims(policy, moment) };
}
