/**
 * Every command, once, and what a command line can come to. A new command is a new entry here, and its own kind of
 * ParsedCommand.
 */
import { cleanRequest, type CleanRequest, cleanSwitches } from '../config/clean-request.ts';
import type { Environment, Flags, LoadedConfig } from '../config/config.ts';
import {
  healthcheckRequest,
  healthcheckSettings,
  healthcheckSwitches,
  type HealthcheckRequest,
} from '../config/healthcheck-request.ts';
import { listOptions, type ListOptions, listSwitches } from '../config/list-options.ts';
import type { SettingKey } from '../config/settings.ts';
import {
  uncordonRequest,
  uncordonSettings,
  uncordonSwitches,
  type UncordonRequest,
} from '../config/uncordon-request.ts';
import { printable, printableLines } from '../core/model/printable.ts';
import { EXIT } from './exit-status.ts';
import { type SimulateOptions, simulateSummary, simulateSwitches } from './simulate-options.ts';

export interface Configured {
  readonly config: LoadedConfig;
  /** One line each, to be logged once the log is open. */
  readonly warnings: readonly string[];
}

/** How a command shows what it sees. */
interface Shown extends Configured {
  readonly json: boolean;
  readonly watch: boolean;
  readonly list: ListOptions;
}

export type ParsedCommand =
  | ({ readonly kind: 'run'; readonly once: boolean } & Configured)
  | ({ readonly kind: 'plan' } & Shown)
  | ({ readonly kind: 'status' } & Shown)
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
  /** Its own flags; every setting is a flag of every command besides. */
  readonly switches: Readonly<Record<string, string>>;
}

export interface ConfiguredEntry extends AnyCommandEntry {
  /** @param isOn whether a switch was given, by its flag @param valueOf what was given with a flag that takes a value
   * @param own its own flags, by commander's name */
  toParsed(
    configured: Configured,
    isOn: (flag: string) => boolean,
    valueOf: (flag: string) => string | undefined,
    own: Readonly<Record<string, unknown>>,
  ): ParsedCommand;
}

/** A command that needs no whole configuration. */
interface BareEntry extends AnyCommandEntry {
  /** The settings that it takes. */
  readonly only: readonly SettingKey[];
  /** @param own its own flags, by commander's name */
  parse(own: Readonly<Record<string, unknown>>, env: Environment, flags: Flags): ParsedCommand;
}

export type CommandEntry = ConfiguredEntry | BareEntry;

const outputs = {
  '--json': 'Print JSON and nothing else on standard output',
  '--watch': 'On a terminal: show it live and scroll with the arrow keys, until Ctrl-C or q',
};

function shown(
  kind: 'plan' | 'status',
  configured: Configured,
  isOn: (flag: string) => boolean,
  valueOf: (flag: string) => string | undefined,
): ParsedCommand {
  const [json, watch] = [isOn('--json'), isOn('--watch')];
  if (json && watch) return refusal(['--json and --watch exclude each other'], []);
  const given = { top: valueOf('--top'), sort: valueOf('--sort'), all: isOn('--all') };
  if (json && (given.all || given.top !== undefined || given.sort !== undefined))
    return refusal(['--json has everything already: --top, --sort and --all are for the tables'], []);
  const result = listOptions(kind, given);
  return result.ok ? { kind, json, watch, list: result.list, ...configured } : refusal(result.problems, []);
}

export const commands: Readonly<Record<string, CommandEntry>> = {
  run: {
    summary: 'Watch the disk and delete unused images when it is too full, forever (default)',
    switches: { '--once': 'Check once, sweep if needed, and exit' },
    toParsed: (configured, isOn) => ({ kind: 'run', once: isOn('--once'), ...configured }),
  },
  plan: {
    summary: 'Show what a sweep would delete now, in order, and what it would keep, and why; delete nothing',
    switches: { ...outputs, ...listSwitches('plan') },
    toParsed: (configured, isOn, valueOf) => shown('plan', configured, isOn, valueOf),
  },
  status: {
    summary: 'Show the disk against the thresholds, and every image with who uses it',
    switches: { ...outputs, ...listSwitches('status') },
    toParsed: (configured, isOn, valueOf) => shown('status', configured, isOn, valueOf),
  },
  clean: {
    summary: 'Sweep now, whatever the high threshold says: to the low one, or as far as you say; asks first',
    switches: cleanSwitches,
    toParsed: (configured, _isOn, _valueOf, own) => {
      const result = cleanRequest(own, configured.config);
      return result.ok
        ? { kind: 'clean', request: result.request, ...configured }
        : refusal(result.problems, configured.warnings);
    },
  },
  uncordon: {
    summary: 'Take off what cordons image cleaners left on a Kubernetes node; needs no engine',
    switches: uncordonSwitches,
    only: uncordonSettings,
    parse: (own, env, flags) => {
      const result = uncordonRequest(own, env, flags);
      return result.ok ? { kind: 'uncordon', request: result.request } : refusal(result.problems, []);
    },
  },
  healthcheck: {
    summary: 'Ask the daemon of this configuration over HTTP whether it is well; exit status 1 if not',
    switches: healthcheckSwitches,
    only: healthcheckSettings,
    parse: (own, env, flags) => {
      const result = healthcheckRequest(own, env, flags);
      return result.ok ? { kind: 'healthcheck', request: result.request } : refusal(result.problems, []);
    },
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
