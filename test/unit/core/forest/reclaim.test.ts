import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forestOf } from '../../../../src/core/forest/forest.ts';
import { sharers } from '../../../../src/core/forest/sharing.ts';
import { freedBy, indexOf, shareOf, StoreAfterRemovals } from '../../../../src/core/forest/reclaim.ts';
import type { Image, ImageStore, Layer } from '../../../../src/core/model/store.ts';
import type { Removable } from '../../../../src/core/forest/removable.ts';
import { container, image } from '../arbitraries.ts';
import { arbitraryForest, BruteForce, chain, layersOf } from '../forests.ts';

const layers = layersOf({
  base: ['-', 100, 10],
  mid: ['base', 20, 2],
  top: ['mid', 5, 1],
  side: ['base', 7, 3],
});

function images(tops: Readonly<Record<string, string>>, more: Partial<Image> = {}): Image[] {
  return Object.entries(tops).map(([id, top]) => image(id, { layers: chain(layers, top), ...more }));
}

function store(list: readonly Image[], more: Partial<ImageStore> = {}): ImageStore {
  return { images: list, containers: [], layers, ...more };
}

const amount = (bytes: number, inodes: number, exact = true): object => ({ bytes, inodes, exact });

describe('what a set of images frees', () => {
  const all = { onBase: 'base', onTop: 'top', onTopToo: 'top', onSide: 'side' };

  it.each([
    { gone: ['onBase'], frees: amount(0, 0), why: 'others stand on its layer' },
    { gone: ['onTop'], frees: amount(0, 0), why: 'another image has the very same layers' },
    { gone: ['onTop', 'onTopToo'], frees: amount(25, 3), why: 'the base is still used' },
    { gone: ['onSide'], frees: amount(7, 3), why: 'its own layer' },
    { gone: ['onTop', 'onTopToo', 'onSide'], frees: amount(32, 6), why: 'an image is the base alone' },
    { gone: ['onBase', 'onTop', 'onTopToo', 'onSide'], frees: amount(132, 16), why: 'nobody is left' },
    { gone: [], frees: amount(0, 0), why: 'nothing goes' },
  ])('$gone frees $frees: $why', ({ gone, frees }) => {
    expect(freedBy(forestOf(store(images(all))), gone)).toEqual(frees);
  });

  it('does not count what containers hold, whatever their state', () => {
    for (const state of ['created', 'running', 'exited', 'dead']) {
      const held = store(images(all), { containers: [container('c', ['onSide'], state)] });
      expect(freedBy(forestOf(held), Object.keys(all))).toEqual(amount(25, 3));
    }
  });

  it('does not count layers that something else holds, nor those below them', () => {
    const held = store(images(all), { heldLayers: ['mid', 'unknown'] });
    expect(freedBy(forestOf(held), Object.keys(all))).toEqual(amount(12, 4));
  });

  it('does not let leftovers hold what is below them', () => {
    const forest = forestOf(store(images({ onBase: 'base' })));
    expect(freedBy(forest, ['onBase'])).toEqual(amount(100, 10));
    expect(forest.layerIds.filter((_, layer) => forest.holds[layer] === 0)).toEqual(['mid', 'top', 'side']);
  });

  it('counts an untagged build step as gone with the last image built on it', () => {
    const steps = [
      ...images({ step: 'mid' }, { tags: [] }),
      ...images({ app: 'top' }, { parentId: 'step' }),
      ...images({ other: 'side' }),
    ];
    expect(freedBy(forestOf(store(steps)), ['app'])).toEqual(amount(25, 3));
    const used = store(steps, { containers: [container('c', ['step'])] });
    expect(freedBy(forestOf(used), ['app'])).toEqual(amount(5, 1));
  });

  it('counts a deletable stopped container, and its image only after it', () => {
    const stopped: Removable = {
      id: 'c',
      kind: 'stopped-container',
      name: 'c',
      references: ['c'],
      sizeBytes: 1000,
      isUntagged: false,
      layers: chain(layers, 'side'),
      own: { bytes: 1000, inodes: 50 },
      dependents: [],
      isStep: false,
    };
    const forest = forestOf(store(images(all), { containers: [container('c', ['onSide'], 'exited')] }), [
      stopped,
    ]);
    expect(freedBy(forest, ['onSide'])).toEqual(amount(0, 0));
    expect(freedBy(forest, ['c'])).toEqual(amount(1000, 50));
    expect(freedBy(forest, ['c', 'onSide'])).toEqual(amount(1007, 53));
    expect(forest.units.find((unit) => unit.id === 'onSide')?.dependents).toEqual(['c']);
  });

  it('frees nothing when a unit is removed again, and refuses an unknown one', () => {
    const forest = forestOf(store(images({ onSide: 'side' })));
    const remaining = new StoreAfterRemovals(forest);
    expect(remaining.removeAt(indexOf(forest, 'onSide'))).toEqual(amount(107, 13));
    expect(remaining.removeAt(indexOf(forest, 'onSide'))).toEqual(amount(0, 0));
    expect(() => remaining.removeAt(indexOf(forest, 'other'))).toThrow(RangeError);
  });

  it('agrees with the definition for any set, in one go and one after another', () => {
    fc.assert(
      fc.property(arbitraryForest(14), fc.nat(), (of, bits) => {
        const brute = new BruteForce(of);
        const set = bits & brute.all;
        const gone = of.candidates.filter((_, at) => (set & (1 << at)) !== 0);
        expect(freedBy(of.forest, gone)).toMatchObject(brute.freed(set));
        const remaining = new StoreAfterRemovals(of.forest);
        const sum = { bytes: 0, inodes: 0 };
        for (const id of gone) {
          const step = remaining.removeAt(indexOf(of.forest, id));
          sum.bytes += step.bytes;
          sum.inodes += step.inodes;
        }
        expect(sum).toEqual(brute.freed(set));
      }),
      { numRuns: 500 },
    );
  });
});

