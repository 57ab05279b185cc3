/** Forests too big for brute force: compared with a plain dynamic programme. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, freedBy, indexOf, StoreAfterRemovals } from '../../../../src/core/forest/reclaim.ts';
import { forestOf, type Forest } from '../../../../src/core/forest/forest.ts';
import { clearable, type Worths } from '../../../../src/core/select/least-loss/reduced-forest.ts';
import { densityGroups, nodesOf } from '../../../../src/core/select/least-loss/density-groups.ts';
import { leastLoss } from '../../../../src/core/select/least-loss/least-loss.ts';
import { walkOrder } from '../../../../src/core/select/order/in-order.ts';
import { sortOut } from '../../../../src/core/eligible/images.ts';
import type { Image, ImageStore, Layer } from '../../../../src/core/model/store.ts';
import { image } from '../arbitraries.ts';
import { arbitraryForest } from '../forests.ts';

const arbitraryBig = arbitraryForest(300, 600);
/** Images on a few levels of layers that they share, none of which is an image's last. */
const arbitraryShared = fc
  .record({
    parents: fc.array(fc.nat(), { minLength: 12, maxLength: 40 }),
    images: fc.array(fc.tuple(fc.nat(), fc.noBias(fc.integer({ min: 1, max: 60 }))), {
      minLength: 30,
      maxLength: 150,
    }),
    sizes: fc.array(fc.noBias(fc.integer({ min: 1, max: 80 })), { minLength: 40, maxLength: 40 }),
  })
  .map(({ parents, images, sizes }) => {
    const layers = new Map<string, Layer>();
    const chains: string[][] = [];
    parents.forEach((parent, at) => {
      const below = at % 4 === 0 ? undefined : chains[parent % at];
      const id = `shared${at}`;
      layers.set(id, { id, parentId: below?.at(-1), bytes: sizes[at] ?? 1, inodes: 0, exact: true });
      chains.push([...(below ?? []), id]);
    });
    const list = images.map(([on, bytes], at) => {
      const below = chains[on % chains.length] ?? [];
      const id = `own${at}`;
      layers.set(id, { id, parentId: below.at(-1), bytes, inodes: 0, exact: true });
      return image(`image${at.toString().padStart(3, '0')}`, { layers: [...below, id], sizeBytes: bytes });
    });
    const forest = forestOf({ images: list, containers: [], layers });
    return { forest, candidates: list.map(({ id }) => id) };
  });

/** What is lost with victims: one each, and what the layers are worth that go with them. */
function costOf(forest: Forest, victims: readonly string[], worthOf: (layer: number) => number): number {
  const remaining = new StoreAfterRemovals(forest);
  for (const id of victims) remaining.removeAt(indexOf(forest, id));
  let cost = victims.length;
  for (let layer = 0; layer < forest.parent.length; layer++)
    if (remaining.freedWith(layer) >= 0) cost += worthOf(layer);
  return cost;
}

const ids = (items: readonly { readonly id: string }[]): string[] => items.map((item) => item.id);

function candidatesOf(forest: Forest, of: readonly string[]): number[] {
  return [...of].sort().map((id) => forest.unitIndex.get(id) ?? -1);
}

/**
 * The least cost, exactly: by node in preorder, the most that can be freed for each whole-numbered cost, where each node is
 * either cleared with all above it or passed over. A node on which no image ends is freed when everything on it
 * goes, so one of those must be passed over where it is: the states in which all siblings so far were cleared are apart.
 */
function leastCost(forest: Forest, candidates: readonly string[], worths: Worths, bytes: number): number {
  const nodes = clearable(forest, candidatesOf(forest, candidates), worths);
  const costs = nodes.cost.reduce((sum, cost) => sum + cost, 0) + 1;
  const states = (): Float64Array[] =>
    Array.from({ length: nodes.count + 1 }, () => new Float64Array(costs).fill(-1));
  const free = states();
  const bound = states();
  free[0]?.fill(0, 0, 1);
  const raise = (to: Float64Array | undefined, at: number, freed: number): void => {
    if (to !== undefined) to[at] = Math.max(to[at] ?? -1, freed);
  };
  for (let node = 0; node < nodes.count; node++) {
    const end = nodes.end[node] ?? 0;
    const cost = nodes.cost.subarray(node, end).reduce((sum, value) => sum + value, 0);
    const frees = nodes.bytes.subarray(node, end).reduce((sum, value) => sum + value, 0);
    const below = nodes.parent[node] ?? -1;
    const isLast = below >= 0 && (nodes.end[below] ?? 0) === end;
    for (const [here, isBound] of [
      [free[node], false],
      [bound[node], true],
    ] as const) {
      here?.forEach((freed, at) => {
        if (freed < 0) return;
        raise((nodes.hasUnits[node] === 0 ? bound : free)[node + 1], at, freed);
        // The last sibling of those that must not all go.
        if (!(isBound && isLast)) raise((isBound ? bound : free)[end], at + cost, freed + frees);
      });
    }
  }
  return free[nodes.count]?.findIndex((freed) => freed >= bytes) ?? NaN;
}

