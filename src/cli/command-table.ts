/**
 * Every command, once, and what a command line can come to. A new command is a new entry here, and its own kind of
 * ParsedCommand.
 */
import { cleanRequest, type CleanRequest, cleanSwitches } from '../config/requests/clean-request.ts';
import type { Asked } from '../config/requests/asked.ts';
import type { Environment, Flags, LoadedConfig } from '../config/config.ts';
import {
  healthcheckRequest,
  healthcheckSettings,
  healthcheckSwitches,
  type HealthcheckRequest,
} from '../config/requests/healthcheck-request.ts';
import { type ListFlags, listOptions, listSwitches, type Output } from '../config/requests/list-options.ts';
import type { SettingKey } from '../config/settings.ts';
import {
  uncordonRequest,
  uncordonSettings,
  uncordonSwitches,
  type UncordonRequest,
} from '../config/requests/uncordon-request.ts';
import { printable, printableLines } from '../core/model/printable.ts';
import { EXIT } from './exit-status.ts';
import { type SimulateOptions, simulateSummary, simulateSwitches } from './simulate-options.ts';

export interface Configured {
  readonly config: LoadedConfig;
  /** One line each, to be logged once the log is open. */
  readonly warnings: readonly string[];
}

export type ParsedCommand =
  | ({ readonly kind: 'run'; readonly once: boolean } & Configured)
  | ({ readonly kind: 'plan' | 'status'; readonly output: Output } & Configured)
  | ({ readonly kind: 'clean'; readonly request: CleanRequest } & Configured)
  | { readonly kind: 'simulate'; readonly options: SimulateOptions }
  | { readonly kind: 'uncordon'; readonly request: UncordonRequest }
  | { readonly kind: 'healthcheck'; readonly request: HealthcheckRequest }
  | Print;

/** Nothing to do but to say something: `text` ends with a line end. */
export interface Print {
  readonly kind: 'print';
  readonly text: string;
  readonly stream: 'stdout' | 'stderr';
  readonly exitCode: typeof EXIT.done | typeof EXIT.usage;
}

interface AnyCommandEntry {
  readonly summary: string;
  /** What follows the program's name, for its help. */
  readonly examples: readonly string[];
  /** Its own flags; every setting is a flag of every command besides. */
  readonly switches: Readonly<Record<string, string>>;
}

export interface ConfiguredEntry extends AnyCommandEntry {
  /** Settings that it takes, so that one configuration does for all, and that change nothing: not in its help. */
  readonly unused?: readonly SettingKey[];
  toParsed(configured: Configured, own: OwnFlags): ParsedCommand;
}

/** A command's own flags as they were given, by commander's name. */
type OwnFlags = Readonly<Record<string, unknown>>;

/** A command that needs no whole configuration. */
interface BareEntry extends AnyCommandEntry {
  /** The settings that it takes. */
  readonly only: readonly SettingKey[];
  parse(own: OwnFlags, env: Environment, flags: Flags): ParsedCommand;
}

export type CommandEntry = ConfiguredEntry | BareEntry;

const outputs = {
  '--json': 'Print JSON and nothing else on standard output',
  '--watch': 'On a terminal: show it live and scroll with the arrow keys, until Ctrl-C or q',
};

function shown(
  kind: 'plan' | 'status',
  configured: Configured,
  own: ListFlags & { readonly json?: boolean; readonly watch?: boolean },
): ParsedCommand {
  const json = own.json === true;
  if (json && own.watch === true) return refusal(['--json and --watch cannot be used together'], []);
  if (json && (own.all === true || own.top !== undefined || own.sort !== undefined))
    return refusal(['--json has everything already: --top, --sort and --all are for the tables'], []);
  const as = json ? 'json' : own.watch === true ? 'watch' : 'text';
  return asked(listOptions(kind, own), [], (list) => ({ kind, output: { as, ...list }, ...configured }));
}

/** What a request becomes, or what is wrong with it. */
function asked<T>(
  result: Asked<T>,
  warnings: readonly string[],
  toParsed: (request: T) => ParsedCommand,
): ParsedCommand {
  return result.ok ? toParsed(result.request) : refusal(result.problems, warnings);
}

