/** What every selection does the same way: which candidates are possible, which are useless, what a sequence frees. */
import { append } from '../../model/lists.ts';
import type { Forest } from '../../forest/forest.ts';
import { StoreAfterRemovals, covers, freedWithEach } from '../../forest/reclaim.ts';
import type { Amount } from '../../model/thresholds.ts';
import type { Selection, Stay, Chosen } from './selection.ts';

/**
 * The candidates that can be deleted: not build steps, and not those with a dependent that is not a candidate or cannot be deleted.
 * @param candidates unit indices; the result keeps their order.
 */
export function possible(forest: Forest, candidates: readonly number[]): number[] {
  const can = new Uint8Array(forest.units.length);
  for (const unit of candidates) can[unit] = forest.units[unit]?.isStep === false ? 1 : 0;
  const dependentOn = new Map<number, number[]>();
  const stuck: number[] = [];
  for (const [unit, dependents] of forest.dependents) {
    for (const dependent of dependents) {
      append(dependentOn, dependent, unit);
      if (can[dependent] === 0) stuck.push(unit);
    }
  }
  for (let unit = stuck.pop(); unit !== undefined; unit = stuck.pop()) {
    if (can[unit] === 0) continue;
    can[unit] = 0;
    stuck.push(...(dependentOn.get(unit) ?? []));
  }
  return candidates.filter((unit) => can[unit] === 1);
}

/**
 * The same sequence with dependents before what depends on them: a unit that comes too early is put off until right
 * after the last of its dependents. Dependents that are not in the sequence are not waited for; of a loop (a damaged
 * store) nothing is put out.
 */
export function dependentsFirst(forest: Forest, sequence: readonly number[]): readonly number[] {
  if (forest.dependents.size === 0) return sequence;
  const place = new Map(sequence.map((unit, at) => [unit, at]));
  const waitsFor = new Map<number, number>();
  const wanted = new Map<number, number[]>();
  for (const unit of sequence) {
    const before = (forest.dependents.get(unit) ?? []).filter((dependent) => place.has(dependent));
    waitsFor.set(unit, before.length);
    for (const dependent of before) append(wanted, dependent, unit);
  }
  const result: number[] = [];
  const passed = new Set<number>();
  const put = (first: number): void => {
    const ready = [first];
    for (let unit = ready.pop(); unit !== undefined; unit = ready.pop()) {
      result.push(unit);
      for (const waiting of wanted.get(unit) ?? []) {
        const left = (waitsFor.get(waiting) ?? 0) - 1;
        waitsFor.set(waiting, left);
        if (left === 0 && passed.has(waiting)) ready.push(waiting);
      }
      // The one that the sequence wants first is put out first.
      ready.sort((a, b) => (place.get(b) ?? 0) - (place.get(a) ?? 0));
    }
  };
  for (const unit of sequence) {
    if (waitsFor.get(unit) === 0) put(unit);
    else passed.add(unit);
  }
  return result;
}

/**
 * The sequence without those that contribute nothing: of which no layer that counts for the goal is gone once the whole
 * sequence is. Leaving them out changes nothing in what the others free. Those that must go before a useful one stay.
 * @param sequence possible ones, none of them twice.
 */
export function withoutUseless(forest: Forest, sequence: readonly number[], goal: Amount): number[] {
  const useful = usefulOf(forest, sequence, goal);
  return sequence.filter((unit) => useful[unit] === 1);
}

/** By unit: 1 where it is in the sequence and contributes, or must go before one that does. */
function usefulOf(forest: Forest, sequence: readonly number[], goal: Amount): Uint8Array {
  const useful = new Uint8Array(forest.units.length);
  const freedWith = freedWithEach(forest, sequence);
  if (goal.bytes > 0) markContributing(sequence, forest.top, forest.parent, freedWith, forest.bytes, useful);
  if (goal.inodes > 0)
    markContributing(sequence, forest.top, forest.parent, freedWith, forest.inodes, useful);
  if (forest.dependents.size === 0) return useful;
  // Backwards: what depends on a unit comes after it.
  for (const unit of sequence.toReversed()) {
    if (useful[unit] === 0) continue;
    for (const dependent of forest.dependents.get(unit) ?? []) useful[dependent] = 1;
  }
  return useful;
}

/** Marks units with a layer that goes and has something of a resource. Of its own, on lists; see id-index.ts. */
function markContributing(
  sequence: readonly number[],
  top: Int32Array,
  parent: Int32Array,
  freedWith: Int32Array,
  resource: Float64Array,
  marks: Uint8Array,
): void {
  for (let at = 0; at < sequence.length; at++) {
    const unit = sequence[at] ?? -1;
    let layer = top[unit] ?? -1;
    while (layer >= 0 && (freedWith[layer] ?? -1) >= 0) {
      if ((resource[layer] ?? 0) > 0) {
        marks[unit] = 1;
        break;
      }
      layer = parent[layer] ?? -1;
    }
  }
}

/**
 * Describes a sequence of victims, and why every other candidate stays.
 * @param can the candidates that are possible.
 */
export function describe(
  forest: Forest,
  candidates: readonly number[],
  can: readonly number[],
  sequence: readonly number[],
  goal: Amount,
): Selection {
  const remaining = new StoreAfterRemovals(forest);
  const steps = sequence.map((unit) => ({ unit, freed: remaining.removeAt(unit) }));
  const victims = steps.flatMap(({ unit, freed }): Chosen[] => {
    const self = forest.units[unit];
    if (self === undefined) return [];
    const last = remaining.freedWith(forest.top[unit] ?? -1);
    return [{ id: self.id, freed, completedBy: last === unit ? undefined : forest.units[last]?.id }];
  });
  return {
    victims,
    stays: staysOf(forest, candidates, can, sequence, goal),
    freed: remaining.freed,
    reached: covers(remaining.freed, goal),
  };
}

function staysOf(
  forest: Forest,
  candidates: readonly number[],
  can: readonly number[],
  sequence: readonly number[],
  goal: Amount,
): Stay[] {
  const goes = new Uint8Array(forest.units.length);
  for (const unit of sequence) goes[unit] = 1;
  const couldGo = new Uint8Array(forest.units.length);
  for (const unit of can) couldGo[unit] = 1;
  // With nothing to free, any amount is one that could be freed.
  const asked = goal.bytes > 0 || goal.inodes > 0 ? goal : { bytes: 1, inodes: 1 };
  const useful = usefulOf(forest, dependentsFirst(forest, can), asked);
  const stays: Stay[] = [];
  for (const unit of candidates) {
    const self = forest.units[unit];
    if (self === undefined || goes[unit] === 1) continue;
    const cause = couldGo[unit] === 0 ? 'child-stays' : useful[unit] === 1 ? 'not-needed' : 'frees-nothing';
    stays.push({ id: self.id, index: unit, cause });
  }
  return stays;
}