describe('where layers are not all known', () => {
  it('takes the size of the image as an upper estimate, with inodes guessed', () => {
    const forest = forestOf(store([image('x', { sizeBytes: 860_000 })], { layers: new Map() }));
    expect(freedBy(forest, ['x'])).toEqual(amount(860_000, 11, false));
  });

  it('counts only what a child adds to a parent whose layers are not known either', () => {
    const list = [
      image('parent', { sizeBytes: 100 }),
      image('child', { sizeBytes: 130, parentId: 'parent' }),
    ];
    const forest = forestOf(store(list, { layers: new Map() }));
    expect(freedBy(forest, ['child'])).toMatchObject({ bytes: 30 });
    expect(freedBy(forest, ['parent'])).toMatchObject({ bytes: 0 });
    expect(freedBy(forest, ['child', 'parent'])).toMatchObject({ bytes: 130 });
  });

  it('knows what is shared where chain IDs are known and sizes are not', () => {
    const list = [
      image('derived', { layers: ['b', 'd'], sizeBytes: 130 }),
      image('base', { layers: ['b'], sizeBytes: 100 }),
    ];
    const forest = forestOf(store(list, { layers: new Map() }));
    expect(freedBy(forest, ['derived'])).toMatchObject({ bytes: 30, exact: false });
    expect(freedBy(forest, ['base'])).toMatchObject({ bytes: 0 });
  });

  it('never says that an image with a layer of its own frees nothing because a larger one shares its base', () => {
    const sizes = fc.array(fc.integer({ min: 100, max: 1e9 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(sizes, (list) => {
        const all = list.map((sizeBytes, at) => image(`i${at}`, { layers: ['b', `own${at}`], sizeBytes }));
        const forest = forestOf(store(all, { layers: new Map() }));
        for (const { id, sizeBytes } of all) {
          const { bytes } = freedBy(forest, [id]);
          expect(bytes).toBeGreaterThanOrEqual(Math.floor(sizeBytes / 2));
          expect(bytes).toBeLessThan(sizeBytes);
        }
        // The base once, and all that is beside it.
        const total = freedBy(
          forest,
          all.map(({ id }) => id),
        ).bytes;
        expect(total).toBeLessThanOrEqual(list.reduce((sum, size) => sum + size, 0));
      }),
    );
  });

  it('gives a missing layer what the known ones leave of the image', () => {
    const known = new Map([...layers].filter(([id]) => id !== 'mid'));
    const list = images({ one: 'top' }, { sizeBytes: 145 });
    const forest = forestOf(store([...list, ...images({ other: 'side' })], { layers: known }));
    expect(freedBy(forest, ['one'])).toMatchObject({ bytes: 45, exact: false });
    expect(freedBy(forest, ['one', 'other'])).toMatchObject({ bytes: 152, exact: false });
  });

  it('guesses the inodes of a layer of which only the bytes are estimated', () => {
    const estimated: Layer = { id: 'e', parentId: undefined, bytes: 172_000, inodes: 0, exact: false };
    const forest = forestOf(store([image('x', { layers: ['e'] })], { layers: new Map([['e', estimated]]) }));
    expect(freedBy(forest, ['x'])).toEqual(amount(172_000, 3, false));
  });

  it('survives parents in a circle', () => {
    const circle = layersOf({ a: ['b', 1, 1], b: ['a', 2, 1], c: ['c', 4, 1] });
    const list = [image('x', { layers: ['b', 'a'] }), image('y', { layers: ['c'] })];
    const forest = forestOf(store(list, { layers: circle }));
    const ends = (layer: number): boolean => {
      let at = layer;
      for (let steps = 0; at >= 0 && steps <= forest.parent.length; steps++) at = forest.parent[at] ?? -1;
      return at < 0;
    };
    expect([...forest.parent.keys()].every(ends)).toBe(true);
    expect(freedBy(forest, ['x', 'y']).bytes).toBeLessThanOrEqual(7);
    const parents = [image('p', { parentId: 'q' }), image('q', { parentId: 'p' })];
    expect(freedBy(forestOf(store(parents, { layers: new Map() })), ['p', 'q']).bytes).toBeGreaterThan(0);
  });

  it('frees nothing with an image without layers', () => {
    expect(freedBy(forestOf(store([image('scratch', { layers: [] })])), ['scratch'])).toEqual(amount(0, 0));
  });
});

describe('the shares of an image', () => {
  const list = [...images({ onTop: 'top', onSide: 'side', onMid: 'mid', far: 'base' })];
  const forest = forestOf(store(list));

  it.each([
    { id: 'onTop', unique: amount(5, 1), shared: amount(120, 12) },
    { id: 'onSide', unique: amount(7, 3), shared: amount(100, 10) },
    { id: 'far', unique: amount(0, 0), shared: amount(100, 10) },
  ])('$id has unique $unique and shared $shared', ({ id, unique, shared }) => {
    expect(shareOf(forest, id)).toEqual({ unique, shared });
  });

  it('are shared with the one that shares most', () => {
    const sharerOf = sharers(forest);
    expect(sharerOf('onTop')).toBe('onMid');
    expect(sharerOf('onMid')).toBe('onTop');
    expect(sharerOf('onSide')).toBeDefined();
    expect(sharers(forestOf(store(images({ onTop: 'top', alone: 'other' }))))('onTop')).toBeUndefined();
    expect(() => sharerOf('none')).toThrow(RangeError);
  });

  it('of a build step are all shared', () => {
    const steps = [...images({ step: 'mid' }, { tags: [] }), ...images({ app: 'mid' }, { parentId: 'step' })];
    expect(shareOf(forestOf(store(steps)), 'step')).toEqual({
      unique: amount(0, 0),
      shared: amount(120, 12),
    });
  });

  it('say for any image what deleting it alone frees, and add up to its chain', () => {
    fc.assert(
      fc.property(arbitraryForest(14), (of) => {
        const sharerOf = sharers(of.forest);
        for (const { id, layers: own = [] } of of.store.images) {
          const { unique, shared } = shareOf(of.forest, id);
          expect(unique).toEqual(freedBy(of.forest, [id]));
          const whole = own.reduce((sum, layer) => sum + (of.store.layers.get(layer)?.bytes ?? 0), 0);
          expect(unique.bytes + shared.bytes).toBe(whole);
          const inCommon = (other: (typeof of.store.images)[number]): number =>
            other.id === id ? 0 : own.filter((layer) => other.layers?.includes(layer)).length;
          const most = Math.max(0, ...of.store.images.map(inCommon));
          const sharer = of.store.images.find((other) => other.id === sharerOf(id));
          expect(sharer === undefined ? 0 : inCommon(sharer)).toBe(most);
        }
      }),
    );
  });
});
