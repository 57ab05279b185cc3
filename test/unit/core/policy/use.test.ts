import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forestOf } from '../../../../src/core/forest/forest.ts';
import { lru } from '../../../../src/core/policy/lru.ts';
import type { Policy } from '../../../../src/core/policy/policy.ts';
import { value } from '../../../../src/core/policy/value.ts';
import { sortOut } from '../../../../src/core/eligible/images.ts';
import { chooseVictims } from '../../../../src/core/select/choose.ts';
import { freedBy } from '../../../../src/core/forest/reclaim.ts';
import type { Image, ImageStore, Layer } from '../../../../src/core/model/store.ts';
import { applyEvent } from '../../../../src/core/use-history/apply-event.ts';
import { newHistory, type UsageHistory } from '../../../../src/core/use-history/history.ts';
import { arbitraryStore, image } from '../arbitraries.ts';

const DAY = 86_400_000;
const NOW = 1_700_000_000_000;

function choose(policy: Policy, store: ImageStore, bytes: number, history?: UsageHistory) {
  const forest = forestOf(store);
  const can = new Set(sortOut(store).candidates.map(({ id }) => id));
  const candidates = forest.units.filter((unit) => can.has(unit.id));
  const goal = { bytes, inodes: 0 };
  const context = { store, forest, candidates, goal, scarce: 'bytes' as const, nowMs: NOW };
  return { forest, can, choice: chooseVictims(policy, { ...context, ...(history && { history }) }) };
}

/** Images of 100 MB on a base of 50 MB each, and a history in which each was used some days ago. */
function used(days: Readonly<Record<string, readonly number[]>>, origin: 'pulled' | 'built' = 'pulled') {
  const names = Object.keys(days);
  const images: Image[] = names.map((name) =>
    image(name, {
      tags: [`${name}:1`],
      digests: origin === 'pulled' ? [`${name}@sha256:1`] : [],
      sizeBytes: 150e6,
      layers: ['base', name],
    }),
  );
  const layers = new Map<string, Layer>(
    ['base', ...names].map((id) => [
      id,
      {
        id,
        parentId: id === 'base' ? undefined : 'base',
        bytes: id === 'base' ? 50e6 : 100e6,
        inodes: 1,
        exact: true,
      },
    ]),
  );
  const history = newHistory(NOW - 100 * DAY);
  for (const each of images)
    applyEvent(history, { kind: 'appeared', atMs: NOW - 100 * DAY, image: each, layers });
  const uses = names.flatMap((name) => (days[name] ?? []).map((ago) => ({ name, atMs: NOW - ago * DAY })));
  for (const { name, atMs } of uses.sort((a, b) => a.atMs - b.atMs)) {
    applyEvent(history, { kind: 'use-began', atMs, containerId: 'c', imageId: name });
    applyEvent(history, { kind: 'use-ended', atMs: atMs + 60_000, containerId: 'c' });
  }
  return { store: { images, containers: [], layers }, history };
}

const victims = (policy: Policy, of: ReturnType<typeof used>, bytes: number): string[] =>
  choose(policy, of.store, bytes, of.history).choice.victims.map(({ id }) => id);

describe('lru', () => {
  it('deletes the longest unused first, and says so', () => {
    const of = used({ a: [9, 40], b: [2], c: [20] });
    expect(victims(lru, of, 150e6)).toEqual(['c', 'a']);
    const [first] = choose(lru, of.store, 1, of.history).choice.victims;
    expect(first?.reason).toBe('last used 20 d ago; frees 100 MB');
  });

  it('without a history orders by build time', () => {
    const images = [1, 30, 7].map((ago, at) => image(`i${at}`, { createdAtMs: NOW - ago * DAY }));
    const { choice } = choose(lru, { images, containers: [], layers: new Map() }, 1_000_001);
    expect(choice.victims.map(({ id }) => id)).toEqual(['i1', 'i2']);
  });
});

describe('value', () => {
  it('keeps what is used often over what was used last', () => {
    const of = used({ often: [1, 2, 3, 4, 5, 6, 7, 8], once: [0.5], rarely: [60] });
    expect(victims(value, of, 150e6)).not.toContain('often');
  });

  it('counts what was built here dearer than what a registry has', () => {
    const { store, history } = used({ a: [5], b: [5] });
    for (const usage of [...history.images.values(), ...history.layers.values()])
      if (usage.id === 'a') usage.origin = 'built';
    expect(choose(value, store, 1, history).choice.victims.map(({ id }) => id)).toEqual(['b']);
  });

  it('gives up superseded versions first', () => {
    const { store, history } = used({ a: [5], b: [5], c: [5] });
    const newer = image('newer', { tags: ['b:2'], digests: ['b@sha256:2'], layers: ['base', 'c'] });
    applyEvent(history, { kind: 'appeared', atMs: NOW - DAY, image: newer, layers: store.layers });
    expect(choose(value, store, 1, history).choice.victims.map(({ id }) => id)).toEqual(['b']);
  });

  it('keeps the new version of what is used often, before it was used itself', () => {
    const { store, history } = used({ often: [1, 2, 3, 4, 5, 6, 7, 8], once: [0.5], other: [3] });
    const newer = image('newer', {
      tags: ['often:2'],
      digests: ['often@sha256:2'],
      layers: ['base', 'newer'],
    });
    const layer = { id: 'newer', parentId: 'base', bytes: 100e6, inodes: 1, exact: true };
    const layers = new Map([...store.layers, ['newer', layer] as const]);
    applyEvent(history, { kind: 'appeared', atMs: NOW - DAY, image: newer, layers });
    const after = { ...store, images: [...store.images, newer], layers };
    const ids = choose(value, after, 300e6, history).choice.victims.map(({ id }) => id);
    expect(ids.sort()).toEqual(['often', 'once', 'other']);
  });

  it('says when it was used and how often it will be', () => {
    const of = used({ a: [9, 49], b: [1, 2, 3] });
    const [first] = choose(value, of.store, 1, of.history).choice.victims;
    expect(first?.reason).toMatch(/^last used 9 d ago, expected use (about )?every \d+ d; frees 100 MB$/);
  });
});

describe.each([lru, value])('$name on any store', (policy) => {
  it('deletes only what is deletable, the same every time, and never more than needed', () => {
    fc.assert(
      fc.property(arbitraryStore, fc.nat(2e9), (store, bytes) => {
        const { forest, can, choice } = choose(policy, store, bytes);
        const ids = choice.victims.map(({ id }) => id);
        expect(ids.filter((id) => !can.has(id))).toEqual([]);
        expect(choose(policy, store, bytes).choice.victims.map(({ id }) => id)).toEqual(ids);
        if (!choice.reached || ids.length === 0) return;
        // Without the last victim (and those freed only together with it) the goal would not be reached.
        const last = choice.victims.findLastIndex((victim) => victim.freed.bytes > 0);
        expect(freedBy(forest, ids.slice(0, last)).bytes).toBeLessThan(bytes);
      }),
    );
  });
});
