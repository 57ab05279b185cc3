import { describe, expect, it } from 'vitest';
import { endOfAge, Lessons } from '../../../../src/core/usage/lessons.ts';
import { beginUse, newRecord, type UseRecord } from '../../../../src/core/usage/record.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const nobody = { returned: () => undefined, idled: () => undefined };

/** Something that was used once a day. */
function usedDaily(days: number): UseRecord {
  const record = newRecord(0);
  for (let day = 0; day < days; day++) {
    beginUse(record, day * DAY, false, nobody);
    record.active = 0;
  }
  return record;
}

describe('what a host teaches', () => {
  const record = usedDaily(8);

  it('is taken for nothing special before, and superseded versions for seldom wanted', () => {
    const correction = new Lessons().correction();
    expect([HOUR, DAY, 90 * DAY].map((idleMs) => correction(record, false, idleMs))).toEqual([1, 1, 1]);
    expect(correction(record, true, DAY)).toBe(0.25);
  });

  it('is how often the likes came back for what was to be expected, at that idle time', () => {
    const lessons = new Lessons();
    for (let time = 0; time < 2000; time++) lessons.idled(record, false, DAY, 2 * DAY);
    const seldom = lessons.correction()(record, false, 1.5 * DAY);
    expect(seldom).toBeLessThan(0.05);
    for (let time = 0; time < 4000; time++) lessons.returned(record, false, 1.5 * DAY);
    const often = lessons.correction();
    expect(often(record, false, 1.5 * DAY)).toBeGreaterThan(2);
    // Superseded ones teach nothing of those that are not.
    expect(often(record, true, 1.5 * DAY)).toBe(0.25);
  });

  it('counts an idle time the same whether it is told at once or in pieces that end with an age', () => {
    const [whole, pieces] = [new Lessons(), new Lessons()];
    whole.idled(record, false, 0, 3 * DAY);
    for (let at = 0; at < 3 * DAY;) {
      const end = Math.min(3 * DAY, endOfAge(at));
      pieces.idled(record, false, at, end);
      at = end;
    }
    expect(pieces.toState()).toEqual(whole.toState());
    expect(whole.toState().expected.some((expected) => expected > 0)).toBe(true);
  });

  it('fades', () => {
    const lessons = new Lessons();
    for (let time = 0; time < 100; time++) lessons.idled(record, false, DAY, 2 * DAY);
    const fresh = lessons.correction()(record, false, 1.5 * DAY);
    lessons.fade(0.01);
    const faded = lessons.correction()(record, false, 1.5 * DAY);
    expect(faded).toBeGreaterThan(fresh);
    expect(faded).toBeLessThan(1);
  });
});
