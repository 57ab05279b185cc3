/** The manual, the configuration file and the completions, by the programs that read them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeShare } from '../../scripts/share/share.ts';
import { describedCommands } from '../../src/cli/command-table.ts';
import { fileNames, withConfigFile } from '../../src/config/config-file.ts';
import { flagOf, settingKeys, variableOf } from '../../src/config/settings.ts';
import { runCli } from '../../harness/program/cli.ts';
import { ensureCommands } from '../../harness/machine/packages.ts';
import { createWorkspace, type Workspace } from '../../harness/machine/workspace.ts';

let workspace: Workspace;
let share: string;

beforeAll(async () => {
  await ensureCommands(['mandoc', 'zsh', 'fish']);
  workspace = createWorkspace();
  share = join(workspace.path, 'share');
  writeShare(share, '1.2.3');
});
afterAll(() => {
  workspace.dispose();
});

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', cwd: share });
}

describe('the manual', () => {
  test('is right for man(1)', () => {
    const { stdout, stderr, status } = spawnSync(
      'mandoc',
      ['-T', 'lint', '-W', 'warning', join(share, 'docker-image-cleaner.8')],
      { encoding: 'utf8' },
    );
    // Without a date it is the same for each build of a version.
    const said = `${stdout}${stderr}`.split('\n').filter((line) => line !== '' && !/missing date/.test(line));
    expect({ said, isRun: status !== null }).toEqual({ said: [], isRun: true });
  });

  test('has every command, flag and variable', () => {
    const text = run('mandoc', '-T', 'ascii', '-O', 'width=1000', 'docker-image-cleaner.8').replaceAll(
      /.\u0008/g,
      '',
    );
    const words = [
      ...describedCommands.map(({ name }) => name),
      ...settingKeys.flatMap((key) => [flagOf(key), variableOf(key)]),
      '--delete-daemonset',
      'docker-image-cleaner 1.2.3',
    ];
    expect(words.filter((word) => !text.includes(word))).toEqual([]);
  });
});

describe('the configuration file', () => {
  const text = (): string => readFileSync(join(share, 'docker-image-cleaner.conf'), 'utf8');

  test('sets nothing as it is', () => {
    const read = withConfigFile({}, { path: 'x', content: { ok: true, text: text() } });
    expect(read).toMatchObject({ env: {}, problems: [] });
  });

  test('has every setting; with all comments off it says the defaults', async () => {
    const bare = text().replaceAll(/^#(?=[A-Z_]+=)/gm, '');
    const path = join(workspace.path, 'all.conf');
    writeFileSync(path, bare);
    const read = withConfigFile({}, { path, content: { ok: true, text: bare } });
    expect(Object.keys(read.env).sort()).toEqual([...fileNames].sort());
    const cli = runCli(['run', '--once', '--config', path], { env: { DOCKER_HOST: 'unix:///nowhere' } });
    expect(await cli.exited).toMatchObject({ code: 1 });
    expect(cli.stderr).not.toMatch(/^error:/m);
  });

  test('fits a terminal', () => {
    expect(
      text()
        .split('\n')
        .filter((line) => line.startsWith('# ') && line.length > 120),
    ).toEqual([]);
  });
});

describe('completions', () => {
  function bash(...words: string[]): string[] {
    const script = `source completion.bash; COMP_WORDS=(docker-image-cleaner "$@"); COMP_CWORD=$#
      compopt() { :; }; _docker_image_cleaner; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return run('bash', '-c', script, 'bash', ...words)
      .trim()
      .split('\n');
  }
  const fish = (line: string): string[] =>
    run('fish', '--no-config', '-c', `source completion.fish; complete -C '${line}'`)
      .trim()
      .split('\n')
      .map((each) => each.split('\t')[0] ?? '');

  test('bash: commands, flags, words, files', () => {
    expect(bash('pl')).toEqual(['plan']);
    expect(bash('')).toEqual(expect.arrayContaining(['run', 'healthcheck', '--threshold-high', '--version']));
    expect(bash('--cordon-m')).toEqual(['--cordon-mode']);
    expect(bash('--cordon-mode', '')).toEqual(['cordon', 'taint', 'none']);
    expect(bash('--cordon-mode', '=', 't')).toEqual(['taint']);
    expect(bash('--config', 'completion.b')).toEqual(['completion.bash']);
    expect(bash('--threshold-high', '')).toEqual(['']);
    expect(bash('healthcheck', '--')).toEqual([
      '--ready',
      '--http-address',
      '--probe-address',
      '--config',
      '--help',
    ]);
  });

  test('fish: the same', () => {
    expect(fish('docker-image-cleaner pl')).toEqual(['plan']);
    expect(fish('docker-image-cleaner --cordon-m')).toEqual(['--cordon-mode']);
    expect(fish('docker-image-cleaner --cordon-mode ').sort()).toEqual(['cordon', 'none', 'taint']);
    expect(fish('docker-image-cleaner healthcheck --').sort()).toEqual(
      ['--config', '--help', '--http-address', '--probe-address', '--ready'].sort(),
    );
  });

  test('zsh: typed on a terminal', () => {
    const functions = join(workspace.path, 'zsh');
    mkdirSync(functions, { recursive: true });
    copyFileSync(join(share, 'completion.zsh'), join(functions, '_docker-image-cleaner'));
    // What Tab makes of a line, as the line then is on the terminal.
    const complete = (line: string, wanted: string): string => {
      const script = `
        zmodload zsh/zpty
        zpty z zsh -f -i
        zpty -w z "PS1='> '; fpath=($1 \\$fpath); autoload -Uz compinit; compinit -u -D; print re''ady"
        zpty -r z out '*ready*'
        zpty -w -n z $2$'\\t'
        zpty -r z out "*$3*" && print -r -- $out
        zpty -d z`;
      const { stdout } = spawnSync('zsh', ['-f', '-c', script, 'zsh', functions, line, wanted], {
        encoding: 'utf8',
        timeout: 60_000,
        env: { ...process.env, TERM: 'dumb' },
      });
      return stdout;
    };
    expect(complete('docker-image-cleaner --cordon-m', '--cordon-mode')).toContain('--cordon-mode');
    expect(complete('docker-image-cleaner health', 'healthcheck')).toContain('healthcheck');
    expect(complete('docker-image-cleaner run --cordon-mode=t', 'taint')).toContain('--cordon-mode=taint');
  });
});
