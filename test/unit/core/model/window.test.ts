/** Windows of time: by the clock on the wall, in every time zone, over every jump of the clock. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseWindow } from '../../../../src/config/window.ts';
import {
  describeWindow,
  isOpen,
  nextChange,
  type Window,
  windowState,
} from '../../../../src/core/model/window.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

function windowOf(text: string, ownZone = 'UTC'): Window {
  const parsed = parseWindow(text, ownZone);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
}

const at = (iso: string): number => Date.parse(iso);

describe('how a window is written', () => {
  test.each([
    ['22:00-06:00', '22:00-06:00', 'UTC'],
    ['2:30-4:00', '02:30-04:00', 'UTC'],
    ['Mon-Fri 22:00-06:00 Europe/Berlin', 'Mon-Fri 22:00-06:00', 'Europe/Berlin'],
    ['mon,TUE, wed 1:00-2:00'.replace(', ', ','), 'Mon-Wed 01:00-02:00', 'UTC'],
    ['Sat,Sun', 'Sat,Sun 00:00-24:00', 'UTC'],
    ['Saturday,sunday america/new_york', 'Sat,Sun 00:00-24:00', 'America/New_York'],
    ['Fri-Mon 00:00-24:00 UTC', 'Mon,Fri-Sun 00:00-24:00', 'UTC'],
    ['Mo-Su 1:00-2:00', '01:00-02:00', 'UTC'],
    ['Mon-Fri 22:00-06:00; Sat,Sun Asia/Kathmandu', 'Mon-Fri 22:00-06:00; Sat,Sun 00:00-24:00', undefined],
    ['22:00-00:00', '22:00-00:00', 'UTC'],
  ])('%j', (text, written, zone) => {
    const parsed = windowOf(text);
    expect(parsed.text).toBe(written);
    if (zone !== undefined) expect(parsed.timeZone).toBe(zone);
    // It is read as what it is written as.
    expect(windowOf(parsed.text, parsed.timeZone)).toEqual(parsed);
  });

  it('without a zone is by the clock of the host', () => {
    expect(windowOf('22:00-06:00', 'Europe/Berlin').timeZone).toBe('Europe/Berlin');
  });

  test.each([
    ['', /expected days, hours/],
    ['always', /always is not a list of days/],
    ['22-06', /22-06 is not a time of day/],
    ['22:00', /22:00 is not a time of day/],
    ['25:00-26:00', /not a time of day/],
    ['22:60-23:00', /not a time of day/],
    ['10:00-10:00', /10:00-10:00 is empty; for the whole day leave the hours out/],
    ['24:00-06:00', /24:00 can only be an end/],
    ['22:00-06:00 Mon-Fri', /days come before hours/],
    ['Mon-Fri 22:00-06:00 Europe/Berln', /Europe\/Berln is not a time zone/],
    ['22:00-06:00 +02:00', /not a time/],
    ['Mn-Fri 22:00-06:00', /Mn-Fri is not a list of days/],
    ['M 22:00-06:00', /M is not a list of days/],
    ['Mon- 22:00-06:00', /Mon- is not a list of days/],
    ['22:00-06:00;', /expected days, hours/],
    ['Mon-Fri 22:00-06:00 x y', /./],
  ])('%j is refused', (text, reason) => {
    const parsed = parseWindow(text, 'UTC');
    expect(parsed.ok ? parsed.value : parsed.reason).toMatch(reason);
    expect(parsed.ok || /\n/.test(parsed.reason)).toBe(false);
  });
});

describe('an open window', () => {
  test.each([
    // 2026-11-27 is a Friday.
    ['22:00-06:00', '2026-11-27T21:59:59Z', false],
    ['22:00-06:00', '2026-11-27T22:00:00Z', true],
    ['22:00-06:00', '2026-11-28T05:59:59Z', true],
    ['22:00-06:00', '2026-11-28T06:00:00Z', false],
    ['Fri 22:00-06:00', '2026-11-28T05:00:00Z', true],
    ['Fri 22:00-06:00', '2026-11-27T05:00:00Z', false],
    ['Sat,Sun', '2026-11-27T23:59:59Z', false],
    ['Sat,Sun', '2026-11-28T00:00:00Z', true],
    ['Sat,Sun', '2026-11-29T23:59:59Z', true],
    ['Mon-Fri 22:00-06:00 Europe/Berlin', '2026-11-27T21:00:00Z', true],
    ['Mon-Fri 22:00-06:00 Europe/Berlin', '2026-11-27T20:59:00Z', false],
    ['Mon-Fri 22:00-06:00 Asia/Kathmandu', '2026-11-27T16:15:00Z', true],
    // The hour from 02:00 to 03:00 occurs twice in Berlin on 2026-10-25…
    ['02:00-03:00 Europe/Berlin', '2026-10-25T00:30:00Z', true],
    ['02:00-03:00 Europe/Berlin', '2026-10-25T01:30:00Z', true],
    ['02:00-03:00 Europe/Berlin', '2026-10-25T02:00:00Z', false],
    // …and is skipped on 2026-03-29.
    ['01:30-03:30 Europe/Berlin', '2026-03-29T00:59:00Z', true],
    ['01:30-03:30 Europe/Berlin', '2026-03-29T01:29:00Z', true],
    ['01:30-03:30 Europe/Berlin', '2026-03-29T01:30:00Z', false],
  ])('%s at %s: %j', (text, moment, open) => {
    expect(isOpen(windowOf(text), at(moment))).toBe(open);
  });
});

describe('the next change', () => {
  test.each([
    ['22:00-06:00', '2026-11-27T10:00:00Z', '2026-11-27T22:00:00Z'],
    ['22:00-06:00', '2026-11-27T23:00:30Z', '2026-11-28T06:00:00Z'],
    ['Mon 08:00-09:00', '2026-11-27T10:00:00Z', '2026-11-30T08:00:00Z'],
    ['Mon 08:00-09:00', '2026-11-30T09:00:00Z', '2026-12-07T08:00:00Z'],
    // Two that touch are one.
    ['Mon 08:00-09:00; Mon 09:00-10:00', '2026-11-30T08:30:00Z', '2026-11-30T10:00:00Z'],
    // A night that is an hour shorter, and one that is an hour longer.
    ['22:00-06:00 Europe/Berlin', '2026-03-28T22:00:00Z', '2026-03-29T04:00:00Z'],
    ['22:00-06:00 Europe/Berlin', '2026-10-24T21:00:00Z', '2026-10-25T05:00:00Z'],
    // Open twice on that night: once before the clock is set back, and once after.
    ['02:15-02:45 Europe/Berlin', '2026-10-25T00:00:00Z', '2026-10-25T00:15:00Z'],
    ['02:15-02:45 Europe/Berlin', '2026-10-25T00:15:00Z', '2026-10-25T00:45:00Z'],
    ['02:15-02:45 Europe/Berlin', '2026-10-25T00:45:00Z', '2026-10-25T01:15:00Z'],
    // Wholly in the hour that is skipped: missing on that day, or in that week.
    ['02:15-02:45 Europe/Berlin', '2026-03-29T00:00:00Z', '2026-03-30T00:15:00Z'],
    ['Sun 02:15-02:45 Europe/Berlin', '2026-03-28T00:00:00Z', '2026-04-05T00:15:00Z'],
    // It opens with the jump where its beginning is skipped.
    ['02:30-04:00 Europe/Berlin', '2026-03-29T00:00:00Z', '2026-03-29T01:00:00Z'],
    // Half an hour only, on Lord Howe Island; and a whole day that Samoa left out.
    ['02:00-02:30 Australia/Lord_Howe', '2026-10-03T12:00:00Z', '2026-10-04T15:00:00Z'],
    ['Fri Pacific/Apia', '2011-12-29T20:00:00Z', '2012-01-05T10:00:00Z'],
  ])('%s at %s: %s', (text, moment, expected) => {
    const next = nextChange(windowOf(text), at(moment));
    expect(next && new Date(next).toISOString()).toBe(new Date(expected).toISOString());
  });

  it('of one that is always open is none', () => {
    expect(nextChange(windowOf('00:00-24:00'), at('2026-01-01T00:00:00Z'))).toBeUndefined();
    expect(
      nextChange(windowOf('12:00-24:00; 00:00-12:00 Europe/Berlin'), at('2026-03-28T00:00:00Z')),
    ).toBeUndefined();
  });
});

/** Zones with every kind of jump: an hour, half an hour, southern summers, none, and odd offsets. */
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Santiago',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Africa/Casablanca',
  'Pacific/Auckland',
];
/** Nights on which the clock jumps somewhere, and a plain one. */
const nights = [
  '2026-03-08',
  '2026-03-22',
  '2026-03-29',
  '2026-04-05',
  '2026-09-27',
  '2026-10-04',
  '2026-10-25',
  '2026-11-01',
  '2026-02-15',
  '2026-07-01',
];

