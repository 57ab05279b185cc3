/**
 * Arguments and environment → what is to be done, as a value. Nothing is written here and nobody exits: usage errors,
 * help and versions come back as text to print and an exit status.
 *
 * To be imported when it is needed (`await import`): it brings the argument parser along.
 */
import { Command, CommanderError } from 'commander';
import { loadConfig, type Environment, type Flags } from '../config/config.ts';
import {
  commands,
  defaultCommand,
  refusal,
  usageError,
  type CommandEntry,
  type ConfiguredEntry,
  type ParsedCommand,
} from './command-table.ts';
import { type ConfigFile, type LayeredEnvironment, withConfigFile } from '../config/config-file.ts';
import { didYouMean, meantCommand, withMeaning } from '../config/values/meaning.ts';
import { flagOf, settingKeys, settings, type Setting } from '../config/settings.ts';
import { EXIT } from './exit-status.ts';
import { configureHelp, helpEnd, negated, programName, settingOptions } from './help.ts';
import { parseSimulate, simulateSummary } from './simulate-options.ts';
import { version } from '../system/version.ts';

const HELP_ALL = '--help-all';

export interface TerminalSize {
  /** Where help text is wrapped. */
  readonly columns: number;
}

/**
 * @param argv the arguments after the program's name
 * @param terminal how wide help may be; 100 columns when it is not known
 * @param file what `--config` names (`configFilePath`), once it is read
 */
export function parseCommandLine(
  argv: readonly string[],
  env: Environment,
  terminal: TerminalSize = { columns: 100 },
  file?: ConfigFile,
): ParsedCommand {
  const simulated = simulateArguments(argv);
  if (simulated !== undefined) return parsedSimulate(simulated, terminal);
  const printed = { stdout: '', stderr: '' };
  let parsed: ParsedCommand | undefined;
  const isAll = argv.includes(HELP_ALL);
  const program = buildProgram(isAll, (entry, command) => {
    const flags = settingFlags(program.opts());
    const own = command.opts<Record<string, unknown>>();
    const layered = withConfigFile(env, file);
    if (layered.problems.length > 0) parsed = refusal(layered.problems, []);
    else if ('parse' in entry) parsed = entry.parse(own, layered.env, flags);
    else parsed = configured(entry, own, layered, flags);
  });
  const output = {
    writeOut: (text: string) => void (printed.stdout += text),
    writeErr: (text: string) => void (printed.stderr += text),
    getOutHelpWidth: () => terminal.columns,
    getErrHelpWidth: () => terminal.columns,
  };
  for (const command of [program, ...program.commands]) command.configureOutput(output).exitOverride();

  try {
    program.parse(plainSwitches(argv.map((each) => (each === HELP_ALL ? '--help' : each))), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0
      ? { kind: 'print', text: printed.stdout, stream: 'stdout', exitCode: EXIT.done }
      : usageError(withMeaning(error, printed.stderr), argv);
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

function buildProgram(isAll: boolean, act: (entry: CommandEntry, command: Command) => void): Command {
  const program = new Command(programName)
    .description(
      'Keeps the disk of a container host below a threshold by deleting unused images, one by one.',
    )
    .version(version, '-V, --version', 'Print the version')
    .helpOption('-h, --help', 'Print this help')
    .helpCommand('help [command]', 'Print the help of a command')
    .usage('[command] [flags]')
    .addHelpText('after', helpEnd(undefined, isAll));
  configureHelp(program, isAll);
  for (const option of settingOptions()) program.addOption(option);
  for (const [commandName, entry] of Object.entries(commands)) {
    const command = program
      .command(commandName, { isDefault: commandName === defaultCommand })
      .description(entry.summary)
      .helpOption('-h, --help', 'Print this help')
      .allowExcessArguments()
      .addHelpText('after', helpEnd(commandName, isAll))
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

/** No command takes arguments; without a command, an argument is one misspelt. */
function refuseArguments(program: Command, command: Command): void {
  const [argument] = command.args;
  if (argument === undefined) return;
  if (program.args[0] === command.name()) {
    program.error(`error: ${command.name()} takes no arguments, but got '${argument}'`);
  }
  const known = Object.keys(commands);
  if (known.includes(argument)) {
    program.error(`error: the command comes before its own flags: ${programName} ${argument} ...`);
  }
  program.error(`error: unknown command '${argument}'${didYouMean(meantCommand(argument, known))}`);
}

function configured(
  entry: ConfiguredEntry,
  own: Readonly<Record<string, unknown>>,
  file: LayeredEnvironment,
  flags: Flags,
): ParsedCommand {
  const loaded = loadConfig(file.env, flags);
  const { warnings } = loaded;
  return loaded.ok
    ? entry.toParsed({ config: loaded.config, warnings }, own)
    : refusal(loaded.problems.map(file.located), warnings);
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
