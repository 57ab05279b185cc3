import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isQuiet } from '../../../../src/core/timing/soft-threshold.ts';
import { applyEvent, type UsageEvent } from '../../../../src/core/use-history/apply-event.ts';
import { lastUse, newHistory, type UsageHistory } from '../../../../src/core/use-history/history.ts';
import { ownRate, rateAt } from '../../../../src/core/use-history/use-record.ts';
import { fromState, toState, UsageStateError } from '../../../../src/core/use-history/serialise.ts';
import { VersionStanding, standingOf } from '../../../../src/core/use-history/version-standing.ts';
import { image } from '../arbitraries.ts';

const DAY = 86_400_000;
const START = 1_700_000_000_000;

const seen = (id: string, overrides: Parameters<typeof image>[1] = {}) => ({
  image: image(id, { layers: ['base', `top-of-${id}`], digests: [`${id}@sha256:1`], ...overrides }),
  layers: new Map(
    ['base', `top-of-${id}`].map((layer, at) => [
      layer,
      { id: layer, parentId: at === 0 ? undefined : 'base', bytes: 100, inodes: 1, exact: true },
    ]),
  ),
});

function history(...events: UsageEvent[]): UsageHistory {
  const made = newHistory(START);
  for (const event of events) applyEvent(made, event);
  return made;
}

const appeared = (id: string, atMs: number, overrides = {}): UsageEvent => ({
  kind: 'appeared',
  atMs,
  ...seen(id, overrides),
});
const began = (imageId: string, atMs: number, containerId = imageId): UsageEvent => ({
  kind: 'use-began',
  atMs,
  containerId,
  imageId,
});
const ended = (containerId: string, atMs: number): UsageEvent => ({ kind: 'use-ended', atMs, containerId });
const idleDays = (of: UsageHistory, id: string, nowMs: number): number =>
  (lastUse(of, id, nowMs)?.idleMs ?? NaN) / DAY;

