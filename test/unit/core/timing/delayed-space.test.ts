/** When space that a deletion should have freed counts as missing, and when it is there. */
import { describe, expect, test } from 'vitest';
import { less, plus } from '../../../../src/core/model/amount.ts';
import { hasArrived, hasGrown, missingOf } from '../../../../src/core/timing/delayed-space.ts';

const MiB = 1024 * 1024;
const bytes = (mebibytes: number): { bytes: number; inodes: number } => ({
  bytes: mebibytes * MiB,
  inodes: 0,
});

describe('what is missing of a prediction', () => {
  test.each([
    ['all of it', 100, 0, 500, 100],
    ['what did not come', 100, 30, 500, 70],
    ['more than all, where others write', 100, -20, 500, 120],
    ['nothing, where most of it is there: estimates err', 100, 51, 500, 0],
    ['nothing, where more came', 100, 130, 500, 0],
    ['nothing, where it is too small to be told from what others write', 0.9, 0, 500, 0],
    ['nothing, where it is next to nothing of what has to go', 3, 0, 4_000, 0],
    ['nothing, where bytes are not scarce', 100, 0, 0, 0],
  ])('%s', (_what, predicted, freed, toFree, missing) => {
    expect(missingOf({ ...bytes(predicted), exact: false }, bytes(freed), bytes(toFree))).toEqual(
      bytes(missing),
    );
  });

  test('each resource on its own', () => {
    const predicted = { bytes: 50 * MiB, inodes: 1000, exact: true };
    const freed = { bytes: 50 * MiB, inodes: 10 };
    const toFree = { bytes: 90 * MiB, inodes: 5000 };
    expect(missingOf(predicted, freed, toFree)).toEqual({ bytes: 0, inodes: 990 });
    expect(missingOf(predicted, freed, { ...toFree, inodes: 0 })).toEqual({ bytes: 0, inodes: 0 });
    const guessed = { ...predicted, exact: false };
    expect(missingOf(guessed, freed, toFree), 'inodes that were guessed').toEqual({ bytes: 0, inodes: 0 });
  });
});

describe('when it is there', () => {
  test('most of each resource', () => {
    const missing = { bytes: 100 * MiB, inodes: 1000 };
    expect(hasArrived({ bytes: 60 * MiB, inodes: 600 }, missing)).toBe(true);
    expect(hasArrived({ bytes: 60 * MiB, inodes: 400 }, missing)).toBe(false);
    expect(hasArrived({ bytes: 60 * MiB, inodes: -5 }, bytes(100))).toBe(false);
    expect(hasArrived({ bytes: 60 * MiB, inodes: 0 }, bytes(100))).toBe(true);
  });

  test('more appeared since the last reading, unless it is noise', () => {
    expect(hasGrown(bytes(2), bytes(100))).toBe(true);
    expect(hasGrown(bytes(0.5), bytes(100))).toBe(false);
    expect(hasGrown(bytes(-2), bytes(100))).toBe(false);
    expect(hasGrown({ bytes: 0, inodes: 500 }, bytes(100))).toBe(false);
  });
});

test('amounts: nothing falls below zero, and what others wrote takes nothing away', () => {
  expect(plus(bytes(1), bytes(2))).toEqual(bytes(3));
  expect(less(bytes(3), bytes(1))).toEqual(bytes(2));
  expect(less(bytes(1), bytes(3))).toEqual(bytes(0));
  expect(less(bytes(1), bytes(-3))).toEqual(bytes(1));
});
