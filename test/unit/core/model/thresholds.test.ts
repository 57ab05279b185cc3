import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  amountToFree,
  isBelowLow,
  isTriggered,
  level,
  percentAt,
  type Thresholds,
  type Usage,
  usageAfter,
  usageAt,
} from '../../../../src/core/model/thresholds.ts';
import { usage } from '../arbitraries.ts';

const relative: Thresholds = { type: 'relative', high: 80, low: 60 };
const absolute: Thresholds = { type: 'absolute', high: 40e9, low: 30e9 };
const allocated = (bytes: number): Usage => ({ ...usage(10), allocated: { bytes, inodes: 5 } });

describe('level', () => {
  it.each([
    ['blocks fuller than inodes', 50, 20, 50, 'bytes'],
    ['inodes fuller than blocks', 20, 90, 90, 'inodes'],
  ] as const)('%s', (_name, bytes, inodes, value, resource) => {
    const found = level(usage(bytes, inodes), 'relative');
    expect(found.value).toBeCloseTo(value, 9);
    expect(found.resource).toBe(resource);
  });

  it('judges a filesystem without an inode count by blocks alone', () => {
    expect(level({ ...usage(50), inodes: undefined }, 'relative')).toMatchObject({ resource: 'bytes' });
    const zero = { ...usage(50), inodes: { total: 0, available: 0 } };
    expect(level(zero, 'relative').value).toBeCloseTo(50, 9);
  });

  it('counts bytes below the path in absolute mode, and refuses to guess them', () => {
    expect(level(allocated(35e9), 'absolute')).toEqual({ value: 35e9, resource: 'bytes' });
    expect(() => level(usage(50), 'absolute')).toThrow(RangeError);
  });
});

describe('trigger and stop', () => {
  it.each([
    [79.99, false],
    [80, true],
    [80.01, true],
  ])('at %d %% a sweep is due: %s', (percent, due) => {
    const used: Usage = {
      ...usage(0),
      bytes: { total: 10_000, available: 10_000 - Math.round(percent * 100) },
    };
    expect(isTriggered(used, relative)).toBe(due);
  });

  it('starts at HIGH bytes and stops strictly below LOW bytes in absolute mode', () => {
    expect(isTriggered(allocated(40e9), absolute)).toBe(true);
    expect(isTriggered(allocated(40e9 - 1), absolute)).toBe(false);
    expect(isBelowLow(allocated(30e9), absolute)).toBe(false);
    expect(isBelowLow(allocated(30e9 - 1), absolute)).toBe(true);
  });
});

describe('free bytes', () => {
  const free: Thresholds = { type: 'free', high: 20e9, low: 40e9 };
  const available = (bytes: number): Usage => ({
    path: '/x',
    bytes: { total: 100e9, available: bytes },
    inodes: { total: 1000, available: 1 },
    allocated: undefined,
  });

  it('begin a sweep when less than HIGH is free, and end it when LOW is, whatever the inodes are', () => {
    expect(level(available(35e9), 'free')).toEqual({ value: 35e9, resource: 'bytes' });
    expect(isTriggered(available(20e9), free)).toBe(false);
    expect(isTriggered(available(20e9 - 1), free)).toBe(true);
    expect(isBelowLow(available(40e9 - 1), free)).toBe(false);
    expect(isBelowLow(available(40e9), free)).toBe(true);
  });

  it('are freed up to LOW and not a byte more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100e9 }), (bytes) => {
        const goal = amountToFree(available(bytes), free);
        expect(goal).toEqual({ bytes: Math.max(0, 40e9 - bytes), inodes: 0 });
        expect(isBelowLow(usageAfter(available(bytes), goal), free)).toBe(true);
        if (goal.bytes > 0)
          expect(isBelowLow(usageAfter(available(bytes), { ...goal, bytes: goal.bytes - 1 }), free)).toBe(
            false,
          );
      }),
    );
  });

  it('can be assumed, and shown as what is used of the disk', () => {
    expect(usageAt(available(90e9), 'free', 20e9).bytes.available).toBe(20e9);
    expect(percentAt(available(0), 'free', 20e9)).toBe(80);
    expect(percentAt(available(0), 'relative', 20)).toBe(20);
  });
});

describe('amountToFree', () => {
  it('is exactly enough: freeing it is below LOW, freeing one unit less is not', () => {
    const gauge = fc
      .integer({ min: 1, max: 2 ** 40 })
      .chain((total) =>
        fc.record({ total: fc.constant(total), available: fc.integer({ min: 0, max: total }) }),
      );
    fc.assert(
      fc.property(gauge, gauge, fc.integer({ min: 1, max: 99 }), (bytes, inodes, low) => {
        const before: Usage = { path: '/', bytes, inodes, allocated: undefined };
        const thresholds: Thresholds = { type: 'relative', high: 100, low };
        const toFree = amountToFree(before, thresholds);
        const spare = { bytes: toFree.bytes + 1, inodes: toFree.inodes + 1 };
        expect(isBelowLow(usageAfter(before, spare), thresholds)).toBe(true);
        expect(isBelowLow(before, thresholds)).toBe(toFree.bytes === 0 && toFree.inodes === 0);
        if (toFree.bytes > 1) {
          const short = { bytes: toFree.bytes - 2, inodes: toFree.inodes };
          expect(isBelowLow(usageAfter(before, short), thresholds)).toBe(false);
        }
      }),
    );
  });
});
