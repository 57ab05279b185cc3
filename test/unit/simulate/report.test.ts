import { describe, expect, it } from 'vitest';
import { noProtections } from '../../../src/core/eligible/rules.ts';
import { findChoosers } from '../../../src/simulate/choosers.ts';
import { families, generate } from '../../../src/simulate/generate/families.ts';
import { htmlReport } from '../../../src/simulate/report/html.ts';
import { conclusion } from '../../../src/simulate/report/conclusion.ts';
import { escape } from '../../../src/simulate/report/svg.ts';
import { bandTables } from '../../../src/simulate/report/text.ts';
import type { Figures } from '../../../src/simulate/replay/figures.ts';
import { PAIRS, type Result, type Settings } from '../../../src/simulate/simulate.ts';
import { replayed } from './replayed.ts';

const trace = generate(families[0] ?? expect.fail(), 1, 3);

const settings: Settings = {
  capacity: [],
  high: { type: 'relative', value: 80 },
  low: { type: 'relative', value: 60 },
  inodes: undefined,
  soft: undefined,
  bandwidth: 50e6,
  sweepSeconds: 10,
  protections: noProtections,
  sweepThresholds: false,
};

function report(...shares: readonly number[]) {
  const capacity = shares.map((share) => ({ kind: 'share', share }) as const);
  const results = replayed(trace, findChoosers('lru,clairvoyant'), { ...settings, capacity });
  const bytes = results.flatMap(({ rows, bounds }) => [
    ...rows.map((row) => row.refetchedBytes),
    ...bounds.map((bound) => bound.refetchedBytes),
  ]);
  return { page: htmlReport(trace, results), bytes, results };
}

const NAMES = ['lru', 'clairvoyant', 'relaxed', 'lower-bound'];

describe('the report', () => {
  it('shows all capacities side by side, as high as what was fetched again', () => {
    const { page, bytes } = report(0.1, 0.3);
    const bars = [
      ...page.matchAll(
        /height="([\d.]+)" fill="[^"]+"><title>(lru|clairvoyant|relaxed|lower-bound), [^<]+<\/title>/g,
      ),
    ];
    const heights = bars.map(([, height]) => Number(height));
    expect(bars.map(([, , policy]) => policy)).toEqual([...NAMES, ...NAMES]);
    const most = Math.max(...bytes);
    expect(most).toBeGreaterThan(0);
    for (const [at, each] of bytes.entries()) {
      expect((heights[at] ?? 0) / Math.max(...heights)).toBeCloseTo(each / most, 2);
    }
  });

  it('has no such comparison of a single capacity', () => {
    expect(report(0.1).page).not.toContain('by policy and capacity');
  });

  it('has the bars of a setting in order, the least first, with what each word means', () => {
    const { page, results } = report(0.1);
    const widths = [...page.matchAll(/<rect x="128"[^>]* width="([\d.]+)"/g)].map(([, width]) =>
      Number(width),
    );
    expect(widths).toHaveLength(4);
    expect(widths).toEqual(widths.toSorted((a, b) => a - b));
    for (const word of ['again', 'cordon min', ...NAMES]) expect(page).toContain(`<dt>${word}</dt>`);
    const [says] = conclusion(results[0] ?? expect.fail());
    expect(says).toBeDefined();
    expect(page).toContain(escape(says ?? ''));
  });

  it('shows the disk over time against the thresholds, and loads nothing', () => {
    const { page } = report(0.2);
    expect(page).toMatch(/>low [\d.]+ [GM]B<.*>high [\d.]+ [GM]B</s);
    expect(page).toContain('after 3 d');
    expect(page).not.toMatch(/<script|src=|href=|url\(/);
  });

  it('compares narrow and wide bands', () => {
    const results = replayed(trace, findChoosers('lru'), {
      ...settings,
      capacity: [{ kind: 'share', share: 0.15 }],
      sweepThresholds: true,
    });
    const [table] = bandTables(results);
    expect(table?.rows).toHaveLength(PAIRS.length);
    const usual = table?.rows.find(([, low, high]) => low === '60%' && high === '80%');
    expect(usual?.filter((cell) => cell === '× 1.00')).toHaveLength(3);
    expect(htmlReport(trace, results)).toContain(table?.title.replaceAll('"', '&#34;'));
  });
});

describe('the conclusion', () => {
  const figures = results(report(0.1)).rows[0] ?? expect.fail();
  const row = (policy: string, refetchedBytes: number, isReference = false): Figures => ({
    ...figures,
    policy,
    refetchedBytes,
    isReference,
  });
  const said = (rows: readonly Figures[], bound = 50e9): string =>
    conclusion({
      ...results(report(0.1)),
      rows,
      bounds: [{ name: 'lower-bound', summary: '', fetchedBytes: 0, refetchedBytes: bound }],
    }).join(' ');

  it('says how much less the best policy fetches than each other, and what is possible', () => {
    const rows = [
      row('lru', 100e9),
      row('value', 78e9),
      row('existing-tool', 312e9, true),
      row('clairvoyant', 60e9, true),
    ];
    expect(said(rows)).toBe(
      'value fetches 22% less again than lru and 75% less again than existing-tool. ' +
        'Even a policy that knows the future fetches 50.0 GB again; value fetches 78.0 GB.',
    );
  });

  it('calls equal what is equal, and nothing nothing', () => {
    expect(said([row('lru', 1e9), row('value', 1e9)], 0)).toMatch(
      /^lru and value fetch the least again: 1.00 GB each\./,
    );
    expect(said([row('lru', 0), row('value', 0)], 0)).toBe('Nothing that was deleted was needed again.');
    expect(said([row('existing-tool', 0, true)], 0)).toBe('');
    expect(said([row('lru', 1e9), row('kubelet', 0, true)], 0)).toMatch(
      /lru fetches 1.00 GB more again than kubelet/,
    );
  });
});

function results(of: ReturnType<typeof report>): Result {
  return of.results[0] ?? expect.fail();
}
