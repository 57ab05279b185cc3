/** What `clean` is asked to do: how far one sweep goes, whatever HIGH says. */
import type { Thresholds } from '../core/model/thresholds.ts';
import { problemLine } from './problem.ts';
import { bytesAllowed, parseBytes, parsePercent, percentAllowed } from './quantities.ts';

export interface CleanRequest {
  /** Where the sweep ends; undefined: at LOW, as any sweep. */
  readonly target: Thresholds | undefined;
  readonly json: boolean;
  /** Without a question. */
  readonly yes: boolean;
}

/** Its own flags, once for the parser and the help. */
export const cleanSwitches = {
  '--free <bytes>': 'Until at least so much is available on the filesystem',
  '--to <percent|bytes>':
    'Until usage is below this: a percentage of the filesystem, or bytes used below the path',
  '--yes': 'Do not ask; needed where there is no terminal',
  '--json': 'Print JSON and nothing else on standard output; with --yes or --dry-run',
};

/** They as they were given; what was not given is left out. */
export interface CleanFlags {
  readonly free?: string;
  readonly to?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export type CleanResult =
  | { readonly ok: true; readonly request: CleanRequest }
  /** One line each, without a line end. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** @param dryRun the setting */
export function cleanRequest(own: CleanFlags, dryRun: boolean): CleanResult {
  const problems: string[] = [];
  const yes = own.yes === true;
  const json = own.json === true;
  if (json && !yes && !dryRun) problems.push('--json asks no questions: add --yes, or --dry-run');
  if (own.free !== undefined && own.to !== undefined)
    problems.push('--free and --to cannot be used together');
  const target = targetOf(own, problems);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, request: { target, json, yes } };
}

function targetOf({ free, to }: CleanFlags, problems: string[]): Thresholds | undefined {
  if (free !== undefined) {
    const wanted = parseBytes(free);
    if (wanted.ok) return sweepingTo('free', wanted.value);
    problems.push(problemLine('--free', free, `expected ${bytesAllowed}`));
    return undefined;
  }
  if (to === undefined) return undefined;
  const percent = parsePercent(to);
  if (percent.ok) return sweepingTo('relative', percent.value);
  const bytes = parseBytes(to);
  if (bytes.ok) return sweepingTo('absolute', bytes.value);
  problems.push(problemLine('--to', to, `expected ${percentAllowed}; or ${bytesAllowed}`));
  return undefined;
}

/** A sweep is due as long as it has something to do. */
export function sweepingTo(type: Thresholds['type'], low: number): Thresholds {
  return { type, high: low, low };
}
