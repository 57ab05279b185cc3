import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { settingKeys } from '../../../src/config/settings.ts';
import { version } from '../../../src/system/version.ts';
import { chart, tryHelm } from '../../../harness/cluster/helm.ts';

describe('values that are refused', () => {
  it.each([
    ['a misspelled setting', 'cleaner.tresholdHigh=80', 'tresholdHigh'],
    ['a percentage over 100', 'cleaner.thresholdHigh=120', 'thresholdHigh'],
    ['a percentage as bytes', 'cleaner.thresholdType=absolute', 'thresholdHigh'],
    ['an unknown mode', 'cleaner.cordonMode=drain', 'cordonMode'],
    ['a negative limit', 'cleaner.maxCordonedNodes=-1', 'maxCordonedNodes'],
    ['an unknown runtime', 'engine.runtime=rkt', 'runtime'],
    ['a port that is none', 'http.port=0', 'port'],
    ['an interval without its unit', 'metrics.podMonitor.interval=30', 'interval'],
    [
      'metrics that nobody serves',
      'http.enabled=false,metrics.podMonitor.enabled=true',
      'needs http.enabled',
    ],
    [
      'alerts on metrics that nobody serves',
      'http.enabled=false,metrics.prometheusRule.enabled=true',
      'needs http.enabled',
    ],
    [
      'the same pods scraped twice',
      'metrics.podMonitor.enabled=true,metrics.serviceMonitor.enabled=true',
      'enable one',
    ],
    ['a socket alone that nobody names', 'engine.socketMount=file', 'which socket?'],
    ['a pattern that is none', 'cleaner.keep[0].name=x', 'keep'],
    ['a relative path', 'engine.dataDir=var/lib/docker', 'dataDir'],
    ['the socket as a path', 'engine.socketName=/run/docker.sock', 'socketName'],
    [
      'a grace period too short to uncordon',
      'terminationGracePeriodSeconds=0',
      'terminationGracePeriodSeconds',
    ],
  ])('%s', (_, set, named) => {
    const { status, stderr } = tryHelm(['template', 'c', chart, '--set', set]);
    expect(status).toBe(1);
    expect(stderr).toContain(named);
  });
});

it('has a value for every setting of the program', () => {
  const { cleaner } = parse(readFileSync(join(chart, 'values.yaml'), 'utf8')) as { cleaner: object };
  // The chart sets these itself.
  const own = [
    'config',
    ...['runtime', 'runtimeEndpoint', 'hostRun', 'pathToCheck', 'nodeName', 'stateFile'],
    ...['httpAddress', 'httpAllowedHosts', 'httpTokenFile', 'probeAddress'],
    // Of a ConfigMap and a Secret, which have values of their own.
    ...['keepFile', 'notifyUrl', 'notifyFormat'],
  ];
  const settable = settingKeys.filter((key) => !own.includes(key));
  expect(Object.keys(cleaner)).toEqual(expect.arrayContaining(settable));
});

it('names the version of the program that it belongs to', () => {
  const { appVersion } = parse(readFileSync(join(chart, 'Chart.yaml'), 'utf8')) as { appVersion: string };
  expect(appVersion).toBe(version);
});

it('names our own image, at one place, where the releases push it', () => {
  const { image } = parse(readFileSync(join(chart, 'values.yaml'), 'utf8')) as {
    image: { repository: string };
  };
  const { repository } = JSON.parse(readFileSync(join(chart, '../../../package.json'), 'utf8')) as {
    repository: { url: string };
  };
  const [, path = ''] = /github\.com\/(.+)\.git$/.exec(repository.url) ?? [];
  expect(path).not.toBe('');
  // release.yml: ghcr.io/${{ github.repository }}
  expect(image.repository).toBe(`ghcr.io/${path}`);
  const metadata = readFileSync(join(chart, 'Chart.yaml'), 'utf8');
  expect(metadata).toContain(`image: ${image.repository}:${version}\n`);
});
