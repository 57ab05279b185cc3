/** What a deletion is not charged for because others wrote during it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { likelyFreed, OtherWrites } from '../../../../src/core/timing/other-writes.ts';

describe('what others write', () => {
  it('is nothing as long as no pause was seen', () => {
    expect(new OtherWrites().during(1_000)).toEqual({ bytes: 0, inodes: 0 });
  });

  it('continues at the pace of the latest pauses, long ones counting for more', () => {
    const others = new OtherWrites();
    others.paused({ bytes: 3_000, inodes: 6 }, 1_000);
    others.paused({ bytes: 0, inodes: 0 }, 2_000);
    expect(others.during(500)).toEqual({ bytes: 500, inodes: 1 });
  });

  it('is whole bytes and files', () => {
    const others = new OtherWrites();
    others.paused({ bytes: 1_000, inodes: 10 }, 777);
    const { bytes, inodes } = others.during(100);
    expect([bytes, inodes]).toEqual([129, 1]);
  });

  it('is forgotten eight pauses later', () => {
    const others = new OtherWrites();
    others.paused({ bytes: 1e9, inodes: 1 }, 1_000);
    for (let pause = 0; pause < 8; pause += 1) others.paused({ bytes: 0, inodes: 0 }, 1_000);
    expect(others.during(1_000)).toEqual({ bytes: 0, inodes: 0 });
  });

  it('is nothing where more was freed than they wrote', () => {
    const others = new OtherWrites();
    others.paused({ bytes: -5_000, inodes: -5 }, 1_000);
    expect(others.during(1_000)).toEqual({ bytes: 0, inodes: 0 });
  });

  it('makes a deletion neither less than measured nor, alone, more than predicted', () => {
    const amount = fc.record({ bytes: fc.integer({ min: 0, max: 1e9 }), inodes: fc.nat(1e5) });
    const measured = fc.record({
      bytes: fc.integer({ min: -1e9, max: 1e9 }),
      inodes: fc.integer({ min: -1e5, max: 1e5 }),
    });
    fc.assert(
      fc.property(measured, amount, amount, (gained, written, expected) => {
        const freed = likelyFreed(gained, written, { ...expected, exact: true });
        for (const resource of ['bytes', 'inodes'] as const) {
          expect(freed[resource]).toBeGreaterThanOrEqual(gained[resource]);
          expect(freed[resource]).toBeLessThanOrEqual(Math.max(gained[resource], expected[resource]));
        }
      }),
    );
  });
});
