import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { DeletionBudget, noLimits } from '../../../../src/core/plan/deletion-budget.ts';

const HOUR = 3_600_000;
const perHour = (bytes: number): DeletionBudget =>
  new DeletionBudget({ ...noLimits, maxFreedPerHour: bytes });
const victim = (bytes: number) => ({ predicted: { bytes, inodes: 0, exact: true } });

describe('deletions of a sweep', () => {
  it('are as many as may be, failed ones included', () => {
    const budget = new DeletionBudget({ ...noLimits, maxDeletionsPerSweep: 2 });
    expect([0, 1, 2, 3].map((tried) => budget.forbids(1e12, tried, 0))).toEqual([
      undefined,
      undefined,
      'deletions-per-sweep',
      'deletions-per-sweep',
    ]);
    // No reason to wait: the next sweep counts from zero.
    expect(budget.whyWait(0)).toBeUndefined();
  });
});

describe('what an hour frees', () => {
  it('is the sum of the last 60 minutes', () => {
    const budget = perHour(100);
    budget.note(60, 0);
    budget.note(40, HOUR / 2);
    expect(budget.freedLately(HOUR - 1)).toBe(100);
    expect(budget.forbids(1, 0, HOUR - 1)).toBe('freed-per-hour');
    expect(budget.waitMs(HOUR - 1)).toBe(1);
    expect(budget.whyWait(HOUR - 1)).toContain('MAX_FREED_PER_HOUR');
    expect(budget.whyWait(HOUR)).toBeUndefined();
    expect(budget.freedLately(HOUR)).toBe(40);
    expect(budget.forbids(60, 0, HOUR)).toBeUndefined();
    expect(budget.forbids(61, 0, HOUR)).toBe('freed-per-hour');
  });

  it('does not keep one larger victim forever: it is deleted alone', () => {
    const budget = perHour(100);
    expect(budget.forbids(500, 0, 0)).toBeUndefined();
    budget.note(500, 0);
    expect(budget.forbids(0, 0, 1)).toBe('freed-per-hour');
    expect(budget.forbids(500, 0, HOUR)).toBeUndefined();
  });

  it('is never more than the limit, or one victim, in any 60 minutes', () => {
    const deletion = fc.record({ bytes: fc.integer({ min: 0, max: 200 }), afterMs: fc.nat(HOUR) });
    fc.assert(
      fc.property(fc.array(deletion, { maxLength: 60 }), (tries) => {
        const budget = perHour(100);
        const done: { atMs: number; bytes: number }[] = [];
        let nowMs = 0;
        for (const { bytes, afterMs } of tries) {
          nowMs += afterMs;
          if (budget.waitMs(nowMs) > 0 || budget.forbids(bytes, 0, nowMs) !== undefined) continue;
          budget.note(bytes, nowMs);
          done.push({ atMs: nowMs, bytes });
        }
        for (const { atMs } of done) {
          const window = done.filter((one) => one.atMs >= atMs && one.atMs < atMs + HOUR);
          const sum = window.reduce((total, { bytes }) => total + bytes, 0);
          expect(sum <= 100 || window.length === 1).toBe(true);
        }
      }),
    );
  });

  it('is not counted without a limit', () => {
    const budget = new DeletionBudget();
    for (let at = 0; at < 1000; at++) budget.note(1e12, at);
    expect(budget.freedLately(1000)).toBe(0);
    expect(budget.forbids(1e15, 0, 1000)).toBeUndefined();
  });
});

describe('where a plan is cut', () => {
  it('is where a sweep ends if predictions come true', () => {
    const sizes = fc.array(fc.nat(60), { maxLength: 12 });
    fc.assert(
      fc.property(sizes, sizes, fc.integer({ min: 1, max: 8 }), (before, planned, maxDeletionsPerSweep) => {
        const budget = new DeletionBudget({ maxDeletionsPerSweep, maxFreedPerHour: 100 });
        for (const bytes of before) if (budget.forbids(bytes, 0, 0) === undefined) budget.note(bytes, 0);
        const cut = budget.cut(planned.map(victim), 1);
        let deleted = 0;
        let limit;
        for (const bytes of planned) {
          limit = budget.forbids(bytes, deleted, 1);
          if (limit !== undefined) break;
          budget.note(bytes, 1);
          deleted += 1;
        }
        expect(cut && { limit: cut.limit, victims: cut.victims }).toEqual(
          limit && { limit, victims: deleted },
        );
      }),
    );
  });
});
