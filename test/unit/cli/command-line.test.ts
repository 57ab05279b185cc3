import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseCommandLine } from '../../../src/cli/command-line.ts';
import { describedCommands, type Print } from '../../../src/cli/command-table.ts';
import { flagOf, settingKeys } from '../../../src/config/settings.ts';
import { version } from '../../../src/system/version.ts';

function printOf(argv: readonly string[], env = {}): Print {
  const parsed = parseCommandLine(argv, env);
  if (parsed.kind !== 'print') throw new Error(`expected text, got the command ${parsed.kind}`);
  return parsed;
}

describe('commands', () => {
  test.each([
    [[], { kind: 'run', once: false }],
    [['run'], { kind: 'run', once: false }],
    [['run', '--once'], { kind: 'run', once: true }],
    [['--once'], { kind: 'run', once: true }],
    [['plan'], { kind: 'plan', output: { as: 'text' } }],
    [['plan', '--json'], { kind: 'plan', output: { as: 'json' } }],
    [['status'], { kind: 'status', output: { as: 'text' } }],
    [['status', '--json'], { kind: 'status', output: { as: 'json' } }],
  ])('%j', (argv, command) => {
    expect(parseCommandLine(argv, {})).toMatchObject({ ...command, warnings: [] });
  });

  test.each([
    [['plan', '--threshold-high', '90', '--json']],
    [['plan', '--json', '--threshold-high=90']],
    [['--threshold-high', '90', 'plan', '--json']],
    [['plan', '--threshold-high', '85', '--json', '--threshold-high', '90']],
  ])('takes settings before and after the command, the last one counts: %j', (argv) => {
    expect(parseCommandLine(argv, { DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH: '70' })).toMatchObject({
      kind: 'plan',
      output: { as: 'json' },
      config: { thresholds: { high: 90 } },
    });
  });

  test.each([
    [['--dry-run'], true],
    [['--dry-run=true'], true],
    [['--dry-run', 'yes'], true],
    [['--dry-run', '--once'], true],
    [['--no-dry-run'], false],
    [['--dry-run=false'], false],
    [['--dry-run', 'off', '--once'], false],
    [['--dry-run='], true],
  ])('%j over a variable that says the opposite of a flag', (argv, dryRun) => {
    // An empty flag is unset, so there the variable counts.
    const variable = argv[0] === '--dry-run=' ? dryRun : !dryRun;
    const env = { DOCKER_IMAGE_CLEANER_DRY_RUN: String(variable) };
    expect(parseCommandLine(argv, env)).toMatchObject({ kind: 'run', config: { dryRun } });
  });

  it('does not take the command for the value of a switch', () => {
    expect(parseCommandLine(['--dry-run', 'plan'], {})).toMatchObject({
      kind: 'plan',
      config: { dryRun: true },
    });
  });

  it('hands warnings on', () => {
    expect(parseCommandLine(['run'], { DOCKER_IMAGE_CLEANER_INTERVALL: '1' })).toMatchObject({
      kind: 'run',
      warnings: [expect.stringContaining('DOCKER_IMAGE_CLEANER_INTERVALL')],
    });
  });

  it('remembers nothing from one call to the next', () => {
    parseCommandLine(['run', '--once', '--dry-run'], {});
    expect(parseCommandLine(['run'], {})).toMatchObject({ once: false, config: { dryRun: false } });
  });
});