const clockText = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
const someHours = fc
  .tuple(
    fc.subarray(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'], { minLength: 1 }),
    fc.oneof(fc.nat({ max: 1439 }), fc.integer({ min: 60, max: 200 })),
    fc.oneof(fc.nat({ max: 1440 }), fc.integer({ min: 60, max: 260 })),
  )
  .filter(([, from, to]) => from !== to)
  .map(([days, from, to]) => `${days.join(',')} ${clockText(from)}-${clockText(to)}`);
const someWindow = fc
  .tuple(fc.array(someHours, { minLength: 1, maxLength: 3 }), fc.constantFrom(...zones))
  .map(([hours, zone]) => windowOf(`${hours.join('; ')} ${zone}`));
const someMoment = fc
  .tuple(fc.constantFrom(...nights), fc.integer({ min: -2 * day, max: 2 * day }))
  .map(([night, offset]) => at(`${night}T00:00:00Z`) + offset);

/** What the clock on the wall says, read in another way: Intl's text instead of its parts. */
function wall(timeZone: string, ms: number): { readonly day: string; readonly minutes: number } {
  const text = new Date(ms).toLocaleString('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const [, weekday = '', hours, minutes] = /^(\w{3}) (\d\d):(\d\d)$/.exec(text) ?? [];
  return { day: weekday, minutes: Number(hours) * 60 + Number(minutes) };
}

function isOpenByTheWall(window: Window, ms: number): boolean {
  const names = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  const { day: today, minutes } = wall(window.timeZone, ms);
  const number = names.indexOf(today);
  return window.hours.some(({ days, from, to }) => {
    const isOver = to <= from;
    const sinceToday = days.includes(number) && minutes >= from && (isOver || minutes < to);
    const sinceYesterday = isOver && days.includes((number + 6) % 7) && minutes < to;
    return sinceToday || sinceYesterday;
  });
}

describe('in every zone, around every jump', () => {
  it('it is open by the local clock', () => {
    fc.assert(
      fc.property(someWindow, someMoment, (window, ms) => {
        expect(isOpen(window, ms)).toBe(isOpenByTheWall(window, ms));
      }),
      { numRuns: 300 },
    );
  });

  it('the next change is the first minute at which it is otherwise', () => {
    fc.assert(
      fc.property(someWindow, someMoment, (window, ms) => {
        const now = isOpen(window, ms);
        const next = nextChange(window, ms);
        const start = Math.floor(ms / minute) * minute;
        let first: number | undefined;
        for (let each = start + minute; each <= start + 2 * day && first === undefined; each += minute)
          if (isOpen(window, each) !== now) first = each;
        if (first === undefined) expect(next === undefined || next > start + 2 * day).toBe(true);
        else expect(next).toBe(first);
        if (next !== undefined) {
          expect(next).toBeGreaterThan(ms);
          expect(isOpen(window, next)).toBe(!now);
          expect(isOpen(window, next - 1)).toBe(now);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('a clock that is set forward or back changes nothing but the answer: there is no memory', () => {
    fc.assert(
      fc.property(someWindow, fc.array(someMoment, { minLength: 2, maxLength: 6 }), (window, moments) => {
        const fresh = moments.map((ms) => windowState(windowOf(`${window.text} ${window.timeZone}`), ms));
        expect(moments.map((ms) => windowState(window, ms))).toEqual(fresh);
        expect(moments.toReversed().map((ms) => windowState(window, ms))).toEqual(fresh.toReversed());
      }),
      { numRuns: 60 },
    );
  });
});

it('is shown with the time at which it opens or closes, in words that do not change meanwhile', () => {
  const window = windowOf('Mon-Fri 22:00-06:00 Europe/Berlin');
  const told = (moment: string): string => describeWindow(windowState(window, at(moment)));
  expect(told('2026-11-28T10:00:00Z')).toBe(
    'outside the window (Mon-Fri 22:00-06:00), which opens Mon 30 Nov 22:00 (Europe/Berlin)',
  );
  expect(told('2026-11-28T11:00:00Z')).toBe(told('2026-11-28T10:00:00Z'));
  expect(told('2026-11-27T22:00:00Z')).toBe(
    'inside the window (Mon-Fri 22:00-06:00), which closes Sat 28 Nov 06:00 (Europe/Berlin)',
  );
  expect(describeWindow(windowState(windowOf('00:00-24:00'), 0))).toBe('inside the window (00:00-24:00)');
});
