/** What `clean` is asked to do: how far one sweep goes, whatever HIGH says. */
import type { Asked } from './asked.ts';
import type { Thresholds } from '../../core/model/thresholds.ts';
import { longestAgeSeconds, seconds } from '../values/durations.ts';
import { problemLine } from '../values/problem.ts';
import { bytesAllowed, parseBytes, parsePercent, percentAllowed } from '../values/quantities.ts';
import { variableOf } from '../settings.ts';

export interface CleanRequest {
  /** Where the sweep ends; undefined: at LOW, as any sweep. */
  readonly target: Thresholds | undefined;
  /** Only images that have been unused for longer; undefined: any. Without a target all of them are deleted. */
  readonly unusedForSeconds: number | undefined;
  readonly json: boolean;
  /** Without a question. */
  readonly yes: boolean;
}

/** Its own flags, once for the parser and the help. */
export const cleanSwitches = {
  '--free <bytes>': 'Until at least this much is available on the filesystem',
  '--to <percent|bytes>':
    'Until usage is below this: a percentage of the filesystem, or bytes used below the path',
  '--unused-for <duration>':
    'Only images unused for longer, such as 30d; all of them where neither --free nor --to is given; needs STATE_FILE',
  '--yes': 'Do not ask; required without a terminal',
  '--json': 'Print JSON and nothing else on standard output; with --yes or --dry-run',
};

/** They as they were given; what was not given is left out. */
export interface CleanFlags {
  readonly free?: string;
  readonly to?: string;
  readonly unusedFor?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** @param config the settings that decide whether it can be done */
export function cleanRequest(
  own: CleanFlags,
  { dryRun, stateFile }: { readonly dryRun: boolean; readonly stateFile?: string | undefined },
): Asked<CleanRequest> {
  const problems: string[] = [];
  const yes = own.yes === true;
  const json = own.json === true;
  if (json && !yes && !dryRun) problems.push('--json asks no questions: add --yes, or --dry-run');
  if (own.free !== undefined && own.to !== undefined)
    problems.push('--free and --to cannot be used together');
  const target = targetOf(own, problems);
  const unusedForSeconds = unusedForOf(own, problems);
  if (unusedForSeconds !== undefined && stateFile === undefined)
    problems.push(
      `--unused-for needs ${variableOf('stateFile')}: only the usage history in it says which images are unused`,
    );
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, request: { target, unusedForSeconds, json, yes } };
}

const unusedFor = seconds(1, longestAgeSeconds);

function unusedForOf({ unusedFor: text }: CleanFlags, problems: string[]): number | undefined {
  if (text === undefined) return undefined;
  const parsed = unusedFor.parse(text);
  if (parsed.ok) return parsed.value;
  problems.push(problemLine('--unused-for', text, parsed.reason));
  return undefined;
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

/** A sweep is due while it has something to delete. */
export function sweepingTo(type: Thresholds['type'], low: number): Thresholds {
  return { type, high: low, low };
}
