import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Victim } from '../../../../src/core/plan/plan.ts';
import { PredictionCheck } from '../../../../src/core/plan/prediction-check.ts';

const MiB = 1_048_576;

function victim(id: string, bytes: number, inodes = 10, exact = true): Victim {
  const rest = { references: [`${id}:1`], sizeBytes: bytes, keepParents: false, reason: 'for a test' };
  return { kind: 'image', id, predicted: { bytes, inodes, exact }, ...rest };
}

/** @param deletions predicted and freed, in bytes. */
function checked(...deletions: readonly (readonly [predicted: number, freed: number])[]) {
  const check = new PredictionCheck();
  deletions.forEach(([predicted, freed], at) => {
    check.note(victim(`image-${at}`, predicted), { bytes: freed, inodes: 10 });
  });
  return check.result();
}

describe('a prediction', () => {
  it.each([
    ['right', 50 * MiB, 50 * MiB, false],
    ['off by more than 1%, but by 1 MiB only', 20 * MiB, 19 * MiB, false],
    ['off by more than 1 MiB, but by 1% only', 500 * MiB, 495 * MiB, false],
    ['too high', 50 * MiB, 48 * MiB, true],
    ['too low', 48 * MiB, 50 * MiB, true],
    ['of something that freed nothing', 50 * MiB, 0, true],
    ['of nothing where something was freed', 0, 50 * MiB, true],
    ['where others wrote more than was deleted', 1 * MiB, -3 * MiB, true],
  ])('%s', (_, predicted, freed, isMissed) => {
    expect(checked([predicted, freed]) !== undefined).toBe(isMissed);
  });

  it('of inodes counts alike', () => {
    for (const [freed, isMissed] of [
      [9_000, true],
      [9_950, false],
      [10_000, false],
      [11_000, true],
    ] as const) {
      const check = new PredictionCheck();
      check.note(victim('many', MiB, 10_000), { bytes: MiB, inodes: freed });
      expect(check.result() !== undefined).toBe(isMissed);
    }
  });

  it('came true where the space appeared later', () => {
    const check = new PredictionCheck();
    check.note(victim('late', 50 * MiB), { bytes: 0, inodes: 10 });
    check.noteLate({ bytes: 50 * MiB, inodes: 0 });
    expect(check.result()).toBeUndefined();
  });

  it('that is an estimate may be off by half', () => {
    for (const [freed, isMissed] of [
      [60 * MiB, false],
      [40 * MiB, true],
    ] as const) {
      const check = new PredictionCheck();
      check.note(victim('estimated', 100 * MiB, 10, false), { bytes: freed, inodes: 10 });
      expect(check.result() !== undefined).toBe(isMissed);
    }
  });
});

describe('the report on many', () => {
  it('is how many were missed, and the worst of them', () => {
    const result = checked([9 * MiB, 9 * MiB], [50 * MiB, 40 * MiB], [30 * MiB, 0], [20 * MiB, 17 * MiB]);
    expect(result).toMatchObject({ missed: 3, deletions: 4 });
    expect(result?.worst).toMatchObject({ victim: { id: 'image-2' }, freed: { bytes: 0 } });
  });

  it('is nothing where the next deletion frees what is missing of one', () => {
    expect(checked([50 * MiB, 20 * MiB], [10 * MiB, 40 * MiB])).toBeUndefined();
    expect(checked([50 * MiB, 20 * MiB], [10 * MiB, 30 * MiB])).toMatchObject({ missed: 2 });
  });

  it('is nothing whenever all came true, however many there are', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1e9), { maxLength: 50 }), (amounts) => {
        expect(checked(...amounts.map((bytes) => [bytes, bytes] as const))).toBeUndefined();
      }),
    );
  });
});
