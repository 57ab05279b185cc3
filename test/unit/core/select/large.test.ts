/** Forests too big for brute force: compared with a plain dynamic programme. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, freedBy, Remaining } from '../../../../src/core/space.ts';
import { forestOf, type Forest } from '../../../../src/core/forest.ts';
import { clearable, type Worths } from '../../../../src/core/select/clearable.ts';
import { densityGroups, nodesOf } from '../../../../src/core/select/density.ts';
import { leastLoss } from '../../../../src/core/select/least-loss.ts';
import { walkOrder } from '../../../../src/core/select/walk.ts';
import { sortOut } from '../../../../src/core/protection.ts';
import type { ImageStore } from '../../../../src/core/store.ts';
import { image } from '../arbitraries.ts';
import { arbitraryForest } from '../forests.ts';

const arbitraryBig = arbitraryForest(300, 600);
const ids = (items: readonly { readonly id: string }[]): string[] => items.map((item) => item.id);

function candidatesOf(forest: Forest, of: readonly string[]): number[] {
  return [...of].sort().map((id) => forest.unitIndex.get(id) ?? -1);
}

/**
 * The least cost, exactly: by node in preorder, the most that can be freed for each whole-numbered cost, where each node
 * is either cleared with all above it or passed over.
 */
function leastCost(forest: Forest, candidates: readonly string[], worths: Worths, bytes: number): number {
  const nodes = clearable(forest, candidatesOf(forest, candidates), worths);
  const costs = nodes.cost.reduce((sum, cost) => sum + cost, 0) + 1;
  const most = Array.from({ length: nodes.count + 1 }, () => new Float64Array(costs).fill(-1));
  most[0]?.fill(0, 0, 1);
  for (let node = 0; node < nodes.count; node++) {
    const end = nodes.end[node] ?? 0;
    const cost = nodes.cost.subarray(node, end).reduce((sum, value) => sum + value, 0);
    const frees = nodes.bytes.subarray(node, end).reduce((sum, value) => sum + value, 0);
    const [here, next, after] = [most[node], most[node + 1], most[end]];
    if (here === undefined || next === undefined || after === undefined) continue;
    here.forEach((freed, at) => {
      if (freed < 0) return;
      next[at] = Math.max(next[at] ?? 0, freed);
      after[at + cost] = Math.max(after[at + cost] ?? 0, freed + frees);
    });
  }
  return most[nodes.count]?.findIndex((freed) => freed >= bytes) ?? NaN;
}

describe('on big forests', () => {
  it('the groups keep everything that stands on a layer before it, at a rising price', () => {
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

  it('loses at most 5 % more than the optimum, or one image where all are worth the same', () => {
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

  it('takes no image that could stay, in both resources', () => {
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

  it('nothing goes before what was built on it, and the goal is reached where that is possible', () => {
    fc.assert(
      fc.property(arbitraryContradiction, fc.nat(110), fc.boolean(), (store, percent, isWalk) => {
        const forest = forestOf(store);
        const candidates = sortOut(store).candidates.map(({ id }) => id);
        const goal = { bytes: Math.ceil((freedBy(forest, candidates).bytes * percent) / 100), inodes: 0 };
        const selection = isWalk
          ? walkOrder(forest, candidates, goal)
          : leastLoss(forest, candidates, { unit: () => 1 }, goal);
        const remaining = new Remaining(forest);
        const gone = new Set<number>();
        for (const { id, freed } of selection.victims) {
          const unit = forest.unitIndex.get(id) ?? -1;
          for (const dependent of forest.dependents.get(unit) ?? []) expect(gone.has(dependent)).toBe(true);
          gone.add(unit);
          expect(remaining.remove(id)).toEqual(freed);
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