describe('on big forests', () => {
  it("the groups keep a layer's children before it, at a rising price", () => {
    fc.assert(
      fc.property(arbitraryBig, fc.array(fc.nat(9), { minLength: 300, maxLength: 300 }), (of, values) => {
        const worths = { unit: (unit: number): number => values[unit] ?? 0 };
        const nodes = clearable(of.forest, candidatesOf(of.forest, of.candidates), worths);
        const groups = densityGroups(nodes, nodes.bytes);
        const cleared = new Set<number>();
        let ratio = 0;
        for (let group = 0; group < groups.count; group++) {
          const members = nodesOf(groups, group);
          for (const node of members) cleared.add(node);
          for (const node of members) {
            for (let above = node; above < (nodes.end[node] ?? 0); above++)
              expect(cleared.has(above)).toBe(true);
          }
          expect(groups.ratio[group]).toBeGreaterThanOrEqual(ratio);
          ratio = groups.ratio[group] ?? NaN;
        }
        expect(cleared.size).toBe(nodes.count);
      }),
      { numRuns: 30 },
    );
  });

  it('loses at most 5% more than the optimum, or one image where all are worth the same', () => {
    fc.assert(
      fc.property(
        arbitraryBig,
        fc.integer({ min: 1, max: 99 }),
        fc.boolean(),
        fc.array(fc.noBias(fc.integer({ min: 1, max: 20 })), { minLength: 300, maxLength: 300 }),
        (of, percent, areSame, values) => {
          const worths: Worths = { unit: (unit) => (areSame ? 1 : (values[unit] ?? 1)) };
          const most = freedBy(of.forest, of.candidates);
          const goal = { bytes: Math.ceil((most.bytes * percent) / 100), inodes: 0 };
          const selection = leastLoss(of.forest, of.candidates, worths, goal);
          expect(selection.reached).toBe(true);
          const cost = ids(selection.victims).reduce(
            (sum, id) => sum + worths.unit(of.forest.unitIndex.get(id) ?? -1),
            0,
          );
          const least = leastCost(of.forest, of.candidates, worths, goal.bytes);
          expect(cost).toBeGreaterThanOrEqual(least);
          expect(cost).toBeLessThanOrEqual(Math.max(1.05 * least, areSame ? least + 1 : 0));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('does so where layers are worth something too, on which often no image ends', () => {
    fc.assert(
      fc.property(
        arbitraryShared,
        fc.integer({ min: 1, max: 99 }),
        fc.array(fc.noBias(fc.integer({ min: 0, max: 12 })), { minLength: 400, maxLength: 400 }),
        (of, percent, values) => {
          const worthOf = (layer: number): number => values[layer % 400] ?? 0;
          const worths: Worths = { unit: () => 1, layer: worthOf };
          const most = freedBy(of.forest, of.candidates);
          const goal = { bytes: Math.ceil((most.bytes * percent) / 100), inodes: 0 };
          const selection = leastLoss(of.forest, of.candidates, worths, goal);
          expect(selection.reached).toBe(true);
          const least = leastCost(of.forest, of.candidates, worths, goal.bytes);
          const cost = costOf(of.forest, ids(selection.victims), worthOf);
          expect(cost).toBeGreaterThanOrEqual(least);
          expect(cost).toBeLessThanOrEqual(Math.max(1.05 * least, least + 2));
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([60, 300])(
    'leaves %d shared layers alone that are worth much, each under three images that are not',
    (groups) => {
      const layers = new Map<string, Layer>();
      const images: Image[] = [];
      for (let group = 0; group < groups; group++) {
        const shared = `shared${group}`;
        layers.set(shared, { id: shared, parentId: undefined, bytes: 300, inodes: 0, exact: true });
        for (const at of [0, 1, 2]) {
          const id = `own${group}-${at}`;
          layers.set(id, { id, parentId: shared, bytes: 100, inodes: 0, exact: true });
          images.push(image(`image${group}-${at}`, { layers: [shared, id], sizeBytes: 400 }));
        }
      }
      const forest = forestOf({ images, containers: [], layers });
      const worths: Worths = {
        unit: () => 0,
        layer: (layer) => (forest.layerIds[layer]?.startsWith('shared') === true ? 10 : 0),
      };
      // Two of three images of each group, and nothing is lost.
      const { victims, reached } = leastLoss(forest, ids(images), worths, { bytes: 200 * groups, inodes: 0 });
      expect(reached).toBe(true);
      expect(costOf(forest, ids(victims), (layer) => worths.layer?.(layer) ?? 0) - victims.length).toBe(0);
    },
  );

  it('takes no unneeded image, in both resources', () => {
    fc.assert(
      fc.property(
        arbitraryBig,
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 1, max: 99 }),
        (of, b, i) => {
          const most = freedBy(of.forest, of.candidates);
          const goal = { bytes: (most.bytes * b) / 100, inodes: (most.inodes * i) / 100 };
          const { victims, reached } = leastLoss(of.forest, of.candidates, { unit: () => 1 }, goal);
          expect(reached).toBe(true);
          for (const { id } of victims) {
            const rest = ids(victims).filter((other) => other !== id);
            expect(covers(freedBy(of.forest, rest), goal)).toBe(false);
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  it('settles 300 images on one shared layer, and a chain of 300 images, one in the middle of the next', () => {
    const layers = new Map(
      Array.from({ length: 300 }, (_, at) => {
        const id = `l${at}`;
        return [id, { id, parentId: at === 0 ? undefined : `l${at - 1}`, bytes: 1, inodes: 1, exact: true }];
      }),
    );
    const all = [...layers.keys()];
    const nested = all.map((_, at) => image(`n${at}`, { layers: all.slice(0, at + 1) }));
    const forest = forestOf({ images: nested, containers: [], layers });
    const some = leastLoss(forest, ids(nested), { unit: () => 1 }, { bytes: 2, inodes: 0 });
    expect(ids(some.victims)).toEqual(['n299', 'n298']);
    const shared = Array.from({ length: 300 }, (_, at) => image(`s${at}`, { layers: ['l0'] }));
    const same = forestOf({ images: shared, containers: [], layers });
    expect(leastLoss(same, ids(shared), { unit: () => 1 }, { bytes: 1, inodes: 0 }).victims).toHaveLength(
      300,
    );
  });
});

describe('on a store that contradicts itself', () => {
  /** Parents that have nothing to do with the layers, and layers that are sometimes not known. */
  const arbitraryContradiction = fc
    .tuple(arbitraryForest(12), fc.array(fc.tuple(fc.nat(), fc.boolean()), { minLength: 12, maxLength: 12 }))
    .map(([of, changes]): ImageStore => {
      const images = of.store.images.map((each, at) => {
        const [parent = 0, isUnknown = false] = changes[at] ?? [];
        // Built on an earlier image only: an ID is a digest over what it is built on, so a loop cannot be.
        const parentId = at === 0 ? undefined : of.store.images[parent % at]?.id;
        return { ...each, parentId, layers: isUnknown ? undefined : each.layers };
      });
      return { ...of.store, images };
    });

  it('nothing is deleted before what was built on it, and the goal is reached where possible', () => {
    fc.assert(
      fc.property(arbitraryContradiction, fc.nat(110), fc.boolean(), (store, percent, isWalk) => {
        const forest = forestOf(store);
        const candidates = sortOut(store).candidates.map(({ id }) => id);
        const goal = { bytes: Math.ceil((freedBy(forest, candidates).bytes * percent) / 100), inodes: 0 };
        const selection = isWalk
          ? walkOrder(forest, candidates, goal)
          : leastLoss(forest, candidates, { unit: () => 1 }, goal);
        const remaining = new StoreAfterRemovals(forest);
        const gone = new Set<number>();
        for (const { id, freed } of selection.victims) {
          const unit = forest.unitIndex.get(id) ?? -1;
          for (const dependent of forest.dependents.get(unit) ?? []) expect(gone.has(dependent)).toBe(true);
          gone.add(unit);
          expect(remaining.removeAt(indexOf(forest, id))).toEqual(freed);
        }
        const most = walkOrder(forest, candidates, { bytes: Infinity, inodes: 0 }).freed;
        expect(covers(selection.freed, goal)).toBe(covers(most, goal));
        expect(selection.reached).toBe(covers(most, goal));
        expect([...ids(selection.victims), ...ids(selection.stays)].sort()).toEqual([...candidates].sort());
      }),
      { numRuns: 500 },
    );
  });
});
