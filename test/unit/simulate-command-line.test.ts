import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/command-line.ts';

const parse = (...argv: readonly string[]) => parseCommandLine(['simulate', ...argv], {});

describe('simulate', () => {
  it('has options of its own and ignores the daemon’s settings', () => {
    const parsed = parseCommandLine(
      ['simulate', '--generate', 'ci', '--capacity', '200GB,15%', '--low', '55'],
      {
        DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH: 'nonsense',
      },
    );
    expect(parsed).toMatchObject({
      kind: 'simulate',
      options: {
        generate: 'ci',
        trace: [],
        seed: 1,
        high: 80,
        low: 55,
        policy: 'all',
        capacity: [
          { kind: 'bytes', bytes: 200e9 },
          { kind: 'share', share: 0.15 },
        ],
      },
    });
  });

  it('takes several trace files', () => {
    expect(parse('--trace', 'a', 'b', '--json')).toMatchObject({
      options: { trace: ['a', 'b'], json: true },
    });
  });

  it.each([
    [[], /give --trace FILE or --generate FAMILY/],
    [['--trace', 'a', '--generate', 'ci'], /not both/],
    [['--generate', 'ci', '--import', 'binder-events'], /how to read --trace/],
    [['--trace', 'a', '--import', 'csv'], /only format is binder-events/],
    [['--generate', 'ci', '--low', '80'], /must be below --high/],
    [['--generate', 'ci', '--soft', '59'], /--soft 59 must be at least --low 60 and below --high 80/],
    [['--generate', 'ci', '--soft', '85'], /--soft 85 must be at least --low 60 and below --high 80/],
    [['--generate', 'ci', '--capacity', '12'], /amount of bytes/],
    [['--generate', 'ci', '--seed', 'x'], /Not a whole number/],
    [['--generate', 'ci', '--threshold-high', '80'], /unknown option/],
  ])('refuses %j', (argv, message) => {
    const parsed = parse(...argv);
    expect(parsed).toMatchObject({ kind: 'print', stream: 'stderr', exitCode: 2 });
    expect(parsed.kind === 'print' ? parsed.text : '').toMatch(message);
  });

  it.each([[['simulate', '--help']], [['help', 'simulate']]])('%j prints its help', (argv) => {
    const parsed = parseCommandLine(argv, {});
    expect(parsed).toMatchObject({ kind: 'print', stream: 'stdout', exitCode: 0 });
    expect(parsed.kind === 'print' ? parsed.text : '').toMatch(/--sweep-thresholds/);
  });

  it('stands in the list of commands', () => {
    const help = parseCommandLine(['--help'], {});
    expect(help.kind === 'print' ? help.text : '').toMatch(/simulate +Replay a trace/);
  });
});
