/** Lets a policy choose: the one entry from the plan to policies and selections. */
import { formatBytes, formatCount } from '../model/format.ts';
import type { Forest } from '../forest/forest.ts';
import type { Policy, PolicyContext } from '../policy/policy.ts';
import { indexOf } from '../forest/reclaim.ts';
import { sharers } from '../forest/sharing.ts';
import type { Resource } from '../model/thresholds.ts';
import type { Removable, RemovableId } from '../forest/removable.ts';
import type { Selection, Stay, Chosen } from './order/selection.ts';
import { leastLoss } from './least-loss/least-loss.ts';
import { walkOrder } from './order/in-order.ts';

export interface ReasonedVictim extends Chosen {
  readonly unit: Removable;
  /** One line for people: the policy's reason, and what it frees. */
  readonly reason: string;
}

export interface ReasonedStay extends Stay {
  readonly unit: Removable;
  /** One line for people. */
  readonly reason: string;
}

export interface Choice extends Selection {
  readonly victims: readonly ReasonedVictim[];
  readonly stays: readonly ReasonedStay[];
}

/**
 * What a policy would delete to reach the goal, in order, and why each other candidate is kept.
 * @throws RangeError when a candidate is not in the forest, or a policy gives a worth that is negative or no number.
 */
export function chooseVictims(policy: Policy, context: PolicyContext): Choice {
  const { forest } = context;
  const selection = selectVictims(policy, context);
  let found: ReturnType<typeof sharers> | undefined;
  const sharerOf = (id: RemovableId): RemovableId | undefined => (found ??= sharers(forest))(id);
  return {
    ...selection,
    victims: selection.victims.map((victim) => {
      const unit = unitOf(forest, victim.id);
      const why = policy.reason(unit, victim, context);
      return { ...victim, unit, reason: `${why}; ${freesWhat(forest, victim, context.scarce)}` };
    }),
    stays: selection.stays.map((stay) => {
      const { id, index, cause } = stay;
      return { id, index, cause, unit: unitAt(forest, index), reason: staysWhy(forest, stay, sharerOf) };
    }),
  };
}

/** The same without words. */
export function selectVictims(policy: Policy, context: PolicyContext): Selection {
  const { forest, goal, candidates } = context;
  if (policy.kind === 'order') {
    return walkOrder(
      forest,
      policy.order(context).map((unit) => unit.id),
      goal,
    );
  }
  const worths = policy.worths(context);
  const { layer } = worths;
  return leastLoss(
    forest,
    candidates.map((unit) => unit.id),
    {
      unit: (index) => worths.unit(unitAt(forest, index)),
      ...(layer && { layer: (index: number) => layer(forest.layerIds[index] ?? '', index) }),
    },
    goal,
  );
}

function unitOf(forest: Forest, id: RemovableId): Removable {
  return unitAt(forest, indexOf(forest, id));
}

function unitAt(forest: Forest, index: number): Removable {
  const unit = forest.units[index];
  if (unit === undefined) throw new RangeError(`no unit ${index} in the forest`);
  return unit;
}

function freesWhat(forest: Forest, { freed, completedBy }: Chosen, scarce: Resource): string {
  const amount =
    scarce === 'inodes'
      ? `${formatCount(freed.inodes, 'inode')} (${formatBytes(freed.bytes)})`
      : formatBytes(freed.bytes);
  const about = freed.exact ? '' : 'about ';
  return completedBy === undefined
    ? `frees ${about}${amount}`
    : `frees its space together with ${unitOf(forest, completedBy).name}`;
}

function staysWhy(
  forest: Forest,
  { id, cause }: Stay,
  sharerOf: (id: RemovableId) => RemovableId | undefined,
): string {
  switch (cause) {
    case 'not-needed':
      return 'not needed: the low threshold is reached without it';
    case 'child-stays': {
      const dependent = unitOf(forest, id).dependents.map((other) => forest.unitIndex.get(other))[0];
      const what = dependent === undefined ? 'an image built on it' : unitAt(forest, dependent).name;
      return `${what}, which needs it, is kept`;
    }
    case 'frees-nothing': {
      const other = sharerOf(id);
      return other === undefined
        ? 'deleting it frees nothing'
        : `deleting it frees nothing: ${unitOf(forest, other).name} uses its layers`;
    }
  }
}
