import type { ReplayOptions } from '../../../../src/simulate/replay/options.ts';
import fc from 'fast-check';
import { parseWindow } from '../../../../src/config/window.ts';
import { describe, expect, it } from 'vitest';
import { parseKeepPatterns } from '../../../../src/core/eligible/pattern.ts';
import { noProtections, type Protections } from '../../../../src/core/eligible/rules.ts';
import { choosers, findChoosers, UnknownChooserError } from '../../../../src/simulate/choosers.ts';
import type { ChooserMaker } from '../../../../src/simulate/replay/chooser.ts';
import { families, generate } from '../../../../src/simulate/generate/families.ts';
import { replay } from '../../../../src/simulate/replay/replay.ts';
import { type Trace, TraceBuilder, type TraceLayer } from '../../../../src/simulate/traces/trace.ts';

const MB = 1e6;

/** A letter an image of its own layer of 100 MB on a shared base of 50 MB, one a minute (`-`: none); `:n` holds it for n minutes. */
function letters(text: string): Trace {
  const builder = new TraceBuilder();
  text.split(' ').forEach((word, minute) => {
    const [letter = '', minutes = '0'] = word.split(':');
    if (letter === '-') return;
    const layers: TraceLayer[] = [
      { id: 'base', bytes: 50 * MB, inodes: 10 },
      { id: letter, bytes: 100 * MB, inodes: 10 },
    ];
    builder.add({
      time: minute * 60,
      event: 'use',
      image: letter,
      durationSeconds: Number(minutes) * 60,
      layers,
    });
  });
  return builder.build();
}

function run(name: string, trace: Trace, options: Partial<ReplayOptions> = {}) {
  const [maker] = findChoosers(name) as [ChooserMaker];
  const deleted: string[] = [];
  const figures = replay(trace, maker, {
    capacityBytes: 500 * MB,
    high: 80,
    low: 60,
    bytesPerSecond: 10 * MB,
    onDeleted: (_, image) => deleted.push(trace.images[image]?.id ?? ''),
    ...options,
  });
  return { figures, deleted: deleted.join(' ') };
}

it('free bytes are what is left of the capacity', () => {
  const trace = letters('a b c d a b e f a');
  const used = run('lru', trace, { type: 'relative', high: 80, low: 60 });
  // 400 MB used of 500 are 100 MB free; a byte less, because a sweep begins below HIGH and not at it.
  const free = run('lru', trace, { type: 'free', high: 100 * MB + 1, low: 200 * MB + 1 });
  expect(free.deleted).toBe(used.deleted);
  expect(free.figures).toMatchObject({
    fetchedBytes: used.figures.fetchedBytes,
    sweeps: used.figures.sweeps,
  });
});

