import { describe, expect, it } from 'vitest';
import {
  type Clean,
  containerStays,
  couldBeOldEnough,
  sortOutCleanable,
} from '../../../../src/core/eligible/cache-and-containers.ts';
import { makePlan } from '../../../../src/core/plan/plan.ts';
import { biggest } from '../../../../src/core/policy/biggest.ts';
import type { Policy } from '../../../../src/core/policy/policy.ts';
import { reclaimable } from '../../../../src/core/policy/reclaimable.ts';
import type { CacheRecord, HeldSpace, ImageStore, Layer } from '../../../../src/core/model/store.ts';
import type { Thresholds } from '../../../../src/core/model/thresholds.ts';
import { container, image, STATES, usage } from '../arbitraries.ts';
import { rulesWith } from '../../../../harness/program/plan-rules.ts';

const hourMs = 3600_000;
const nowMs = 1000 * hourMs;
const all: Clean = {
  images: true,
  buildCache: true,
  stoppedContainers: true,
  stoppedContainerAgeSeconds: 24 * 3600,
};
const everything: Thresholds = { type: 'relative', high: 80, low: 0.001 };

function record(id: string, overrides: Partial<CacheRecord> = {}): CacheRecord {
  const times = { createdAtMs: 0, lastUsedAtMs: 0 };
  return { id, description: `step ${id}`, sizeBytes: 1e6, inUse: false, parents: [], ...times, ...overrides };
}

function layer(id: string, parentId: string | undefined, bytes: number): Layer {
  return { id, parentId, bytes, inodes: 10, exact: true };
}

const space = (overrides: Partial<HeldSpace>): HeldSpace => ({
  top: undefined,
  bytes: 0,
  inodes: 0,
  exact: true,
  ...overrides,
});

/**
 * An image on `base` and `own`, whose layers the record `c` holds too; `c` is a child of the record `p` of the base.
 */
const cached: ImageStore = {
  images: [image('built', { layers: ['base', 'own'], sizeBytes: 9e6 })],
  containers: [],
  layers: new Map([
    ['base', layer('base', undefined, 1e6)],
    ['own', layer('own', 'base', 8e6)],
  ]),
  heldSpace: new Map([
    ['c', space({ top: 'own' })],
    ['p', space({ top: 'base' })],
    ['context', space({ bytes: 5e6, inodes: 3 })],
  ]),
  cacheRecords: [record('p'), record('c', { parents: ['p'] }), record('context')],
};

const planOf = (store: ImageStore, clean: Clean, policy: Policy = biggest) =>
  makePlan({ store, usage: usage(90), nowMs }, rulesWith({ thresholds: everything, policy, clean }));

describe('deletable containers', () => {
  const longAgo = nowMs - 25 * hourMs;

  it.each(STATES)('a container that is %s', (state) => {
    const stays = containerStays({ ...container('c', ['i'], state), stoppedAtMs: longAgo }, all, nowMs);
    expect(stays === undefined).toBe(['created', 'exited', 'dead'].includes(state));
  });

  it.each([
    ['io.kubernetes.pod.name', 'Kubernetes'],
    ['com.docker.compose.project', 'compose'],
    ['com.docker.swarm.service.id', 'swarm'],
  ])('never one with the label %s', (label, manager) => {
    const managed = { ...container('c', ['i'], 'exited'), labels: { [label]: 'x' }, stoppedAtMs: longAgo };
    expect(containerStays(managed, all, nowMs)).toMatchObject({ code: 'managed' });
    expect(containerStays(managed, all, nowMs)?.reason).toContain(manager);
    expect(couldBeOldEnough(managed, all, nowMs)).toBe(false);
  });

  it('not when its restart policy starts it again with the engine', () => {
    const exited = { ...container('c', ['i'], 'exited'), stoppedAtMs: longAgo };
    expect(containerStays({ ...exited, isRestarted: true }, all, nowMs)?.code).toBe('managed');
    expect(containerStays({ ...exited, isRestarted: false }, all, nowMs)).toBeUndefined();
  });

  it('only when it stopped long enough ago, and never when that is not known', () => {
    const exited = container('c', ['i'], 'exited');
    expect(containerStays(exited, all, nowMs)?.code).toBe('stopped-recently');
    expect(containerStays({ ...exited, stoppedAtMs: nowMs - 23 * hourMs }, all, nowMs)?.code).toBe(
      'stopped-recently',
    );
    expect(containerStays({ ...exited, stoppedAtMs: nowMs + hourMs }, all, nowMs)?.code).toBe(
      'stopped-recently',
    );
    expect(containerStays({ ...exited, stoppedAtMs: longAgo }, all, nowMs)).toBeUndefined();
  });

  it('counts one that never ran from when it was made', () => {
    const created = container('c', ['i'], 'created');
    expect(containerStays({ ...created, createdAtMs: longAgo }, all, nowMs)).toBeUndefined();
    expect(containerStays({ ...created, createdAtMs: nowMs }, all, nowMs)?.code).toBe('stopped-recently');
    const waits = { ...created, createdAtMs: longAgo, failedToStart: false };
    expect(containerStays(waits, all, nowMs)?.code).toBe('never-started');
    expect(containerStays({ ...waits, failedToStart: true }, all, nowMs)).toBeUndefined();
  });

  it('asks only about those that could be old enough', () => {
    const exited = container('c', ['i'], 'exited');
    expect(couldBeOldEnough({ ...exited, createdAtMs: nowMs - hourMs }, all, nowMs)).toBe(false);
    expect(couldBeOldEnough({ ...exited, createdAtMs: longAgo }, all, nowMs)).toBe(true);
    expect(couldBeOldEnough({ ...exited, createdAtMs: undefined }, all, nowMs)).toBe(true);
  });
});

