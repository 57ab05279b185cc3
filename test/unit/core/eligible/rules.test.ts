import fc from 'fast-check';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { compileExpression, loadExpressions } from '../../../../src/config/values/expressions.ts';
import { parseKeepPatterns } from '../../../../src/core/eligible/pattern.ts';
import { makePlan, type Plan } from '../../../../src/core/plan/plan.ts';
import type { Policy } from '../../../../src/core/policy/policy.ts';
import { biggest } from '../../../../src/core/policy/biggest.ts';
import { reclaimable } from '../../../../src/core/policy/reclaimable.ts';
import { noProtections, protectedImages, type Protections } from '../../../../src/core/eligible/rules.ts';
import type { ImageStore, Layer } from '../../../../src/core/model/store.ts';
import { arbitraryStore, container, image, store, usage } from '../arbitraries.ts';
import { rulesWith } from '../../../../harness/program/plan-rules.ts';

beforeAll(async () => {
  await loadExpressions(['re:']);
});

const nowMs = 1_000_000_000;

function planOf(snapshot: ImageStore, rules: Partial<Protections>, policy: Policy = biggest): Plan {
  return makePlan(
    { store: snapshot, usage: usage(99), nowMs },
    rulesWith({
      thresholds: { type: 'relative', high: 80, low: 0.001 },
      policy,
      protections: { ...noProtections, ...rules },
    }),
  );
}

function keep(text: string): Partial<Protections> {
  const parsed = parseKeepPatterns(text, compileExpression);
  if (!parsed.ok) throw new Error(parsed.reason);
  return { keep: parsed.patterns };
}

/** By ID: `gone`, or the code of why it is kept. */
function fates({ victims, kept }: Plan): Record<string, string> {
  const fate = new Map<string, string>(victims.map(({ id }) => [id, 'gone']));
  for (const { id, code } of kept) fate.set(id, code);
  return Object.fromEntries(fate);
}

describe('by name', () => {
  it('one matching name of several protects the image, and the plan names the pattern', () => {
    const images = [image('a', { tags: ['x:1', 'base:1'] }), image('b', { tags: ['x:2'] })];
    const plan = planOf(store(images), keep('base'));
    expect(fates(plan)).toEqual({ a: 'keep-pattern', b: 'gone' });
    expect(plan.kept[0]?.reason).toBe('the pattern base protects it');
  });
});

describe('by label', () => {
  test.each([
    ['true', 'keep-label'],
    ['True', 'keep-label'],
    ['', 'keep-label'],
    ['please', 'keep-label'],
    ['false', 'gone'],
    ['No', 'gone'],
    ['0', 'gone'],
  ])('%j: %s', (value, fate) => {
    const labels = { 'docker-image-cleaner.keep': value };
    expect(fates(planOf(store([image('a', { labels })]), {}))).toEqual({ a: fate });
  });
});

describe('by age', () => {
  const minute = { minAgeSeconds: 60 };
  test.each([
    ['just come', nowMs - 59_999, 0, 'min-age'],
    ['long here', nowMs - 60_000, 0, 'gone'],
    ['built long ago but just come', nowMs - 1000, 1, 'min-age'],
    ['only the time of its build known: young', undefined, nowMs - 1000, 'min-age'],
    ['only the time of its build known: old', undefined, nowMs - 60_000, 'gone'],
    ['nothing known', undefined, undefined, 'min-age'],
    ['from the future', nowMs + 3600_000, 0, 'min-age'],
  ])('%s', (_, appearedAtMs, createdAtMs, fate) => {
    expect(fates(planOf(store([image('a', { appearedAtMs, createdAtMs })]), minute))).toEqual({ a: fate });
  });

  it('is off at 0, also for an image of which nothing is known', () => {
    const images = [image('a', { createdAtMs: undefined }), image('b', { appearedAtMs: nowMs })];
    expect(fates(planOf(store(images), {}))).toEqual({ a: 'gone', b: 'gone' });
  });
});

describe('by rank in the repository', () => {
  const at = (id: string, tags: readonly string[], appearedAtMs: number | undefined) =>
    image(id, { tags, appearedAtMs, createdAtMs: undefined });

  it('keeps the newest of each repository, an image of unknown age first, tags of one image once', () => {
    const images = [
      at('old', ['app:1'], 10),
      at('mid', ['app:2', 'app:stable'], 20),
      at('new', ['app:3', 'other/app:1'], 30),
      at('only', ['alone:1'], 1),
    ];
    expect(fates(planOf(store(images), { keepLast: 1 }))).toEqual({
      old: 'gone',
      mid: 'gone',
      new: 'keep-last',
      only: 'keep-last',
    });
    const withUnknown = [...images, at('unknown', ['app:4'], undefined)];
    expect(fates(planOf(store(withUnknown), { keepLast: 2 }))).toMatchObject({
      old: 'gone',
      mid: 'gone',
      new: 'keep-last',
      unknown: 'keep-last',
    });
  });

  it('counts an image with a digest only, not a nameless one', () => {
    const images = [
      image('digest', { tags: [], digests: ['app@sha256:1'], createdAtMs: 2 }),
      image('tag', { tags: ['app:1'], createdAtMs: 1 }),
      image('nameless', { tags: [], createdAtMs: 3 }),
    ];
    expect(fates(planOf(store(images), { keepLast: 1 }))).toEqual({
      digest: 'keep-last',
      tag: 'gone',
      nameless: 'gone',
    });
  });

  it('counts images in use as well', () => {
    const images = [
      image('old', { tags: ['app:1'], createdAtMs: 1 }),
      image('new', { tags: ['app:2'], createdAtMs: 2 }),
    ];
    expect(fates(planOf(store(images, [container('c', ['new'])]), { keepLast: 1 }))).toEqual({
      old: 'gone',
      new: 'in-use',
    });
  });
});

