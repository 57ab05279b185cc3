import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chooseApiVersion,
  compareApiVersions,
  isVersionRefusal,
  NEWEST_API_VERSION,
  OLDEST_API_VERSION,
} from '../../../../src/engine/docker/negotiate.ts';

describe('the API version spoken', () => {
  test.each([
    ['Docker Engine 1.12', '1.24', undefined, '1.24'],
    ['Docker Engine 17.06', '1.30', '1.12', '1.30'],
    ['Docker Engine 20.10', '1.41', '1.12', '1.41'],
    ['Docker Engine 26.1', '1.45', '1.24', '1.45'],
    ['Docker Engine 28.5', '1.51', '1.24', '1.51'],
    ['Docker Engine 29.0', '1.52', '1.44', NEWEST_API_VERSION],
    ['Docker Engine 29.10', '1.57', '1.44', NEWEST_API_VERSION],
    ['an engine that has dropped all but our newest', '1.80', NEWEST_API_VERSION, NEWEST_API_VERSION],
    ['a second major version that still knows ours', '2.3', '1.44', NEWEST_API_VERSION],
    ['Podman 4.3', '1.41', '1.24', '1.41'],
  ])('%s', (_engine, newest, oldest, apiVersion) => {
    expect(chooseApiVersion({ newest, oldest })).toEqual({ ok: true, apiVersion });
  });

  test.each([
    ['1.23', undefined, /speaks API 1\.23 at most.*needs 1\.24.*Upgrade the engine/],
    ['1.9', '1.0', /Upgrade the engine/],
    ['1.90', '1.52', /speaks API 1\.52 at least.*knows 1\.51 at most.*Upgrade docker-image-cleaner/],
    ['2.3', '2.0', /Upgrade docker-image-cleaner/],
    ['', undefined, /invalid API version: ""/],
    ['v1.41', undefined, /invalid API version: "v1\.41"/],
    ['1.41', 'old', /invalid API version: "old"/],
    ['../../1.41', undefined, /invalid API version/],
  ])('%j to %j is refused in a sentence', (newest, oldest, problem) => {
    const choice = chooseApiVersion({ newest, oldest });
    expect(choice).toEqual({ ok: false, problem: expect.stringMatching(problem) as string });
  });

  test('whatever is chosen is within both ranges', () => {
    const version = fc
      .tuple(fc.constantFrom(1, 2), fc.nat(120))
      .map(([major, minor]) => `${String(major)}.${String(minor)}`);
    fc.assert(
      fc.property(version, fc.option(version, { nil: undefined }), (newest, oldest) => {
        const choice = chooseApiVersion({ newest, oldest });
        const overlap =
          compareApiVersions(newest, OLDEST_API_VERSION) >= 0 &&
          (oldest === undefined || compareApiVersions(oldest, NEWEST_API_VERSION) <= 0);
        expect(choice.ok).toBe(overlap);
        if (!choice.ok) return;
        for (const top of [newest, NEWEST_API_VERSION]) {
          expect(compareApiVersions(choice.apiVersion, top)).toBeLessThanOrEqual(0);
        }
        expect([newest, NEWEST_API_VERSION]).toContain(choice.apiVersion);
      }),
    );
  });
});

test('minor versions are compared as numbers', () => {
  expect(compareApiVersions('1.9', '1.24')).toBeLessThan(0);
  expect(compareApiVersions('2.0', '1.99')).toBeGreaterThan(0);
  expect(compareApiVersions('1.41', '1.41')).toBe(0);
});

test.each([
  [400, 'client version 1.99 is too new. Maximum supported API version is 1.41', true],
  [
    400,
    'client version 1.24 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version',
    true,
  ],
  [400, 'client is newer than server (client API version: 1.24, server API version: 1.23)', true],
  [400, 'invalid reference format', false],
  [404, 'client version 1.99 is too new', false],
])('%d %j is a refusal of the version: %j', (status, message, refused) => {
  expect(isVersionRefusal(status, message)).toBe(refused);
});
