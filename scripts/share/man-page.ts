/** docker-image-cleaner(8), from the table of commands and the settings table, in the man macros. */
import { describedCommands } from '../../src/cli/command-table.ts';
import { flagOf, groups, settingKeys, settings, variableOf } from '../../src/config/settings.ts';

export function manPage(version: string): string {
  const lines = [
    `.TH DOCKER\\-IMAGE\\-CLEANER 8 "" "docker\\-image\\-cleaner ${plain(version)}" "System Administration"`,
    ...heading('NAME'),
    'docker\\-image\\-cleaner \\- keep the disk of a container host below a threshold',
    ...heading('SYNOPSIS'),
    '.B docker\\-image\\-cleaner',
    `[${describedCommands.map(({ name }) => name).join('|')}]`,
    '.RI [ flags ]',
    ...heading('DESCRIPTION'),
    ...paragraphs(description),
    ...heading('COMMANDS'),
    ...describedCommands.flatMap(command),
    ...heading('SETTINGS'),
    ...paragraphs(howToSet),
    ...groups.flatMap((group) => [`.SS ${quoted(group)}`, ...settingsOf(group)]),
    ...heading('ENVIRONMENT'),
    ...entry(
      'DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH',
      'Where the engine is, as for every Docker client.',
    ),
    ...heading('FILES'),
    ...entry(
      '/etc/docker-image-cleaner.conf',
      'What the service reads; every setting is in it, as a comment.',
    ),
    ...entry('/var/lib/docker-image-cleaner/', 'Where the service remembers the use of images.'),
    ...heading('EXIT STATUS'),
    ...entry('0', 'Done.'),
    ...entry('1', 'The engine, the path or the API server could not be reached.'),
    ...entry('2', 'Bad usage or configuration; nothing was touched.'),
    ...entry('3', 'A sweep ended above the low threshold, or could not help.'),
    ...heading('EXAMPLES'),
    ...entry('docker-image-cleaner plan', 'Show what a sweep would delete now, and why; delete nothing.'),
    ...entry('docker-image-cleaner run --once --threshold-high 70', 'Check once, sweep if needed, and exit.'),
    ...heading('SEE ALSO'),
    '.BR docker (1),',
    '.BR systemd (1)',
  ];
  return `${lines.join('\n')}\n`;
}

const description = [
  'docker-image-cleaner watches the disk on which a container engine keeps its images, by bytes and by inodes. When usage reaches the high threshold, it deletes unused images, one by one, until usage is below the low threshold.',
  'An image that a container uses, whatever the state of the container, is never deleted, and nothing is deleted by force. On a Kubernetes node, the node is cordoned during a sweep.',
];

const howToSet = [
  'Every setting is a flag, an environment variable and a line of the file that --config names. Flags win over the environment, the environment wins over the file; an empty string counts as unset.',
];

function command({ name, summary, switches }: (typeof describedCommands)[number]): readonly string[] {
  const own = Object.entries(switches).flatMap(([flag, text]) => entry(flag, `${sentence(text)}`));
  return [...entry(name, sentence(summary)), ...(own.length === 0 ? [] : ['.RS', ...own, '.RE'])];
}

function settingsOf(group: (typeof groups)[number]): readonly string[] {
  return settingKeys
    .filter((key) => settings[key].group === group)
    .flatMap((key) => {
      const { kind, help, defaultText } = settings[key];
      const flag = kind.placeholder === undefined ? flagOf(key) : `${flagOf(key)} <${kind.placeholder}>`;
      const byDefault = defaultText === '' ? '' : ` Default: ${sentence(defaultText)}`;
      const text = `${sentence(help)} Allowed: ${sentence(kind.allowed)}${byDefault}`;
      return [...entry(flag, text), `.br`, `.B ${escaped(variableOf(key))}`];
    });
}

function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}

function heading(title: string): readonly string[] {
  return [`.SH ${quoted(title)}`];
}

function paragraphs(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text, index) => [...(index === 0 ? [] : ['.PP']), escaped(text)]);
}

function entry(term: string, text: string): readonly string[] {
  return ['.TP', `.B ${escaped(term)}`, escaped(text)];
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', '')}"`;
}

function plain(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-');
}

/** Text that no line of can be taken for a request; what stands in backticks is bold. */
function escaped(text: string): string {
  const bold = plain(text).replaceAll(/`([^`]+)`/g, '\\fB$1\\fR');
  return bold.replace(/^(?=[.'])/, '\\&');
}
