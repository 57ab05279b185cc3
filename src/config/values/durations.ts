/** How durations are written: plain seconds, as the Python tool had them, or with units as Docker and Prometheus write them. */
import { accepted, decimalNumber, refused, type Parsed, type ValueKind } from './values.ts';

/**
 * The longest time that may be waited for: timers hold their milliseconds in 31 bits, a longer one would fire at once.
 */
export const longestSeconds = 2_147_483;

/** Ten years: the longest age that can be asked for. */
export const longestAgeSeconds = 315_360_000;

/** The largest first: a duration names each unit once, in this order. */
const units: readonly (readonly [unit: string, seconds: number])[] = [
  ['w', 604_800],
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
  ['ms', 0.001],
];
const part = units.map(([unit]) => `(?:(?<${unit}>\\d+(?:\\.\\d+)?)${unit})?`);
const withUnits = new RegExp(`^(?=\\d)${part.join('')}$`);

/** `300`, `0.5`, `3e2`, `90s`, `5m`, `1h30m`, `7d` → seconds; undefined when it is not a duration. Lower case: `M` is not a minute. */
export function parseDuration(text: string): number | undefined {
  const plain = decimalNumber(text);
  if (plain !== undefined) return plain;
  const groups = withUnits.exec(text.trim())?.groups;
  if (groups === undefined) return undefined;
  const sum = units.reduce((total, [unit, seconds]) => total + Number(groups[unit] ?? 0) * seconds, 0);
  return Number.isFinite(sum) ? sum : undefined;
}

/** A duration, in seconds; fractions are allowed. */
export function seconds(min: number, max: number): ValueKind<number> {
  const allowed = `${min} to ${max} seconds, such as 300, 90s, 12h or 7d`;
  return {
    placeholder: 'duration',
    allowed,
    parse: (text): Parsed<number> => {
      const value = parseDuration(text);
      return value !== undefined && value >= min && value <= max
        ? accepted(value)
        : refused(`expected ${allowed}`);
    },
  };
}
