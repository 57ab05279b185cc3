/** Values made up by the thousand: every bad one is refused by name, every good one is understood. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../../../src/cli/command-line.ts';
import { loadConfig, readSetting, type Environment } from '../../../../src/config/config.ts';
import { policies } from '../../../../src/core/policy/registry.ts';
import { flagOf, settingKeys, variableOf, type SettingKey } from '../../../../src/config/settings.ts';

/** Written so that no reading of it is a number, whatever the range. */
const notNumber = fc.oneof(
  fc.constantFrom(
    ' ',
    'NaN',
    'Infinity',
    '-Infinity',
    '1e999',
    '0x50',
    '0b1',
    '0o7',
    '1_000',
    '1,5',
    '--1',
    '.',
    '1e',
  ),
  fc.double({ min: 0.001, max: 1e12, noNaN: true }).map((number) => `-${number}`),
  fc
    .tuple(fc.nat(), fc.constantFrom('x', 'S', 'sec', ' 1', '$', '%%', ',0', '_0', '\u0660', '..'))
    .map((pair) => pair.join('')),
  fc.string({ minLength: 1 }).map((text) => `#${text}`),
);

function outside(words: readonly string[]): fc.Arbitrary<string> {
  return fc
    .oneof(
      fc.string({ minLength: 1 }),
      fc.constantFrom(...words).map((word) => `${word}x`),
    )
    .filter((text) => !words.includes(text.trim().toLowerCase()));
}

function outOfRange(min: number, max: number): fc.Arbitrary<string> {
  const above = fc.double({ min: max, minExcluded: true, max: 1e300, noNaN: true });
  if (min === 0) return above.map(String);
  return fc.oneof(above, fc.double({ min: 0, max: min, maxExcluded: true, noNaN: true })).map(String);
}

const badPercent = fc.oneof(
  notNumber,
  fc.constantFrom('0', '0%', '0.0', '40GB'),
  outOfRange(0, 100),
  outOfRange(0, 100).map((text) => `${text}%`),
);
const badBytes = fc.oneof(
  notNumber,
  fc.double({ min: 0, max: 1e9, maxExcluded: true, noNaN: true }).map(String),
  fc
    .tuple(fc.nat(), fc.constantFrom('XB', 'iB', 'GBB', 'GiBi', '%', 'GB/s', 'ZB'))
    .map((pair) => pair.join('')),
  fc.integer({ min: 9, max: 1e6 }).map((number) => `${number}EiB`),
);
const words = {
  policy: policies.map(({ name }) => name),
  cordonMode: ['cordon', 'taint', 'none'],
  runtime: ['docker', 'cri', 'auto'],
  thresholdType: ['relative', 'absolute', 'free'],
  logFormat: ['text', 'json', 'auto'],
  logLevel: ['trace', 'debug', 'info', 'warn', 'error'],
  dryRun: ['true', 'false', '1', '0', 'yes', 'no', 'on', 'off'],
};

const notEndpoint = fc.oneof(
  fc.string({ minLength: 1 }).filter((text) => !text.trim().startsWith('unix:///')),
  fc.constantFrom(
    '/run/containerd/containerd.sock',
    'unix://run/x.sock',
    'tcp://127.0.0.1:1',
    `unix:///${'x'.repeat(200)}`,
  ),
);

interface Bad {
  readonly key: SettingKey;
  readonly text: string;
  /** What else must be set for the value to be judged as it is meant. */
  readonly besides: Environment;
}

function bad(key: SettingKey, texts: fc.Arbitrary<string>, besides: Environment = {}): fc.Arbitrary<Bad> {
  return texts.map((text) => ({ key, text, besides }));
}

const absolute = { [variableOf('thresholdType')]: 'absolute' };
const badSetting: fc.Arbitrary<Bad> = fc.oneof(
  bad(
    'nodeName',
    fc.string().map((text) => `_${text}`),
  ),
  bad('policy', outside(words.policy)),
  bad('cordonMode', outside(words.cordonMode)),
  bad('runtime', outside(words.runtime)),
  bad('runtimeEndpoint', notEndpoint),
  bad('maxCordonSeconds', fc.oneof(notNumber, outOfRange(1, 2_147_483))),
  bad('maxCordonedNodes', fc.oneof(notNumber, fc.integer({ min: 10_001 }).map(String), fc.constant('1.5'))),
  bad('maxDeletionsPerSweep', fc.oneof(notNumber, fc.constantFrom('0', '-1', '1.5', '100001', '1e3'))),
  bad('maxFreedPerHour', badBytes),
  bad('thresholdCritical', badPercent),
  bad('softThreshold', badPercent),
  bad('softThreshold', fc.double({ min: 80, max: 100, noNaN: true }).map(String)),
  bad('quietSeconds', fc.oneof(notNumber, outOfRange(0, 86_400))),
  bad('thresholdCritical', fc.double({ min: 0.1, max: 79.9, noNaN: true }).map(String)),
  bad(
    'pathToCheck',
    fc.string({ minLength: 1 }).filter((text) => !text.startsWith('/')),
  ),
  bad('intervalSeconds', fc.oneof(notNumber, outOfRange(1, 2_147_483))),
  bad('delaySeconds', fc.oneof(notNumber, outOfRange(0, 86_400))),
  bad('timeoutSeconds', fc.oneof(notNumber, outOfRange(1, 86_400))),
  bad('thresholdType', outside(words.thresholdType)),
  bad('logFormat', outside(words.logFormat)),
  bad('logLevel', outside(words.logLevel)),
  bad('dryRun', outside(words.dryRun)),
  bad('thresholdHigh', badPercent),
  bad('thresholdLow', badPercent),
  bad('thresholdLow', fc.double({ min: 80, max: 100, noNaN: true }).map(String)),
  bad('thresholdHigh', badBytes, absolute),
  bad('thresholdLow', badBytes, { ...absolute, [variableOf('thresholdHigh')]: '40GB' }),
);

