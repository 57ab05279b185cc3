/**
 * Arguments and environment → what is to be done, as a value. Nothing is written here and nobody exits: usage errors,
 * help and versions come back as text to print and an exit status.
 *
 * To be imported when it is needed (`await import`): it brings the argument parser along.
 */
import { Command, CommanderError, Help, Option } from 'commander';
import { loadConfig, type Environment, type Flags, type LoadedConfig } from './config/config.ts';
import { nearest } from './config/nearest.ts';
import {
  flagOf,
  groups,
  settingKeys,
  settings,
  variablePrefix,
  type Setting,
  type SettingKey,
} from './config/settings.ts';
import { uncordonRequest, uncordonSwitches, type UncordonRequest } from './config/uncordon-request.ts';
import { printable, printableLines } from './core/printable.ts';
import { EXIT } from './exit-status.ts';
import { parseSimulate, type SimulateOptions, simulateSummary } from './simulate-command-line.ts';
import { version } from './version.ts';

interface Configured {
  readonly config: LoadedConfig;
  /** One line each, to be logged once the log is open. */
  readonly warnings: readonly string[];
}

export type ParsedCommand =
  | ({ readonly kind: 'run'; readonly once: boolean } & Configured)
  | ({ readonly kind: 'plan'; readonly json: boolean; readonly watch: boolean } & Configured)
  | ({ readonly kind: 'status'; readonly json: boolean; readonly watch: boolean } & Configured)
  | { readonly kind: 'simulate'; readonly options: SimulateOptions }
  | { readonly kind: 'uncordon'; readonly request: UncordonRequest }
  | Print;

/** Nothing to do but to say something: `text` ends with a line end. */
export interface Print {
  readonly kind: 'print';
  readonly text: string;
  readonly stream: 'stdout' | 'stderr';
  readonly exitCode: typeof EXIT.done | typeof EXIT.usage;
}

const name = 'docker-image-cleaner';
/** The longest argument that is quoted whole. */
const LONGEST_ARGUMENT = 200;

interface AnyCommandEntry {
  readonly summary: string;
  /** Its own flags; every setting is a flag of every command besides. */
  readonly switches: Readonly<Record<string, string>>;
}

interface ConfiguredEntry extends AnyCommandEntry {
  /** @param isOn whether a switch was given, by its flag */
  toParsed(configured: Configured, isOn: (flag: string) => boolean): ParsedCommand;
}

/** A command that needs no whole configuration. */
interface BareEntry extends AnyCommandEntry {
  /** The settings that it takes. */
  readonly only: readonly SettingKey[];
  /** @param own its own flags, by commander's name */
  parse(own: Readonly<Record<string, unknown>>, env: Environment, flags: Flags): ParsedCommand;
}

type CommandEntry = ConfiguredEntry | BareEntry;

const outputs = {
  '--json': 'Print JSON and nothing else on standard output',
  '--watch': 'On a terminal: show it again and again, until Ctrl-C or q',
};

function shown(
  kind: 'plan' | 'status',
  configured: Configured,
  isOn: (flag: string) => boolean,
): ParsedCommand {
  const [json, watch] = [isOn('--json'), isOn('--watch')];
  if (json && watch) return refusal(['--json and --watch exclude each other'], []);
  return { kind, json, watch, ...configured };
}

/** Every command, once. A new command is a new entry here, and its own kind of ParsedCommand. */
const commands: Readonly<Record<string, CommandEntry>> = {
  run: {
    summary: 'Watch the disk and delete unused images when it is too full, forever (default)',
    switches: { '--once': 'Check once, sweep if needed, and exit' },
    toParsed: (configured, isOn) => ({ kind: 'run', once: isOn('--once'), ...configured }),
  },
  plan: {
    summary: 'Show what a sweep would delete now, in order, and what it would keep, and why; delete nothing',
    switches: outputs,
    toParsed: (configured, isOn) => shown('plan', configured, isOn),
  },
  status: {
    summary: 'Show the disk against the thresholds, and every image with who uses it',
    switches: outputs,
    toParsed: (configured, isOn) => shown('status', configured, isOn),
  },
  uncordon: {
    summary: 'Take off what cordons image cleaners left on a Kubernetes node; needs no engine',
    switches: uncordonSwitches,
    only: ['nodeName'],
    parse: (own, env, flags) => {
      const result = uncordonRequest(own, env, flags);
      return result.ok ? { kind: 'uncordon', request: result.request } : refusal(result.problems, []);
    },
  },
};
const defaultCommand = 'run';