describe('hand-computed traces on 500 MB, high 400 MB, low 300 MB', () => {
  // a, b, c take 50 + 300 MB. d makes it 450: over HIGH. 151 MB must be freed to get below 300: two images of 100 MB.
  it('lru: a and b are deleted for d, and return', () => {
    const { figures, deleted } = run('lru', letters('a b c d a b'));
    // With a back: c d a = 350 MB. With b back: 450 MB again, so c and d are deleted.
    expect(deleted).toBe('a b c d');
    expect(figures).toMatchObject({
      launches: 6,
      misses: 6,
      fetchedBytes: 650 * MB,
      refetchedBytes: 200 * MB,
      launchesWaited: 6,
      imagesDeleted: 4,
      sweeps: 2,
      sweepsAboveLow: 0,
      maxOvershootBytes: 50 * MB,
      peakBytes: 450 * MB,
      delayP50Seconds: 10,
      delayP95Seconds: 15,
    });
  });

  it('clairvoyant: what is never used again is deleted first, then what is used latest', () => {
    const { figures, deleted } = run('clairvoyant', letters('a b c d a b'));
    // d is in use while room is made for it. Of the others c is never wanted again, b later than a.
    expect(deleted).toBe('c b');
    expect(figures).toMatchObject({ misses: 5, fetchedBytes: 550 * MB, refetchedBytes: 100 * MB, sweeps: 1 });
  });

  it('existing-tool: everything unused is deleted; what has just ended is unused', () => {
    expect(run('existing-tool', letters('a b c d a'))).toMatchObject({
      deleted: 'a b c',
      figures: { refetchedBytes: 100 * MB, imagesDeleted: 3 },
    });
  });

  it('kubelet: believes that each image frees its full size, and stops too early', () => {
    // 151 MB must be freed; a "frees" 150 MB (100 in truth), b the rest. c is 60 s old, under the two minutes.
    expect(run('kubelet', letters('a b c d')).deleted).toBe('a b');
    expect(run('kubelet', letters('a b c d'), { low: 70 })).toMatchObject({
      deleted: 'a',
      figures: { sweepsAboveLow: 1 },
    });
  });

  it('docuum: deletes down to the budget only', () => {
    expect(run('docuum', letters('a b c d'))).toMatchObject({
      deleted: 'a',
      figures: { imagesDeleted: 1, peakBytes: 450 * MB },
    });
  });

  it.each(choosers.map((chooser) => chooser.name))('%s: a running container holds its image', (name) => {
    const { deleted } = run(name, letters('a:9 b:9 c d'));
    expect(deleted).not.toMatch(/[ab]/);
  });

  // a, b, c take 350 MB, over 325. Two minutes after c it is quiet: a is deleted, and d needs no sweep.
  it('a soft threshold deletes single images while nothing is launched, so that no sweep is due', () => {
    const { figures, deleted } = run('lru', letters('a b c - - - d'), { soft: 65 });
    expect(deleted).toBe('a');
    expect(figures).toMatchObject({ deletedGently: 1, sweeps: 0, cordonedMinutes: 0, imagesDeleted: 1 });
    expect(run('lru', letters('a b c - - - d')).figures).toMatchObject({ deletedGently: 0, sweeps: 1 });
  });

  it('a soft threshold does nothing while images are launched, and no more than one step in five minutes', () => {
    expect(run('lru', letters('a b c - d'), { soft: 65 }).figures.deletedGently).toBe(0);
    // Quiet from the fourth minute on. 350 MB, then 250 MB: with 45% (225 MB) a second step is due five minutes
    // later, where a sweep would continue below it.
    expect(run('lru', letters(`a b c ${'- '.repeat(6)}d`), { soft: 45, low: 30 }).deleted).toBe('a');
    expect(run('lru', letters(`a b c ${'- '.repeat(7)}d`), { soft: 45, low: 30 }).deleted).toBe('a b');
  });
});

describe('what people protect', () => {
  const kept = (name: string, protections: Partial<Protections>, text = 'a b c d a b') =>
    run(name, letters(text), { protections: { ...noProtections, ...protections } }).deleted;

  it.each(choosers.filter(({ isReference }) => !isReference).map(({ name }) => name))(
    '%s keeps images that a pattern names, that are young, that are the newest of their repository',
    (name) => {
      const [keep] = [parseKeepPatterns('a*', (source) => new RegExp(source))];
      expect(keep.ok).toBe(true);
      expect(kept(name, { keep: keep.ok ? keep.patterns : [] })).not.toContain('a');
      // d arrives in the third minute: a is then 3 minutes old, b 2, c 1.
      expect(kept(name, { minAgeSeconds: 150 }, 'a b c d')).toBe('a');
      // Each letter is a repository of its own.
      expect(kept(name, { keepLast: 1 })).toBe('');
    },
  );

  it('an image that arrived again is as young as its last arrival', () => {
    // a is deleted for d, returns in the fifth minute, and is too young when e arrives.
    expect(kept('lru', { minAgeSeconds: 100 }, 'a b c d - a e')).toBe('a b c d');
  });

  it('baselines know nothing of it', () => {
    expect(kept('existing-tool', { keepLast: 1 }, 'a b c d')).toBe('a b c');
  });
});

describe('other disks', () => {
  it('absolute thresholds do as the same shares of a disk', () => {
    const trace = letters('a b c d a b');
    const { deleted } = run('lru', trace);
    const absolute = { type: 'absolute', capacityBytes: 400 * MB, high: 400 * MB, low: 300 * MB } as const;
    expect(run('lru', trace, absolute)).toMatchObject({ deleted, figures: { maxOvershootBytes: 50 * MB } });
  });

  it('inodes fill up before bytes do', () => {
    // 10 of the base, 10 each: d makes 50 of 60, over 48. Below 36: two images.
    const { deleted, figures } = run('lru', letters('a b c d'), { capacityBytes: 1e12, capacityInodes: 60 });
    expect(deleted).toBe('a b');
    expect(figures).toMatchObject({ sweeps: 1, sweepsAboveLow: 0 });
  });

  it('a sweep has its fixed cost, unless it deletes nothing', () => {
    const minutes = (text: string, sweepSeconds: number): number =>
      run('lru', letters(text), { sweepSeconds }).figures.cordonedMinutes;
    // Two sweeps of two images each.
    expect(minutes('a b c d a b', 60) - minutes('a b c d a b', 0)).toBeCloseTo(2);
    expect(minutes('a:9 b:9 c:9 d:9', 60)).toBe(0);
  });
});

