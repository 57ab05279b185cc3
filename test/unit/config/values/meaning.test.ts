import { describe, expect, it, test } from 'vitest';
import { parseCommandLine } from '../../../../src/cli/command-line.ts';
import { commands } from '../../../../src/cli/command-table.ts';
import { meantCommand } from '../../../../src/config/values/meaning.ts';

const known = Object.keys(commands);

function said(...argv: readonly string[]): string {
  const parsed = parseCommandLine(argv, {});
  if (parsed.kind !== 'print') throw new Error(`expected text, got the command ${parsed.kind}`);
  return parsed.text;
}

describe('a word that is not a command', () => {
  test.each([
    ['version', '--version'],
    ['Version', '--version'],
    ['ls', 'status'],
    ['images', 'status'],
    ['df', 'status'],
    ['preview', 'plan'],
    ['dry-run', 'plan'],
    ['health', 'healthcheck'],
    ['start', 'run'],
    ['watch', 'status --watch'],
    ['plam', 'plan'],
    ['stauts', 'status'],
    ['uncodron', 'uncordon'],
  ])('%s means %s', (word, meant) => {
    expect(said(word)).toContain(`(did you mean ${meant}?)`);
  });

  it('that other programs delete with means the command that deletes here', () => {
    expect(meantCommand('prune', ['run', 'plan'])).toBe('run --once');
    expect(meantCommand('prune', ['run', 'plan', 'clean'])).toBe('clean');
  });

  test.each(['xyzzy', 'kubernetes', '', '__proto__', 'constructor', 'a'])(
    '%j means nothing: no guess',
    (word) => {
      expect(meantCommand(word, known)).toBeUndefined();
    },
  );
});

describe('a flag that is none', () => {
  test.each([
    [['-v'], '--version, or --log-level debug'],
    [['--verbose'], '--log-level debug'],
    [['plan', '--limit=3'], '--top'],
    [['status', '-f'], '--watch'],
    [['-n'], '--dry-run'],
    [['--exclude', 'x'], '--keep'],
  ])('%j', (argv, meant) => {
    expect(said(...argv)).toMatch(`(did you mean ${meant}?)\n`);
  });

  it('that is misspelt is still the parser’s to guess', () => {
    expect(said('--treshold-high', '80')).toContain('--threshold-high');
  });
});

describe('how much is listed', () => {
  test.each([
    [['plan', '--top', '0'], '--top="0": expected a number of rows, 1 or more'],
    [['plan', '--top', 'all'], '--top="all": expected a number'],
    [['status', '--top', '3', '--all'], '--top and --all cannot be used together'],
    [
      ['status', '--sort', 'siez'],
      '--sort="siez": expected size, unique, shared, age, name (did you mean size?)',
    ],
    [['plan', '--json', '--all'], '--json has everything already'],
  ])('%j is bad usage', (argv, words) => {
    expect(said(...argv)).toContain(words);
  });

  it('is handed to the command', () => {
    expect(parseCommandLine(['status', '--sort', 'age', '--top', '7'], {})).toMatchObject({
      kind: 'status',
      output: { top: 7, sort: 'age', all: false },
    });
    expect(parseCommandLine(['plan', '--all'], {})).toMatchObject({
      kind: 'plan',
      output: { top: undefined, sort: 'order', all: true },
    });
  });
});
