/**
 * The arguments of `simulate`. It has options of its own and takes none of the daemon's settings: it needs no engine
 * and no disk, and an operator's environment must not change what a replay says.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { longestAgeSeconds, seconds } from '../config/values/durations.ts';
import { parseBytes, parsePercent } from '../config/values/quantities.ts';
import { window } from '../config/window.ts';
import { keepPatterns, type ValueKind, wholeNumber } from '../config/values/values.ts';
import type { KeepPattern } from '../core/eligible/pattern.ts';
import type { Window } from '../core/model/window.ts';
import type { Capacity, Level } from '../simulate/simulate.ts';

export interface SimulateOptions {
  readonly trace: readonly string[];
  /** A family of made-up traces; undefined where files are given. */
  readonly generate: string | undefined;
  /** How the files are to be read, where they are no traces. */
  readonly import: 'binder-events' | undefined;
  readonly seed: number;
  readonly days: number;
  readonly capacity: readonly Capacity[];
  readonly inodes: Capacity | undefined;
  /** Undefined: percentages, or bytes used. */
  readonly thresholdType: 'free' | undefined;
  readonly high: Level;
  readonly low: Level;
  readonly soft: Level | undefined;
  readonly critical: Level | undefined;
  readonly window: Window | undefined;
  readonly maxUnused: number;
  readonly keep: readonly KeepPattern[];
  readonly keepFile: string | undefined;
  readonly minAge: number;
  readonly keepLast: number;
  readonly policy: string;
  readonly bandwidth: number;
  readonly sweepSeconds: number;
  readonly sweepThresholds: boolean | undefined;
  readonly json: boolean | undefined;
  readonly html: string | undefined;
  /** Where to write the trace that was generated or converted. */
  readonly writeTrace: string | undefined;
}

export type ParsedSimulate =
  | { readonly kind: 'simulate'; readonly options: SimulateOptions }
  | { readonly kind: 'stopped'; readonly text: string; readonly isHelp: boolean };

export const simulateSummary =
  'Replay a trace of image uses with each policy and show what would have been downloaded again';

/** @param argv what follows the word `simulate` */
export function parseSimulate(argv: readonly string[], columns: number): ParsedSimulate {
  const printed = { out: '', err: '' };
  const command = define().configureOutput({
    writeOut: (text) => void (printed.out += text),
    writeErr: (text) => void (printed.err += text),
    getOutHelpWidth: () => columns,
    getErrHelpWidth: () => columns,
  });
  try {
    command.exitOverride().parse([...argv], { from: 'user' });
    const given = command.opts<SimulateOptions>();
    // Without a default of its own: commander would show an empty list in the help.
    const options = { ...withType(given), trace: (given.trace as readonly string[] | undefined) ?? [] };
    const isGiven = (name: string): boolean => command.getOptionValueSource(name) === 'cli';
    const problem = contradiction(options, isGiven);
    if (problem !== undefined) command.error(`error: ${problem}`);
    return { kind: 'simulate', options };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const isHelp = error.exitCode === 0;
    return { kind: 'stopped', text: isHelp ? printed.out : printed.err, isHelp };
  }
}

/** Its options as they are written, with what they do. */
export function simulateSwitches(): Readonly<Record<string, string>> {
  return Object.fromEntries(define().options.map(({ flags, description }) => [flags, description]));
}