/** Small random traces: shared bases, versions, containers of any length. */
const arbitraryTrace: fc.Arbitrary<Trace> = fc
  .array(fc.tuple(fc.nat(9), fc.nat(3000), fc.nat(9000)), { minLength: 5, maxLength: 60 })
  .map((uses) => {
    const builder = new TraceBuilder();
    let time = 1_700_000_000;
    for (const [which, gap, durationSeconds] of uses) {
      time += gap;
      const base = which % 3;
      builder.add({
        time,
        event: 'use',
        image: `image${which}`,
        reference: `repository${base}:${which}`,
        durationSeconds,
        layers: [
          { id: `base${base}`, bytes: (base + 1) * 40 * MB },
          { id: `top${which}`, bytes: (1 + ((which * 7) % 10)) * 10 * MB },
        ],
      });
    }
    return builder.build();
  });

describe('whatever is replayed', () => {
  it.each(choosers)('$name never deletes what is in use, and does the same every time', (maker) => {
    fc.assert(
      fc.property(arbitraryTrace, (trace) => {
        const options = { capacityBytes: 350 * MB, high: 80, low: 60, bytesPerSecond: MB };
        const deleted: number[] = [];
        // The virtual store throws when an image in use is deleted.
        const first = replay(trace, maker, { ...options, onDeleted: (_, image) => deleted.push(image) });
        const again: number[] = [];
        const second = replay(trace, maker, { ...options, onDeleted: (_, image) => again.push(image) });
        expect(again).toEqual(deleted);
        expect(second).toEqual(first);
        expect(first.refetchedBytes).toBe(first.fetchedBytes - trace.distinctBytes);
        expect(deleted.length).toBe(first.imagesDeleted);
      }),
      { numRuns: 50 },
    );
  });

  it.each(families)('$name: the same seed makes the same trace, another seed another', (family) => {
    const made = [1, 1, 2].map((seed) => JSON.stringify(family.generate(seed, 2, family.perDay)));
    expect(made[0]).toBe(made[1]);
    expect(made[0]).not.toBe(made[2]);
    expect(generate(family, 1, 2).startsMs.length).toBeGreaterThan(100);
  });

  it('names an unknown policy and the known ones', () => {
    expect(findChoosers('lru, value,lru').map(({ name }) => name)).toEqual(['lru', 'value']);
    expect(() => findChoosers('lru,best')).toThrow(UnknownChooserError);
    expect(() => findChoosers('lru,best')).toThrow(/"best".*clairvoyant/);
  });
});

describe('the longest time unused', () => {
  const roomy = { capacityBytes: 5000 * MB, maxUnusedSeconds: 600 };
  // `a` is used for the last time in the third minute; `c` is held until the end.
  const trace = letters('a b a c:40 b - - - - b - - - - b - - - - b - - - - a');

  it.each(['biggest', 'reclaimable', 'lru', 'value'])(
    'deletes what was unused for longer however empty the disk is, and is counted, under %s',
    (policy) => {
      expect(run(policy, trace, { ...roomy, maxUnusedSeconds: 0 })).toMatchObject({
        deleted: '',
        figures: { imagesDeleted: 0, sweeps: 0 },
      });
      expect(run(policy, trace, roomy)).toMatchObject({
        deleted: 'a',
        figures: { imagesDeleted: 1, sweeps: 0, refetchedBytes: 100 * MB },
      });
    },
  );

  it('keeps what is protected, deletes nothing outside the window, and does not bind other tools', () => {
    const keep = [{ kind: 'glob', text: 'a' }] as const;
    expect(run('value', trace, { ...roomy, protections: { ...noProtections, keep } }).deleted).toBe('');
    const parsed = parseWindow('Sun 10:00-11:00', 'UTC');
    const window = parsed.ok ? parsed.value : undefined;
    expect(window).toBeDefined();
    expect(run('value', trace, { ...roomy, window }).deleted).toBe('');
    for (const other of ['existing-tool', 'kubelet', 'docuum'])
      expect(run(other, trace, roomy).deleted).toBe('');
  });
});
