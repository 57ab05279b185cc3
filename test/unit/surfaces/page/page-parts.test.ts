/** What the page's pure parts say: the axis, the list's rows, and where the space is in mid-sweep. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { SpaceByKind, SpaceKind } from '../../../../src/core/model/space-kinds.ts';
import type { Usage } from '../../../../src/core/model/thresholds.ts';
import { spaceSince } from '../../../../src/surfaces/http/state/space-since.ts';
import { axisRange } from '../../../../src/surfaces/page/client/chart/axis.ts';
import { chosenRows, type Row } from '../../../../src/surfaces/page/client/images/image-rows.ts';
import { leadText } from '../../../../src/surfaces/page/client/plan.ts';

const relative = { type: 'relative', high: 80, low: 60 } as const;

describe('the axis', () => {
  test.each([
    [
      [70, 72],
      [55, 85],
    ],
    [
      [3, 99.5],
      [0, 100],
    ],
    [
      [62, 79],
      [55, 85],
    ],
  ])('of %j percent is %j', (values, range) => {
    expect(axisRange(values, relative)).toEqual(range);
  });

  it('holds all that was measured and both thresholds', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 100, noNaN: true })), (values) => {
        const [from, to] = axisRange(values, relative);
        for (const value of [...values, 60, 80]) expect(value >= from && value <= to).toBe(true);
      }),
    );
  });

  it('in absolute mode does not begin at zero', () => {
    const [from, to] = axisRange([210e9, 240e9], { type: 'absolute', high: 250e9, low: 200e9 });
    expect(from).toBeGreaterThan(150e9);
    expect(to).toBeGreaterThan(250e9);
  });
});

describe('the rows of the list', () => {
  const row = (name: string, more: Partial<Row> = {}): Row => ({
    id: name,
    name,
    names: [name],
    kind: 'image',
    state: 'unused',
    order: null,
    sizeBytes: 1,
    frees: { bytes: 1, exact: true },
    idleSeconds: 10,
    wasUsed: true,
    reason: '',
    text: name,
    ...more,
  });
  const rows = [
    row('team/b:1', { state: 'in-use', sizeBytes: 9, idleSeconds: 0 }),
    row('team/a:1', { order: 2, sizeBytes: 5 }),
    row('other/c:2', { order: 1, sizeBytes: 3, idleSeconds: 99 }),
    row('other/d:2', { state: 'protected', sizeBytes: 7, frees: { bytes: 6, exact: true } }),
  ];
  const names = (...args: [Parameters<typeof chosenRows>[1], string, Parameters<typeof chosenRows>[3]]) =>
    chosenRows(rows, ...args).map(({ name }) => name);

  it('are sorted, filtered and found by all words', () => {
    expect(names('all', '', 'order')).toEqual(['other/c:2', 'team/a:1', 'other/d:2', 'team/b:1']);
    expect(names('all', '', 'size')[0]).toBe('team/b:1');
    expect(names('all', '', 'frees')[0]).toBe('other/d:2');
    expect(names('all', '', 'idle')[0]).toBe('other/c:2');
    expect(names('all', '', 'name')[0]).toBe('other/c:2');
    expect(names('next', '', 'order')).toEqual(['other/c:2', 'team/a:1']);
    expect(names('in-use', '', 'order')).toEqual(['team/b:1']);
    expect(names('all', 'TEAM /a', 'order')).toEqual(['team/a:1']);
    expect(names('all', 'team nothing', 'order')).toEqual([]);
  });
});

describe('where the space is, in mid-sweep', () => {
  const kinds: readonly SpaceKind[] = [
    'imagesInUse',
    'imagesUnused',
    'buildCache',
    'containerLayers',
    'containerLogs',
    'volumesInUse',
    'volumesUnused',
    'leftovers',
    'beingWritten',
    'engine',
    'unknown',
    'notTheEngines',
    'reserved',
    'available',
  ];
  const usage = (available: number): Usage => ({
    path: '/',
    bytes: { total: 1000, available },
    inodes: { total: 100, available: available / 10 },
    allocated: undefined,
  });

  it('sums to the whole, with the available space of the disk', () => {
    const part = fc.nat(50).map((bytes) => ({ bytes, inodes: Math.floor(bytes / 10) }));
    const parts = fc.record(
      Object.fromEntries(kinds.map((kind) => [kind, part])) as Record<SpaceKind, typeof part>,
    );
    fc.assert(
      fc.property(parts, fc.integer({ min: -40, max: 200 }), (before, gained) => {
        const space: SpaceByKind = {
          path: '/',
          total: { bytes: 1000, inodes: 100 },
          parts: before,
          leftovers: [],
          unusedVolumes: [],
        };
        const after = spaceSince(
          space,
          usage(before.available.bytes),
          usage(before.available.bytes + gained),
        );
        const sum = (of: SpaceByKind['parts']): number =>
          kinds.reduce((all, kind) => all + of[kind].bytes, 0);
        expect(after.parts.available.bytes).toBe(before.available.bytes + gained);
        expect(sum(after.parts)).toBe(sum(before));
        expect(after.parts.imagesUnused.bytes).toBeGreaterThanOrEqual(0);
        expect(after.parts.imagesInUse).toEqual(before.imagesInUse);
      }),
    );
  });
});

it('a plan that ends just below the low threshold says so, where both are the same when rounded', () => {
  const next = {
    victims: [{ kind: 'image' } as const],
    triggered: false,
    assumedUsed: null,
    cut: null,
    freedBytes: 319e9,
    used: 64.98,
    reachesLow: true,
  };
  const thresholds = { type: 'relative', high: 80, low: 65 } as const;
  const options = { isDryRun: false, isSweeping: false };
  expect(leadText(next, thresholds, options)).toContain(
    'down to 65.0%, just past the low threshold of 65.0%.',
  );
  expect(leadText({ ...next, used: 62.1 }, thresholds, options)).toContain(
    'down to 62.1%, past the low threshold of 65.0%.',
  );
});