describe('the usage history', () => {
  it('counts an image as used when it appeared', () => {
    const known = history(appeared('a', START + DAY));
    expect(lastUse(known, 'a', START + 3 * DAY)).toEqual({ idleMs: 2 * DAY, wasUsed: false });
    expect(lastUse(known, 'b', START)).toBeUndefined();
  });

  it('at the first start counts an image as used when it was built, later when it appeared', () => {
    const listed = (isFirst: boolean): UsageHistory =>
      history({
        kind: 'listed',
        atMs: START,
        isFirst,
        images: [seen('a', { createdAtMs: START - 40 * DAY }).image],
        layers: seen('a').layers,
        containers: new Map(),
      });
    expect(idleDays(listed(true), 'a', START)).toBe(40);
    expect(idleDays(listed(false), 'a', START)).toBe(0);
  });

  it('uses an image until its last container is gone', () => {
    const known = history(
      appeared('a', START),
      began('a', START, 'one'),
      began('a', START + DAY, 'two'),
      ended('one', START + 2 * DAY),
    );
    expect(idleDays(known, 'a', START + 9 * DAY)).toBe(0);
    applyEvent(known, ended('two', START + 10 * DAY));
    expect(idleDays(known, 'a', START + 11 * DAY)).toBe(1);
    expect(known.images.get('a')?.uses).toBe(2);
  });

  it('hears of the same container twice and counts once', () => {
    const known = history(appeared('a', START), began('a', START), began('a', START + DAY));
    expect(known.images.get('a')).toMatchObject({ uses: 1, active: 1, lastUsedMs: START + DAY });
    applyEvent(known, ended('unknown', START + DAY));
    expect(known.images.get('a')?.active).toBe(1);
  });

  it('takes a gap for time in which nothing is known, not for time without use', () => {
    const known = history(appeared('a', START), began('a', START), ended('a', START), {
      kind: 'gap',
      fromMs: START + DAY,
      toMs: START + 30 * DAY,
    });
    expect(idleDays(known, 'a', START + 32 * DAY)).toBe(3);
    const rate = rateAt(known.images.get('a') ?? expect.fail(), 0, START + 3 * DAY);
    expect(rate).toBeGreaterThan(0);
  });

  it('continues when the clock is set back', () => {
    const known = history(appeared('a', START), began('a', START), ended('a', START + 5 * DAY));
    applyEvent(known, appeared('b', START + DAY));
    expect(idleDays(known, 'a', START + DAY)).toBe(0);
    expect(idleDays(known, 'a', START + 3 * DAY)).toBe(2);
  });

  it('counts a use for every layer below, whichever image has it', () => {
    const known = history(
      appeared('a', START),
      appeared('b', START),
      began('a', START),
      ended('a', START),
      began('b', START + DAY),
    );
    expect(known.layers.get('base')).toMatchObject({ uses: 2, images: 2, active: 1 });
    expect(known.layers.get('top-of-a')).toMatchObject({ uses: 1, images: 1, active: 0 });
  });

  it('knows the standing of a version: superseded by a newer one, used again beside it, superseded once more', () => {
    const named = (tag: string) => ({ tags: [`team/app:${tag}`], digests: [`team/app@sha256:${tag}`] });
    const known = history(
      appeared('a', START, named('1')),
      began('a', START),
      ended('a', START),
      appeared('b', START + DAY, named('2')),
    );
    const stands = (): unknown[] => {
      const layers = ['base', 'top-of-a'].map((id) => known.layers.get(id));
      return [known.images.get('a')?.standing, ...layers.map((layer) => layer && standingOf(layer))];
    };
    const { newest, older, superseded } = VersionStanding;
    expect(stands()).toEqual([superseded, newest, superseded]);
    expect(known.layers.get('base')).toMatchObject({ images: 2, newest: 1, older: 0 });
    applyEvent(known, began('a', START + 2 * DAY));
    expect(stands()).toEqual([older, newest, older]);
    expect(known.layers.get('base')).toMatchObject({ images: 2, newest: 1, older: 1 });
    // While it is in use, a newer one does not make it unwanted; afterwards the next one does.
    applyEvent(known, appeared('c', START + 3 * DAY, named('3')));
    expect(stands()).toEqual([older, newest, older]);
    applyEvent(known, ended('a', START + 3 * DAY));
    applyEvent(known, appeared('d', START + 4 * DAY, named('4')));
    expect(stands()).toEqual([superseded, newest, superseded]);
    const restarted = fromState(JSON.parse(JSON.stringify(toState(known))));
    expect(restarted.layers.get('base')).toMatchObject({ images: 4, newest: 1, older: 0 });
    expect(restarted.images.get('a')?.standing).toBe(superseded);
  });

  it('expects of a new version what those before it were used, in the layers that are new with it', () => {
    const named = (tag: string) => ({ tags: [`team/app:${tag}`], digests: [`team/app@sha256:${tag}`] });
    const days = [0, 1, 2, 3];
    const known = history(
      appeared('a', START, named('1')),
      appeared('other', START),
      ...days.flatMap((day) => [began('a', START + day * DAY), ended('a', START + day * DAY)]),
      appeared('b', START + 3 * DAY, named('2')),
      appeared('c', START + 3 * DAY),
    );
    const rate = (layer: string): number =>
      ownRate(known.layers.get(layer) ?? expect.fail(), START + 4 * DAY);
    expect(rate('top-of-b')).toBeCloseTo(rate('top-of-a'), 12);
    expect(known.layers.get('top-of-b')?.uses).toBe(0);
    expect(rate('base')).toBeCloseTo(rate('top-of-a'), 12);
    expect([rate('top-of-other'), rate('top-of-c')]).toEqual([0, 0]);
  });

  it('learns from what is not used again, hour by hour', () => {
    const known = history(appeared('a', START), began('a', START), ended('a', START));
    const of = known.layers.get('top-of-a') ?? expect.fail();
    const before = known.lessons.corrections(of, VersionStanding.newest)(20 * DAY);
    // Anything else that happens shows that time has passed.
    for (let hour = 1; hour < 60 * 24; hour += 1) applyEvent(known, ended('none', START + hour * (DAY / 24)));
    expect(known.lessons.corrections(of, VersionStanding.newest)(20 * DAY)).toBeLessThan(before);
    const { superseded } = VersionStanding;
    expect(known.lessons.corrections(of, superseded)(20 * DAY)).toBe(
      newHistory(0).lessons.corrections(of, superseded)(0),
    );
  });

  it('learns from an idle time by how it stood then, not by what it became', () => {
    const named = (tag: string) => ({ tags: [`team/app:${tag}`], digests: [`team/app@sha256:${tag}`] });
    const known = history(appeared('a', START, named('1')), began('a', START), ended('a', START));
    const of = known.layers.get('top-of-a') ?? expect.fail();
    const learned = (standing: VersionStanding): number => known.lessons.corrections(of, standing)(600_000);
    const [newest, superseded] = [learned(VersionStanding.newest), learned(VersionStanding.superseded)];
    // Sooner than idle times are told by the hour.
    applyEvent(known, appeared('b', START + 1_800_000, named('2')));
    expect(learned(VersionStanding.newest)).toBeLessThan(newest);
    expect(learned(VersionStanding.superseded)).toBe(superseded);
  });

  it('is read also where it was kept with other classes of lessons: those are learned again', () => {
    const known = history(appeared('a', START), began('a', START), ended('a', START + DAY));
    const state = toState(known);
    const [returns, expected] = [0, 1].map(() => new Array<number>(204).fill(3));
    const again = fromState(JSON.parse(JSON.stringify({ ...state, lessons: { returns, expected } })));
    expect({ ...toState(again), lessons: undefined }).toEqual({ ...state, lessons: undefined });
    expect(toState(again).lessons).toEqual(toState(newHistory(0)).lessons);
  });

  it('distinguishes what was built here from what a registry has', () => {
    const known = history(appeared('a', START, { digests: [] }), appeared('b', START));
    expect(known.images.get('a')).toMatchObject({ origin: 'built' });
    expect(known.images.get('b')).toMatchObject({ origin: 'pulled' });
    expect(known.layers.get('base')?.origin).toBe('pulled');
  });

  it('finds by a list what it has missed', () => {
    const known = history(appeared('a', START), began('a', START), appeared('b', START));
    applyEvent(known, {
      kind: 'listed',
      atMs: START + DAY,
      isFirst: false,
      images: [seen('a').image],
      layers: new Map(),
      containers: new Map([['new', 'a']]),
    });
    expect(known.images.get('b')?.present).toBe(false);
    expect([...known.containers]).toEqual([['new', 'a']]);
    expect(known.images.get('a')).toMatchObject({ active: 1, uses: 2 });
    expect(known.layers.get('base')).toMatchObject({ active: 1, images: 2 });
  });

  it('forgets the longest gone first, and layers without children', () => {
    const known = newHistory(START, { maxImages: 10 });
    for (let at = 0; at < 11; at++) applyEvent(known, appeared(`image${at}`, START + at * DAY));
    expect(known.images.size).toBe(9);
    expect(known.layers.size).toBe(10);
    expect(known.images.has('image0')).toBe(false);
    applyEvent(known, { kind: 'removed', atMs: START + 12 * DAY, imageId: 'image8' });
    for (let at = 11; at < 13; at++) applyEvent(known, appeared(`image${at}`, START + at * DAY));
    expect(known.images.has('image8')).toBe(false);
    expect(known.images.has('image4')).toBe(true);
  });
});

