import { describe, expect, it } from 'vitest';
import { findChoosers } from '../../../src/simulate/choosers.ts';
import { families, generate } from '../../../src/simulate/generate/families.ts';
import { htmlReport } from '../../../src/simulate/report/html.ts';
import { simulate } from '../../../src/simulate/simulate.ts';

const trace = generate(families[0] ?? expect.fail(), 1, 3);

function report(...shares: readonly number[]): { readonly page: string; readonly bytes: readonly number[] } {
  const results = simulate(trace, findChoosers('lru,clairvoyant'), {
    capacity: shares.map((share) => ({ kind: 'share', share })),
    high: 80,
    low: 60,
    soft: undefined,
    bandwidth: 50e6,
    sweepThresholds: false,
  });
  const bytes = results.flatMap(({ rows }) => rows.map((row) => row.refetchedBytes));
  return { page: htmlReport(trace, results), bytes };
}

describe('the report', () => {
  it('shows all capacities side by side, as high as what was fetched again', () => {
    const { page, bytes } = report(0.1, 0.3);
    const bars = [
      ...page.matchAll(/height="([\d.]+)" fill="[^"]+"><title>(lru|clairvoyant), [^<]+<\/title>/g),
    ];
    const heights = bars.map(([, height]) => Number(height));
    expect(bars.map(([, , policy]) => policy)).toEqual(['lru', 'clairvoyant', 'lru', 'clairvoyant']);
    const most = Math.max(...bytes);
    expect(most).toBeGreaterThan(0);
    for (const [at, each] of bytes.entries()) {
      expect((heights[at] ?? 0) / Math.max(...heights)).toBeCloseTo(each / most, 2);
    }
  });

  it('has no such comparison of a single capacity', () => {
    expect(report(0.1).page).not.toContain('by policy and capacity');
  });

  it('shows the disk over time against the thresholds, and loads nothing', () => {
    const { page } = report(0.2);
    expect(page).toMatch(/>low [\d.]+ [GM]B<.*>high [\d.]+ [GM]B</s);
    expect(page).toContain('after 3 d');
    expect(page).not.toMatch(/<script|src=|href=|url\(/);
  });
});
