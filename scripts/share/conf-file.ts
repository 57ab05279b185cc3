/** `docker-image-cleaner.conf` of the packages: every setting as a comment, from the settings table. */
import { fileNames } from '../../src/config/config-file.ts';
import { groups, settingKeys, settings, variableOf } from '../../src/config/settings.ts';

const width = 100;

export function confFile(): string {
  return `${[opening, engine, ...groups.map(groupLines).filter((lines) => lines !== '')].join('\n\n')}\n`;
}

const opening = `# Settings of docker-image-cleaner, one NAME=value per line; lines that begin with # are comments. Everything is
# commented out: take off the # and set what you want otherwise. docker-image-cleaner(8) says more of each. Then:
#   docker-image-cleaner plan --config /etc/docker-image-cleaner.conf     # what a sweep would delete now
#   systemctl restart docker-image-cleaner`;

const engine = `## Where the engine is, as for every Docker client (default: unix:///var/run/docker.sock)
#DOCKER_HOST=
#DOCKER_TLS_VERIFY=
#DOCKER_CERT_PATH=`;

function groupLines(group: (typeof groups)[number]): string {
  const lines = settingKeys
    .filter((key) => settings[key].group === group && fileNames.includes(variableOf(key)))
    .map((key) => {
      const { help, kind, defaultText, default: byDefault } = settings[key];
      // Only what may be written so is shown as a value.
      const isValue = byDefault !== undefined && kind.parse(defaultText).ok;
      const comments = [
        `${help}.`,
        `Allowed: ${kind.allowed}.`.replaceAll('`', ''),
        ...(isValue || defaultText === '' ? [] : [`Default: ${defaultText}.`]),
      ];
      const value = isValue ? defaultText : '';
      return `${comments.flatMap(comment).join('\n')}\n#${variableOf(key)}=${value}`;
    });
  return lines.length === 0 ? '' : [`## ${group}`, ...lines].join('\n\n');
}

/** Wrapped, each line a comment. */
function comment(text: string): readonly string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1] ?? '';
    if (last !== '' && last.length + word.length + 3 > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.map((line) => `# ${line}`);
}
