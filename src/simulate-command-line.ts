/**
 * The arguments of `simulate`. It has options of its own and takes none of the daemon's settings: it looks at no engine
 * and no disk, and an operator's environment must not change what a replay says.
 */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { parseBytes, parsePercent } from './config/quantities.ts';

export interface SimulateOptions {
  readonly trace: readonly string[];
  /** A family of made-up traces; undefined where files are given. */
  readonly generate: string | undefined;
  /** How the files are to be read, where they are no traces. */
  readonly import: 'binder-events' | undefined;
  readonly seed: number;
  readonly days: number;
  /** Bytes, or a share (0 to 1) of the distinct bytes of the trace. */
  readonly capacity: readonly Capacity[];
  readonly high: number;
  readonly low: number;
  readonly soft: number | undefined;
  readonly policy: string;
  readonly bandwidth: number;
  readonly sweepThresholds: boolean;
  readonly json: boolean;
  readonly html: string | undefined;
  /** Where to write the trace that was generated or converted. */
  readonly writeTrace: string | undefined;
}

export type Capacity =
  { readonly kind: 'bytes'; readonly bytes: number } | { readonly kind: 'share'; readonly share: number };

export type ParsedSimulate =
  | { readonly kind: 'simulate'; readonly options: SimulateOptions }
  | { readonly kind: 'stopped'; readonly text: string; readonly isHelp: boolean };

export const simulateSummary =
  'Replay a trace of image uses with each policy and show what would have been fetched again';

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
    const options = command.opts<SimulateOptions>();
    const problem = contradiction(options);
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

function contradiction(options: SimulateOptions): string | undefined {
  const { trace, generate, low, high, soft } = options;
  if (trace.length === 0 && generate === undefined) return 'give --trace FILE or --generate FAMILY';
  if (trace.length > 0 && generate !== undefined) return 'give --trace or --generate, not both';
  if (options.import !== undefined && trace.length === 0) return '--import says how to read --trace FILE';
  if (low >= high) return `--low ${low} must be below --high ${high}`;
  if (soft !== undefined && (soft < low || soft >= high))
    return `--soft ${soft} must be at least --low ${low} and below --high ${high}`;
  return undefined;
}

function define(): Command {
  return new Command('docker-image-cleaner simulate')
    .description(simulateSummary)
    .usage('(--trace FILE... | --generate FAMILY) [flags]')
    .helpOption('-h, --help', 'Print this help')
    .option('--trace <file...>', 'trace files (docs/trace-format.md), read as one', [])
    .option('--generate <family>', 'make a trace instead: binder, ci or cluster')
    .option(
      '--import <format>',
      'read --trace files as binder-events, the public launch archive',
      binderEvents,
    )
    .option('--seed <number>', 'the seed of what is made up', whole, 1)
    .option('--days <number>', 'how long a generated trace is', whole, 60)
    .option(
      '--capacity <size,...>',
      'the disk, such as 200GB, or a share of all distinct bytes, such as 15%; several by commas',
      capacities,
      [{ kind: 'share', share: 0.15 }],
    )
    .option('--high <percent>', 'a sweep begins here', percent, 80)
    .option('--low <percent>', 'a sweep ends below this', percent, 60)
    .option(
      '--soft <percent>',
      'from here on, while nothing is launched, single images go without a cordon',
      percent,
    )
    .option('--policy <name,...>', 'policies and baselines to replay, by commas', 'all')
    .option('--bandwidth <size>', 'bytes a second at which images come', bytes, 50e6)
    .option('--sweep-thresholds', 'try pairs of --low and --high instead of one', false)
    .option('--json', 'Print JSON and nothing else on standard output', false)
    .option('--html <file>', 'write a page with plots, too')
    .option('--write-trace <file>', 'write the generated or imported trace in the trace format, too')
    .allowExcessArguments(false);
}

function binderEvents(text: string): 'binder-events' {
  if (text !== 'binder-events') throw new InvalidArgumentError('The only format is binder-events.');
  return text;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || text.trim() === '')
    throw new InvalidArgumentError('Not a whole number.');
  return value;
}

function percent(text: string): number {
  const parsed = parsePercent(text);
  if (!parsed.ok) throw new InvalidArgumentError(`It must be a percentage: ${text}`);
  return parsed.value;
}

function bytes(text: string): number {
  const parsed = parseBytes(text);
  if (!parsed.ok) throw new InvalidArgumentError(`It must be an amount of bytes, such as 200GB: ${text}`);
  return parsed.value;
}

function capacities(text: string): Capacity[] {
  return text
    .split(',')
    .map((each) =>
      each.trim().endsWith('%')
        ? { kind: 'share', share: percent(each) / 100 }
        : { kind: 'bytes', bytes: bytes(each) },
    );
}
