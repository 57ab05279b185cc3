import { describe, expect, it, test } from 'vitest';
import { imagesOnly } from '../../../src/core/eligible/cache-and-containers.ts';
import { loadConfig, type Environment, type Flags, type LoadedConfig } from '../../../src/config/config.ts';
import { settingKeys, settings, variableOf, flagOf } from '../../../src/config/settings.ts';

const prefix = 'DOCKER_IMAGE_CLEANER_';

/** The environment with our prefix put before each name. */
function ours(values: Readonly<Record<string, string>>): Environment {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}

function configOf(env: Environment, flags: Flags = {}): LoadedConfig {
  const result = loadConfig(env, flags);
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.config;
}

function problemsOf(env: Environment, flags: Flags = {}): readonly string[] {
  const result = loadConfig(env, flags);
  return result.ok ? [] : result.problems;
}

describe('names and defaults', () => {
  it('has the original tool’s names and defaults with an empty environment', () => {
    expect(configOf({})).toEqual({
      nodeName: undefined,
      policy: 'biggest',
      clean: imagesOnly,
      protections: { keep: [], keepLabel: 'on', minAgeSeconds: 120, keepLast: 0 },
      cordonMode: 'cordon',
      maxCordonSeconds: 900,
      maxCordonedNodes: 0,
      maxUnusedSeconds: 0,
      maxDeletionsPerSweep: 100_000,
      maxFreedPerHour: undefined,
      criticalLevel: 95,
      softLevel: undefined,
      sweepOtherFilesystem: false,
      quietSeconds: 120,
      // By the engine that is found: test/unit/engine/connect/detect.test.ts.
      runtime: 'auto',
      runtimeEndpoint: undefined,
      pathToCheck: undefined,
      intervalSeconds: 300,
      watchSeconds: 5,
      delaySeconds: 1,
      thresholds: { type: 'relative', high: 80, low: 60 },
      timeoutSeconds: 300,
      dryRun: false,
      logFormat: 'auto',
      logLevel: 'info',
      httpAllowedHosts: [],
      notifyFormat: 'json',
      engine: { kind: 'unix', path: '/var/run/docker.sock' },
      engineNamedBy: undefined,
    });
    expect(settingKeys.map(variableOf).sort()).toEqual(
      [
        'CLEAN',
        'CONFIG',
        'CORDON_MODE',
        'DELAY_SECONDS',
        'DRY_RUN',
        'HOST_RUN',
        'HTTP_ADDRESS',
        'HTTP_ALLOWED_HOSTS',
        'HTTP_TOKEN_FILE',
        'INTERVAL_SECONDS',
        'KEEP',
        'KEEP_FILE',
        'KEEP_LABEL',
        'KEEP_LAST',
        'LOG_FORMAT',
        'LOG_LEVEL',
        'MAX_CORDONED_NODES',
        'MAX_CORDON_SECONDS',
        'MAX_DELETIONS_PER_SWEEP',
        'MAX_FREED_PER_HOUR',
        'MAX_UNUSED_SECONDS',
        'MIN_AGE_SECONDS',
        'NODE_NAME',
        'NOTIFY_FORMAT',
        'NOTIFY_URL',
        'PATH_TO_CHECK',
        'POLICY',
        'PROBE_ADDRESS',
        'QUIET_SECONDS',
        'RECORD_TRACE',
        'RUNTIME',
        'RUNTIME_ENDPOINT',
        'SOFT_THRESHOLD',
        'STATE_FILE',
        'STOPPED_CONTAINER_AGE_SECONDS',
        'SWEEP_OTHER_FILESYSTEM',
        'THRESHOLD_CRITICAL',
        'THRESHOLD_HIGH',
        'THRESHOLD_LOW',
        'THRESHOLD_TYPE',
        'TIMEOUT_SECONDS',
        'WATCH_SECONDS',
        'WINDOW',
      ].map((name) => prefix + name),
    );
    expect(flagOf('thresholdHigh')).toBe('--threshold-high');
  });

  it('takes the longest time unused as a duration, refuses anything else, and warns that without a state file it begins again', () => {
    const kept = { MAX_UNUSED_SECONDS: '30d', STATE_FILE: '/var/lib/cleaner/state.json' };
    expect(configOf(ours(kept)).maxUnusedSeconds).toBe(2_592_000);
    expect(loadConfig(ours(kept)).warnings).toEqual([]);
    const forgetful = loadConfig(ours({ MAX_UNUSED_SECONDS: '30d' }));
    expect(forgetful.warnings.join()).toMatch(/MAX_UNUSED_SECONDS without .*STATE_FILE/);
    for (const bad of ['-1', 'often', '11y', '400000000'])
      expect(loadConfig(ours({ MAX_UNUSED_SECONDS: bad })).ok, bad).toBe(false);
  });

  it('reads every setting from the environment', () => {
    const env = ours({
      PATH_TO_CHECK: '/data',
      RUNTIME: 'CRI',
      RUNTIME_ENDPOINT: 'unix:///run/other.sock',
      INTERVAL_SECONDS: '60',
      WATCH_SECONDS: '7',
      DELAY_SECONDS: '0',
      THRESHOLD_TYPE: 'absolute',
      THRESHOLD_HIGH: '4e+10',
      THRESHOLD_LOW: '10e9',
      TIMEOUT_SECONDS: '30',
      DRY_RUN: 'yes',
      MAX_DELETIONS_PER_SWEEP: '20',
      MAX_FREED_PER_HOUR: '50GB',
      LOG_FORMAT: 'json',
      LOG_LEVEL: 'debug',
    });
    expect(configOf({ ...env, DOCKER_HOST: 'tcp://engine' })).toEqual({
      nodeName: undefined,
      policy: 'biggest',
      clean: imagesOnly,
      protections: { keep: [], keepLabel: 'on', minAgeSeconds: 120, keepLast: 0 },
      cordonMode: 'cordon',
      maxCordonSeconds: 900,
      maxCordonedNodes: 0,
      maxUnusedSeconds: 0,
      maxDeletionsPerSweep: 20,
      maxFreedPerHour: 50e9,
      criticalLevel: undefined,
      softLevel: undefined,
      sweepOtherFilesystem: false,
      quietSeconds: 120,
      pathToCheck: '/data',
      runtime: 'cri',
      runtimeEndpoint: '/run/other.sock',
      intervalSeconds: 60,
      watchSeconds: 7,
      delaySeconds: 0,
      thresholds: { type: 'absolute', high: 40e9, low: 10e9 },
      timeoutSeconds: 30,
      dryRun: true,
      logFormat: 'json',
      httpAllowedHosts: [],
      notifyFormat: 'json',
      logLevel: 'debug',
      engine: { kind: 'tcp', host: 'engine', port: 2375, tls: undefined },
      engineNamedBy: 'DOCKER_HOST',
    });
  });

  it('hands on what people protect, and the order and age that they ask for', () => {
    const config = configOf(
      ours({
        KEEP: 'ubuntu, sha256:0123456789ab',
        MIN_AGE_SECONDS: '120',
        KEEP_LAST: '3',
        POLICY: 'reclaimable',
        STOPPED_CONTAINER_AGE_SECONDS: '60',
      }),
    );
    expect(config.protections).toMatchObject({ minAgeSeconds: 120, keepLast: 3 });
    expect(config.protections.keep.map(({ text }) => text)).toEqual(['ubuntu', 'sha256:0123456789ab']);
    expect(config.policy).toBe('reclaimable');
    expect(config.clean.stoppedContainerAgeSeconds).toBe(60);
  });

  it.each([
    ['images', ['images']],
    ['Build-Cache, images', ['images', 'build-cache']],
    ['stopped-containers,', ['stopped-containers']],
  ])('reads CLEAN=%s', (text, expected) => {
    const { clean } = configOf(ours({ CLEAN: text }));
    const named = {
      images: clean.images,
      'build-cache': clean.buildCache,
      'stopped-containers': clean.stoppedContainers,
    };
    expect(Object.keys(named).filter((name) => named[name as keyof typeof named])).toEqual(expected);
  });

  it.each(['everything', 'images volumes', ','])('refuses CLEAN=%s', (text) => {
    expect(settings.clean.kind.parse(text).ok).toBe(false);
  });

  it('gives every setting a default that its own parser would take', () => {
    for (const key of settingKeys) {
      const { kind, default: value } = settings[key];
      // Lists are written with commas.
      const text = Array.isArray(value) ? value.join(',') : `${value as string | number | boolean}`;
      if (value !== undefined) expect([key, kind.parse(text)]).toEqual([key, { ok: true, value }]);
    }
  });
});