function contradiction(options: SimulateOptions, isGiven: (name: string) => boolean): string | undefined {
  const { trace, generate, low, high, soft, html, writeTrace } = options;
  if (trace.length === 0 && generate === undefined) return 'give --trace FILE or --generate FAMILY';
  if (trace.length > 0 && generate !== undefined) return 'give --trace or --generate, not both';
  if (options.import !== undefined && trace.length === 0) return '--import needs --trace FILE';
  if (generate === undefined && isGiven('days')) return '--days needs --generate';
  if (generate === undefined && options.import === undefined && isGiven('seed'))
    return '--seed needs --generate or --import';
  for (const file of [html, writeTrace])
    if (file !== undefined && trace.includes(file)) return `${file} would be overwritten while it is read`;
  if (html !== undefined && html === writeTrace) return '--html and --write-trace name the same file';
  const isAbsolute = high.type === 'absolute';
  const isFree = high.type === 'free';
  if (options.thresholdType === 'free' && !isFree)
    return '--threshold-type free needs --high and --low in bytes, such as 20GB';
  for (const [name, level] of [
    ['--low', low],
    ['--soft', soft],
    ['--critical', options.critical],
  ] as const) {
    if (level !== undefined && level.type !== high.type)
      return `${name} and --high must both be percentages or both be bytes`;
  }
  if (isAbsolute && isGiven('capacity')) return '--high in bytes needs no --capacity';
  if (isAbsolute && options.inodes !== undefined) return '--inodes needs --high and --low as percentages';
  if ((isAbsolute || isFree) && options.sweepThresholds)
    return '--sweep-thresholds tries percentages, so --high must be one';
  if (soft !== undefined && options.sweepThresholds)
    return '--soft lies between one --low and --high, and --sweep-thresholds tries several';
  const [lowText, highText] = [levelText(low), levelText(high)];
  // Of free bytes, the fuller disk has the smaller number.
  const fuller = (level: Level): number => (isFree ? -level.value : level.value);
  if (fuller(low) >= fuller(high))
    return `--low ${lowText} must be ${isFree ? 'above' : 'below'} --high ${highText}`;
  if (soft !== undefined && (fuller(soft) < fuller(low) || fuller(soft) >= fuller(high)))
    return isFree
      ? `--soft ${levelText(soft)} must be at most --low ${lowText} and above --high ${highText}`
      : `--soft ${levelText(soft)} must be at least --low ${lowText} and below --high ${highText}`;
  return undefined;
}

/** Levels in bytes are free ones where that is said. @throws InvalidArgumentError */
function withType(given: SimulateOptions): SimulateOptions {
  if (given.thresholdType !== 'free') return given;
  const free = (level: Level): Level => ({ ...level, type: level.type === 'absolute' ? 'free' : level.type });
  return {
    ...given,
    high: free(given.high),
    low: free(given.low),
    soft: given.soft && free(given.soft),
    critical: given.critical && free(given.critical),
  };
}

function levelText({ type, value }: Level): string {
  return type === 'relative' ? `${value}%` : `${value}B`;
}

