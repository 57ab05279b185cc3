import { describe, expect, it } from 'vitest';
import { forestOf } from '../../../../src/core/forest/forest.ts';
import { turnoverMs } from '../../../../src/core/policy/turnover.ts';
import type { Layer } from '../../../../src/core/model/store.ts';
import { image } from '../arbitraries.ts';

const DAY = 86_400_000;
const NOW = 1_700_000_000_000;

/** Images of 100 bytes each on a shared base, built these numbers of days ago. */
function turnover(days: readonly number[], bytes: number): number {
  const names = days.map((_, at) => `i${at}`);
  const images = days.map((ago, at) =>
    image(`i${at}`, { createdAtMs: NOW - ago * DAY, layers: ['base', `i${at}`] }),
  );
  const layers = new Map<string, Layer>(
    ['base', ...names].map((id) => [
      id,
      { id, parentId: id === 'base' ? undefined : 'base', bytes: 100, inodes: 1, exact: true },
    ]),
  );
  const store = { images, containers: [], layers };
  const forest = forestOf(store);
  const goal = { bytes, inodes: 0 };
  return turnoverMs({ store, forest, candidates: forest.units, goal, scarce: 'bytes', nowMs: NOW });
}

describe('how long kept images will last', () => {
  it('is the idle time at which it would be the turn of the longest unused', () => {
    expect(turnover([1, 9, 4], 1)).toBe(9 * DAY);
    expect(turnover([1, 9, 4], 150)).toBe(4 * DAY);
    // The base is freed with the last.
    expect(turnover([1, 9, 4], 400)).toBe(DAY);
  });

  it('is a quarter of an hour at least', () => {
    expect(turnover([0, 9], 200)).toBe(DAY / 96);
    expect(turnover([], 200)).toBe(DAY / 96);
  });
});