describe('uncordon', () => {
  // Neither a whole configuration nor a sound one is needed.
  const broken = { DOCKER_IMAGE_CLEANER_LOG_LEVEL: 'loud', DOCKER_HOST: 'npipe://host' };
  const inPod = { POD_NAMESPACE: 'images', DOCKER_IMAGE_CLEANER_NODE_NAME: 'worker-1' };
  const daemonSet = { namespace: 'images', name: 'cleaner' };

  test.each([
    [[], inPod, { target: 'node', nodeName: 'worker-1' }],
    [['--node-name', 'worker-2'], inPod, { target: 'node', nodeName: 'worker-2' }],
    [['--node-name', 'worker-2'], {}, { target: 'node', nodeName: 'worker-2' }],
    [['--all'], inPod, { target: 'all' }],
    [['--all'], {}, { target: 'all' }],
    [['--delete-daemonset', 'cleaner'], inPod, { target: 'daemonset', daemonSet, waitSeconds: 60 }],
    [
      ['--delete-daemonset=cleaner', '--wait-seconds', '0'],
      inPod,
      { target: 'daemonset', daemonSet, waitSeconds: 0 },
    ],
  ])('%j with %j', (argv, env, request) => {
    expect(parseCommandLine(['uncordon', ...argv], { ...broken, ...env })).toEqual({
      kind: 'uncordon',
      request,
    });
  });

  test.each([
    [[], {}, 'set DOCKER_IMAGE_CLEANER_NODE_NAME or --node-name, or use --all'],
    [['--node-name', 'Worker 1'], {}, '--node-name="Worker 1": expected a Kubernetes node name'],
    [['--all', '--node-name', 'worker-1'], {}, '--node-name and --all cannot be used together'],
    [
      ['--all', '--delete-daemonset', 'cleaner'],
      inPod,
      '--all and --delete-daemonset cannot be used together',
    ],
    [['--all', '--wait-seconds', '5'], {}, '--wait-seconds needs --delete-daemonset'],
    [['--delete-daemonset', 'cleaner'], {}, 'POD_NAMESPACE is not set'],
    [
      ['--delete-daemonset', 'cleaner'],
      { POD_NAMESPACE: '../kube-system' },
      'POD_NAMESPACE="../kube-system"',
    ],
    [['--delete-daemonset', ''], inPod, '--delete-daemonset="": expected'],
    [['--delete-daemonset', 'a/b'], inPod, '--delete-daemonset="a/b": expected'],
    [['--delete-daemonset', 'cleaner', '--wait-seconds', 'long'], inPod, '--wait-seconds="long": expected'],
    [['--all', '--dry-run'], {}, 'uncordon does not take --dry-run'],
    [['worker-1'], inPod, "uncordon takes no arguments, but got 'worker-1'"],
  ])('%j with %j is bad usage', (argv, env, words) => {
    const { text, exitCode } = printOf(['uncordon', ...argv], env);
    expect(exitCode).toBe(2);
    expect(text).toContain(words);
  });

  it('shows in its help only the settings that it takes', () => {
    const { text } = printOf(['uncordon', '--help']);
    for (const flag of ['--all', '--delete-daemonset', '--wait-seconds', '--node-name'])
      expect(text).toContain(`  ${flag} `);
    expect(text).not.toContain('--interval-seconds');
  });
});

describe('bad usage', () => {
  test.each([
    [['plam'], "unknown command 'plam' (did you mean plan?)"],
    [['plan', 'now'], "plan takes no arguments, but got 'now'"],
    [['--once', 'run'], 'the command comes before its own flags'],
    [['plan', '--once'], "unknown option '--once'"],
    [['--json'], "unknown option '--json'"],
    [['--treshold-high', '80'], '--threshold-high'],
    [['--threshold-high'], 'argument missing'],
    [['--dry-run=perhaps'], '--dry-run=perhaps'],
    [['--dry-run=1=1'], '--dry-run=1=1'],
    [['-x'], '-x'],
    [['help', 'nothing'], 'Usage:'],
  ])('%j ends with status 2 on standard error', (argv, words) => {
    const { text, ...rest } = printOf(argv);
    expect(rest).toEqual({ kind: 'print', stream: 'stderr', exitCode: 2 });
    expect(text).toContain(words);
    expect(text).toMatch(/\S\n$/);
  });

  it('never throws, whatever the arguments, and never continues after an unknown one', () => {
    const known = [
      'run',
      'plan',
      'status',
      'uncordon',
      'help',
      '--all',
      '--delete-daemonset',
      '--once',
      '--json',
      '--dry-run',
      '--help',
      '-h',
      '--version',
      '-V',
    ];
    const odd = [
      '--',
      '-',
      '',
      '=',
      '--=',
      '--no-',
      '--no-once',
      '__proto__',
      '--constructor',
      '-hV',
      '--threshold-high',
    ];
    const argument = fc.oneof(fc.constantFrom(...known, ...odd), fc.string());
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 5 }), (argv) => {
        const parsed = parseCommandLine(argv, {});
        if (parsed.kind === 'print') expect(parsed.text).toMatch(/\n$/);
        else
          expect(
            argv.filter((each) => odd.slice(1, 10).includes(each) && !argv.includes('--threshold-high')),
          ).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it('reports all problems and warnings of the configuration, one line each', () => {
    const env = {
      DOCKER_IMAGE_CLEANER_LOG_LEVEL: 'loud',
      DOCKER_IMAGE_CLEANER_LOG_FROMAT: 'a-secret',
      DOCKER_HOST: 'npipe://host',
    };
    const { text, exitCode } = printOf(['status', '--interval-seconds', '0'], env);
    expect(exitCode).toBe(2);
    expect(text.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^error: --interval-seconds="0": /),
      expect.stringMatching(/^error: DOCKER_IMAGE_CLEANER_LOG_LEVEL="loud": /),
      expect.stringMatching(/^error: DOCKER_HOST="npipe:\/\/host": /),
      expect.stringMatching(/^warning: DOCKER_IMAGE_CLEANER_LOG_FROMAT is not a setting/),
    ]);
    expect(text).not.toContain('a-secret');
  });
});

