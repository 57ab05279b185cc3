/** When the disk will be full: what can be known of it, and that nothing is said where it cannot. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FillRate, type Forecast, forecastText } from '../../../../src/core/model/forecast.ts';
import type { Usage } from '../../../../src/core/model/thresholds.ts';

const TOTAL = 100e9;
function look(available: number, inodes?: number): Usage {
  return {
    path: '/store',
    bytes: { total: TOTAL, available },
    inodes: inodes === undefined ? undefined : { total: 1e6, available: inodes },
    allocated: undefined,
  };
}

/** Reads every five seconds; `available` by the seconds since the first. */
function watched(seconds: number, available: (second: number) => number, everySeconds = 5): FillRate {
  const rate = new FillRate();
  for (let second = 0; second <= seconds; second += everySeconds)
    rate.add(look(available(second)), second * 1000);
  return rate;
}

describe('the forecast', () => {
  it('is what is available by what is used up a second', () => {
    const forecast = watched(600, (second) => 50e9 - second * 20e6).forecast();
    expect(forecast?.resource).toBe('bytes');
    expect(forecast?.rate).toBeCloseTo(20e6, -2);
    expect(forecast?.seconds).toBeCloseTo(38e9 / 20e6, 1);
    expect(forecastText(forecast as Forecast)).toBe('full in about 32 min at this rate');
  });

  it('gives its range, which covers the steps in which images arrive', () => {
    // 1 GB every 40 to 80 seconds.
    let step = 0;
    const forecast = watched(1_800, (second) => {
      while (second > 40 + step * 60 + (step % 3) * 20) step += 1;
      return 80e9 - step * 1e9;
    }).forecast();
    expect(forecast?.earliestSeconds).toBeLessThan(50e9 / (1e9 / 60));
    expect(forecast?.latestSeconds).toBeGreaterThan(50e9 / (1e9 / 60));
    expect(forecastText(forecast as Forecast)).toMatch(
      /^full in about \d+ min at this rate \(\d+ min to \d+ min\)$/,
    );
  });

  it('follows a burst at once, whatever was before it', () => {
    const rate = watched(3_600, (second) => (second < 3_480 ? 50e9 : 50e9 - (second - 3_480) * 200e6));
    expect(rate.forecast()?.seconds).toBeCloseTo(26e9 / 200e6, 0);
    expect(rate.forecast()?.observedSeconds).toBe(60);
  });

  it('takes the resource that is used up first', () => {
    const rate = new FillRate();
    for (let second = 0; second <= 600; second += 5)
      rate.add(look(50e9 - second * 20e6, 30_000 - second * 40), second * 1000);
    expect(rate.forecast()).toMatchObject({ resource: 'inodes' });
    expect(forecastText(rate.forecast() as Forecast)).toMatch(/^out of inodes in about/);
  });

  it.each<[string, FillRate]>([
    ['nothing was looked at', new FillRate()],
    ['not for long enough', watched(55, (second) => 50e9 - second * 20e6)],
    ['nothing is used up', watched(600, () => 50e9)],
    ['room is made', watched(600, (second) => 20e9 + second * 20e6)],
    ['the growth was once', watched(600, (second) => (second < 300 ? 50e9 : 40e9))],
    ['it stopped', watched(900, (second) => 50e9 - Math.min(second, 300) * 20e6)],
    ['it goes up and down', watched(600, (second) => 50e9 - ((second / 5) % 7) * 1e9)],
    ['it is further ahead than one can look back', watched(120, (second) => 50e9 - second * 1e6)],
  ])('says nothing where %s', (_, rate) => {
    expect(rate.forecast()).toBeUndefined();
  });

  it('begins again after a deletion, and after the clock was set back', () => {
    const rate = watched(600, (second) => 50e9 - second * 20e6);
    rate.add(look(38e9), 0);
    expect(rate.forecast()).toBeUndefined();
    const other = watched(600, (second) => 50e9 - second * 20e6);
    other.forget();
    other.add(look(60e9), 601_000);
    expect(other.forecast()).toBeUndefined();
  });

  it('continues from percentages in a file', () => {
    const rate = new FillRate();
    for (let second = 0; second < 600; second += 15)
      rate.add({ bytes: { total: 100, available: 50 - second * 0.02 }, inodes: undefined }, second * 1000);
    rate.add(look(38e9), 600_000);
    expect(rate.forecast()?.rate).toBeCloseTo(20e6, -2);
    expect(rate.forecast()?.seconds).toBeCloseTo(38e9 / 20e6, 1);
  });

  it('also works with checks alone, every five minutes', () => {
    const rate = watched(7_200, (second) => 50e9 - second * 3e6, 300);
    expect(rate.forecast()?.seconds).toBeCloseTo((50e9 - 7_200 * 3e6) / 3e6, 0);
  });

  it('is right for a constant rate, however long it was observed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 60, max: 40_000 }),
        fc.integer({ min: 1e6, max: 1e8 }),
        (seconds, bytes) => {
          const whole = Math.floor(seconds / 5) * 5;
          const forecast = watched(whole, (second) => 8e12 - second * bytes).forecast();
          if (forecast === undefined) return;
          const exact = (8e12 - whole * bytes) / bytes;
          expect(forecast.seconds / exact).toBeCloseTo(1, 3);
          expect(forecast.earliestSeconds).toBeLessThanOrEqual(forecast.seconds);
          expect(forecast.latestSeconds).toBeGreaterThanOrEqual(forecast.seconds);
        },
      ),
      { numRuns: 30 },
    );
  }, 60_000);
});
