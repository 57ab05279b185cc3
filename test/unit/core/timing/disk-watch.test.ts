/** Which readings between two checks justify a check. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Levels } from '../../../../src/core/timing/critical.ts';
import { APART_MS, DiskWatch } from '../../../../src/core/timing/disk-watch.ts';
import type { Usage } from '../../../../src/core/model/thresholds.ts';
import { usage } from '../arbitraries.ts';

const levels: Levels = {
  thresholds: { type: 'relative', high: 80, low: 60 },
  softLevel: 70,
  criticalLevel: 95,
};

function after(percent: number, wasInVain = false, watched = levels): DiskWatch {
  const watch = new DiskWatch(watched);
  watch.checked({ usage: usage(percent), nowMs: 0 }, wasInVain);
  return watch;
}

describe('a reading between two checks', () => {
  it.each([
    [50, 71, 'soft-threshold'],
    [50, 80, 'high-threshold'],
    [75, 81, 'high-threshold'],
    [75, 96, 'critical-threshold'],
    [50, 69, undefined],
    [75, 79, undefined],
    [81, 81, undefined],
  ])('from %d %% at the check to %d %%: %s', (before, now, cause) => {
    expect(after(before).looked({ usage: usage(now), nowMs: 5_000 })).toBe(cause);
  });

  it.each([
    ['rises two points in 4 s, two points below the soft threshold', 66, 68, undefined, 4_000],
    ['has passed the soft threshold and nears HIGH', 76, 78, undefined, 4_000],
    ['nears the soft threshold by its inodes', 66, 10, 68, 4_000],
    ['stays', 68, 68, undefined, Infinity],
    ['falls', 72, 68, undefined, Infinity],
    ['is above all levels', 96, 98, undefined, Infinity],
  ])('says when usage reaches its next level, where it %s', (_, before, now, inodes, ms) => {
    const watch = after(before);
    watch.looked({ usage: usage(now, inodes), nowMs: 4_000 });
    expect(watch.nextLevelMs).toBeCloseTo(ms);
  });

  it('says so for free space, which falls towards its levels', () => {
    const total = usage(50).bytes.total;
    const watch = after(60, false, { thresholds: { type: 'free', high: total * 0.2, low: total * 0.4 } });
    watch.looked({ usage: usage(70), nowMs: 5_000 });
    expect(watch.nextLevelMs).toBeCloseTo(5_000);
  });

  it('takes the pace of the last 10 s: who writes in bursts rests in between', () => {
    const watch = after(70);
    for (const [seconds, percent] of [
      [4, 74],
      [5, 74],
      [8, 76],
    ] as const)
      watch.looked({ usage: usage(percent), nowMs: seconds * 1000 });
    // 6 points in 8 s, 4 points below HIGH.
    expect(watch.nextLevelMs).toBeCloseTo(5_333.3, 0);
    watch.looked({ usage: usage(76), nowMs: 20_000 });
    expect(watch.nextLevelMs).toBe(Infinity);
  });

  it('takes no pace over a check, which may have swept', () => {
    const watch = after(90);
    watch.checked({ usage: usage(60), nowMs: 1_000 }, false);
    watch.checked({ usage: usage(62), nowMs: 2_000 }, false);
    expect(watch.nextLevelMs).toBe(Infinity);
  });

  it('counts inodes as a check does', () => {
    expect(after(50).looked({ usage: usage(50, 90), nowMs: 5_000 })).toBe('high-threshold');
  });

  it('begins no check while usage remains above HIGH and a sweep could not help', () => {
    const watch = after(85, true);
    for (let nowMs = 5_000; nowMs < 3_600_000; nowMs += 5_000)
      expect(watch.looked({ usage: usage(85.9), nowMs })).toBeUndefined();
  });

  it('begins one when usage crosses HIGH again, but not for each wave at it', () => {
    const watch = after(85, true);
    expect(watch.looked({ usage: usage(79), nowMs: 5_000 })).toBeUndefined();
    expect(watch.looked({ usage: usage(81), nowMs: 10_000 })).toBeUndefined();
    expect(watch.looked({ usage: usage(81), nowMs: APART_MS })).toBe('high-threshold');
  });

  it('begins one at once after a sweep that helped', () => {
    const watch = after(59);
    expect(watch.looked({ usage: usage(81), nowMs: 5_000 })).toBe('high-threshold');
    watch.checked({ usage: usage(59), nowMs: 6_000 }, false);
    expect(watch.looked({ usage: usage(81), nowMs: 11_000 })).toBe('high-threshold');
  });

  it('after a sweep that could not help begins one at the critical threshold at once', () => {
    expect(after(85, true).looked({ usage: usage(95), nowMs: 5_000 })).toBe('critical-threshold');
  });

  it('after a sweep that could not help begins one when usage changed by 1%, half a minute later', () => {
    expect(after(85, true).looked({ usage: usage(86.1), nowMs: APART_MS - 1 })).toBeUndefined();
    expect(after(85, true).looked({ usage: usage(86.1), nowMs: APART_MS })).toBe('growth');
    expect(after(85, true).looked({ usage: usage(83.9), nowMs: APART_MS })).toBe('growth');
    expect(after(85, false).looked({ usage: usage(86.1), nowMs: APART_MS })).toBeUndefined();
  });

  it('after a sweep that could not help begins one when the engine reported a change', () => {
    const watch = new DiskWatch(levels);
    watch.checked({ usage: usage(85), nowMs: 0, heard: { arrival: 1, any: 1 } }, true);
    const look = (nowMs: number, any: number) =>
      watch.looked({ usage: usage(85), nowMs, heard: { arrival: 1, any } });
    expect(look(APART_MS, 1)).toBeUndefined();
    expect(look(APART_MS - 1, 2)).toBeUndefined();
    expect(look(APART_MS, 2)).toBe('engine-event');
  });

  it('never begins a check where usage is below all levels', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 69, noNaN: true })), fc.boolean(), (looks, wasInVain) => {
        const watch = after(50, wasInVain);
        for (const [index, percent] of looks.entries())
          expect(watch.looked({ usage: usage(percent), nowMs: index * 5_000 })).toBeUndefined();
      }),
    );
  });

  it('whatever usage does, begins at most one check in half a minute while sweeps cannot help', () => {
    const percent = fc.double({ min: 0, max: 94, noNaN: true });
    fc.assert(
      fc.property(fc.array(percent, { maxLength: 200 }), (looks) => {
        const watch = after(85, true);
        let lastMs = 0;
        for (const [index, value] of looks.entries()) {
          const nowMs = (index + 1) * 5_000;
          if (watch.looked({ usage: usage(value), nowMs }) === undefined) continue;
          expect(nowMs - lastMs).toBeGreaterThanOrEqual(APART_MS);
          lastMs = nowMs;
          watch.checked({ usage: usage(Math.max(value, 80)), nowMs }, true);
        }
      }),
    );
  });
});

describe('in absolute mode', () => {
  const absolute: Levels = { thresholds: { type: 'absolute', high: 800e6, low: 600e6 } };
  const below = (bytes: number, percent: number): Usage => ({
    ...usage(percent),
    allocated: { bytes, inodes: 0 },
  });
  const checkedAt = (bytes: number): DiskWatch => {
    const watch = new DiskWatch(absolute);
    watch.checked({ usage: below(bytes, 70), nowMs: 0, heard: { arrival: 1, any: 1 } }, false);
    return watch;
  };

  it('takes what the filesystem grew for growth below the path', () => {
    expect(checkedAt(700e6).looked({ usage: usage(79), nowMs: 5_000 })).toBeUndefined();
    expect(checkedAt(700e6).looked({ usage: usage(80), nowMs: 5_000 })).toBe('high-threshold');
  });

  it('also checks where an image arrived and something else made room at the same time', () => {
    const look = (percent: number, arrival: number, nowMs = APART_MS) =>
      checkedAt(700e6).looked({ usage: usage(percent), nowMs, heard: { arrival, any: 9 } });
    expect(look(69, 2)).toBe('engine-event');
    expect(look(69, 2, APART_MS - 1)).toBeUndefined();
    expect(look(69, 1)).toBeUndefined();
    // Nothing changed on the disk: the image shares all that it has.
    expect(look(70, 2)).toBeUndefined();
  });
});