describe('help and version', () => {
  const commands = ['run', 'plan', 'status'];

  test.each([['--help-all'], ['run', '--help-all']])(
    '%j %j shows every setting, even with a bad configuration',
    (...argv) => {
      const { text, ...rest } = printOf(argv, { DOCKER_IMAGE_CLEANER_LOG_LEVEL: 'loud' });
      expect(rest).toEqual({ kind: 'print', stream: 'stdout', exitCode: 0 });
      for (const key of settingKeys) expect(text).toContain(`${flagOf(key)} `);
    },
  );

  test.each([['--help'], ['-h'], ['run', '--help'], ['help', 'run']])(
    '%j %j shows the ten settings that matter most and where the others are',
    (...argv) => {
      const { text } = printOf(argv);
      const shown = settingKeys.filter((key) => new RegExp(`^  ${flagOf(key)} `, 'm').test(`${text} `));
      expect(shown).toHaveLength(10);
      expect(text).toContain(`All ${settingKeys.length} settings: docker-image-cleaner `);
    },
  );

  it('lists the commands before all flags', () => {
    const { text } = printOf(['--help']);
    expect(text.indexOf('\nCommands:')).toBeGreaterThan(0);
    expect(text.indexOf('\nCommands:')).toBeLessThan(text.indexOf('\nOptions:'));
  });

  it.each(['plan', 'status'])('leaves out of the help of %s what only the daemon takes', (command) => {
    const { text } = printOf([command, '--help-all']);
    for (const flag of ['--interval-seconds', '--http-address', '--cordon-mode', '--dry-run'])
      expect(text).not.toContain(`  ${flag}`);
    for (const flag of ['--threshold-high', '--policy', '--state-file']) expect(text).toContain(`  ${flag}`);
  });

  it.each(describedCommands.filter(({ name }) => name !== 'simulate').map(({ name }) => name))(
    'has two examples for %s, which work',
    (command) => {
      const { text } = printOf([command, '--help']);
      const examples = [...text.matchAll(/^  docker-image-cleaner (.+)$/gm)].map(([, line = '']) => line);
      expect(examples).toHaveLength(2);
      for (const example of examples)
        expect(parseCommandLine(example.split(' '), {}).kind, example).toBe(command);
    },
  );

  it('lists every command', () => {
    for (const command of commands)
      expect(printOf(['--help']).text).toMatch(new RegExp(`^  ${command} `, 'm'));
  });

  it('shows a command’s own flags', () => {
    expect(printOf(['run', '--help']).text).toContain('--once');
    expect(printOf(['plan', '--help']).text).toContain('--json');
    expect(printOf(['run', '--help']).text).not.toContain('--json');
  });

  test.each([['--version'], ['-V'], ...commands.map((command) => [command, '--version'])])(
    '%j %j prints the version',
    (...argv) => {
      expect(printOf(argv)).toEqual({ kind: 'print', text: `${version}\n`, stream: 'stdout', exitCode: 0 });
    },
  );

  it('keeps to the terminal’s width', () => {
    const parsed = parseCommandLine(['plan', '--help'], {}, { columns: 140 });
    const lines = parsed.kind === 'print' ? parsed.text.split('\n') : [];
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(140);
    expect(Math.max(...lines.map((line) => line.length))).toBeGreaterThan(110);
  });
});
