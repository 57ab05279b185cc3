import { describe, expect, it } from 'vitest';
import { loadExpressions } from '../../../src/config/values/expressions.ts';
import { parseCommandLine } from '../../../src/cli/command-line.ts';

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
        high: { type: 'relative', value: 80 },
        low: { type: 'relative', value: 55 },
        policy: 'all',
        capacity: [
          { kind: 'amount', amount: 200e9 },
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
    [['--generate', 'ci', '--import', 'binder-events'], /--import needs --trace FILE/],
    [['--trace', 'a', '--import', 'csv'], /only format is binder-events/],
    [['--generate', 'ci', '--low', '80'], /must be below --high/],
    [['--generate', 'ci', '--soft', '59'], /--soft 59% must be at least --low 60% and below --high 80%/],
    [['--generate', 'ci', '--soft', '85'], /--soft 85% must be at least --low 60% and below --high 80%/],
    [['--generate', 'ci', '--soft', '70', '--sweep-thresholds'], /--sweep-thresholds tries several/],
    [['--generate', 'ci', '--low', '0%'], /percentage above 0, and 100 at most: 0%/],
    [['--trace', 'a', '--days', '3'], /--days needs --generate/],
    [['--trace', 'a', '--seed', '3'], /--seed needs --generate or --import/],
    [['--generate', 'ci', '--capacity', '12'], /amount of bytes/],
    [['--generate', 'ci', '--seed', 'x'], /Not a whole number/],
    [['--generate', 'ci', '--days', '0'], /from 1 to 3650 days/],
    [['--generate', 'ci', '--days', '1e9'], /from 1 to 3650 days/],
    [['--generate', 'ci', '--capacity', '1e308'], /amount of bytes/],
    [['--generate', 'ci', '--inodes', '0'], /at least one inode/],
    [['--generate', 'ci', '--high', '20GB'], /both be percentages or both be bytes/],
    [['--generate', 'ci', '--high', '20GB', '--low', '30GB'], /must be below --high/],
    [['--generate', 'ci', '--high', '20GB', '--low', '15GB', '--capacity', '5%'], /needs no --capacity/],
    [['--generate', 'ci', '--high', '20GB', '--low', '15GB', '--sweep-thresholds'], /tries percentages/],
    [['--generate', 'ci', '--threshold-type', 'free'], /needs --high and --low in bytes/],
    [
      ['--generate', 'ci', '--threshold-type', 'free', '--high', '20GB', '--low', '10GB'],
      /--low 10000000000B must be above --high 20000000000B/,
    ],
    [['--generate', 'ci', '--threshold-type', 'absolute'], /only type is free/],
    [['--generate', 'ci', '--keep', 're:('], /regular expression/],
    [['--generate', 'ci', '--min-age', '-1'], /expected .* seconds, such as/],
    [['--generate', 'ci', '--keep-last', 'two'], /whole number/],
    [['--trace', 'a', '--html', 'a'], /would be overwritten while it is read/],
    [['--trace', 'a', '--html', 'b', '--write-trace', 'b'], /name the same file/],
    [['--generate', 'ci', '--threshold-high', '80'], /unknown option/],
  ])('refuses %j', (argv, message) => {
    const parsed = parse(...argv);
    expect(parsed).toMatchObject({ kind: 'print', stream: 'stderr', exitCode: 2 });
    expect(parsed.kind === 'print' ? parsed.text : '').toMatch(message);
  });

  it.each([[['simulate', '--help']], [['help', 'simulate']]])('%j prints its help', (argv) => {
    const parsed = parseCommandLine(argv, {});
    expect(parsed).toMatchObject({ kind: 'print', stream: 'stdout', exitCode: 0 });
    const text = parsed.kind === 'print' ? parsed.text : '';
    expect(text).toMatch(/--sweep-thresholds/);
    // As people write them, not as they are held.
    expect(text.replace(/\s+/g, ' ')).toMatch(
      /\(default: 15%\).*\(default: 80%\).*\(default: 60%\).*\(default: none\).*\(default: 50MB\)/,
    );
    expect(text).not.toMatch(/[{}"]|50000000/);
  });

  it('takes absolute thresholds, inodes and the daemon’s protections', async () => {
    expect(parse('--generate', 'ci', '--high', '20GB', '--low', '15GiB')).toMatchObject({
      options: { high: { type: 'absolute', value: 20e9 }, low: { type: 'absolute', value: 15 * 2 ** 30 } },
    });
    await loadExpressions(['re:']);
    expect(
      parse(...'--generate ci --inodes 10% --keep base,re:x$ --min-age 120 --keep-last 2'.split(' ')),
    ).toMatchObject({
      options: {
        inodes: { kind: 'share', share: 0.1 },
        keep: [{ kind: 'glob' }, { kind: 'expression' }],
        minAge: 120,
        keepLast: 2,
      },
    });
  });

  it('is in the list of commands', () => {
    const help = parseCommandLine(['--help'], {});
    expect(help.kind === 'print' ? help.text : '').toMatch(/simulate +Replay a trace/);
  });
});
