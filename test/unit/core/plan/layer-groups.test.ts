import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forestOf } from '../../../../src/core/forest/forest.ts';
import { makePlan, type Plan } from '../../../../src/core/plan/plan.ts';
import { segmentsOf, segmentStates } from '../../../../src/core/plan/layer-groups.ts';
import { freedBy } from '../../../../src/core/forest/reclaim.ts';
import type { ImageStore } from '../../../../src/core/model/store.ts';
import { container, image, usage } from '../arbitraries.ts';
import { arbitraryForest, chain, layersOf } from '../forests.ts';
import { rulesWith } from '../../../../harness/program/plan-rules.ts';

function planOf(store: ImageStore, percent = 100, low = 10): Plan {
  return makePlan(
    {
      store,
      usage: { ...usage(percent), bytes: { total: 1000, available: 10 * (100 - percent) } },
      nowMs: 0,
    },
    rulesWith({ thresholds: { type: 'relative', high: 50, low } }),
  );
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('segments of the forest', () => {
  it('joins layers that are freed together, and no others', () => {
    const layers = layersOf({
      base: ['-', 100, 1],
      base2: ['base', 50, 1],
      a1: ['base2', 30, 1],
      a2: ['a1', 10, 1],
      b1: ['base2', 20, 1],
    });
    const store: ImageStore = {
      images: [image('a', { layers: chain(layers, 'a2') }), image('b', { layers: chain(layers, 'b1') })],
      containers: [container('c', ['b'])],
      layers,
    };
    const plan = planOf(store);
    expect(plan.victims.map(({ id }) => id)).toEqual(['a']);
    expect(segmentsOf(forestOf(store), plan, [])).toEqual([
      expect.objectContaining({
        parent: -1,
        bytes: 150,
        layers: 2,
        state: 'in-use',
        users: 2,
        victim: -1,
        tops: [],
      }),
      expect.objectContaining({
        parent: 0,
        bytes: 40,
        layers: 2,
        state: 'unused',
        users: 1,
        victim: 0,
        tops: [0],
      }),
      expect.objectContaining({
        parent: 0,
        bytes: 20,
        layers: 1,
        state: 'in-use',
        users: 1,
        victim: -1,
        tops: [1],
      }),
    ]);
  });

  it('cuts where an image ends in the middle, and where something without a name holds on', () => {
    const layers = layersOf({ x: ['-', 1, 1], y: ['x', 2, 1], z: ['y', 4, 1], lost: ['-', 8, 1] });
    const store: ImageStore = {
      images: [image('low', { layers: ['x'] }), image('high', { layers: ['x', 'y', 'z'] })],
      containers: [],
      layers,
      heldLayers: ['y'],
    };
    const segments = segmentsOf(forestOf(store), planOf(store, 20, 1), ['y']);
    expect(segments.map(({ bytes, state }) => [bytes, state])).toEqual([
      [1, 'held'],
      [2, 'held'],
      [4, 'unused'],
      [8, 'leftover'],
    ]);
  });

  it('holds every byte once, in any forest; what is freed with the victims is what the plan predicts', () => {
    fc.assert(
      fc.property(arbitraryForest(12), fc.integer({ min: 1, max: 100 }), ({ store }, low) => {
        const plan = planOf(store, 100, low);
        const forest = forestOf(store);
        const segments = segmentsOf(forest, plan, store.heldLayers ?? []);
        expect(sum(segments.map(({ bytes }) => bytes))).toBe(sum([...forest.bytes]));
        expect(sum(segments.map(({ inodes }) => inodes))).toBe(sum([...forest.inodes]));
        expect(sum(segments.map(({ layers }) => layers))).toBe(forest.parent.length);
        const going = sum(segments.filter(({ victim }) => victim >= 0).map(({ bytes }) => bytes));
        expect(going).toBe(
          freedBy(
            forest,
            plan.victims.map(({ id }) => id),
          ).bytes,
        );
        segments.forEach((segment, place) => {
          expect(segment.parent).toBeLessThan(place);
          const below = segments[segment.parent];
          if (below === undefined) return;
          expect(segmentStates.indexOf(below.state)).toBeGreaterThanOrEqual(
            segmentStates.indexOf(segment.state),
          );
          expect(below.users).toBeGreaterThanOrEqual(segment.users);
        });
      }),
    );
  });
});
