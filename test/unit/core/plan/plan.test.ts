import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makePlan, type Plan } from '../../../../src/core/plan/plan.ts';
import type { ImageStore } from '../../../../src/core/model/store.ts';
import type { Thresholds, Usage } from '../../../../src/core/model/thresholds.ts';
import { arbitraryStore, container, image, STATES, store, usage } from '../arbitraries.ts';
import { rulesWith } from '../../../../harness/program/plan-rules.ts';

const relative: Thresholds = { type: 'relative', high: 80, low: 60 };
const everything: Thresholds = { type: 'relative', high: 80, low: 0.001 };
function planOf(
  snapshot: ImageStore,
  used: Usage,
  thresholds: Thresholds,
  refused?: ReadonlyMap<string, string>,
): Plan {
  return makePlan({ store: snapshot, usage: used, nowMs: 0, refused }, rulesWith({ thresholds }));
}

const ids = (items: readonly { readonly id: string }[]): string[] => items.map((item) => item.id);

describe('the order of victims', () => {
  it('takes the biggest first', () => {
    const images = [
      image('small', { sizeBytes: 1e6 }),
      image('big', { sizeBytes: 9e6 }),
      image('mid', { sizeBytes: 5e6 }),
    ];
    expect(ids(planOf(store(images), usage(90), everything).victims)).toEqual(['big', 'mid', 'small']);
  });

  it('takes untagged images before named ones, also when they are smaller', () => {
    const images = [image('tagged', { sizeBytes: 9e6 }), image('nameless', { tags: [], sizeBytes: 1e6 })];
    expect(ids(planOf(store(images), usage(90), everything).victims)).toEqual(['nameless', 'tagged']);
  });

  it('counts an image with only a digest as untagged', () => {
    const images = [
      image('digest', { tags: [], digests: ['r@sha256:1'], sizeBytes: 2e6 }),
      image('tagged', { sizeBytes: 3e6 }),
      image('nameless', { tags: [], sizeBytes: 1e6 }),
    ];
    expect(ids(planOf(store(images), usage(90), everything).victims)).toEqual([
      'digest',
      'nameless',
      'tagged',
    ]);
  });

  it('never takes an image before those built on it, also across nameless build steps', () => {
    const images = [
      image('base', { sizeBytes: 9e6 }),
      image('step', { tags: [], parentId: 'base', sizeBytes: 9e6 }),
      image('app', { parentId: 'step', sizeBytes: 9e6 }),
    ];
    const plan = planOf(store(images), usage(90), everything);
    expect(ids(plan.victims)).toEqual(['app', 'base']);
    expect(plan.kept).toMatchObject([{ id: 'step', code: 'intermediate' }]);
  });

  it('breaks ties by ID whatever order the engine lists them in', () => {
    const images = ['c', 'a', 'b'].map((id) => image(id));
    expect(ids(planOf(store(images), usage(90), everything).victims)).toEqual(['a', 'b', 'c']);
  });
});

describe('what is kept', () => {
  it.each(STATES)('keeps the image of a container that is %s', (state) => {
    const plan = planOf(store([image('used')], [container('c1', ['used'], state)]), usage(99), everything);
    expect(plan.victims).toEqual([]);
    expect(plan.kept).toMatchObject([
      { id: 'used', code: 'in-use', reason: `used by container c1 (${state})` },
    ]);
  });

  it('keeps an image that a container names by a tag instead of an ID', () => {
    const plan = planOf(
      store([image('used', { tags: ['app:1'] })], [container('c1', ['app:1'])]),
      usage(99),
      everything,
    );
    expect(plan.kept).toMatchObject([{ id: 'used', code: 'in-use' }]);
  });

  it('keeps all ancestors of a kept image', () => {
    const images = [image('a'), image('b', { parentId: 'a' }), image('c', { parentId: 'b' })];
    const plan = planOf(store(images, [container('c1', ['c'])]), usage(99), everything);
    expect(plan.victims).toEqual([]);
    expect(new Map(plan.kept.map(({ id, code }) => [id, code]))).toEqual(
      new Map([
        ['c', 'in-use'],
        ['b', 'child-stays'],
        ['a', 'child-stays'],
      ]),
    );
  });

  it('keeps what an earlier step of the sweep found undeletable, with that reason', () => {
    const plan = planOf(store([image('a')]), usage(99), everything, new Map([['a', 'the engine refused']]));
    expect(plan.kept).toMatchObject([{ id: 'a', code: 'refused', reason: 'the engine refused' }]);
  });

  it('keeps what is not needed to reach LOW', () => {
    const images = [image('big', { sizeBytes: 3e8 }), image('small', { sizeBytes: 1e8 })];
    const plan = planOf(store(images), usage(85), relative);
    expect(ids(plan.victims)).toEqual(['big']);
    expect(plan.kept).toMatchObject([{ id: 'small', code: 'not-needed' }]);
    expect(plan.predicted.reachesLow).toBe(true);
  });
});

describe('any plan', () => {
  it('never contains an image in use or one with a kept descendant; every image is a victim or kept, once', () => {
    fc.assert(
      fc.property(arbitraryStore, fc.integer({ min: 0, max: 100 }), (snapshot, percent) => {
        const plan = planOf(snapshot, usage(percent), relative);
        const victims = new Set(ids(plan.victims));
        const used = new Set(snapshot.containers.flatMap((holder) => holder.images));
        for (const id of victims) expect(used.has(id)).toBe(false);
        expect([...ids(plan.victims), ...ids(plan.kept)].sort()).toEqual(ids(snapshot.images).sort());
        for (const child of snapshot.images) {
          const goes =
            victims.has(child.id) || plan.kept.some((k) => k.id === child.id && k.code === 'intermediate');
          if (!goes && child.parentId !== undefined) expect(victims.has(child.parentId)).toBe(false);
        }
      }),
    );
  });

  it('puts every descendant before its ancestors', () => {
    fc.assert(
      fc.property(arbitraryStore, (snapshot) => {
        const order = ids(planOf(snapshot, usage(99), everything).victims);
        const parentOf = new Map(snapshot.images.map((i) => [i.id, i.parentId]));
        for (const [at, id] of order.entries()) {
          for (let up = parentOf.get(id); up !== undefined; up = parentOf.get(up)) {
            const ancestorAt = order.indexOf(up);
            if (ancestorAt >= 0) expect(ancestorAt).toBeGreaterThan(at);
          }
        }
      }),
    );
  });

  it('is the same whatever order the engine lists the images in', () => {
    fc.assert(
      fc.property(arbitraryStore, (snapshot) => {
        const reversed = store([...snapshot.images].reverse(), [...snapshot.containers].reverse());
        expect(planOf(reversed, usage(90), relative).victims).toEqual(
          planOf(snapshot, usage(90), relative).victims,
        );
      }),
    );
  });

  it('ends as soon as the prediction is below LOW', () => {
    fc.assert(
      fc.property(arbitraryStore, fc.integer({ min: 0, max: 100 }), (snapshot, percent) => {
        const plan = planOf(snapshot, usage(percent), relative);
        const withoutLast = plan.victims
          .slice(0, -1)
          .reduce((sum, victim) => sum + victim.predicted.bytes, 0);
        if (plan.victims.length > 0) expect(withoutLast).toBeLessThan(plan.toFree.bytes);
        if (plan.predicted.reachesLow)
          expect(plan.predicted.freed.bytes).toBeGreaterThanOrEqual(plan.toFree.bytes);
      }),
    );
  });
});
