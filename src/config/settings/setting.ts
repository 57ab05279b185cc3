/** What a setting is. */
import type { ValueKind } from '../values/values.ts';

/** Headings in `--help` and on the configuration page, in this order. */
export const groups = [
  'Configuration file',
  'Engine',
  'Disk',
  'Sweeps',
  'Usage history',
  'Kubernetes',
  'Engine requests',
  'HTTP',
  'Notices',
  'Logging',
] as const;

/** @typeParam T what the setting becomes; includes undefined where it may be unset. */
export interface Setting<T> {
  readonly group: (typeof groups)[number];
  /** What it does: a sentence without its full stop. */
  readonly help: string;
  readonly kind: ValueKind<T>;
  readonly default: T;
  /** The default as people write it; empty where there is none. */
  readonly defaultText: string;
}

/** @param entry its `defaultText` may be left out where the default is a plain value that says it itself */
export function setting<T, const D extends T | undefined>(entry: {
  readonly group: (typeof groups)[number];
  readonly help: string;
  readonly kind: ValueKind<T>;
  readonly default: D;
  readonly defaultText?: string;
}): Setting<T | D> {
  return { ...entry, defaultText: entry.defaultText ?? plainText(entry.default) };
}

function plainText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}
