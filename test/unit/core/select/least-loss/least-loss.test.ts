import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, freedBy } from '../../../../../src/core/forest/reclaim.ts';
import { forestOf } from '../../../../../src/core/forest/forest.ts';
import { leastLoss } from '../../../../../src/core/select/least-loss/least-loss.ts';
import type { Selection } from '../../../../../src/core/select/order/selection.ts';
import type { Worths } from '../../../../../src/core/select/least-loss/reduced-forest.ts';
import type { ImageStore } from '../../../../../src/core/model/store.ts';
import type { Amount } from '../../../../../src/core/model/thresholds.ts';
import {
  arbitraryForest,
  arbitraryGoalParts,
  BruteForce,
  type Case,
  caseOf,
  chain,
  goalOf,
  layersOf,
} from '../../forests.ts';
import { container, image } from '../../arbitraries.ts';

const same: Worths = { unit: () => 1 };
const ids = (items: readonly { readonly id: string }[]): string[] => items.map((item) => item.id);

/** Images by name, each on the chain that ends in a layer. */
function storeOf(
  layers: ImageStore['layers'],
  tops: Readonly<Record<string, string>>,
  more: Partial<ImageStore> = {},
): ImageStore {
  const images = Object.entries(tops).map(([id, top]) => image(id, { layers: chain(layers, top) }));
  return { images, containers: [], layers, ...more };
}

function select(store: ImageStore, goal: Partial<Amount>, worths: Worths = same): Selection {
  const { forest, candidates } = caseOf(store);
  return leastLoss(forest, candidates, worths, { bytes: 0, inodes: 0, ...goal });
}

