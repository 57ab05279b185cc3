import { describe, expect, it } from 'vitest';
import { FailedDeletions } from '../../../src/sweep/failed-deletions.ts';
import { usage } from '../core/arbitraries.ts';

const second = 1000;

describe('what could not be deleted', () => {
  it('is tried again after one interval, then later and later, at most an hour', () => {
    const failures = new FailedDeletions(300);
    let nowMs = 0;
    for (const waitSeconds of [300, 1200, 3600, 3600]) {
      failures.failed('a', 'no', nowMs);
      expect([...failures.refusals(nowMs).keys()]).toEqual(['a']);
      expect([...failures.refusals(nowMs + (waitSeconds - 1) * second).keys()]).toEqual(['a']);
      nowMs += waitSeconds * second;
      expect([...failures.refusals(nowMs).keys()]).toEqual([]);
    }
  });

  it('is tried at once when the clock was set back, and forgotten once it was deleted or is gone', () => {
    const failures = new FailedDeletions(300);
    for (const id of ['a', 'b', 'c']) failures.failed(id, 'no', 1_000_000);
    expect(failures.refusals(999_999).size).toBe(0);
    failures.forget('a');
    failures.keepOnly(new Set(['b']));
    expect([...failures.refusals(1_000_000).keys()]).toEqual(['b']);
  });

  it('holds sweeps back where all deletions fail, until the time is over or there is room', () => {
    const failures = new FailedDeletions(300);
    failures.allFailed('no space left on device', usage(99), 0);
    expect(failures.whyWait(299 * second)).toContain('no space left on device');
    expect(failures.whyWait(300 * second)).toBeUndefined();
    failures.measured(usage(99));
    expect(failures.whyWait(0)).toBeDefined();
    failures.measured(usage(98));
    expect(failures.whyWait(0)).toBeUndefined();
  });
});