describe('the source of a value', () => {
  it('lets a flag win over its variable', () => {
    expect(configOf(ours({ INTERVAL_SECONDS: '60' }), { intervalSeconds: '90' }).intervalSeconds).toBe(90);
    expect(configOf(ours({ DRY_RUN: 'true' }), { dryRun: 'false' }).dryRun).toBe(false);
  });

  it('does not judge a variable that a flag overrides', () => {
    expect(configOf(ours({ INTERVAL_SECONDS: 'soon' }), { intervalSeconds: '90' }).intervalSeconds).toBe(90);
  });

  it('takes an empty string for unset, in every variable and flag', () => {
    const empty = Object.fromEntries(
      [...settingKeys.map(variableOf), 'DOCKER_HOST', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH'].map((name) => [
        name,
        '',
      ]),
    );
    expect(loadConfig(empty)).toEqual(loadConfig({}));
    expect(configOf(ours({ INTERVAL_SECONDS: '60' }), { intervalSeconds: '' }).intervalSeconds).toBe(60);
  });

  it('names the flag when the flag is bad and the variable when the variable is', () => {
    expect(problemsOf({}, { intervalSeconds: 'soon' })).toEqual([
      '--interval-seconds="soon": expected 1 to 2147483 seconds, such as 300, 90s, 12h or 7d',
    ]);
    expect(problemsOf(ours({ INTERVAL_SECONDS: 'soon' }))).toEqual([
      'DOCKER_IMAGE_CLEANER_INTERVAL_SECONDS="soon": expected 1 to 2147483 seconds, such as 300, 90s, 12h or 7d',
    ]);
  });
});

