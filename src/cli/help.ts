/** What `--help` shows: the commands, examples and the settings that matter most; `--help-all` shows every setting. */
import { type Command, Help, Option } from 'commander';
import {
  flagOf,
  groups,
  type SettingKey,
  settingKeys,
  settings,
  variablePrefix,
} from '../config/settings.ts';
import { commands } from './command-table.ts';
import { EXIT } from './exit-status.ts';

type Group = (typeof groups)[number];

export const programName = 'docker-image-cleaner';

/** What most people set; the rest is for `--help-all`. */
const mainSettings: readonly SettingKey[] = [
  'thresholdHigh',
  'thresholdLow',
  'thresholdType',
  'policy',
  'keep',
  'minAgeSeconds',
  'dryRun',
  'stateFile',
  'nodeName',
  'httpAddress',
];

/** Flags of the whole program, so that they may stand before and after the command. */
export function settingOptions(): readonly Option[] {
  return groups.flatMap((group) =>
    settingKeys
      .filter((key) => settings[key].group === group)
      .flatMap((key) =>
        settings[key].kind.placeholder === undefined
          ? [optionOf(key, group), new Option(negated(flagOf(key))).hideHelp()]
          : [optionOf(key, group)],
      ),
  );
}

function optionOf(key: SettingKey, group: Group | 'Settings that matter most'): Option {
  const { kind, help, defaultText } = settings[key];
  const text =
    defaultText === '' || kind.placeholder === undefined ? help : `${help} (default: ${defaultText})`;
  const flags = kind.placeholder === undefined ? flagOf(key) : `${flagOf(key)} <${kind.placeholder}>`;
  return new Option(flags, text).helpGroup(`${group}:`);
}

export function negated(flag: string): string {
  return flag.replace('--', '--no-');
}

/** @param isAll every setting, not only those that matter most */
export function configureHelp(program: Command, isAll: boolean): void {
  program.configureHelp({
    visibleOptions: (command) => visibleOptions(command, isAll),
    commandUsage: (command) =>
      command.parent === null
        ? `${programName} [command] [flags]`
        : `${programName} ${command.name()} [flags]`,
    formatItem: (term, _width, description, helper) =>
      item(term, helper.boxWrap(description, (helper.helpWidth ?? 80) - COLUMN)),
    subcommandTerm: (command) => command.name(),
    formatHelp: (command, helper) => commandsFirst(Help.prototype.formatHelp.call(helper, command, helper)),
  });
}

/** Where descriptions begin. */
const COLUMN = 30;

/** A flag that is too long stands above its description. */
function item(term: string, description: string): string {
  const lines = description.split('\n').map((line) => ' '.repeat(COLUMN) + line);
  const isShort = term.length + 4 <= COLUMN;
  const head = `  ${term}`;
  return isShort
    ? [head.padEnd(COLUMN) + (lines[0] ?? '').trimStart(), ...lines.slice(1)].join('\n')
    : [head, ...lines].join('\n');
}

/** A command's help shows the settings that it takes, too. */
function visibleOptions(command: Command, isAll: boolean): Option[] {
  const own = Help.prototype.visibleOptions
    .call(new Help(), command)
    .filter(({ long }) => !settingKeys.some((key) => flagOf(key) === long));
  const entry = commands[command.name()];
  if (command.parent !== null && entry === undefined) return own;
  const taken = entry !== undefined && 'only' in entry ? entry.only : settingKeys;
  const unused: readonly SettingKey[] = entry !== undefined && 'unused' in entry ? (entry.unused ?? []) : [];
  const isShort = !isAll && taken === settingKeys;
  const shown = (isShort ? mainSettings : taken).filter((key) => !unused.includes(key));
  const order = isShort ? shown : settingKeys.filter((key) => shown.includes(key));
  const heading = (key: SettingKey): Group | 'Settings that matter most' =>
    isShort ? 'Settings that matter most' : settings[key].group;
  return [...own, ...order.map((key) => optionOf(key, heading(key)))];
}

/** Commander puts the list of commands last. */
function commandsFirst(text: string): string {
  const sections = text.split('\n\n');
  const list = sections.findIndex((section) => section.startsWith('Commands:'));
  if (list === -1) return text;
  const [found = ''] = sections.splice(list, 1);
  sections.splice(2, 0, found.trimEnd());
  return `${sections.map((section) => section.trimEnd()).join('\n\n')}\n`;
}

/** What stands below: examples, how settings are given, exit statuses. @param command undefined: the program */
export function helpEnd(command: string | undefined, isAll: boolean): string {
  const entry = command === undefined ? undefined : commands[command];
  const takesAll = entry === undefined || !('only' in entry);
  const examples = (entry?.examples ?? ['plan', 'run --dry-run', 'clean --free 20GB']).map(
    (example) => `  ${programName} ${example}`,
  );
  const all = command === undefined ? '--help-all' : `${command} --help-all`;
  return [
    '',
    'Examples:',
    ...examples,
    '',
    ...(takesAll && !isAll ? [`All ${settingKeys.length} settings: ${programName} ${all}`] : []),
    `Each setting is an environment variable too: --threshold-high is ${variablePrefix}THRESHOLD_HIGH.`,
    'The file that --config names has these variables, one NAME=value per line.',
    'A flag wins over its variable; an empty string counts as unset.',
    ...(takesAll
      ? [
          'A Docker Engine is found as Docker’s client finds it: DOCKER_HOST, DOCKER_CONTEXT and their TLS files.',
        ]
      : []),
    '',
    `Exit status: ${EXIT.done} done; ${EXIT.unavailable} the engine, the path or the API server could not be reached;`,
    `${EXIT.usage} bad usage or configuration; ${EXIT.aboveLow} a sweep ended above the low threshold or its target, or could not help; or you said no.`,
  ].join('\n');
}
