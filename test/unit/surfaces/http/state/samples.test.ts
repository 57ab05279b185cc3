import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageSamples } from '../../../../../src/surfaces/http/state/samples.ts';
import type { Sample } from '../../../../../src/surfaces/json/activity.ts';

const day = 86_400_000;

function sample(atMs: number, blocks: number): Sample {
  return { atMs, blocks, inodes: null, allocated: null };
}

describe('usage over time', () => {
  it('keeps a month of checks every 15 seconds within a bound, in order, and its first and last day', () => {
    const samples = new UsageSamples();
    for (let at = 0; at <= 40 * day; at += 15_000) samples.add(sample(at, (at / 15_000) % 97));
    const list = samples.list();
    expect(list.length).toBeLessThan(2 * (1440 + 864 + 1440));
    const times = list.map(({ atMs }) => atMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(new Set(times).size).toBe(times.length);
    expect(times.at(-1)).toBe(40 * day);
    expect(times[0]).toBeGreaterThan(9 * day);
    expect(times[0]).toBeLessThan(11 * day);
  });

  it('a peak between two slices is never lost while its slice is kept', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ step: fc.nat(400_000), blocks: fc.integer({ min: 0, max: 100 }) }), {
          minLength: 1,
          maxLength: 200,
        }),
        (steps) => {
          const samples = new UsageSamples();
          let at = 0;
          for (const { step, blocks } of steps) {
            at += step;
            samples.add(sample(at, blocks));
          }
          const list = samples.list();
          expect(Math.max(...list.map(({ blocks }) => blocks))).toBe(
            Math.max(...steps.map(({ blocks }) => blocks)),
          );
          expect(list.at(-1)).toEqual(sample(at, steps.at(-1)?.blocks ?? -1));
        },
      ),
    );
  });

  it('a clock that is set back makes no second history', () => {
    const samples = new UsageSamples();
    samples.add(sample(10 * day, 50));
    samples.add(sample(9 * day, 60));
    expect(samples.list().length).toBeLessThanOrEqual(2);
  });
});