/** Of the daemon alone. */
const ofTheDaemon: readonly SettingKey[] = [
  ...(['softThreshold', 'intervalSeconds', 'watchSeconds', 'quietSeconds', 'recordTrace'] as const),
  ...(['httpAddress', 'httpTokenFile', 'probeAddress', 'notifyUrl', 'notifyFormat'] as const),
];
/** Of who deletes. */
const ofSweeps: readonly SettingKey[] = [
  ...(['delaySeconds', 'dryRun', 'nodeName', 'cordonMode'] as const),
  ...(['maxCordonSeconds', 'maxCordonedNodes', 'logFormat', 'logLevel'] as const),
];

export const commands: Readonly<Record<string, CommandEntry>> = {
  run: {
    summary: 'Watch the disk and delete unused images when it is too full, forever (default)',
    examples: [
      'run --threshold-high 85 --threshold-low 80 --policy value --state-file /var/lib/docker-image-cleaner/state',
      'run --once --dry-run',
    ],
    switches: { '--once': 'Check once, sweep if needed, and exit' },
    toParsed: (configured, { once }) => ({ kind: 'run', once: once === true, ...configured }),
  },
  plan: {
    summary: 'Show what a sweep would delete now, in order, and what it would keep, and why; delete nothing',
    examples: ['plan', 'plan --threshold-high 70 --sort size'],
    unused: [...ofTheDaemon, ...ofSweeps],
    switches: { ...outputs, ...listSwitches('plan') },
    toParsed: (configured, own) => shown('plan', configured, own),
  },
  status: {
    summary: 'Show the disk against the thresholds, and every image with who uses it',
    examples: ['status --sort size', 'status --watch'],
    unused: [...ofTheDaemon, ...ofSweeps],
    switches: { ...outputs, ...listSwitches('status') },
    toParsed: (configured, own) => shown('status', configured, own),
  },
  clean: {
    summary: 'Sweep now, even below the high threshold: to the low one, or to your target; asks first',
    examples: ['clean --to 50% --dry-run', 'clean --free 20GB --yes'],
    unused: ofTheDaemon,
    switches: cleanSwitches,
    toParsed: (configured, own) =>
      asked(cleanRequest(own, configured.config), configured.warnings, (request) => ({
        kind: 'clean',
        request,
        ...configured,
      })),
  },
  uncordon: {
    summary: 'Uncordon nodes that a cleaner left cordoned; needs no engine',
    examples: ['uncordon --node-name worker-1', 'uncordon --all'],
    switches: uncordonSwitches,
    only: uncordonSettings,
    parse: (own, env, flags) =>
      asked(uncordonRequest(own, env, flags), [], (request) => ({ kind: 'uncordon', request })),
  },
  healthcheck: {
    summary: 'Ask the daemon of this configuration over HTTP whether it is healthy; exit status 1 if not',
    examples: ['healthcheck', 'healthcheck --ready'],
    switches: healthcheckSwitches,
    only: healthcheckSettings,
    parse: (own, env, flags) =>
      asked(healthcheckRequest(own, env, flags), [], (request) => ({ kind: 'healthcheck', request })),
  },
};
export const defaultCommand = 'run';

/** For the manual and the shells' completions. */
export const describedCommands: readonly {
  readonly name: string;
  readonly summary: string;
  readonly switches: Readonly<Record<string, string>>;
  /** The settings that it takes; undefined: all. */
  readonly only: readonly SettingKey[] | undefined;
}[] = [
  ...Object.entries(commands).map(([each, entry]) => ({
    name: each,
    summary: entry.summary,
    switches: entry.switches,
    only: 'only' in entry ? entry.only : undefined,
  })),
  { name: 'simulate', summary: simulateSummary, switches: simulateSwitches(), only: [] },
];

/** Refuses a configuration: what is wrong, one line each. */
export function refusal(problems: readonly string[], warnings: readonly string[]): Print {
  const lines = [
    ...problems.map((problem) => `error: ${problem}`),
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
  return usageError(`${lines.join('\n')}\n`, []);
}

/** The longest argument that is quoted whole. */
const LONGEST_ARGUMENT = 200;

/** Says what was wrong; arguments stand in it as given, so what is hidden in them is made visible here. */
export function usageError(text: string, argv: readonly string[]): Print {
  const quoted = argv.map((argument) => [argument, printable(argument, LONGEST_ARGUMENT)] as const);
  const shown = quoted.reduce(
    (so, [from, to]) => (from === to || from === '' ? so : so.replaceAll(from, to)),
    text,
  );
  return { kind: 'print', text: printableLines(shown, 2000), stream: 'stderr', exitCode: EXIT.usage };
}
