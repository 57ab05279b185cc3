/** What bash, zsh and fish offer on Tab, from the table of commands and the settings table. */
import { describedCommands } from '../../src/cli/command-table.ts';
import { flagOf, settingKeys, settings, type SettingKey } from '../../src/config/settings.ts';

const program = 'docker-image-cleaner';

interface Flag {
  /** With its dashes. */
  readonly flag: string;
  readonly help: string;
  /** undefined: it takes no value. */
  readonly value:
    { readonly words: readonly string[]; readonly isPath: boolean; readonly name: string } | undefined;
}

interface OfCommand {
  readonly name: string;
  readonly summary: string;
  /** Its own and the settings that it takes. */
  readonly flags: readonly Flag[];
}

const takesPath = /^(path|file)$/;

function settingFlag(key: SettingKey): Flag {
  const { kind, help } = settings[key];
  const { placeholder, words = [] } = kind;
  return {
    flag: flagOf(key),
    help,
    value:
      placeholder === undefined
        ? undefined
        : { words, isPath: takesPath.test(placeholder), name: placeholder },
  };
}

/** `--wait-seconds <seconds>` or `--json` */
function ownFlag([written, help]: readonly [string, string]): Flag {
  const [, flag = written, placeholder] = /^(\S+)(?: <([^>]+)>)?$/.exec(written) ?? [];
  const name = placeholder?.replace(/[.,]+$/, '');
  return {
    flag,
    help,
    value: name === undefined ? undefined : { words: [], isPath: takesPath.test(name), name },
  };
}

const help: readonly Flag[] = [
  { flag: '--help', help: 'Print this help', value: undefined },
  { flag: '--help-all', help: 'Print the help with every setting', value: undefined },
];

const ofCommands: readonly OfCommand[] = describedCommands.map(({ name, summary, switches, only }) => ({
  name,
  summary,
  flags: [
    ...Object.entries(switches)
      .filter(([written]) => written.startsWith('--'))
      .map(ownFlag),
    ...(only ?? settingKeys).map(settingFlag),
    ...(only === undefined ? help : help.slice(0, 1)),
  ],
}));

/** Without a command it is `run`. */
const withoutCommand: readonly Flag[] = [
  ...(ofCommands.find(({ name }) => name === 'run')?.flags ?? []),
  { flag: '--version', help: 'Print the version', value: undefined },
];

const everyFlag: readonly Flag[] = [
  ...new Map(
    [...withoutCommand, ...ofCommands.flatMap(({ flags }) => flags)].map((each) => [each.flag, each]),
  ).values(),
];

export function bashCompletion(): string {
  const names = ofCommands.map(({ name }) => name);
  const words = everyFlag.filter(({ value }) => value !== undefined && value.words.length > 0);
  const paths = everyFlag.filter(({ value }) => value?.isPath === true);
  const others = everyFlag.filter(
    ({ value }) => value !== undefined && value.words.length === 0 && !value.isPath,
  );
  const flagNames = (flags: readonly Flag[]): string => flags.map(({ flag }) => flag).join(' ');
  return `# bash completion for ${program}
_docker_image_cleaner() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command='' word
  # --flag=value comes as three words.
  if [[ $cur == '=' ]]; then
    cur=''
  elif [[ $prev == '=' ]]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      ${names.join(' | ')}) command=$word; break ;;
    esac
  done
  COMPREPLY=()
  case $prev in
${words.map(({ flag, value }) => `    ${flag}) mapfile -t COMPREPLY < <(compgen -W '${value?.words.join(' ') ?? ''}' -- "$cur"); return ;;`).join('\n')}
    ${paths.map(({ flag }) => flag).join(' | ')}) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    ${others.map(({ flag }) => flag).join(' | ')}) return ;;
  esac
  case $command in
${ofCommands.map(({ name, flags }) => `    ${name}) word='${flagNames(flags)}' ;;`).join('\n')}
    *) word='${[...names, 'help'].join(' ')} ${flagNames(withoutCommand)}' ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$word" -- "$cur")
}
complete -F _docker_image_cleaner ${program}
`;
}

export function zshCompletion(): string {
  return `#compdef ${program}
local -a commands flags
commands=(
${[...ofCommands, { name: 'help', summary: 'Print the help of a command' }].map(({ name, summary }) => `  '${zshText(`${name}:${summary}`)}'`).join('\n')}
)
local command word
for word in "\${(@)words[2,CURRENT-1]}"; do
  case $word in
    ${ofCommands.map(({ name }) => name).join('|')}) command=$word; break ;;
  esac
done
case $command in
${ofCommands.map(({ name, flags }) => `  ${name})\n    flags=(\n${zshFlags(flags)}\n    ) ;;`).join('\n')}
  *)
    flags=(
${zshFlags(withoutCommand)}
    ) ;;
esac
if [[ -z $command ]]; then
  _arguments $flags '*:command:{_describe command commands}'
else
  _arguments $flags '*: : '
fi
`;
}

function zshFlags(flags: readonly Flag[]): string {
  return flags.map((each) => `      '${zshFlag(each)}'`).join('\n');
}

function zshFlag({ flag, help: text, value }: Flag): string {
  const described = `[${zshText(text).replaceAll(/[[\]]/g, '\\$&')}]`;
  if (value === undefined) return `${flag}${described}`;
  const action = value.isPath ? '_files' : value.words.length > 0 ? `(${value.words.join(' ')})` : ' ';
  return `${flag}=${described}:${value.name.replaceAll(':', ' ')}:${action}`;
}

function zshText(text: string): string {
  return text.replaceAll("'", "'\\''");
}

export function fishCompletion(): string {
  const line = (parts: readonly string[]): string => ['complete', '-c', program, ...parts].join(' ');
  const names = ofCommands.map(({ name }) => name);
  const before = `not __fish_seen_subcommand_from ${names.join(' ')}`;
  const lines = [
    line(['-f']),
    ...ofCommands.map(({ name, summary }) =>
      line(['-n', fishText(before), '-a', name, '-d', fishText(summary)]),
    ),
    ...everyFlag.map(({ flag, help: text, value }) => {
      const those = ofCommands.filter(({ flags }) => flags.some((each) => each.flag === flag));
      const isBefore = withoutCommand.some((each) => each.flag === flag);
      const inThose = `__fish_seen_subcommand_from ${those.map(({ name }) => name).join(' ')}`;
      const when = those.length === 0 ? before : isBefore ? `${before}; or ${inThose}` : inThose;
      const takes =
        value === undefined
          ? []
          : value.isPath
            ? ['-r', '-F']
            : ['-x', ...(value.words.length > 0 ? ['-a', fishText(value.words.join(' '))] : [])];
      return line(['-n', fishText(when), '-l', flag.slice(2), ...takes, '-d', fishText(text)]);
    }),
  ];
  return `# fish completion for ${program}\n${lines.join('\n')}\n`;
}

function fishText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
