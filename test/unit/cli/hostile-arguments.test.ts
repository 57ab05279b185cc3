/** Whatever is in arguments and environment: messages are short, name the culprit and contain no control characters. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../../src/cli/command-line.ts';
import { flagOf, settingKeys, variableOf } from '../../../src/config/settings.ts';

const atoms = [
  ...[
    '',
    '0',
    '1',
    '80',
    '80%',
    '-1',
    '1e999',
    'NaN',
    '٣',
    '40GB',
    'true',
    'images',
    '/',
    '/a\u0000b',
    'a\nb',
    '\r\n',
  ],
  ...[
    '\u001b[31m',
    '\u202e',
    '\u009b',
    '\u2028',
    '\ud800',
    '__proto__',
    're:',
    're:(a+)+',
    're:[',
    're:\u001b[',
    'sha256:',
  ],
  ...[
    '*',
    '\u001b*',
    ':8080',
    '127.0.0.1:\u001b',
    '[::1',
    'unix://',
    'unix:///x\u001b',
    'tcp://\u001b[2J:1',
    'http://u:p@h:1',
  ],
  ...[
    'x'.repeat(5000),
    `re:(${'('.repeat(3000)}`,
    '9'.repeat(400),
    '-',
    '--',
    '--\u001b[2J',
    '--no-\u202e',
    '-\u009b',
  ],
];
const value = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...atoms) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...atoms), fc.string({ unit: 'binary', maxLength: 3 }), fc.nat(20))
      .map(([atom, more, at]) => atom.slice(0, at) + more + atom.slice(at)),
  },
);
const names = [
  ...settingKeys.map(variableOf),
  'DOCKER_HOST',
  'DOCKER_TLS_VERIFY',
  'DOCKER_CERT_PATH',
  'POD_NAMESPACE',
];
const variables = fc.dictionary(
  fc.oneof(
    fc.constantFrom(...names),
    value.map((text) => `DOCKER_IMAGE_CLEANER_${text}`),
  ),
  value,
  { maxKeys: 5 },
);
const flags = [
  ...settingKeys.map(flagOf),
  '--all',
  '--delete-daemonset',
  '--wait-seconds',
  '--json',
  '--once',
  '--trace',
  '--high',
  '--capacity',
];
const argument = fc.oneof(
  fc.tuple(fc.constantFrom(...flags), value).map(([flag, text]) => [`${flag}=${text}`]),
  fc.tuple(fc.constantFrom(...flags), value).map((pair) => [...pair]),
  value.map((text) => [text]),
);
const command = fc.constantFrom('run', 'plan', 'status', 'uncordon', 'simulate', 'help', '\u001bplan');
const argv = fc.tuple(fc.option(command, { nil: undefined }), fc.array(argument, { maxLength: 3 }));

describe('a usage error', () => {
  it('is short, holds nothing hidden, and names a variable, a flag or an argument', () => {
    const counts = { refused: 0, others: 0 };
    fc.assert(
      fc.property(argv, variables, ([first, rest], env) => {
        const parsed = parseCommandLine([...(first === undefined ? [] : [first]), ...rest.flat()], env);
        if (parsed.kind !== 'print' || parsed.exitCode === 0) {
          counts.others += 1;
          return;
        }
        counts.refused += 1;
        expect(parsed.exitCode).toBe(2);
        expect(parsed.text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        for (const line of parsed.text.split('\n')) expect(line.length).toBeLessThan(4000);
        expect(parsed.text).toMatch(/DOCKER_|POD_|--|command|argument|option|trace/i);
      }),
      { numRuns: 2000 },
    );
    expect(counts.refused).toBeGreaterThan(500);
  });

  it('is one line where an argument holds a line end', () => {
    const parsed = parseCommandLine(['plan', '--x\nerror: all is well'], {});
    expect(parsed).toMatchObject({ kind: 'print', exitCode: 2 });
    expect(
      'text' in parsed ? parsed.text.split('\n').filter((line) => line.startsWith('error: all')) : undefined,
    ).toEqual([]);
  });
});