export interface TerminalSize {
  /** Where help text is wrapped. */
  readonly columns: number;
}

/**
 * @param argv the arguments after the program's name
 * @param terminal how wide help may be; 100 columns when it is not known
 */
export function parseCommandLine(
  argv: readonly string[],
  env: Environment,
  terminal: TerminalSize = { columns: 100 },
): ParsedCommand {
  const simulated = simulateArguments(argv);
  if (simulated !== undefined) return parsedSimulate(simulated, terminal);
  const printed = { stdout: '', stderr: '' };
  let parsed: ParsedCommand | undefined;
  const program = buildProgram((entry, command) => {
    const flags = settingFlags(program.opts());
    const own = command.opts<Record<string, unknown>>();
    parsed = 'parse' in entry ? entry.parse(own, env, flags) : configured(entry, own, env, flags);
  });
  const output = {
    writeOut: (text: string) => void (printed.stdout += text),
    writeErr: (text: string) => void (printed.stderr += text),
    getOutHelpWidth: () => terminal.columns,
    getErrHelpWidth: () => terminal.columns,
  };
  for (const command of [program, ...program.commands]) command.configureOutput(output).exitOverride();

  try {
    program.parse(plainSwitches(argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0
      ? { kind: 'print', text: printed.stdout, stream: 'stdout', exitCode: EXIT.done }
      : usageError(printed.stderr, argv);
  }
  if (parsed === undefined) throw new Error('the argument parser ended without a command, help or error');
  return parsed;
}

/** What follows `simulate`, which has options of its own; undefined for all other commands. */
function simulateArguments(argv: readonly string[]): readonly string[] | undefined {
  if (argv[0] === 'simulate') return argv.slice(1);
  return argv[0] === 'help' && argv[1] === 'simulate' ? ['--help'] : undefined;
}

function parsedSimulate(argv: readonly string[], { columns }: TerminalSize): ParsedCommand {
  const parsed = parseSimulate(argv, columns);
  if (parsed.kind === 'simulate') return parsed;
  const { text, isHelp } = parsed;
  return isHelp ? { kind: 'print', text, stream: 'stdout', exitCode: EXIT.done } : usageError(text, argv);
}

function buildProgram(act: (entry: CommandEntry, command: Command) => void): Command {
  const program = new Command(name)
    .description(
      'Keeps the disk of a container host below a threshold by deleting unused images, one by one.',
    )
    .version(version, '-V, --version', 'Print the version')
    .helpOption('-h, --help', 'Print this help')
    .helpCommand('help [command]', 'Print the help of the command named after it')
    .usage('[command] [flags]')
    .configureHelp({
      visibleOptions: ownAndSettings,
      commandUsage: usage,
      subcommandTerm: (each) => each.name(),
    })
    .addHelpText('after', helpEnd);
  for (const option of settingOptions()) program.addOption(option);
  for (const [commandName, entry] of Object.entries(commands)) {
    const command = program
      .command(commandName, { isDefault: commandName === defaultCommand })
      .description(entry.summary)
      .helpOption('-h, --help', 'Print this help')
      .allowExcessArguments()
      .addHelpText('after', helpEnd)
      .action(() => {
        refuseArguments(program, command);
        act(entry, command);
      });
    for (const [flag, description] of Object.entries(entry.switches)) command.option(flag, description);
  }
  // For the list of commands only: its arguments are parsed before (parsedSimulate).
  program.command('simulate').description(simulateSummary);
  return program;
}

/** Flags of the whole program, so that they may stand before and after the command. */
function settingOptions(): readonly Option[] {
  return groups.flatMap((group) =>
    settingKeys
      .filter((key) => settings[key].group === group)
      .flatMap((key) => {
        const { kind, help, defaultText } = settings[key];
        const flag = flagOf(key);
        if (kind.placeholder === undefined) {
          return [new Option(flag, help).helpGroup(`${group}:`), new Option(negated(flag)).hideHelp()];
        }
        const text = defaultText === '' ? help : `${help} (default: ${defaultText})`;
        return [new Option(`${flag} <${kind.placeholder}>`, text).helpGroup(`${group}:`)];
      }),
  );
}

function negated(flag: string): string {
  return flag.replace('--', '--no-');
}

/**
 * `--dry-run=false` and `--dry-run false`, as other programs and the variables have it, in the form that the parser
 * knows: `--no-dry-run`. Nothing is ambiguous, since no command takes arguments. Other values are left to be refused.
 */
function plainSwitches(argv: readonly string[]): string[] {
  const kinds = new Map<string, Setting<unknown>['kind']>();
  for (const key of settingKeys) {
    if (settings[key].kind.placeholder === undefined) kinds.set(flagOf(key), settings[key].kind);
  }
  const plain: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? '';
    const equals = argument.indexOf('=');
    const flag = equals === -1 ? argument : argument.slice(0, equals);
    const inline = equals === -1 ? undefined : argument.slice(equals + 1);
    const kind = kinds.get(flag);
    if (kind !== undefined && inline === '') continue; // An empty string counts as unset.
    const parsed = kind?.parse(inline ?? argv[index + 1] ?? '');
    if (parsed?.ok !== true) {
      plain.push(argument);
      continue;
    }
    plain.push(parsed.value === true ? flag : negated(flag));
    if (inline === undefined) index++;
  }
  return plain;
}

/** A command's help shows the settings too, under their headings. */
function ownAndSettings(command: Command): Option[] {
  const visible = (each: Command): Option[] => Help.prototype.visibleOptions.call(new Help(), each);
  if (command.parent === null) return visible(command);
  const entry = commands[command.name()];
  const only = entry !== undefined && 'only' in entry ? entry.only.map(flagOf) : undefined;
  const isTaken = ({ long }: Option): boolean =>
    long !== '--help' && (only === undefined || long === '--version' || only.includes(long ?? ''));
  return [...visible(command), ...visible(command.parent).filter(isTaken)];
}

function usage(command: Command): string {
  return command.parent === null ? `${name} [command] [flags]` : `${name} ${command.name()} [flags]`;
}

const helpEnd = `
Each setting is an environment variable too: --threshold-high is ${variablePrefix}THRESHOLD_HIGH.
A flag wins over its variable; an empty string counts as unset.
A Docker Engine is found by DOCKER_HOST (unix:// or tcp://), DOCKER_TLS_VERIFY and DOCKER_CERT_PATH.

Exit status: ${EXIT.done} done; ${EXIT.unavailable} the engine, the path or the API server could not be reached;
${EXIT.usage} bad usage or configuration; ${EXIT.aboveLow} a sweep ended above the low threshold, or could not help.`;

/** No command takes arguments; without a command, an argument is one misspelt. */
function refuseArguments(program: Command, command: Command): void {
  const [argument] = command.args;
  if (argument === undefined) return;
  if (program.args[0] === command.name()) {
    program.error(`error: ${command.name()} takes no arguments, but got '${argument}'`);
  }
  const known = Object.keys(commands);
  if (known.includes(argument)) {
    program.error(`error: the command comes before its own flags: ${name} ${argument} ...`);
  }
  const near = nearest(argument, known);
  program.error(
    `error: unknown command '${argument}'${near === undefined ? '' : ` (did you mean ${near}?)`}`,
  );
}

function configured(
  entry: ConfiguredEntry,
  own: Readonly<Record<string, unknown>>,
  env: Environment,
  flags: Flags,
): ParsedCommand {
  const loaded = loadConfig(env, flags);
  if (!loaded.ok) {
    return refusal(loaded.problems, loaded.warnings);
  }
  const isOn = (flag: string): boolean => own[flag.replace('--', '')] === true;
  return entry.toParsed({ config: loaded.config, warnings: loaded.warnings }, isOn);
}

function refusal(problems: readonly string[], warnings: readonly string[]): Print {
  const lines = [
    ...problems.map((problem) => `error: ${problem}`),
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
  return usageError(`${lines.join('\n')}\n`, []);
}

/** Says what was wrong; arguments stand in it as given, so what is hidden in them is made visible here. */
function usageError(text: string, argv: readonly string[]): Print {
  const quoted = argv.map((argument) => [argument, printable(argument, LONGEST_ARGUMENT)] as const);
  const shown = quoted.reduce(
    (so, [from, to]) => (from === to || from === '' ? so : so.replaceAll(from, to)),
    text,
  );
  return { kind: 'print', text: printableLines(shown, 2000), stream: 'stderr', exitCode: EXIT.usage };
}

function settingFlags(given: Readonly<Record<string, unknown>>): Flags {
  const flags: Partial<Record<keyof Flags, string>> = {};
  for (const key of settingKeys) {
    const value = given[key];
    if (typeof value === 'string') flags[key] = value;
    else if (typeof value === 'boolean') flags[key] = String(value);
  }
  return flags;
}
