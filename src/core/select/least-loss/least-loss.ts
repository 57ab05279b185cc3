/**
 * The selection of a policy that gives worths (`reclaimable`, `value`): the victims that reach the goal at the smallest
 * sum of what is lost.
 *
 * 1. The forest is cut down to what the candidates can clear (reduced-forest.ts).
 * 2. Layers on which no image ends are freed with the last image on them, so each is joined with what is cheapest to
 *    keep on it (joined.ts).
 * 3. Groups by cost for weight (density-groups.ts): every beginning of that sequence is optimal for what it frees. The goal
 *    falls inside of one group; the loss over the optimum is less than that group's cost.
 * 4. That rest is settled by trying later groups in its place; a small forest is settled exactly (exact-search.ts).
 * 5. What turns out superfluous is taken out (closed-set.ts).
 */
import type { Forest } from '../../forest/forest.ts';
import { StoreAfterRemovals, covers, indexOf } from '../../forest/reclaim.ts';
import type { Amount } from '../../model/thresholds.ts';
import type { RemovableId } from '../../forest/removable.ts';
import { dependentsFirst, describe, possible } from '../order/sequence.ts';
import { clearable } from './reduced-forest.ts';
import type { Clearable, Worths } from './reduced-forest.ts';
import type { Selection } from '../order/selection.ts';
import { densityGroups, nodesOf } from './density-groups.ts';
import { Pick, weights } from './closed-set.ts';
import { cheapestPick } from './refine.ts';
import { walkOrder } from '../order/in-order.ts';

/** Shares of bytes in the combined weight that are tried where both resources are needed. */
const MIXES = [0.5, 0.2, 0.8, 0, 1];

/** From this number of nodes on only the first three mixes are tried: each costs a pass over all nodes and gains little in a big store. */
const MANY_NODES = 4000;

/**
 * Chooses victims of the least worth that reach the goal; everything that frees something needed where it is out of reach.
 * The order is by what is lost for what is freed, the cheapest first, groups together, so that stopping early is sensible.
 * @throws RangeError when a candidate is not in the forest, or a worth is negative or not a finite number.
 */
export function leastLoss(
  forest: Forest,
  candidates: readonly RemovableId[],
  worths: Worths,
  goal: Amount,
): Selection {
  const ids = candidates.toSorted().filter((id, at, sorted) => id !== sorted[at - 1]);
  const all = ids.map((id) => indexOf(forest, id));
  const can = possible(forest, all);
  let sequence = solve(forest, can.filter(standsBelowDependents(forest)), worths, goal);
  if (!frees(forest, sequence, goal)) sequence = solve(forest, can, worths, goal);
  if (!respectsDependents(forest, sequence)) {
    // A store that contradicts itself: the least worth first, until it is enough.
    return walkOrder(forest, [...ids].sort(byWorth(forest, worths)), goal);
  }
  return describe(forest, all, can, dependentsFirst(forest, sequence), goal);
}

/** The victims, in order; needs that dependents stand on what they depend on. */
function solve(forest: Forest, candidates: readonly number[], worths: Worths, goal: Amount): number[] {
  const nodes = clearable(forest, candidates, worths);
  const total = { bytes: sum(nodes.bytes), inodes: sum(nodes.inodes) };
  const within = { bytes: Math.min(goal.bytes, total.bytes), inodes: Math.min(goal.inodes, total.inodes) };
  let best = new Pick(nodes);
  if (!covers(best, within)) {
    best.add(Int32Array.from(nodes.cost.keys()));
    best.trim(within);
    if (covers(total, goal)) {
      const mixes =
        goal.bytes > 0 && goal.inodes > 0 ? MIXES.slice(0, nodes.count < MANY_NODES ? 5 : 3) : [1];
      for (const mix of mixes) {
        const pick = cheapestPick(nodes, goal, mix);
        if (pick.isBetterThan(best, goal)) best = pick;
      }
    }
  }
  return inOrder(nodes, best, within);
}

/** The units of a pick: groups by what is lost for what is freed; within a group, what stands on another before it. */
function inOrder(nodes: Clearable, pick: Pick, goal: Amount): number[] {
  const groups = densityGroups(nodes, weights(nodes, goal, 0.5), pick.has);
  const sequence: number[] = [];
  for (let group = 0; group < groups.count; group++) {
    for (const node of nodesOf(groups, group).toReversed()) sequence.push(...(nodes.units[node] ?? []));
  }
  return sequence;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * An image whose dependents do not stand on its layers: only a store that contradicts itself, or of which too little is
 * known, has them. The nodes say nothing of such a dependence, so they are left out as long as the goal allows.
 */
function standsBelowDependents(forest: Forest): (unit: number) => boolean {
  if (forest.dependents.size === 0) return () => true;
  return (unit) => {
    const bottom = forest.top[unit] ?? -1;
    return (forest.dependents.get(unit) ?? []).every((dependent) => {
      let layer = forest.top[dependent] ?? -1;
      while (layer >= 0 && layer !== bottom) layer = forest.parent[layer] ?? -1;
      return layer === bottom;
    });
  };
}

function byWorth(forest: Forest, worths: Worths): (a: RemovableId, b: RemovableId) => number {
  return (a, b) => worths.unit(indexOf(forest, a)) - worths.unit(indexOf(forest, b));
}

function respectsDependents(forest: Forest, sequence: readonly number[]): boolean {
  if (forest.dependents.size === 0) return true;
  const goes = new Set(sequence);
  return sequence.every((unit) => (forest.dependents.get(unit) ?? []).every((other) => goes.has(other)));
}

function frees(forest: Forest, sequence: readonly number[], goal: Amount): boolean {
  const remaining = new StoreAfterRemovals(forest);
  for (const unit of sequence) remaining.removeAt(unit);
  return covers(remaining.freed, goal);
}