const arbitraryEvent: fc.Arbitrary<UsageEvent> = fc
  .tuple(fc.nat(5), fc.nat(3), fc.nat(1000 * DAY), fc.nat(3))
  .map(([what, which, time, container]): UsageEvent => {
    const [id, atMs] = [`image${which}`, START + time];
    switch (what) {
      case 0:
        return appeared(id, atMs, { tags: ['app:1'] });
      case 1:
        return { kind: 'removed', atMs, imageId: id };
      case 2:
        return ended(`container${container}`, atMs);
      case 3:
        return { kind: 'gap', fromMs: atMs, toMs: atMs + container * DAY };
      case 4:
        return {
          kind: 'listed',
          atMs,
          isFirst: false,
          images: [seen(id).image],
          layers: new Map(),
          containers: new Map([[`container${container}`, id]]),
        };
      default:
        return began(id, atMs, `container${container}`);
    }
  });

describe('a quiet engine', () => {
  const quiet = (of: UsageHistory, afterMs: number): boolean => isQuiet(of, START + afterMs, 120_000);

  it('has not seen an image arrive or a use begin for long enough', () => {
    const known = history(appeared('a', START + 1000), began('a', START + 50_000));
    expect(quiet(known, 169_999)).toBe(false);
    expect(quiet(known, 170_000)).toBe(true);
    for (const event of [appeared('b', START + 200_000), began('a', START + 200_000, 'another')]) {
      const disturbed = history(appeared('a', START + 1000), event);
      expect([quiet(disturbed, 319_999), quiet(disturbed, 320_000)]).toEqual([false, true]);
    }
  });

  it('is not disturbed by what ends, is removed, or existed already', () => {
    const known = history(appeared('a', START), began('a', START), appeared('b', START));
    for (const event of [
      began('a', START + 118_000),
      ended('a', START + 119_000),
      { kind: 'removed', atMs: START + 119_000, imageId: 'b' } as const,
      appeared('a', START + 119_000),
    ])
      applyEvent(known, event);
    expect(quiet(known, 120_000)).toBe(true);
    applyEvent(known, appeared('b', START + 130_000));
    expect(quiet(known, 131_000)).toBe(false);
  });

  it('is not one of which nothing was seen, nor one that was just restarted', () => {
    const known = history(appeared('a', START), { kind: 'gap', fromMs: START + 1000, toMs: START + 600_000 });
    expect([quiet(known, 719_999), quiet(known, 720_000)]).toEqual([false, true]);
    const restarted = fromState(JSON.parse(JSON.stringify(toState(known))));
    applyEvent(restarted, { kind: 'gap', fromMs: START + 700_000, toMs: START + 800_000 });
    expect(quiet(restarted, 919_999)).toBe(false);
  });
});

