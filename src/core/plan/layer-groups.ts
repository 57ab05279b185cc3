/**
 * The forest for people's eyes: runs of layers that stand or fall together, as one piece each. Every byte of the
 * forest is in exactly one segment, so a map of them shows a shared layer once.
 */
import { append } from '../model/lists.ts';
import type { Forest } from '../forest/forest.ts';
import type { Plan } from './plan.ts';
import { mayGo } from '../eligible/images.ts';
import { StoreAfterRemovals } from '../forest/reclaim.ts';
import type { ChainId } from '../model/store.ts';

/**
 * Why a segment exists, by its strongest holder, from weak to strong. `leftover`: nothing holds it. `unused`: only
 * deletable units do. `held`: something other than an image does, a build cache or an unfinished pull. `protected`:
 * an unused image that is kept. `in-use`: an image with a container.
 */
export const segmentStates = ['leftover', 'unused', 'held', 'protected', 'in-use'] as const;
export type SegmentState = (typeof segmentStates)[number];

export interface LayerGroup {
  /** Its parent segment, by its place in the list; -1 at the bottom. Parents are listed first. */
  readonly parent: number;
  readonly bytes: number;
  readonly inodes: number;
  /** How many layers it consists of. */
  readonly layers: number;
  /** False where a size is an estimate. */
  readonly exact: boolean;
  readonly state: SegmentState;
  /** Units (by their place in the forest) of which it is the topmost part. */
  readonly tops: readonly number[];
  /** How many units hold it. */
  readonly users: number;
  /** The victim of the plan (by its place there) that frees it; -1: it is kept. */
  readonly victim: number;
}

/** Why an image, record or container is there. */
export function unitStates(plan: Plan): ReadonlyMap<string, SegmentState> {
  return new Map<string, SegmentState>([
    ...plan.victims.map(({ id }) => [id, 'unused'] as const),
    ...plan.kept.map(({ id, code }) => {
      const state = code === 'in-use' ? 'in-use' : mayGo.has(code) ? 'unused' : 'protected';
      return [id, state] as const;
    }),
  ]);
}

/**
 * Cuts the forest into segments, parents before children.
 * @param plan made of the same store.
 * @param heldLayers held by something that is not a unit, each with all below it; unknown ones are ignored.
 */
export function segmentsOf(forest: Forest, plan: Plan, heldLayers: Iterable<ChainId>): readonly LayerGroup[] {
  const facts = factsOf(forest, plan, heldLayers);
  const segments: Mutable[] = [];
  const segmentOf = new Int32Array(forest.parent.length).fill(-1);
  for (const layer of facts.parentsFirst) {
    const below = forest.parent[layer] ?? -1;
    const own = continues(forest, facts, layer, below) ? segments[segmentOf[below] ?? -1] : undefined;
    if (own === undefined) {
      segmentOf[layer] = segments.length;
      segments.push({
        parent: below < 0 ? -1 : (segmentOf[below] ?? -1),
        bytes: 0,
        inodes: 0,
        layers: 0,
        exact: true,
        state: segmentStates[facts.rank[layer] ?? 0] ?? 'leftover',
        tops: [],
        users: facts.users[layer] ?? 0,
        victim: facts.victim[layer] ?? -1,
      });
    } else segmentOf[layer] = segmentOf[below] ?? -1;
    const segment = segments[segmentOf[layer] ?? -1];
    if (segment === undefined) continue;
    segment.bytes += forest.bytes[layer] ?? 0;
    segment.inodes += forest.inodes[layer] ?? 0;
    segment.layers += 1;
    segment.exact &&= forest.exact[layer] === 1;
    segment.tops.push(...(facts.topped.get(layer) ?? []));
  }
  return segments;
}

type Mutable = { -readonly [K in keyof LayerGroup]: LayerGroup[K] } & { tops: number[] };

interface Facts {
  readonly parentsFirst: readonly number[];
  readonly children: Int32Array;
  /** Units by their topmost layer. */
  readonly topped: ReadonlyMap<number, readonly number[]>;
  /** By layer: the place of its state in segmentStates. */
  readonly rank: Uint8Array;
  readonly users: Int32Array;
  readonly victim: Int32Array;
}

function factsOf(forest: Forest, plan: Plan, heldLayers: Iterable<ChainId>): Facts {
  const count = forest.parent.length;
  const states = unitStates(plan);
  const topped = new Map<number, number[]>();
  const rank = new Uint8Array(count);
  const users = new Int32Array(count);
  const victim = new Int32Array(count).fill(-1);
  const raise = (layer: number, to: number): void => {
    if (layer >= 0 && to > (rank[layer] ?? 0)) rank[layer] = to;
  };
  forest.units.forEach((unit, index) => {
    const top = forest.top[index] ?? -1;
    if (top < 0) return;
    raise(top, segmentStates.indexOf(states.get(unit.id) ?? 'unused'));
    if (unit.isStep) return;
    users[top] = (users[top] ?? 0) + 1;
    append(topped, top, index);
  });
  const indexOf = new Map(forest.layerIds.map((id, layer) => [id, layer]));
  for (const id of heldLayers) raise(indexOf.get(id) ?? -1, segmentStates.indexOf('held'));
  const { parentsFirst, children } = walk(forest.parent);
  for (const layer of [...parentsFirst].reverse()) {
    const below = forest.parent[layer] ?? -1;
    if (below < 0) continue;
    raise(below, rank[layer] ?? 0);
    users[below] = (users[below] ?? 0) + (users[layer] ?? 0);
  }
  const remaining = new StoreAfterRemovals(forest);
  const order = new Map<number, number>();
  plan.victims.forEach(({ id }, place) => {
    const unit = forest.unitIndex.get(id);
    if (unit === undefined) return;
    order.set(unit, place);
    remaining.removeAt(unit);
  });
  for (let layer = 0; layer < count; layer++) victim[layer] = order.get(remaining.freedWith(layer)) ?? -1;
  return { parentsFirst, children, topped, rank, users, victim };
}

/** Whether a layer belongs to the piece below it: it is the only child, and both are freed together. */
function continues(forest: Forest, facts: Facts, layer: number, below: number): boolean {
  if (below < 0 || facts.children[below] !== 1) return false;
  const holdsBelow = (forest.holds[layer] ?? 0) > 0 ? 1 : 0;
  return (
    forest.holds[below] === holdsBelow &&
    !facts.topped.has(below) &&
    facts.rank[below] === facts.rank[layer] &&
    facts.victim[below] === facts.victim[layer]
  );
}

function walk(parent: Int32Array): { parentsFirst: readonly number[]; children: Int32Array } {
  const children = new Int32Array(parent.length);
  const above = new Map<number, number[]>();
  parent.forEach((below, layer) => {
    if (below >= 0) children[below] = (children[below] ?? 0) + 1;
    append(above, below, layer);
  });
  const parentsFirst: number[] = [];
  const pending = (above.get(-1) ?? []).toReversed();
  for (let layer = pending.pop(); layer !== undefined; layer = pending.pop()) {
    parentsFirst.push(layer);
    pending.push(...(above.get(layer) ?? []).toReversed());
  }
  return { parentsFirst, children };
}
