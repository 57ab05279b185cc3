/** The store in figures: images by state, and what is reclaimable. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makePlan } from '../../../../src/core/plan/plan.ts';
import { noProtections } from '../../../../src/core/eligible/rules.ts';
import { summarise } from '../../../../src/core/plan/store-summary.ts';
import type { ImageStore } from '../../../../src/core/model/store.ts';
import { container, image, store, usage } from '../arbitraries.ts';
import { arbitraryForest, chain, layersOf } from '../forests.ts';
import { rulesWith } from '../../../../harness/program/plan-rules.ts';

const everything = { type: 'relative', high: 80, low: 0.001 } as const;

function planOf(snapshot: ImageStore, used = 90, keep = noProtections.keep) {
  return makePlan(
    { store: snapshot, usage: usage(used), nowMs: 0 },
    rulesWith({ thresholds: everything, protections: { ...noProtections, keep } }),
  );
}

describe('summarise', () => {
  const layers = layersOf({ base: ['-', 100, 1], mine: ['base', 20, 2], used: ['base', 7, 3] });
  const images = [
    image('unused', { layers: chain(layers, 'mine') }),
    image('busy', { layers: chain(layers, 'used') }),
  ];
  const snapshot = { ...store(images, [container('c', ['busy'])]), layers };

  it('counts a shared layer once, for its strongest holder', () => {
    const { images: counted } = summarise(planOf(snapshot));
    expect(counted).toEqual({
      'in-use': { count: 1, bytes: 107 },
      protected: { count: 0, bytes: 0 },
      unused: { count: 1, bytes: 20 },
    });
  });

  it('says what deleting everything deletable would free, also while nothing must be deleted', () => {
    for (const used of [90, 0])
      expect(summarise(planOf(snapshot, used)).reclaimable).toEqual({
        bytes: 20,
        inodes: 2,
        exact: true,
      });
  });

  it('calls unused images that people protect protected', () => {
    const labelled = {
      ...snapshot,
      images: images.map((each) => ({ ...each, labels: { 'docker-image-cleaner.keep': 'true' } })),
    };
    const plan = planOf(labelled);
    const { images: counted, reclaimable } = summarise(plan);
    expect(plan.kept.map(({ code }) => code).sort()).toEqual(['in-use', 'keep-label']);
    expect(counted.protected).toEqual({ count: 1, bytes: 20 });
    expect(reclaimable.bytes).toBe(0);
  });

  it('never counts a layer twice, and never promises more than the unused images hold', () => {
    fc.assert(
      fc.property(arbitraryForest(12), fc.integer({ min: 0, max: 100 }), ({ store: any }, used) => {
        const plan = planOf(any, used);
        const { images: counted, reclaimable } = summarise(plan);
        const sum = counted['in-use'].bytes + counted.protected.bytes + counted.unused.bytes;
        const count = counted['in-use'].count + counted.protected.count + counted.unused.count;
        expect(count).toBe(any.images.length);
        expect(reclaimable.bytes).toBeLessThanOrEqual(counted.unused.bytes);
        const known = [...any.layers.values()].reduce((total, layer) => total + layer.bytes, 0);
        const madeUp = any.images
          .filter((each) => each.layers === undefined)
          .reduce((total, each) => total + each.sizeBytes, 0);
        expect(sum).toBeLessThanOrEqual(known + madeUp);
        // What a plan that takes all it can predicts is what is said to be reclaimable.
        if (used > 0 && plan.kept.every(({ code }) => code !== 'not-needed' && code !== 'frees-nothing'))
          expect(reclaimable.bytes).toBe(plan.predicted.freed.bytes);
      }),
    );
  });
});