describe('whatever happens, in whatever order', () => {
  it('counts agree with each other, and the state survives a round trip', () => {
    fc.assert(
      fc.property(fc.array(arbitraryEvent, { maxLength: 40 }), (events) => {
        const known = history(...events);
        const using = [...known.containers.values()];
        for (const each of known.images.values()) {
          expect(each.active).toBe(using.filter((id) => id === each.id).length);
          expect(each.lastUsedMs).toBeLessThanOrEqual(known.latestMs);
          for (const layer of each.top === undefined ? [] : [each.top])
            expect(known.layers.get(layer.id)).toBe(layer);
        }
        expect(known.layers.get('base')?.active ?? 0).toBe(using.length);
        expect(known.layers.get('base')?.images ?? 0).toBe(known.images.size);
        const state = toState(known);
        const again = fromState(JSON.parse(JSON.stringify(state)));
        expect(toState(again)).toEqual(state);
        const counts = ({ layers }: UsageHistory): unknown[] =>
          [...layers.values()].map(({ id, images, newest, older, active }) => [
            id,
            images,
            newest,
            older,
            active,
          ]);
        expect(counts(again)).toEqual(counts(known));
      }),
    );
  });

  it('refuses a damaged state with its own error', () => {
    const state = toState(history(appeared('a', START), began('a', START)));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(state)), fc.jsonValue(), (key, value) => {
        try {
          fromState({ ...state, [key]: value });
        } catch (error) {
          expect(error).toBeInstanceOf(UsageStateError);
        }
      }),
    );
  });
});