function define(): Command {
  return new Command('docker-image-cleaner simulate')
    .description(simulateSummary)
    .usage('(--trace FILE... | --generate FAMILY) [flags]')
    .helpOption('-h, --help', 'Print this help')
    .option('--trace <file...>', 'Trace files (docs/trace-format.md), also gzipped, read as one')
    .option('--generate <family>', 'Generate a trace instead: binder, ci or cluster')
    .option(
      '--import <format>',
      'Read --trace files as binder-events, the public launch archive',
      only('binder-events', 'format'),
    )
    .option('--seed <number>', 'Seed of the generated trace', whole, 1)
    .option('--days <number>', 'Days that a generated trace lasts, from 1 to 3650', days, 60)
    .addOption(
      new Option(
        '--capacity <size,...>',
        'Size of the disk, such as 200GB, or a share of all distinct bytes, such as 15%; several separated by commas',
      )
        .argParser(capacities)
        .default([{ kind: 'share', share: 0.15 }], '15%'),
    )
    .option(
      '--inodes <number>',
      'Inodes of the disk, such as 6500000, or a share such as 15%; not counted if omitted',
      inodes,
    )
    .option(
      '--threshold-type <type>',
      'With free, --high and --low are bytes free on the disk, as in THRESHOLD_TYPE',
      only('free', 'type'),
    )
    .addOption(level('--high <level>', 'A sweep begins here: a percentage, or bytes such as 160GB', 80))
    .addOption(level('--low <level>', 'A sweep ends below this', 60))
    .addOption(
      level(
        '--soft <level>',
        'From here on, single images are deleted without a cordon while nothing is launched',
      ),
    )
    .option('--window <window>', 'When sweeps may begin, as in WINDOW', as(window('UTC')))
    .addOption(level('--critical <level>', 'From here on a sweep also begins outside --window'))
    .addOption(
      new Option('--keep <patterns>', 'Images that are never deleted, as in KEEP')
        .argParser(as(keepPatterns()))
        .default([], 'none'),
    )
    .option('--keep-file <file>', 'File of more patterns, one per line, as KEEP_FILE')
    .option('--min-age <duration>', 'Keep images at least this long after they arrived', as(age), 0)
    .option(
      '--max-unused <duration>',
      'Delete images unused for longer, however empty the disk is, as MAX_UNUSED_SECONDS; 0: off',
      as(age),
      0,
    )
    .option(
      '--keep-last <number>',
      'Keep this many of the newest images of each repository',
      as(wholeNumber(0, 10_000)),
      0,
    )
    .addOption(
      new Option('--policy <name,...>', 'Policies and baselines to replay, separated by commas').default(
        'all',
        'all',
      ),
    )
    .addOption(
      new Option('--bandwidth <size>', 'Bytes per second at which images are pulled')
        .argParser(bytes)
        .default(50e6, '50MB'),
    )
    .option(
      '--sweep-seconds <duration>',
      'Fixed time of each sweep: cordon, uncordon, the pause in scheduling',
      as(seconds(0, 3600)),
      10,
    )
    .option('--sweep-thresholds', 'Try pairs of --low and --high instead of one, and compare them')
    .option('--json', 'Print JSON and nothing else on standard output')
    .option('--html <file>', 'Also write a page with plots')
    .option('--write-trace <file>', 'Also write the generated or imported trace, in the trace format')
    .allowExcessArguments(false);
}

const age = seconds(0, longestAgeSeconds);

/** Reads a value as the daemon's settings do. */
function as<T>(kind: ValueKind<T>): (text: string) => T {
  return (text) => {
    const parsed = kind.parse(text);
    if (!parsed.ok) throw new InvalidArgumentError(`${parsed.reason}.`);
    return parsed.value;
  };
}

function level(flags: string, help: string, percentage?: number): Option {
  const option = new Option(flags, help).argParser(levelOf);
  return percentage === undefined
    ? option
    : option.default({ type: 'relative', value: percentage }, `${percentage}%`);
}

function levelOf(text: string): Level {
  return /[kmgtpe]i?b?\s*$|b\s*$/i.test(text)
    ? { type: 'absolute', value: bytes(text) }
    : { type: 'relative', value: percent(text) };
}

function only<T extends string>(word: T, what: string): (text: string) => T {
  return (text) => {
    if (text.toLowerCase() !== word) throw new InvalidArgumentError(`The only ${what} is ${word}.`);
    return word;
  };
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || text.trim() === '')
    throw new InvalidArgumentError('Not a whole number.');
  return value;
}

function days(text: string): number {
  const value = whole(text);
  if (value < 1 || value > 3650) throw new InvalidArgumentError('It must be from 1 to 3650 days.');
  return value;
}

function percent(text: string): number {
  const parsed = parsePercent(text);
  if (!parsed.ok) throw new InvalidArgumentError(`It must be a percentage above 0, and 100 at most: ${text}`);
  return parsed.value;
}

function bytes(text: string): number {
  const parsed = parseBytes(text);
  if (!parsed.ok) throw new InvalidArgumentError(`It must be an amount of bytes, such as 200GB: ${text}`);
  return parsed.value;
}

function share(text: string): Capacity | undefined {
  return text.trim().endsWith('%') ? { kind: 'share', share: percent(text) / 100 } : undefined;
}

function capacities(text: string): Capacity[] {
  return text.split(',').map((each) => share(each) ?? { kind: 'amount', amount: bytes(each) });
}

function inodes(text: string): Capacity {
  const known = share(text);
  if (known !== undefined) return known;
  const amount = whole(text);
  if (amount === 0) throw new InvalidArgumentError('A disk needs at least one inode.');
  return { kind: 'amount', amount };
}
