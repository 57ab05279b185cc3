import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/config.ts';

const prefix = 'DOCKER_IMAGE_CLEANER_';
const load = (page: string, probes: string, token = '') =>
  loadConfig({
    [`${prefix}HTTP_ADDRESS`]: page,
    [`${prefix}PROBE_ADDRESS`]: probes,
    [`${prefix}HTTP_TOKEN_FILE`]: token,
  });

describe('the page and the health checks', () => {
  it.each([
    [':8080', ':8080'],
    [':8080', '127.0.0.1:8080'],
    ['127.0.0.1:8080', ':8080'],
    ['[::1]:8080', '[::1]:8080'],
  ])('cannot be both at %s and %s', (page, probes) => {
    const result = load(page, probes);
    expect(result.ok).toBe(false);
    expect(!result.ok && result.problems.join()).toMatch(
      /PROBE_ADDRESS=.*8080: the page is served on this port/,
    );
  });

  it.each([
    [':8080', ':8081'],
    ['127.0.0.1:8080', '[::1]:8080'],
    [':0', ':0'],
    ['', ':8080'],
    [':8080', ''],
  ])('can be at %j and %j', (page, probes) => {
    expect(load(page, probes)).toMatchObject({ ok: true, warnings: [] });
  });

  it('a token without a page protects nothing, which is a warning', () => {
    const { warnings } = load('', ':8081', '/run/secrets/token');
    expect(warnings).toEqual([expect.stringMatching(/HTTP_TOKEN_FILE protects nothing.*HTTP_ADDRESS/)]);
    expect(load(':8080', ':8081', '/run/secrets/token').warnings).toEqual([]);
  });
});