describe('the choice of least loss', () => {
  const layers = layersOf({
    base: ['-', 100, 1000],
    a: ['base', 30, 5],
    b: ['base', 20, 6],
    group: ['-', 500, 10],
    g1: ['group', 1, 1],
    g2: ['group', 2, 1],
    alone: ['-', 240, 900],
  });
  const tops = { a: 'a', b: 'b', g1: 'g1', g2: 'g2', alone: 'alone' };

  it('takes a group that frees only together when it frees more for each image than others', () => {
    expect(ids(select(storeOf(layers, tops), { bytes: 300 }).victims)).toEqual(['g2', 'g1']);
  });

  it('takes the one image that suffices instead of a group that frees more', () => {
    expect(ids(select(storeOf(layers, tops), { bytes: 240 }).victims)).toEqual(['alone']);
  });

  it('considers inodes when inodes are to be freed', () => {
    expect(ids(select(storeOf(layers, tops), { inodes: 1000 }).victims).sort()).toEqual(['a', 'b']);
  });

  it('reaches the goal in both resources', () => {
    const selection = select(storeOf(layers, tops), { bytes: 500, inodes: 900 });
    expect(selection.reached).toBe(true);
    expect(ids(selection.victims).sort()).toEqual(['alone', 'g1', 'g2']);
  });

  it('says of each victim what it frees at its place, and which later one frees the rest', () => {
    expect(select(storeOf(layers, tops), { bytes: 500 }).victims).toEqual([
      { id: 'g2', freed: { bytes: 2, inodes: 1, exact: true }, completedBy: undefined },
      { id: 'g1', freed: { bytes: 501, inodes: 11, exact: true }, completedBy: undefined },
    ]);
    const equal = storeOf(layers, { x: 'alone', y: 'alone' });
    expect(select(equal, { bytes: 1 }).victims).toMatchObject([
      { id: 'x', freed: { bytes: 0 }, completedBy: 'y' },
      { id: 'y', freed: { bytes: 240 }, completedBy: undefined },
    ]);
  });

  it('takes what is worth least, and counts what is lost with a layer once', () => {
    const worths: Worths = { unit: (unit) => (unit === 4 ? 10 : 1) };
    const store = storeOf(layers, tops);
    expect(ids(select(store, { bytes: 240 }, worths).victims)).toEqual(['g2', 'g1']);
    const { layerIds } = forestOf(store);
    const dear: Worths = { ...worths, layer: (layer) => (layerIds[layer] === 'group' ? 9 : 0) };
    expect(ids(select(store, { bytes: 240 }, dear).victims)).toEqual(['alone']);
  });

  it('counts the loss of a layer that is freed with its last user', () => {
    const forced = layersOf({ a: ['-', 0, 1], below: ['-', 0, 0], b: ['below', 0, 1], c: ['below', 0, 1] });
    const lost: Readonly<Record<string, number>> = { a: 20, below: 2, b: 19, c: 0 };
    const store = storeOf(forced, { a: 'a', b: 'b', c: 'c' });
    const { layerIds } = forestOf(store);
    const worths: Worths = { unit: () => 1, layer: (layer) => lost[layerIds[layer] ?? ''] ?? NaN };
    // With b and c the layer below them is freed: 2 + 19 + 0 + 2, against 2 + 20 + 0.
    expect(ids(select(store, { inodes: 2 }, worths).victims)).toEqual(['c', 'a']);
  });

  it('takes all that frees something, and nothing else, when the goal is out of reach', () => {
    const store = storeOf(
      layers,
      { ...tops, onBase: 'base', used: 'b' },
      { containers: [container('c', ['used'])] },
    );
    const selection = select(store, { bytes: 10_000 });
    expect(selection.reached).toBe(false);
    expect(ids(selection.victims).sort()).toEqual(['a', 'alone', 'g1', 'g2']);
    expect(selection.stays).toMatchObject([
      { id: 'b', cause: 'frees-nothing' },
      { id: 'onBase', cause: 'frees-nothing' },
    ]);
  });

  it('takes nothing when nothing is to be freed', () => {
    const selection = select(storeOf(layers, { a: 'a' }), {});
    expect(selection).toMatchObject({
      victims: [],
      reached: true,
      stays: [{ id: 'a', cause: 'not-needed' }],
    });
  });

  it('keeps an image with a kept child, also where the layers of neither are known', () => {
    const images = [
      image('parent', { sizeBytes: 10 }),
      image('child', { parentId: 'parent', sizeBytes: 15 }),
      image('other', { sizeBytes: 4 }),
    ];
    const forest = forestOf({ images, containers: [], layers: new Map() });
    const goal = { bytes: 8, inodes: 0 };
    const selection = leastLoss(forest, ['parent', 'other'], same, goal);
    expect(ids(selection.victims)).toEqual(['other']);
    expect(selection.stays).toMatchObject([{ id: 'parent', cause: 'child-stays' }]);
    const both = leastLoss(forest, ['parent', 'child', 'other'], same, goal);
    expect(ids(both.victims)).toEqual(['child', 'parent']);
    expect(both.freed).toEqual({ bytes: 15, inodes: 2, exact: false });
  });

  it('counts nameless build steps as going with the last image built on them', () => {
    const images = [
      image('step', { tags: [], layers: ['group'] }),
      image('one', { parentId: 'step', layers: ['group', 'g1'] }),
      image('two', { parentId: 'step', layers: ['group', 'g2'] }),
    ];
    const selection = select({ images, containers: [], layers }, { bytes: 400 });
    expect(ids(selection.victims)).toEqual(['two', 'one']);
    expect(selection.freed.bytes).toBe(503);
  });

  it.each([-1, NaN, Infinity])('refuses a worth of %d', (worth) => {
    expect(() => select(storeOf(layers, tops), { bytes: 1 }, { unit: () => worth })).toThrow(RangeError);
  });

  it('refuses a candidate that is not in the store', () => {
    expect(() =>
      leastLoss(caseOf(storeOf(layers, tops)).forest, ['x'], same, { bytes: 1, inodes: 0 }),
    ).toThrow(RangeError);
  });
});

