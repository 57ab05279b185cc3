/** Where `healthcheck` asks, from the daemon's configured address. */
import { expect, test } from 'vitest';
import { parseCommandLine } from '../../../../src/cli/command-line.ts';

const variable = 'DOCKER_IMAGE_CLEANER_HTTP_ADDRESS';

function urlOf(address: string, argv: readonly string[] = []): unknown {
  const parsed = parseCommandLine(['healthcheck', ...argv], { [variable]: address });
  return parsed.kind === 'healthcheck' ? parsed.request.url : parsed;
}

test.each([
  [':8080', 'http://127.0.0.1:8080/healthz'],
  ['0.0.0.0:8080', 'http://127.0.0.1:8080/healthz'],
  ['[::]:8080', 'http://[::1]:8080/healthz'],
  ['[fd00::7]:80', 'http://[fd00::7]:80/healthz'],
  ['10.0.0.7:80', 'http://10.0.0.7:80/healthz'],
  ['', undefined],
])('%s is asked at %s', (address, url) => {
  expect(urlOf(address)).toBe(url);
});

test('where the health checks have an address of their own, that is asked', () => {
  expect(urlOf(':1', ['--probe-address', '10.0.0.7:2'])).toBe('http://10.0.0.7:2/healthz');
});

test('--ready asks whether the work can be done', () => {
  expect(urlOf(':1', ['--ready'])).toBe('http://127.0.0.1:1/readyz');
});

test.each([
  [':0', [], /^error: DOCKER_IMAGE_CLEANER_HTTP_ADDRESS: with port 0 .* set a port\n$/],
  ['', ['--http-address', ':0'], /^error: --http-address: with port 0/],
  ['x', [], /expected `host:port`/],
  ['', ['--threshold-high', '80'], /^error: healthcheck does not take --threshold-high: it takes only/],
])('%j %j is refused', (address, argv, text) => {
  expect(urlOf(address, argv)).toMatchObject({ exitCode: 2, text: expect.stringMatching(text) as string });
});
