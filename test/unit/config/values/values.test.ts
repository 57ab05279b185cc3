import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { longestSeconds, parseDuration, seconds } from '../../../../src/config/values/durations.ts';
import { parseBytes, parsePercent } from '../../../../src/config/values/quantities.ts';
import {
  absolutePath,
  accepted,
  choice,
  decimalNumber,
  hostNames,
  onOff,
} from '../../../../src/config/values/values.ts';

const notNumbers = [
  ' ',
  'NaN',
  'Infinity',
  '-Infinity',
  '1e999',
  '0x50',
  '0b1',
  '1_000',
  '1,5',
  '1.5.2',
  '-1',
  '--1',
  '1e',
  'e3',
  '.',
  '+',
  '8 0',
  'ten',
  '１０',
];

describe('percentages', () => {
  test.each([
    ['80', 80],
    ['80.5', 80.5],
    ['80%', 80],
    ['80%', 80],
    [' 80 ', 80],
    ['8e1', 80],
    ['100', 100],
    ['0.001', 0.001],
    ['.5', 0.5],
    ['+80', 80],
  ])('takes %j for %d', (text, value) => {
    expect(parsePercent(text)).toEqual(accepted(value));
  });

  test.each([
    ...notNumbers,
    '5s',
    '5m',
    '0',
    '0%',
    '100.1',
    '101',
    '80%%',
    '%',
    '%80',
    '40GB',
    '40e9',
    '1e-999',
  ])('refuses %j', (text) => {
    expect(parsePercent(text).ok).toBe(false);
  });
});

describe('bytes', () => {
  test.each([
    ['40000000000', 40e9],
    ['40e9', 40e9],
    ['4e+10', 4e10],
    ['1e9', 1e9],
    ['40GB', 40e9],
    ['40 GB', 40e9],
    ['40gb', 40e9],
    ['40G', 40e9],
    ['37.5GiB', 37.5 * 2 ** 30],
    ['37.5gi', 37.5 * 2 ** 30],
    ['4e1GB', 40e9],
    ['500MB', 5e8],
    ['100B', 100],
    ['8EiB', 2 ** 63],
    ['1kB', 1e3],
    ['1KiB', 2 ** 10],
    ['1MiB', 2 ** 20],
    ['1TB', 1e12],
    ['1TiB', 2 ** 40],
    ['1PB', 1e15],
    ['1PiB', 2 ** 50],
    ['1EB', 1e18],
    ['1EiB', 2 ** 60],
  ])('takes %j for %d', (text, value) => {
    expect(parseBytes(text)).toEqual(accepted(value));
  });

  test.each([
    ...notNumbers,
    '5s',
    '80',
    '80%',
    '999999999',
    '0',
    '0GB',
    '0.1B',
    '9EiB',
    '1e30',
    '40XB',
    '40iB',
    '40Gib Gib',
    '40GBB',
    'GB',
    '1e3e9',
  ])('refuses %j', (text) => {
    expect(parseBytes(text).ok).toBe(false);
  });

  it('explains a bare number that looks like a percentage', () => {
    const reasonFor = (text: string): string => {
      const parsed = parseBytes(text);
      return parsed.ok ? '' : parsed.reason;
    };
    expect(reasonFor('80')).toMatch(/percentage.*40e9.*relative/);
    expect(reasonFor('40000')).toContain('40000MB');
  });

  it('reads every unit in every spelling as its power', () => {
    const spelling = fc.record({
      power: fc.integer({ min: 1, max: 4 }),
      binary: fc.boolean(),
      suffix: fc.constantFrom('', 'b', 'B'),
      space: fc.constantFrom('', ' '),
      upper: fc.boolean(),
      number: fc.integer({ min: 1, max: 8000 }),
    });
    fc.assert(
      fc.property(spelling, ({ power, binary, suffix, space, upper, number }) => {
        const prefix = 'kmgt'[power - 1] ?? '';
        const unit = (upper ? prefix.toUpperCase() : prefix) + (binary ? 'i' : '') + suffix;
        const value = number * (binary ? 1024 : 1000) ** power;
        expect(parseBytes(`${number}${space}${unit}`)).toEqual(accepted(value));
      }),
    );
  });
});

it('a number too large for a double is refused, whatever the range', () => {
  expect(decimalNumber('1e308')).toBe(1e308);
  expect(decimalNumber('1e309')).toBeUndefined();
});