/** What must hold of every selection, besides its cost. */
function checkSelection(of: Case, selection: Selection, goal: Amount, brute: BruteForce): void {
  const victims = ids(selection.victims);
  const set = brute.bitsOf(victims);
  const most = brute.freed(brute.all);
  expect(selection.freed).toMatchObject(brute.freed(set));
  expect(brute.isAllowed(set)).toBe(true);
  expect(selection.reached).toBe(covers(most, goal));
  expect([...victims, ...ids(selection.stays)].sort()).toEqual([...of.candidates].sort());
  const within = { bytes: Math.min(goal.bytes, most.bytes), inodes: Math.min(goal.inodes, most.inodes) };
  expect(covers(selection.freed, within)).toBe(true);
  for (const victim of victims) {
    expect(covers(brute.freed(set & ~brute.bitsOf([victim])), within)).toBe(false);
  }
  selection.victims.forEach((victim, at) => {
    const before = freedBy(of.forest, victims.slice(0, at));
    const after = freedBy(of.forest, victims.slice(0, at + 1));
    expect(victim.freed.bytes).toBe(after.bytes - before.bytes);
    expect(victim.freed.inodes).toBe(after.inodes - before.inodes);
    expect(brute.isAllowed(brute.bitsOf(victims.slice(0, at + 1)))).toBe(true);
  });
}

describe('compared with brute force', () => {
  const equalOrNot = fc.constantFrom(1, 1, 3);

  it('loses no more than the optimum on forests of up to 14 images, and takes no unneeded image', () => {
    fc.assert(
      fc.property(
        arbitraryForest(14),
        arbitraryGoalParts,
        fc.array(fc.nat(20), { minLength: 14, maxLength: 14 }),
        equalOrNot,
        (of, parts, values, kinds) => {
          const brute = new BruteForce(of);
          const goal = goalOf(parts, brute.freed(brute.all));
          const worthOf = (at: number): number => (kinds === 1 ? 1 : (values[at] ?? 0));
          const worths: Worths = { unit: worthOf };
          const selection = leastLoss(of.forest, of.candidates, worths, goal);
          checkSelection(of, selection, goal, brute);
          if (!selection.reached) return;
          const cost = (set: number): number =>
            of.candidates.reduce(
              (sum, id, bit) =>
                (set & (1 << bit)) === 0 ? sum : sum + worthOf(of.forest.unitIndex.get(id) ?? -1),
              0,
            );
          expect(cost(brute.bitsOf(ids(selection.victims)))).toBe(brute.leastCost(goal, cost));
        },
      ),
      { numRuns: 600 },
    );
  });

  it('does so where layers are worth something too', () => {
    fc.assert(
      fc.property(
        arbitraryForest(9),
        arbitraryGoalParts,
        fc.array(fc.nat(20), { minLength: 20, maxLength: 20 }),
        (of, parts, values) => {
          const brute = new BruteForce(of);
          const goal = goalOf(parts, brute.freed(brute.all));
          const worthOf = (id: string): number => values[Number(id.slice('layer'.length))] ?? 0;
          const worths: Worths = { unit: () => 1, layer: (at) => worthOf(of.forest.layerIds[at] ?? '') };
          const selection = leastLoss(of.forest, of.candidates, worths, goal);
          checkSelection(of, selection, goal, brute);
          if (!selection.reached) return;
          const victims = brute.bitsOf(ids(selection.victims));
          let own = NaN;
          const least = brute.leastCost(goal, (set, layers) => {
            const images = of.candidates.filter((_, bit) => (set & (1 << bit)) !== 0).length;
            const cost = layers.reduce((sum, layer) => sum + worthOf(layer.id), images);
            if (set === victims) own = cost;
            return cost;
          });
          expect(own).toBe(least);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('gives the same however the store lists images and layers', () => {
    fc.assert(
      fc.property(
        arbitraryForest(14),
        arbitraryGoalParts,
        fc.infiniteStream(fc.nat()),
        (of, parts, random) => {
          const brute = new BruteForce(of);
          const goal = goalOf(parts, brute.freed(brute.all));
          const shuffled = <T>(items: Iterable<T>): T[] =>
            [...items]
              .map((item) => ({ item, key: Number(random.next().value) }))
              .sort((a, b) => a.key - b.key)
              .map(({ item }) => item);
          const store = {
            ...of.store,
            images: shuffled(of.store.images),
            layers: new Map(shuffled(of.store.layers)),
          };
          const other = leastLoss(forestOf(store), shuffled(of.candidates), same, goal);
          expect(other.victims).toEqual(leastLoss(of.forest, of.candidates, same, goal).victims);
        },
      ),
      { numRuns: 200 },
    );
  });
});