describe('bad values', () => {
  it('are refused in the environment, naming the variable, with exit status 2', () => {
    fc.assert(
      fc.property(badSetting, ({ key, text, besides }) => {
        const env = { ...besides, [variableOf(key)]: text };
        const loaded = loadConfig(env);
        expect(loaded.ok ? [] : loaded.problems).toEqual([
          expect.stringMatching(new RegExp(`^${variableOf(key)}=".*": [^\\r\\n]+$`)),
        ]);
        const parsed = parseCommandLine(['run', '--once'], env);
        expect(parsed).toMatchObject({ kind: 'print', stream: 'stderr', exitCode: 2 });
        expect(parsed.kind === 'print' && parsed.text).toMatch(
          new RegExp(`^error: ${variableOf(key)}=.*\\n$`),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('are refused as flags, naming the flag, with exit status 2', () => {
    fc.assert(
      fc.property(badSetting, ({ key, text, besides }) => {
        const parsed = parseCommandLine(['plan', `${flagOf(key)}=${text}`], besides);
        expect(parsed).toMatchObject({ kind: 'print', stream: 'stderr', exitCode: 2 });
        expect(parsed.kind === 'print' && parsed.text).toContain(flagOf(key));
      }),
      { numRuns: 1000 },
    );
  });

  it('are all named when several are given', () => {
    fc.assert(
      fc.property(fc.uniqueArray(badSetting, { selector: (each) => each.key, maxLength: 8 }), (list) => {
        // Thresholds are judged by their type, so a list with one of them is about the others.
        const independent = list.filter(({ key }) => !key.startsWith('threshold'));
        const env = Object.fromEntries(independent.map(({ key, text }) => [variableOf(key), text]));
        const loaded = loadConfig(env);
        const named = (loaded.ok ? [] : loaded.problems).map((problem) => problem.split('=')[0]);
        expect(named.sort()).toEqual(Object.keys(env).sort());
      }),
    );
  });
});

describe('good values', () => {
  const duration = (min: number, max: number): fc.Arbitrary<number> =>
    fc.oneof(fc.integer({ min, max }), fc.double({ min, max, noNaN: true }));

  it('survive a round trip, by variable and by flag', () => {
    const values = fc.record({
      pathToCheck: fc.string().map((text) => `/${text.replaceAll('\0', '')}`),
      intervalSeconds: duration(1, 2_147_483),
      delaySeconds: duration(0, 86_400).map(Math.abs),
      timeoutSeconds: duration(1, 86_400),
      dryRun: fc.boolean(),
      logFormat: fc.constantFrom(...words.logFormat),
      logLevel: fc.constantFrom(...words.logLevel),
      thresholdHigh: fc.double({ min: 1, max: 100, noNaN: true }),
    });
    fc.assert(
      fc.property(values, ({ thresholdHigh: high, ...rest }) => {
        const keys = [...(Object.keys(rest) as (keyof typeof rest)[]), 'thresholdHigh'] as const;
        const text = (key: (typeof keys)[number]): string =>
          String(key === 'thresholdHigh' ? high : rest[key]);
        const env = Object.fromEntries(keys.map((key) => [variableOf(key), text(key)]));
        const argv = keys.map((key) => `${flagOf(key)}=${text(key)}`);
        const config = { ...rest, thresholds: { type: 'relative', high, low: high * 0.75 } };
        expect(loadConfig(env)).toMatchObject({ ok: true, config });
        expect(parseCommandLine(argv, {})).toMatchObject({ kind: 'run', config });
      }),
    );
  });

  it('are durations with units wherever a setting is a number of seconds', () => {
    const keys = settingKeys.filter((key) => key.endsWith('Seconds'));
    expect(keys.length).toBeGreaterThan(5);
    for (const key of keys) {
      const read = (text: string): unknown => readSetting(key, {}, { [key]: text });
      expect(read('1h')).toEqual(read('3600'));
      expect(read('1h')).toEqual({ ok: true, value: 3600 });
    }
  });

  it('never leave LOW at or above HIGH', () => {
    const number = fc.oneof(fc.double({ min: 0, max: 120, noNaN: true }), fc.integer({ min: 0, max: 100 }));
    const text = fc.oneof(
      fc.constant(''),
      number.map(String),
      number.map((value) => `${value}%`),
      fc.tuple(number, fc.constantFrom('B', 'MB', 'MiB', 'GB', 'GiB', 'TB')).map((pair) => pair.join('')),
      number.map((value) => String(value * 1e9)),
    );
    let acceptedCount = 0;
    fc.assert(
      fc.property(text, text, fc.constantFrom('', ...words.thresholdType), (high, low, type) => {
        const loaded = loadConfig({
          [variableOf('thresholdHigh')]: high,
          [variableOf('thresholdLow')]: low,
          [variableOf('thresholdType')]: type,
        });
        if (!loaded.ok) return;
        acceptedCount++;
        const { thresholds } = loaded.config;
        expect(thresholds.low).toBeGreaterThan(0);
        // Of free bytes the fuller disk has fewer.
        if (type === 'free') expect(thresholds.low).toBeGreaterThan(thresholds.high);
        else expect(thresholds.low).toBeLessThan(thresholds.high);
        expect(thresholds.type).toBe(type === '' ? 'relative' : type);
      }),
      { numRuns: 2000 },
    );
    expect(acceptedCount).toBeGreaterThan(100);
  });
});
