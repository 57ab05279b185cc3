/**
 * Windows of time in which sweeps may begin: days and hours of a week by the local clock of a time zone. Pure: the
 * moment is an argument, and JavaScript's own time zones (Intl) are the table. A window holds no state, so a clock
 * that is set forward or back changes nothing but the answer.
 *
 * Daylight saving: in the repeated hour the window is open both times; in the skipped hour nothing is open, and a
 * window wholly inside it does not open that day.
 */

/** Minutes from midnight by the clock; `to` may be 1440, and at or before `from` it is on the next day. */
export interface DailyHours {
  readonly from: number;
  readonly to: number;
}

export interface WeeklyHours extends DailyHours {
  /** 0 is Sunday, as JavaScript has it; the days on which it opens. */
  readonly days: readonly number[];
}

export interface Window {
  /** As it was written. */
  readonly text: string;
  /** A name of the IANA database, or UTC. */
  readonly timeZone: string;
  readonly hours: readonly WeeklyHours[];
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
/** Every window opens and closes within a week; a day more for one that daylight saving swallows, and once more the week after. */
const SEARCH_MS = 15 * DAY_MINUTES * MINUTE_MS;

/** Whether it is open. */
export function isOpen({ timeZone, hours }: Window, atMs: number): boolean {
  return isOpenAt(hours, clockAt(timeZone, atMs));
}

/** When it next opens (or closes, while it is open), to the minute; undefined where it never does. */
export function nextChange({ timeZone, hours }: Window, atMs: number): number | undefined {
  const now = isOpenAt(hours, clockAt(timeZone, atMs));
  const endMs = atMs + SEARCH_MS;
  for (let at = startOfMinute(atMs); at < endMs;) {
    const clock = clockAt(timeZone, at);
    if (isOpenAt(hours, clock) !== now) return at;
    at = skip(timeZone, at, minutesToEdge(hours, clock.minute));
  }
  return undefined;
}

/** The clock on a wall: 0 is Sunday, and the minute of the day. */
interface Clock {
  readonly day: number;
  readonly minute: number;
}

function isOpenAt(hours: readonly WeeklyHours[], { day, minute }: Clock): boolean {
  const yesterday = (day + 6) % 7;
  return hours.some(({ days, from, to }) => {
    if (to > from) return days.includes(day) && minute >= from && minute < to;
    return (days.includes(day) && minute >= from) || (days.includes(yesterday) && minute < to);
  });
}

/** From this minute of the day to the next at which anything could change: the begin or end of some hours, or midnight. */
function minutesToEdge(hours: readonly WeeklyHours[], minute: number): number {
  const edges = [DAY_MINUTES, ...hours.flatMap(({ from, to }) => [from, to])];
  return Math.min(...edges.filter((edge) => edge > minute)) - minute;
}

/** Adds minutes; where the clock jumps in between, which it does twice a year, one. */
function skip(timeZone: string, fromMs: number, minutes: number): number {
  const toMs = fromMs + minutes * MINUTE_MS;
  return offsetAt(timeZone, toMs) === offsetAt(timeZone, fromMs) ? toMs : fromMs + MINUTE_MS;
}

function startOfMinute(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}

/** How far the clock on the wall is ahead of UTC. */
function offsetAt(timeZone: string, atMs: number): number {
  const { year, month, day, hour, minute } = fieldsAt(timeZone, atMs);
  return Date.UTC(year, month - 1, day, hour, minute) - startOfMinute(atMs);
}

function clockAt(timeZone: string, atMs: number): Clock {
  const { year, month, day, hour, minute } = fieldsAt(timeZone, atMs);
  return { day: new Date(Date.UTC(year, month - 1, day)).getUTCDay(), minute: hour * 60 + minute };
}

interface Fields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

/** Making one takes a hundred times as long as using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

function fieldsAt(timeZone: string, atMs: number): Fields {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' },
    });
    formats.set(timeZone, format);
  }
  const found = new Map(format.formatToParts(atMs).map(({ type, value }) => [type as string, Number(value)]));
  const field = (name: string): number => found.get(name) ?? 0;
  return {
    year: field('year'),
    month: field('month'),
    day: field('day'),
    hour: field('hour'),
    minute: field('minute'),
  };
}

/** A moment by the window's clock, for people: `Mon 30 Nov 22:00 (Europe/Berlin)`. */
function formatMoment(timeZone: string, atMs: number): string {
  const { month, day, hour, minute } = fieldsAt(timeZone, atMs);
  const two = (number: number): string => String(number).padStart(2, '0');
  const weekday = dayNames[clockAt(timeZone, atMs).day] ?? '';
  return `${weekday} ${day} ${monthNames[month - 1] ?? ''} ${two(hour)}:${two(minute)} (${timeZone})`;
}

export const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The state of a window at a moment. */
export interface WindowState {
  readonly text: string;
  readonly timeZone: string;
  readonly open: boolean;
  /** When it closes, or opens; undefined: never. */
  readonly changesAtMs: number | undefined;
}

export function windowState(window: Window, nowMs: number): WindowState {
  const { text, timeZone } = window;
  return { text, timeZone, open: isOpen(window, nowMs), changesAtMs: nextChange(window, nowMs) };
}

/** One line for people, without a full stop; the same while the window's state is. */
export function describeWindow({ text, timeZone, open, changesAtMs }: WindowState): string {
  const when = changesAtMs === undefined ? undefined : formatMoment(timeZone, changesAtMs);
  if (open) return `inside the window (${text})${when === undefined ? '' : `, which closes ${when}`}`;
  return `outside the window (${text})${when === undefined ? '' : `, which opens ${when}`}`;
}
