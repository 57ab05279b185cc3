/**
 * The kinds of values a setting can have: how each is written, and what it becomes. A kind is a value, made by one
 * of the functions here and named in the settings table. Parsers are pure and never throw.
 */
import { socketPathOf } from '../../engine/endpoint.ts';
import { type KeepPattern, parseKeepPatterns } from '../../core/eligible/pattern.ts';
import type { KeepLabelRule } from '../../core/eligible/rules.ts';
import { compileExpression } from './expressions.ts';

export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

export interface ValueKind<T> {
  /** What stands for the value in `--help`, e.g. `duration` in `--interval-seconds <duration>`; undefined: a switch. */
  readonly placeholder: string | undefined;
  /** No message shows what was written. */
  readonly isSecret?: boolean;
  /** The words that it may be, for those who offer them. */
  readonly words?: readonly string[];
  /** What is allowed, in words that follow "expected" in a message and stand alone in a table. */
  readonly allowed: string;
  /** @param text what the user wrote, never empty */
  parse(text: string): Parsed<T>;
}

export function accepted<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function refused(reason: string): Parsed<never> {
  return { ok: false, reason };
}

/** Digits with an optional point and exponent; no sign but plus, no hexadecimal, no separators, no Infinity. */
const decimal = /^\+?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** A plain decimal number, or undefined when it is anything else or too large to be a number. */
export function decimalNumber(text: string): number | undefined {
  const trimmed = text.trim();
  if (!decimal.test(trimmed)) return undefined;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : undefined;
}

/** One of a few words, in upper or lower case. */
export function choice<const T extends string>(...words: readonly T[]): ValueKind<T> {
  const allowed = words.map((word) => `\`${word}\``).join(', ');
  return {
    placeholder: words.join('|'),
    words,
    allowed,
    parse: (text) => {
      const lower = text.trim().toLowerCase();
      const found = words.find((word) => word === lower);
      return found === undefined ? refused(`expected one of ${words.join(', ')}`) : accepted(found);
    },
  };
}

/** Some of a few words, separated by commas, in upper or lower case; at least one. */
export function choices<const T extends string>(...words: readonly T[]): ValueKind<readonly T[]> {
  const allowed = `one or more of ${words.map((word) => `\`${word}\``).join(', ')}, separated by commas`;
  return {
    placeholder: 'list',
    words,
    allowed,
    parse: (text) => {
      const parts = text.split(',').map((part) => part.trim().toLowerCase());
      const found = words.filter((word) => parts.includes(word));
      const unknown = parts.filter((part) => part !== '' && !words.some((word) => word === part));
      return unknown.length > 0 || found.length === 0
        ? refused(`expected one or more of ${words.join(', ')}, separated by commas`)
        : accepted(found);
    },
  };
}

const truth: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['yes', true],
  ['on', true],
  ['false', false],
  ['0', false],
  ['no', false],
  ['off', false],
]);

/** Yes or no; on the command line a switch without a value. */
export function onOff(): ValueKind<boolean> {
  const allowed = 'true, 1, yes or on; false, 0, no or off';
  return {
    placeholder: undefined,
    allowed,
    parse: (text) => {
      const value = truth.get(text.trim().toLowerCase());
      return value === undefined ? refused(`expected ${allowed}`) : accepted(value);
    },
  };
}

/** An absolute path, taken as it is: whether it is there is found out when it is used. */
export function absolutePath(): ValueKind<string> {
  const allowed = 'an absolute path';
  return {
    placeholder: 'path',
    allowed,
    parse: (text) =>
      text.startsWith('/') && !text.includes('\0')
        ? accepted(text)
        : refused(`expected ${allowed}, starting with /`),
  };
}

/** A file to read, also seen from the folder where the program was started. */
export function filePath(): ValueKind<string> {
  const allowed = 'a path';
  return {
    placeholder: 'file',
    allowed,
    parse: (text) => (text.includes('\0') ? refused(`expected ${allowed}`) : accepted(text)),
  };
}

/** A unix socket as `unix:///path/to/socket`; becomes its path. */
export function socketAddress(): ValueKind<string> {
  const allowed = 'unix:///path/to/socket';
  return {
    placeholder: 'address',
    allowed,
    parse: (text) => {
      const parsed = socketPathOf(text.trim());
      return 'path' in parsed ? accepted(parsed.path) : refused(parsed.refused);
    },
  };
}