describe('families of the classic builder', () => {
  const labels = { 'docker-image-cleaner.keep': 'true' };
  const layer = (id: string, parentId: string | undefined, bytes: number): Layer => ({
    ...{ id, parentId, bytes, inodes: 1, exact: true },
  });
  const family = (ofStep: object, ofBase: object = {}): ImageStore => ({
    images: [
      image('base', { layers: ['l1'], ...ofBase }),
      image('step', { tags: [], parentId: 'base', layers: ['l1', 'l2'], ...ofStep }),
      image('top', { tags: [], parentId: 'step', layers: ['l1', 'l2', 'l3'] }),
      image('app', { parentId: 'top', layers: ['l1', 'l2', 'l3', 'l4'] }),
    ],
    containers: [],
    layers: new Map(
      [layer('l1', undefined, 1), layer('l2', 'l1', 20), layer('l3', 'l2', 300), layer('l4', 'l3', 4000)].map(
        (one) => [one.id, one],
      ),
    ),
  });

  it('what a protected image was built from is kept', () => {
    const plan = planOf(family({}, {}), keep('app'));
    expect(fates(plan)).toEqual({
      app: 'keep-pattern',
      top: 'child-stays',
      step: 'child-stays',
      base: 'child-stays',
    });
  });

  it('a protected nameless step is not left to the engine, and its layers are not promised', () => {
    for (const policy of [biggest, reclaimable]) {
      const plan = planOf(family({ labels }), {}, policy);
      expect(fates(plan)).toEqual({
        app: 'gone',
        top: 'intermediate',
        step: 'keep-label',
        base: 'child-stays',
      });
      expect(plan.victims).toMatchObject([{ id: 'app', keepParents: true, predicted: { bytes: 4300 } }]);
    }
  });

  it('without one the engine may clear away the steps', () => {
    const plan = planOf(family({}), {});
    expect(fates(plan)).toEqual({ app: 'gone', top: 'intermediate', step: 'intermediate', base: 'gone' });
    expect(plan.victims.map((victim) => victim.keepParents)).toEqual([false, false]);
  });
});

describe('KEEP_LABEL', () => {
  const labels = { 'docker-image-cleaner.keep': 'true' };
  const images = [
    image('infra', { tags: ['infra/proxy:1'], labels }),
    image('app', { tags: ['app:1'], labels }),
  ];
  const keptWith = (keepLabel: Protections['keepLabel']): readonly string[] => {
    const rules = { ...noProtections, ...(keepLabel !== undefined && { keepLabel }) };
    return [...protectedImages(images, rules, nowMs).keys()];
  };

  it('protects all with the label by default, none when off, and only what matches its patterns', () => {
    expect(keptWith(undefined)).toEqual(['infra', 'app']);
    expect(keptWith('on')).toEqual(['infra', 'app']);
    expect(keptWith('off')).toEqual([]);
    expect(keptWith(keep('infra/*').keep ?? [])).toEqual(['infra']);
  });

  it('says of a victim that its label does not count', () => {
    const { victims } = planOf(
      { images, containers: [], layers: new Map() },
      { ...noProtections, keepLabel: 'off' },
    );
    expect(victims).toHaveLength(2);
    for (const { reason } of victims) expect(reason).toContain('its keep label does not count (KEEP_LABEL)');
  });
});

test('any store, any rules: what is protected is kept, and what is kept without rules is kept with them', () => {
  const labelled = fc.tuple(arbitraryStore, fc.array(fc.nat(13), { maxLength: 3 })).map(([one, marked]) => ({
    ...one,
    images: one.images.map((each, index) =>
      marked.includes(index) ? { ...each, labels: { 'docker-image-cleaner.keep': 'true' } } : each,
    ),
  }));
  const rules = fc.record({
    keep: fc
      .subarray(['repository1', '*:1', 're:^repository[2-5]:'])
      .map((list) => keep(list.join(',')).keep ?? []),
    minAgeSeconds: fc.nat(2_000_000),
    keepLast: fc.nat(3),
  });
  fc.assert(
    fc.property(labelled, rules, (snapshot, protections) => {
      const plan = planOf(snapshot, protections);
      const free = fates(planOf(snapshot, noProtections));
      const bound = fates(plan);
      expect(Object.keys(bound).sort()).toEqual(snapshot.images.map(({ id }) => id).sort());
      for (const [id, fate] of Object.entries(bound)) if (fate === 'gone') expect(free[id]).toBe('gone');
      for (const one of snapshot.images) {
        if (bound[one.id] === 'gone') {
          expect((nowMs - (one.createdAtMs ?? nowMs)) / 1000).toBeGreaterThanOrEqual(
            protections.minAgeSeconds,
          );
        }
      }
      // The engine deletes parents too only where all of them are deletable.
      for (const victim of plan.victims) {
        if (victim.keepParents) continue;
        const byId = new Map(snapshot.images.map((one) => [one.id, one]));
        for (let up = byId.get(victim.id)?.parentId; up !== undefined; up = byId.get(up)?.parentId) {
          const parent = byId.get(up);
          if (parent?.tags.length === 0 && parent.digests.length === 0) {
            expect(['gone', 'intermediate']).toContain(bound[up]);
          }
        }
      }
    }),
    { numRuns: 1000 },
  );
});
