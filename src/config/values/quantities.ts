/** How percentages and amounts of bytes are written. */
import { accepted, decimalNumber, refused, type Parsed, type ValueKind } from './values.ts';

export const percentAllowed = 'a percentage above 0 and up to 100, such as 80 or 80.5%';
export const bytesAllowed = 'bytes, such as 40e9, 40GB or 37.5GiB';

/** Below this a bare number of bytes is taken for a mistake: no image store has a threshold of under 1 GB. */
const smallestBareBytes = 1e9;

/** 8 EiB: no filesystem is larger, and every amount up to here keeps 53 significant bits. */
const mostBytes = 2 ** 63;

/** `80`, `80.5`, `80%`: above 0, up to 100. */
export function parsePercent(text: string): Parsed<number> {
  const value = decimalNumber(text.trim().replace(/\s*%$/, ''));
  return value !== undefined && value > 0 && value <= 100
    ? accepted(value)
    : refused(`expected ${percentAllowed}`);
}

/** A number, then optionally a prefix, `i` for powers of 1024, and `B`: `40e9`, `40G`, `40 GB`, `37.5GiB`, `512B`. */
const amount = /^(?<number>\S*?)\s*(?:(?<prefix>[kmgtp]|e(?=[ib]))(?<binary>i?)b?|(?<bytes>b))?$/i;
const prefixes = 'kmgtpe';

/**
 * An amount of bytes. Prefixes are the decimal ones (`G` = 10⁹, as in Kubernetes quantities and the SI) unless an `i`
 * follows (`Gi` = 2³⁰); upper and lower case mean the same, so `m` is mega. A last `e` is not exa but half an exponent.
 */
export function parseBytes(text: string): Parsed<number> {
  const groups = amount.exec(text.trim())?.groups;
  const number = decimalNumber(groups?.['number'] ?? '');
  if (groups === undefined || number === undefined) return refused(`expected ${bytesAllowed}`);
  const prefix = groups['prefix']?.toLowerCase();
  const isBare = prefix === undefined && groups['bytes'] === undefined;
  if (isBare && number < smallestBareBytes) return refused(bareReason(text.trim(), number));
  const base = groups['binary'] ? 1024 : 1000;
  const value = Math.round(number * (prefix === undefined ? 1 : base ** (prefixes.indexOf(prefix) + 1)));
  return value >= 1 && value <= mostBytes
    ? accepted(value)
    : refused(`expected ${bytesAllowed}, from 1 byte to 8 EiB`);
}

/** An amount of bytes as a setting of its own. */
export function byteAmount(): ValueKind<number> {
  return {
    placeholder: 'bytes',
    allowed: bytesAllowed,
    parse: (text) => {
      const parsed = parseBytes(text);
      return parsed.ok ? parsed : refused(`expected ${bytesAllowed}, with a unit below 1e9`);
    },
  };
}

function bareReason(text: string, number: number): string {
  return number > 100
    ? `a number below 1e9 without a unit is too small for bytes; write the unit, e.g. ${text}MB or ${text}GB`
    : 'this looks like a percentage, but in absolute and free mode thresholds are bytes; ' +
        'write bytes, such as 40e9 or 40GB, or set the threshold type to relative';
}
