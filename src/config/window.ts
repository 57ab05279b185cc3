/** How windows are written: `22:00-06:00`, `Mon-Fri 22:00-06:00 Europe/Berlin`, several separated by semicolons. */
import { dayNames, type WeeklyHours, type Window } from '../core/model/window.ts';
import { accepted, refused, type Parsed, type ValueKind } from './values/values.ts';

const allowed =
  'days, hours or both, then optionally a time zone: `22:00-06:00`, `Sat,Sun`, `Mon-Fri 22:00-06:00 Europe/Berlin`; several separated by `;`, the zone after the last';
const plainAllowed = allowed.replaceAll('`', '');

/** @param ownZone the time zone where none is written */
export function window(ownZone = new Intl.DateTimeFormat().resolvedOptions().timeZone): ValueKind<Window> {
  return {
    placeholder: 'window',
    allowed,
    parse: (text) => parseWindow(text, ownZone),
  };
}

export function parseWindow(text: string, ownZone: string): Parsed<Window> {
  const parts = text.split(';').map((part) => part.trim());
  const [last = '', ...before] = parts.reverse();
  const words = last.split(/\s+/);
  const zoneText =
    words.length > 1 && !isHours(words.at(-1) ?? '') && !isDays(words.at(-1) ?? '') ? words.pop() : undefined;
  const zone = zoneText === undefined ? ownZone : zoneOf(zoneText);
  if (zone === undefined)
    return refused(
      `${zoneText ?? ''} is not a time zone such as Europe/Berlin or UTC; expected ${plainAllowed}`,
    );
  const hours: WeeklyHours[] = [];
  for (const part of [...before.reverse(), words.join(' ')]) {
    const parsed = parseHours(part);
    if (typeof parsed === 'string') return refused(parsed);
    hours.push(parsed);
  }
  return accepted({ text: hours.map(hoursText).join('; '), timeZone: zone, hours });
}

/** The name as the table has it; undefined where it has none. A bare offset is refused: it knows no daylight saving. */
function zoneOf(text: string): string | undefined {
  if (!/^[a-z]/i.test(text)) return undefined;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

function parseHours(text: string): WeeklyHours | string {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const [first = '', second] = words;
  if (first === '' || words.length > 2) return `expected ${plainAllowed}`;
  const daysText = isHours(first) ? undefined : first;
  const timeText = daysText === undefined ? first : second;
  if (daysText === undefined && second !== undefined)
    return `days come before hours; expected ${plainAllowed}`;
  const days = daysText === undefined ? everyDay : daysOf(daysText);
  if (days === undefined)
    return `${daysText ?? ''} is not a list of days such as Mon-Fri or Sat,Sun; expected ${plainAllowed}`;
  if (timeText === undefined) return { days, from: 0, to: 1440 };
  const time = timesOf(timeText);
  return typeof time === 'string' ? time : { days, ...time };
}

const everyDay = [0, 1, 2, 3, 4, 5, 6];

function isHours(word: string): boolean {
  return /^\d/.test(word);
}

function isDays(word: string): boolean {
  return daysOf(word) !== undefined;
}

/** `Mon`, `monday`, `Mon-Fri`, `Sat,Sun`, `Fri-Mon`. */
function daysOf(text: string): readonly number[] | undefined {
  const days = new Set<number>();
  for (const part of text.split(',')) {
    const [from, to, ...more] = part.split('-').map(dayOf);
    if (from === undefined || more.length > 0 || (part.includes('-') && to === undefined)) return undefined;
    for (let day = from; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === (to ?? from)) break;
    }
  }
  return [...days].sort((a, b) => a - b);
}

const fullNames = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** At least three letters of the English name; `Mo` and `Tu` as kured has them would do, too, but `T` and `S` not. */
function dayOf(text: string): number | undefined {
  const word = text.toLowerCase();
  const at = word.length < 2 ? -1 : fullNames.findIndex((name) => name.startsWith(word));
  return at < 0 ? undefined : at;
}

function timesOf(text: string): { readonly from: number; readonly to: number } | string {
  const [from, to, ...more] = text.split('-').map(minuteOf);
  if (from === undefined || to === undefined || more.length > 0)
    return `${text} is not a time of day such as 22:00-06:00; expected ${plainAllowed}`;
  if (from === to) return `${text} is empty; for the whole day leave the hours out, or write 00:00-24:00`;
  if (from === 1440) return `${text}: 24:00 can only be an end; expected ${plainAllowed}`;
  return { from, to };
}

/** `22:00`, `6:30`, `24:00`; minutes from midnight. */
function minuteOf(text: string): number | undefined {
  const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  const minutes = Number(hour) * 60 + Number(minute);
  return hour !== undefined && Number(minute) < 60 && minutes <= 1440 ? minutes : undefined;
}

/** Written in one way, whatever the user's was. */
function hoursText({ days, from, to }: WeeklyHours): string {
  const time = `${clockText(from)}-${clockText(to)}`;
  return days.length === 7 ? time : `${daysText(days)} ${time}`;
}

function clockText(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

/** Runs of three and more as `Mon-Fri`, the week beginning on Monday. */
function daysText(days: readonly number[]): string {
  const week = [1, 2, 3, 4, 5, 6, 0].filter((day) => days.includes(day));
  const position = (day: number): number => (day + 6) % 7;
  const runs: number[][] = [];
  for (const day of week) {
    const run = runs.at(-1);
    if (run !== undefined && position(day) === position(run.at(-1) ?? 0) + 1) run.push(day);
    else runs.push([day]);
  }
  const name = (day: number | undefined): string => dayNames[day ?? 0] ?? '';
  return runs
    .map((run) => (run.length > 2 ? `${name(run[0])}-${name(run.at(-1))}` : run.map(name).join(',')))
    .join(',');
}