describe('seconds', () => {
  test.each([
    ['300', 300],
    ['0.5', 0.5],
    ['3e2', 300],
    [' 5 ', 5],
    ['0', 0],
    [String(longestSeconds), longestSeconds],
    ['90s', 90],
    ['5m', 300],
    ['12h', 43_200],
    ['7d', 604_800],
    ['2w', 1_209_600],
    ['500ms', 0.5],
    ['1.5h', 5400],
    ['1h30m', 5400],
    ['1d12h', 129_600],
    [' 5m ', 300],
    ['0s', 0],
  ])('takes %j for %d', (text, value) => {
    expect(seconds(0, longestSeconds).parse(text)).toEqual(accepted(value));
  });

  test.each([
    ...notNumbers,
    ...['0', '0.5', '61', '2147484', '2m', '61s', '1d', '500ms', '0s'],
    ...[
      '5M',
      '5 m',
      '5min',
      'm',
      '30m1h',
      '1m1m',
      '1m30',
      '-5s',
      '+5s',
      '1e1s',
      '5,5s',
      '.5m',
      '5sec',
      '1h 30m',
    ],
  ])('refuses %j from 1 to 60', (text) => {
    expect(seconds(1, 60).parse(text).ok).toBe(false);
  });

  it('adds up every unit that is named, the largest first', () => {
    const unit = fc.option(fc.nat({ max: 1000 }), { nil: undefined });
    const duration = fc.record({ w: unit, d: unit, h: unit, m: unit, s: unit });
    const inSeconds = { w: 604_800, d: 86_400, h: 3_600, m: 60, s: 1 };
    fc.assert(
      fc.property(duration, (given) => {
        const named = Object.entries(given).filter(([, value]) => value !== undefined);
        fc.pre(named.length > 0);
        const text = named.map(([name, value]) => `${value ?? 0}${name}`).join('');
        const sum = named.reduce(
          (total, [name, value]) => total + (value ?? 0) * inSeconds[name as keyof typeof inSeconds],
          0,
        );
        expect(parseDuration(text)).toBe(sum);
      }),
    );
  });

  it('takes a number too long to be one for no duration', () => {
    expect(parseDuration(`${'9'.repeat(400)}d`)).toBeUndefined();
  });

  it('never allows a time that overflows a timer', () => {
    expect(longestSeconds * 1000).toBeLessThan(2 ** 31);
    expect(seconds(0, longestSeconds).parse(String(longestSeconds + 1)).ok).toBe(false);
  });
});

describe('switches', () => {
  test.each(['true', '1', 'yes', 'on', 'TRUE', 'On', ' yes '])('takes %j for yes', (text) => {
    expect(onOff().parse(text)).toEqual(accepted(true));
  });
  test.each(['false', '0', 'no', 'off', 'False', 'NO'])('takes %j for no', (text) => {
    expect(onOff().parse(text)).toEqual(accepted(false));
  });
  test.each(['y', 'n', '2', 'enabled', 'tru', ' ', '10', 'null'])('refuses %j', (text) => {
    expect(onOff().parse(text).ok).toBe(false);
  });
});

describe('words and paths', () => {
  it('takes a word in any case', () => {
    expect(choice('relative', 'absolute').parse('Absolute')).toEqual(accepted('absolute'));
  });
  test.each(['rel', 'relativ', 'relative,absolute', 'toString', '__proto__'])(
    'refuses the word %j',
    (text) => {
      expect(choice('relative', 'absolute').parse(text).ok).toBe(false);
    },
  );
  it('keeps an absolute path as it is, spaces and all', () => {
    expect(absolutePath().parse('/var/lib/a b ')).toEqual(accepted('/var/lib/a b '));
  });
  test.each(['var/lib/docker', './x', '~/x', ' /x', 'C:\\x', '/a\0b'])('refuses the path %j', (text) => {
    expect(absolutePath().parse(text).ok).toBe(false);
  });
});

describe('host names', () => {
  it.each([
    ['nas.lan', ['nas.lan']],
    ['NAS.lan, *.ts.net', ['nas.lan', '*.ts.net']],
    ['cleaner.example.org  x', ['cleaner.example.org', 'x']],
  ])('%j', (text, value) => {
    expect(hostNames().parse(text)).toEqual({ ok: true, value });
  });

  it.each([
    ['*', 'any site could read the page'],
    ['https://nas.lan/', '(did you mean nas.lan?)'],
    ['nas.lan:8080', '(did you mean nas.lan?)'],
    ['*lan', 'expected host names'],
    ['a..b', 'expected host names'],
    ['-a.b', 'expected host names'],
  ])('%j is refused', (text, words) => {
    const parsed = hostNames().parse(text);
    expect(parsed.ok ? '' : parsed.reason).toContain(words);
  });
});
