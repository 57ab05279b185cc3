/** `--config FILE`: what a line may be, what wins, and how mistakes are reported. */
import { describe, expect, test } from 'vitest';
import { configFilePath, fileNames, withConfigFile } from '../../../src/config/config-file.ts';
import { settingKeys } from '../../../src/config/settings.ts';
import { parseCommandLine, type TerminalSize } from '../../../src/cli/command-line.ts';

const path = '/etc/docker-image-cleaner.conf';
const terminal: TerminalSize = { columns: 100 };

function file(text: string): Parameters<typeof withConfigFile>[1] {
  return { path, content: { ok: true, text } };
}

/** What `run` would do with the file, an environment and flags: a setting, or what is said. */
function intervalOf(text: string, env: Record<string, string> = {}, argv: readonly string[] = []): unknown {
  const parsed = parseCommandLine(['run', ...argv], env, terminal, file(text));
  return parsed.kind === 'run' ? parsed.config.intervalSeconds : parsed;
}

const interval = 'DOCKER_IMAGE_CLEANER_INTERVAL_SECONDS';

describe('the lines of the file', () => {
  test.each([
    [`${interval}=7`, '7'],
    [`  ${interval} = 7  `, '7'],
    [`${interval}="7"`, '7'],
    [`${interval}='7'`, '7'],
    [`# a comment\n; another\n\n\t\n${interval}=7\r\n`, '7'],
    [`\ufeff${interval}=7`, '7'],
    [`${interval}=`, ''],
  ])('%j', (text, value) => {
    expect(withConfigFile({}, file(text))).toMatchObject({ env: { [interval]: value }, problems: [] });
  });

  test('nothing in a value is special but the quotes around all of it', () => {
    const keep = 'DOCKER_IMAGE_CLEANER_KEEP';
    for (const value of ['re:^a\\.b$ #c=d', 'a"b', '"a', '\'a"', '$HOME', 'x # y'])
      expect(withConfigFile({}, file(`${keep}=${value}`)).env[keep]).toBe(value);
  });

  test.each([
    ['nonsense', 'line 1: expected NAME=value, or # and a comment'],
    [`\nexport ${interval}=7`, 'line 2: expected NAME=value, or # and a comment'],
    [`${interval}=7\n${interval}=8`, `line 2: ${interval} is set already, on line 1`],
    [
      'DOCKER_IMAGE_CLEANER_TRESHOLD_HIGH=80',
      'line 1: DOCKER_IMAGE_CLEANER_TRESHOLD_HIGH is not a setting; the nearest known name is DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH',
    ],
    ['DOCKER_IMAGE_CLEANER_CONFIG=/x', 'line 1: DOCKER_IMAGE_CLEANER_CONFIG is not a setting'],
    ['PATH=/bin', 'line 1: PATH is not a setting'],
  ])('%j is refused', (text, problem) => {
    const { problems } = withConfigFile({}, file(text));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${path} ${problem}`);
  });

  test('every setting but the file itself, and what finds the engine', () => {
    expect(fileNames).toHaveLength(settingKeys.length - 1 + 3);
    expect(fileNames).toEqual(expect.arrayContaining([interval, 'DOCKER_HOST']));
  });
});

describe('what wins', () => {
  test('the file over the default, the environment over the file, a flag over both', () => {
    const text = `${interval}=7`;
    expect(intervalOf('')).toBe(300);
    expect(intervalOf(text)).toBe(7);
    expect(intervalOf(text, { [interval]: '' }), 'empty is unset').toBe(7);
    expect(intervalOf(text, { [interval]: '8' })).toBe(8);
    expect(intervalOf(text, { [interval]: '8' }, ['--interval-seconds', '9'])).toBe(9);
  });

  test('the engine of the file is used', () => {
    const parsed = parseCommandLine(['plan'], {}, terminal, file('DOCKER_HOST=tcp://h:1'));
    expect(parsed).toMatchObject({
      kind: 'plan',
      config: { engineNamedBy: 'DOCKER_HOST', engine: { kind: 'tcp' } },
    });
  });
});

describe('what is refused', () => {
  test('a bad value: the file, the line, the value, and what is allowed', () => {
    expect(intervalOf(`\n${interval}=soon`)).toMatchObject({
      kind: 'print',
      exitCode: 2,
      text: `error: ${path} line 2: ${interval}="soon": expected 1 to 2147483 seconds, such as 300, 90s, 12h or 7d\n`,
    });
  });

  test('a bad value of the environment is not attributed to the file', () => {
    const refused = intervalOf(`${interval}=7`, { [interval]: 'soon' });
    expect(refused).toMatchObject({ text: expect.stringMatching(/^error: DOCKER_/) as string });
  });

  test.each(['run', 'plan', 'status', 'uncordon', 'healthcheck'])(
    '%s: a file that cannot be read',
    (command) => {
      const unreadable = { path, content: { ok: false, reason: 'there is no such file' } } as const;
      expect(parseCommandLine([command], {}, terminal, unreadable)).toMatchObject({
        kind: 'print',
        exitCode: 2,
        text: `error: --config="${path}": there is no such file\n`,
      });
    },
  );

  test('but help needs no file', () => {
    const unreadable = { path, content: { ok: false, reason: 'there is no such file' } } as const;
    expect(parseCommandLine(['run', '--help'], {}, terminal, unreadable)).toMatchObject({ exitCode: 0 });
  });
});

describe('which file', () => {
  const variable = 'DOCKER_IMAGE_CLEANER_CONFIG';
  test.each([
    [[], {}, undefined],
    [['run'], { [variable]: '/e' }, '/e'],
    [['--config', '/f', 'run'], { [variable]: '/e' }, '/f'],
    [['run', '--config=/f'], {}, '/f'],
    [['run', '--config=/f', '--config', '/g'], {}, '/g'],
    [['run', '--config='], { [variable]: '/e' }, '/e'],
    [['run', '--', '--config', '/f'], {}, undefined],
    [['simulate', '--config', '/f'], { [variable]: '/e' }, undefined],
  ] as const)('%j', (argv, env, wanted) => {
    expect(configFilePath(argv, env)).toBe(wanted);
  });
});