/**
 * A value that cannot be judged alone, because its meaning hangs on another setting: kept as written, and judged where
 * both are known.
 */
export function judgedLater(placeholder: string, allowed: string): ValueKind<string> {
  return { placeholder, allowed, parse: accepted };
}

/** Patterns of images to keep, judged as a whole. */
export function keepPatterns(): ValueKind<readonly KeepPattern[]> {
  return {
    placeholder: 'patterns',
    allowed:
      'patterns on image names separated by commas or white space: `*` and `?` as in file names, `re:` and a regular expression, or `sha256:` and at least 12 digits of an ID or digest',
    parse: (text) => {
      const parsed = parseKeepPatterns(text, compileExpression);
      return parsed.ok ? accepted(parsed.patterns) : refused(parsed.reason);
    },
  };
}

/** Whether labels protect: `on`, `off`, or the patterns of the images on which they do. */
export function keepLabelRule(): ValueKind<KeepLabelRule> {
  return {
    placeholder: 'on|off|patterns',
    allowed: '`on`, `off`, or patterns as in KEEP: the label then counts only on images that match one',
    parse: (text) => {
      const word = truth.get(text.trim().toLowerCase());
      if (word !== undefined) return accepted(word ? 'on' : 'off');
      const parsed = parseKeepPatterns(text, compileExpression);
      if (!parsed.ok) return refused(parsed.reason);
      return parsed.patterns.length === 0
        ? refused('expected on, off or patterns')
        : accepted(parsed.patterns);
    },
  };
}

/** Names of hosts for the `Host` header, without ports; `*.` in front means every name below. */
export function hostNames(): ValueKind<readonly string[]> {
  const allowed = 'host names without a port, e.g. nas.lan or *.ts.net';
  return {
    placeholder: 'names',
    allowed,
    parse: (text) => {
      const names = text
        .toLowerCase()
        .split(/[\s,]+/)
        .filter(Boolean);
      for (const name of names) {
        if (name === '*')
          return refused(
            'expected names, or *.example.org for a domain: with * any site could read the page through a browser in your network',
          );
        if (isHostPattern(name)) continue;
        const bare = name.replace(/^https?:\/\//, '').replace(/[:/].*$/, '');
        const hint = bare !== name && isHostPattern(bare) ? ` (did you mean ${bare}?)` : '';
        return refused(`expected ${allowed}${hint}`);
      }
      return { ok: true, value: names };
    },
  };
}

function isHostPattern(name: string): boolean {
  const labels = name.replace(/^\*\./, '').split('.');
  return name.length <= 253 && labels.every((label) => /^[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?$/.test(label));
}

/** A name as Kubernetes gives nodes: a DNS subdomain (RFC 1123). */
export function nodeName(): ValueKind<string> {
  const allowed = 'a Kubernetes node name: lower-case letters, digits, "-" and ".", 253 characters at most';
  return {
    placeholder: 'node',
    allowed,
    parse: (text) => {
      const name = text.trim();
      const fits = name.length <= 253 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name);
      return fits ? { ok: true, value: name } : refused(`expected ${allowed}`);
    },
  };
}

/** A whole number in decimal digits. */
export function wholeNumber(min: number, max: number): ValueKind<number> {
  const allowed = `a whole number from ${min} to ${max}`;
  return {
    placeholder: 'number',
    allowed,
    parse: (text) => {
      const value = /^\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? { ok: true, value } : refused(`expected ${allowed}`);
    },
  };
}
