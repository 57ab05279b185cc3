import { describe, expect, it } from 'vitest';
import { endOfAge, ReturnRates } from '../../../../src/core/use-history/return-rates.ts';
import { VersionStanding } from '../../../../src/core/use-history/version-standing.ts';
import {
  beginUse,
  expectedUses,
  newRecord,
  type UseRecord,
} from '../../../../src/core/use-history/use-record.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const { newest, older, superseded } = VersionStanding;
const nobody = { returned: () => undefined, idled: () => undefined };

/** Something that was used once a day. */
function usedDaily(days: number): UseRecord {
  const record = newRecord(0);
  for (let day = 0; day < days; day++) {
    beginUse(record, day * DAY, newest, nobody);
    record.active = 0;
  }
  return record;
}

describe('what a host teaches', () => {
  const record = usedDaily(8);

  it('is taken for average before, and superseded versions for rarely used', () => {
    const lessons = new ReturnRates();
    expect([HOUR, DAY, 90 * DAY].map((idleMs) => lessons.corrections(record, newest)(idleMs))).toEqual([
      1, 1, 1,
    ]);
    expect(lessons.corrections(record, superseded)(DAY)).toBe(0.25);
    expect(lessons.corrections(record, older)(DAY)).toBe(0.5);
  });

  it('is how often similar images returned against expectation, at that idle time', () => {
    const lessons = new ReturnRates();
    for (let time = 0; time < 2000; time++) lessons.idled(record, newest, DAY, 2 * DAY);
    const rare = lessons.corrections(record, newest)(1.5 * DAY);
    expect(rare).toBeLessThan(0.05);
    for (let time = 0; time < 4000; time++) lessons.returned(record, newest, 1.5 * DAY);
    expect(lessons.corrections(record, newest)(1.5 * DAY)).toBeGreaterThan(2);
    // Superseded ones teach nothing of those that are not.
    expect(lessons.corrections(record, superseded)(1.5 * DAY)).toBe(0.25);
  });

  it('is another one for what was wanted for long than for what was wanted as often within a day', () => {
    const lessons = new ReturnRates();
    const within = (spanMs: number): UseRecord => ({ ...record, firstSeenMs: record.lastUsedMs - spanMs });
    for (let time = 0; time < 200; time++) {
      for (const spanMs of [DAY, 20 * DAY]) lessons.idled(within(spanMs), newest, DAY, 2 * DAY);
      lessons.returned(within(20 * DAY), newest, 1.5 * DAY);
    }
    const of = (spanMs: number): number => lessons.corrections(within(spanMs), newest)(1.5 * DAY);
    expect(of(20 * DAY)).toBeGreaterThan(3 * of(DAY));
    // What is true of the newest version need not be true of an older one.
    expect(lessons.corrections(within(DAY), older)(1.5 * DAY)).toBe(0.5);
  });

  it('corrects once what is true of all, by whichever class it is seen', () => {
    const lessons = new ReturnRates();
    const days = 4000;
    // Within one class of idle times.
    const [from, to] = [36 * HOUR, 60 * HOUR];
    const returns = Math.round((days * expectedUses(record, from, to)) / 4);
    for (let day = 0; day < days; day++) {
      lessons.idled(record, newest, from, to);
      if (Math.floor((day * returns) / days) !== Math.floor(((day - 1) * returns) / days))
        lessons.returned(record, newest, 48 * HOUR);
    }
    expect(lessons.corrections(record, newest)(48 * HOUR)).toBeCloseTo(0.25, 1);
  });

  it('is the same after a restart, and is learned again where the classes were others', () => {
    const lessons = new ReturnRates();
    for (let time = 0; time < 50; time++) lessons.idled(record, newest, time * HOUR, 3 * DAY);
    lessons.returned(record, newest, DAY);
    const state = lessons.toState();
    const restarted = new ReturnRates(state);
    expect(restarted.toState()).toEqual(state);
    for (const idleMs of [HOUR, DAY, 9 * DAY]) {
      const before = lessons.corrections(record, newest)(idleMs);
      expect(before).toBeLessThan(1);
      expect(restarted.corrections(record, newest)(idleMs)).toBeCloseTo(before, 9);
    }
    const others = { returns: state.returns.slice(1), expected: state.expected.slice(1) };
    expect(new ReturnRates(others).corrections(record, newest)(DAY)).toBe(1);
  });

  it('counts an idle time the same whether recorded at once or in pieces that end with an age', () => {
    const [whole, pieces] = [new ReturnRates(), new ReturnRates()];
    whole.idled(record, newest, 0, 3 * DAY);
    for (let at = 0; at < 3 * DAY;) {
      const end = Math.min(3 * DAY, endOfAge(at));
      pieces.idled(record, newest, at, end);
      at = end;
    }
    expect(pieces.toState()).toEqual(whole.toState());
    expect(whole.toState().expected.some((expected) => expected > 0)).toBe(true);
  });

  it('fades', () => {
    const lessons = new ReturnRates();
    for (let time = 0; time < 100; time++) lessons.idled(record, newest, DAY, 2 * DAY);
    const fresh = lessons.corrections(record, newest)(1.5 * DAY);
    lessons.fade(0.01);
    const faded = lessons.corrections(record, newest)(1.5 * DAY);
    expect(faded).toBeGreaterThan(fresh);
    expect(faded).toBeLessThan(1);
  });
});
