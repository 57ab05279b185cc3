import { describe, expect, it } from 'vitest';
import { forestOf } from '../../../../src/core/forest/forest.ts';
import { defaultPolicy, findPolicy, policies } from '../../../../src/core/policy/registry.ts';
import type { PolicyContext } from '../../../../src/core/policy/policy.ts';
import { chooseVictims } from '../../../../src/core/select/choose.ts';
import { sortOut } from '../../../../src/core/eligible/images.ts';
import type { ImageStore } from '../../../../src/core/model/store.ts';
import { container, image } from '../arbitraries.ts';
import { chain, layersOf } from '../forests.ts';

const layers = layersOf({
  base: ['-', 5e9, 50_000],
  app: ['base', 1e6, 10],
  tool: ['-', 2e9, 700],
  files: ['-', 1e8, 90_000],
  free: ['-', 0, 1],
  group: ['-', 3e9, 20],
  g1: ['group', 1e6, 1],
  g2: ['group', 2e6, 1],
});

const store: ImageStore = {
  images: [
    image('running', { layers: chain(layers, 'base'), sizeBytes: 5e9 }),
    image('app', { layers: chain(layers, 'app'), sizeBytes: 5.001e9 }),
    image('tool', { layers: chain(layers, 'tool'), sizeBytes: 2e9 }),
    image('files', { layers: chain(layers, 'files'), sizeBytes: 1e8 }),
    image('nameless', { tags: [], layers: chain(layers, 'base'), sizeBytes: 5e9 }),
    image('g1', { layers: chain(layers, 'g1'), sizeBytes: 3.001e9 }),
    image('g2', { layers: chain(layers, 'g2'), sizeBytes: 3.002e9 }),
  ],
  containers: [container('c', ['running'])],
  layers,
};

function context(goal: Partial<PolicyContext['goal']>): PolicyContext {
  const forest = forestOf(store);
  const may = new Set(sortOut(store).candidates.map(({ id }) => id));
  return {
    store,
    forest,
    candidates: forest.units.filter((unit) => may.has(unit.id)),
    goal: { bytes: 0, inodes: 0, ...goal },
    scarce: goal.bytes === undefined ? 'inodes' : 'bytes',
    nowMs: 0,
  };
}

function reasons(name: string, goal: Partial<PolicyContext['goal']>): [string, string][] {
  const { victims } = chooseVictims(findPolicy(name), context(goal));
  return victims.map(({ id, reason }) => [id, reason]);
}

describe('policies', () => {
  it('are found by name, the default being the biggest first', () => {
    for (const policy of policies) expect(findPolicy(policy.name)).toBe(policy);
    expect(defaultPolicy.name).toBe('biggest');
  });

  it('are listed when there is none of a name', () => {
    expect(() => findPolicy('newest')).toThrow(RangeError);
    expect(() => findPolicy('newest')).toThrow(
      'unknown policy "newest"; expected one of biggest, reclaimable',
    );
  });
});

describe('biggest', () => {
  it('orders by image size, leaves out what frees nothing, and gives one-line reasons', () => {
    expect(reasons('biggest', { bytes: 3.5e9 })).toEqual([
      ['app', 'unused, 5.00 GB; frees 1.00 MB'],
      ['g2', 'unused, 3.00 GB; frees 2.00 MB'],
      ['g1', 'unused, 3.00 GB; frees 3.00 GB'],
      ['tool', 'unused, 2.00 GB; frees 2.00 GB'],
    ]);
  });

  it('names the later victim that frees the layers of an image that frees nothing at its place', () => {
    const equal = [image('one', { layers: ['tool'] }), image('two', { layers: ['tool'] })];
    const pair: ImageStore = { images: equal, containers: [], layers };
    const forest = forestOf(pair);
    const given = { ...context({ bytes: 1 }), store: pair, forest, candidates: forest.units };
    expect(chooseVictims(defaultPolicy, given).victims.map(({ reason }) => reason)).toEqual([
      'unused, 1.00 MB; frees its space together with two:latest',
      'unused, 1.00 MB; frees 2.00 GB',
    ]);
  });

  it('says why each other candidate is kept', () => {
    const { stays } = chooseVictims(findPolicy('biggest'), context({ bytes: 3.5e9 }));
    expect(stays.map(({ id, reason }) => [id, reason])).toEqual([
      [
        'nameless',
        expect.stringMatching(/^deleting it frees nothing: (running|app):latest uses its layers$/),
      ],
      ['files', 'not needed: the low threshold is reached without it'],
    ]);
  });
});

describe('reclaimable', () => {
  it('takes the fewest images, those first that free most', () => {
    expect(reasons('reclaimable', { bytes: 1.9e9 })).toEqual([
      ['tool', 'unused, one of the fewest that free enough space; frees 2.00 GB'],
    ]);
    expect(reasons('reclaimable', { bytes: 2.5e9 }).map(([id]) => id)).toEqual(['g2', 'g1']);
  });

  it('considers inodes when they are scarce', () => {
    expect(reasons('reclaimable', { inodes: 80_000 })).toEqual([
      ['files', 'unused, one of the fewest that free enough inodes; frees 90000 inodes (100 MB)'],
    ]);
  });
});