describe('thresholds', () => {
  test.each([
    [{ THRESHOLD_HIGH: '90' }, { type: 'relative', high: 90, low: 67.5 }],
    [{ THRESHOLD_HIGH: '80%' }, { type: 'relative', high: 80, low: 60 }],
    [{ THRESHOLD_LOW: '70' }, { type: 'relative', high: 80, low: 70 }],
    [
      { THRESHOLD_HIGH: '50', THRESHOLD_LOW: '49.9' },
      { type: 'relative', high: 50, low: 49.9 },
    ],
    [
      { THRESHOLD_TYPE: 'absolute', THRESHOLD_HIGH: '40GB' },
      { type: 'absolute', high: 40e9, low: 30e9 },
    ],
    [
      { THRESHOLD_TYPE: 'free', THRESHOLD_HIGH: '30GB' },
      { type: 'free', high: 30e9, low: 40e9 },
    ],
    [
      { THRESHOLD_TYPE: 'free', THRESHOLD_HIGH: '20GB', THRESHOLD_LOW: '50GB' },
      { type: 'free', high: 20e9, low: 50e9 },
    ],
    [
      { THRESHOLD_TYPE: 'absolute', THRESHOLD_HIGH: '40e9', THRESHOLD_LOW: '500MB' },
      { type: 'absolute', high: 40e9, low: 5e8 },
    ],
  ])('takes %j', (env, thresholds) => {
    expect(configOf(ours(env)).thresholds).toEqual(thresholds);
  });

  test.each([
    [{ THRESHOLD_HIGH: '60', THRESHOLD_LOW: '60' }, 'THRESHOLD_LOW="60"', 'less than the high threshold'],
    [{ THRESHOLD_HIGH: '60', THRESHOLD_LOW: '70' }, 'THRESHOLD_LOW="70"', 'THRESHOLD_HIGH=60'],
    [{ THRESHOLD_LOW: '85' }, 'THRESHOLD_LOW="85"', '80, the default'],
    [{ THRESHOLD_LOW: '80' }, 'THRESHOLD_LOW="80"', '80, the default'],
    [{ THRESHOLD_TYPE: 'absolute' }, 'THRESHOLD_HIGH is not set', 'absolute'],
    [{ THRESHOLD_TYPE: 'absolute', THRESHOLD_LOW: '10GB' }, 'THRESHOLD_HIGH is not set', 'absolute'],
    [{ THRESHOLD_TYPE: 'free' }, 'THRESHOLD_HIGH is not set', 'in free mode it must be set'],
    [
      { THRESHOLD_TYPE: 'free', THRESHOLD_HIGH: '20GB', THRESHOLD_LOW: '20GB' },
      'THRESHOLD_LOW="20GB"',
      'expected more than the high threshold',
    ],
    [{ THRESHOLD_TYPE: 'free', THRESHOLD_HIGH: '80%' }, 'THRESHOLD_HIGH="80%"', 'expected bytes'],
    [
      { THRESHOLD_TYPE: 'free', THRESHOLD_HIGH: '20GB', THRESHOLD_CRITICAL: '30GB' },
      'THRESHOLD_CRITICAL="30GB"',
      'or less',
    ],
    [
      { THRESHOLD_TYPE: 'free', THRESHOLD_HIGH: '20GB', SOFT_THRESHOLD: '50GB', THRESHOLD_LOW: '40GB' },
      'SOFT_THRESHOLD="50GB"',
      'at most the low threshold',
    ],
    [{ THRESHOLD_TYPE: 'absolute', THRESHOLD_HIGH: '80' }, 'THRESHOLD_HIGH="80"', 'percentage'],
    [{ THRESHOLD_HIGH: '40GB' }, 'THRESHOLD_HIGH="40GB"', 'threshold type to absolute'],
    [{ THRESHOLD_HIGH: '0' }, 'THRESHOLD_HIGH="0"', 'above 0'],
    [{ THRESHOLD_HIGH: '5e-324' }, 'THRESHOLD_HIGH="5e-324"', 'too small'],
  ])('refuses %j', (env, named, reason) => {
    const problems = problemsOf(ours(env));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${prefix}`));
    expect(problems[0]).toContain(named);
    expect(problems[0]).toContain(reason);
  });

  it('compares a flag with a variable', () => {
    expect(problemsOf(ours({ THRESHOLD_HIGH: '50' }), { thresholdLow: '55' })).toEqual([
      '--threshold-low="55": expected less than the high threshold (DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH=50)',
    ]);
  });

  it('judges thresholds by both syntaxes while their type is refused', () => {
    expect(problemsOf(ours({ THRESHOLD_TYPE: 'total', THRESHOLD_HIGH: '40GB' }))).toHaveLength(1);
    expect(problemsOf(ours({ THRESHOLD_TYPE: 'total', THRESHOLD_HIGH: 'much' }))).toHaveLength(2);
  });

  it('warns of a fraction where a percentage is meant', () => {
    const result = loadConfig(ours({ THRESHOLD_HIGH: '0.8' }));
    expect(result.ok).toBe(true);
    expect(result.warnings).toEqual([expect.stringContaining('THRESHOLD_HIGH="0.8"')]);
    expect(result.warnings).toEqual([expect.stringContaining('write 80 ')]);
  });
});

describe('problems', () => {
  it('reports all of them together, one line each', () => {
    const env = ours({
      NODE_NAME: 'Node_1',
      POLICY: 'best',
      CORDON_MODE: 'drain',
      MAX_CORDON_SECONDS: '0',
      MAX_CORDONED_NODES: '-1',
      PATH_TO_CHECK: 'var',
      INTERVAL_SECONDS: '0',
      DELAY_SECONDS: '-1',
      THRESHOLD_TYPE: 'relative',
      THRESHOLD_HIGH: '101',
      THRESHOLD_LOW: 'x\ny',
      TIMEOUT_SECONDS: 'NaN',
      DRY_RUN: 'perhaps',
      LOG_FORMAT: 'xml',
      LOG_LEVEL: 'loud',
    });
    const problems = problemsOf({ ...env, DOCKER_HOST: 'npipe://host' });
    const named = [...Object.keys(env).filter((name) => name !== `${prefix}THRESHOLD_TYPE`), 'DOCKER_HOST'];
    expect(problems.map((problem) => problem.split('=')[0]).sort()).toEqual(named.sort());
    for (const problem of problems) expect(problem).not.toMatch(/[\r\n]/);
  });

  it('takes only names that nodes can have', () => {
    expect(configOf(ours({ NODE_NAME: 'node-1.example' })).nodeName).toBe('node-1.example');
    expect(problemsOf(ours({ NODE_NAME: 'Node_1' }))).toEqual([
      'DOCKER_IMAGE_CLEANER_NODE_NAME="Node_1": expected a Kubernetes node name: lower-case letters, digits, "-" and ".", 253 characters at most',
    ]);
  });

  it('is critical at 95% or the high threshold, in absolute mode only when set, never below high', () => {
    expect(configOf(ours({ THRESHOLD_HIGH: '97' })).criticalLevel).toBe(97);
    expect(
      configOf(ours({ THRESHOLD_TYPE: 'absolute', THRESHOLD_HIGH: '40GB', THRESHOLD_CRITICAL: '50GB' }))
        .criticalLevel,
    ).toBe(50e9);
    expect(problemsOf(ours({ THRESHOLD_CRITICAL: '70' }))).toEqual([
      'DOCKER_IMAGE_CLEANER_THRESHOLD_CRITICAL="70": expected the high threshold (80) or more',
    ]);
  });

  it('has a soft threshold only when set, from the low to below the high one, in their unit', () => {
    expect(configOf(ours({ SOFT_THRESHOLD: '60' })).softLevel).toBe(60);
    expect(
      configOf(ours({ THRESHOLD_TYPE: 'absolute', THRESHOLD_HIGH: '40GB', SOFT_THRESHOLD: '35GB' }))
        .softLevel,
    ).toBe(35e9);
    for (const text of ['59.9', '80'])
      expect(problemsOf(ours({ SOFT_THRESHOLD: text }))).toEqual([
        `DOCKER_IMAGE_CLEANER_SOFT_THRESHOLD="${text}": expected at least the low threshold (60) and less than the high one (80)`,
      ]);
  });

  it('keeps control characters and endless values out of a line', () => {
    const [problem = ''] = problemsOf(ours({ LOG_LEVEL: `\u001b[31m\u009b\u2028\u202e${'x'.repeat(5000)}` }));
    expect(problem).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
    expect(problem.length).toBeLessThan(400);
  });

  it('never shows a password in the engine’s address', () => {
    const [problem = ''] = problemsOf({ DOCKER_HOST: 'tcp://me:hunter2@engine:2375' });
    expect(problem).toMatch(/^DOCKER_HOST=/);
    expect(problem).not.toContain('hunter2');
  });
});

describe('unknown variables', () => {
  test.each([
    ['TRESHOLD_HIGH', 'THRESHOLD_HIGH'],
    ['THRESHOLD_HIHG', 'THRESHOLD_HIGH'],
    ['INTERVAL', 'INTERVAL_SECONDS'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['DRYRUN', 'DRY_RUN'],
    ['PATH', 'PATH_TO_CHECK'],
  ])('warns of %s and names %s', (unknown, known) => {
    const result = loadConfig(ours({ [unknown]: 'a-secret' }));
    expect(result.ok).toBe(true);
    expect(result.warnings).toEqual([
      `${prefix}${unknown} is not a setting and was ignored; the nearest known name is ${prefix}${known}`,
    ]);
  });

  it('warns of a name in lower case', () => {
    expect(loadConfig({ docker_image_cleaner_dry_run: '1' }).warnings).toEqual([
      'docker_image_cleaner_dry_run is not a setting and was ignored; ' +
        'the nearest known name is DOCKER_IMAGE_CLEANER_DRY_RUN',
    ]);
  });

  it('warns together with problems', () => {
    const result = loadConfig(ours({ LOG_LEVLE: 'a-secret', LOG_LEVEL: 'loud' }));
    expect(result.ok).toBe(false);
    expect(result.warnings).toHaveLength(1);
    expect(result.warnings.join()).not.toContain('a-secret');
  });

  it('is silent about other programs’ variables and empty ones', () => {
    expect(loadConfig({ PATH: '/bin', DOCKER_CONFIG: '/x', [`${prefix}NOTHING`]: '' }).warnings).toEqual([]);
  });

  it('is silent about what Kubernetes sets for a Service of our name', () => {
    const service = {
      SERVICE_HOST: '10.0.0.1',
      SERVICE_PORT: '80',
      SERVICE_PORT_HTTP: '80',
      PORT: 'tcp://10.0.0.1:80',
      PORT_80_TCP: 'tcp://10.0.0.1:80',
      PORT_80_TCP_ADDR: '10.0.0.1',
      METRICS_SERVICE_HOST: '10.0.0.1',
    };
    expect(loadConfig(ours(service)).warnings).toEqual([]);
    for (const name of settingKeys.map(variableOf)) expect(name).not.toMatch(/_(PORT|SERVICE_HOST)\b/);
  });
});