describe('a stopped container in a plan', () => {
  const store: ImageStore = {
    images: [image('big', { sizeBytes: 9e8 }), image('small')],
    containers: [{ ...container('old', ['big'], 'exited'), stoppedAtMs: 0 }, container('busy', ['small'])],
    layers: new Map(),
    heldSpace: new Map([['old', space({ bytes: 5e6, inodes: 7 })]]),
  };

  it.each([biggest, reclaimable])(
    'is deleted before its image, which counts as freed only then ($name)',
    (policy) => {
      const plan = planOf(store, all, policy);
      expect(plan.victims.map(({ kind, id }) => [kind, id])).toEqual([
        ['stopped-container', 'old'],
        ['image', 'big'],
      ]);
      expect(plan.victims.map(({ predicted }) => predicted.bytes)).toEqual([5e6, 9e8]);
    },
  );

  it('holds its image where containers are not to be cleaned', () => {
    const plan = planOf(store, { ...all, stoppedContainers: false });
    expect(plan.victims).toEqual([]);
    expect(plan.kept.find(({ id }) => id === 'big')?.code).toBe('in-use');
  });

  it('is deleted without its image where images are not cleaned', () => {
    const plan = planOf(store, { ...all, images: false });
    expect(plan.victims.map(({ id }) => id)).toEqual(['old']);
    expect(plan.kept.find(({ id }) => id === 'big')?.code).toBe('not-cleaned');
  });

  it('is kept with its image when it could not be deleted before', () => {
    const refused = new Map([['old', 'the engine refused']]);
    const plan = makePlan(
      { store, usage: usage(90), nowMs, refused },
      rulesWith({ thresholds: everything, clean: all }),
    );
    expect(plan.victims).toEqual([]);
    expect(plan.kept.find(({ id }) => id === 'old')).toMatchObject({
      code: 'refused',
      kind: 'stopped-container',
    });
  });
});

describe('the build cache in a plan', () => {
  it('holds the layers of an image where it is not to be cleaned', () => {
    const plan = planOf(cached, { ...all, buildCache: false });
    expect(plan.victims).toEqual([]);
    expect(plan.kept).toMatchObject([{ id: 'built', code: 'frees-nothing' }]);
  });

  it('is deleted children before parents, and with the image frees all', () => {
    const plan = planOf(cached, all);
    const order = plan.victims.map(({ id }) => id);
    expect([...order].sort()).toEqual(['built', 'c', 'context', 'p']);
    expect(order.indexOf('c')).toBeLessThan(order.indexOf('p'));
    expect(plan.predicted.freed).toMatchObject({ bytes: 14e6, exact: true });
  });

  it.each([biggest, reclaimable])(
    'is deleted children first where they share no layer as well ($name)',
    (policy) => {
      // The parent is larger, and alone the cheaper of the two.
      const store: ImageStore = {
        ...cached,
        images: [],
        cacheRecords: [record('p', { sizeBytes: 9e6 }), record('c', { parents: ['p'] })],
        heldSpace: new Map([
          ['p', space({ bytes: 9e6, inodes: 9 })],
          ['c', space({ bytes: 1e6, inodes: 1 })],
        ]),
      };
      expect(planOf(store, all, policy).victims.map(({ id }) => id)).toEqual(['c', 'p']);
    },
  );

  it('keeps a record that a build holds, and its parents', () => {
    const inUse = { ...cached, cacheRecords: [record('p'), record('c', { parents: ['p'], inUse: true })] };
    const plan = planOf(inUse, all);
    expect(plan.victims).toEqual([]);
    expect(plan.kept.find(({ id }) => id === 'c')).toMatchObject({
      code: 'in-use',
      reason: 'a build holds it',
    });
    expect(plan.kept.find(({ id }) => id === 'p')?.code).toBe('child-stays');
  });

  it.each([biggest, reclaimable])('counts in inodes where these are scarce ($name)', (policy) => {
    const store: ImageStore = {
      ...cached,
      // Of one record only the engine's figure is known.
      cacheRecords: [record('context'), record('unknown', { sizeBytes: 86e6 })],
      containers: [{ ...container('old', ['gone'], 'exited'), stoppedAtMs: 0 }],
      heldSpace: new Map([
        ['context', space({ bytes: 5e6, inodes: 3 })],
        ['old', space({ bytes: 0, inodes: 500 })],
      ]),
    };
    const clean = { ...all, images: false };
    const plan = makePlan(
      { store, usage: usage(0, 90), nowMs },
      rulesWith({ thresholds: { type: 'relative', high: 80, low: 89.8498 }, policy, clean }),
    );
    const freed = plan.victims.map(({ id, predicted }) => [id, predicted.inodes, predicted.exact]);
    expect(freed.sort()).toEqual([
      ['context', 3, true],
      ['old', 500, true],
      // As many as in the median image of that size.
      ['unknown', 1001, false],
    ]);
  });

  it('is not listed where it was not asked for', () => {
    expect(sortOutCleanable({ ...cached, cacheRecords: [] }, all, nowMs)).toEqual({ units: [], kept: [] });
  });
});
