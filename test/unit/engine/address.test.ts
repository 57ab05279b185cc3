import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { describeAddress, engineAddress } from '../../../src/engine/address.ts';

type Env = Readonly<Record<string, string>>;

function addressOf(env: Env): unknown {
  const result = engineAddress(env);
  return result.ok ? result.address : result.problem;
}

function tcp(host: string, port: number, tls?: { verify: boolean; certPath: string | undefined }): unknown {
  return { kind: 'tcp', host, port, tls };
}

describe('DOCKER_HOST', () => {
  test.each([
    ['unix:///var/run/docker.sock', { kind: 'unix', path: '/var/run/docker.sock' }],
    ['unix:///run/user/1000/podman/podman.sock', { kind: 'unix', path: '/run/user/1000/podman/podman.sock' }],
    ['UNIX:///x', { kind: 'unix', path: '/x' }],
    ['unix://', { kind: 'unix', path: '/var/run/docker.sock' }],
    ['tcp://engine', tcp('engine', 2375)],
    ['tcp://engine:', tcp('engine', 2375)],
    ['tcp://engine/', tcp('engine', 2375)],
    ['tcp://10.0.0.1:2376', tcp('10.0.0.1', 2376)],
    ['tcp://:2375', tcp('localhost', 2375)],
    ['tcp://[::1]', tcp('::1', 2375)],
    ['tcp://[fe80::1%eth0]:99', tcp('fe80::1%eth0', 99)],
    ['http://engine:80', tcp('engine', 80)],
    ['https://engine:443', tcp('engine', 443, { verify: true, certPath: undefined })],
    ['10.0.0.1:2375', tcp('10.0.0.1', 2375)],
    [' tcp://engine ', tcp('engine', 2375)],
  ])('takes %j', (host, address) => {
    expect(addressOf({ DOCKER_HOST: host })).toEqual(address);
  });

  test.each([
    ['ssh://', 'expected ssh://user@host'],
    ['ssh://me:secret@host', 'without a password'],
    ['ssh://-oProxyCommand=x', 'expected ssh://user@host'],
    ['ssh://host/a b;c', 'expected a path of letters'],
    ['ssh://host:0', 'expected a port'],
    ['npipe:////./pipe/docker_engine', 'Windows'],
    ['fd://', 'unix:///'],
    ['garbage', 'unix:///'],
    ['/var/run/docker.sock', 'unix:///var/run/docker.sock'],
    ['unix://var/run/docker.sock', 'unix:///var/run/docker.sock'],
    [`unix:///${'x'.repeat(107)}`, '107 bytes'],
    ['tcp://', 'tcp://host:port'],
    ['tcp://::1:2375', 'brackets'],
    ['tcp://[::1', 'brackets'],
    ['tcp://[engine]:1', 'IPv6'],
    ['tcp://engine:0', 'port'],
    ['tcp://engine:65536', 'port'],
    ['tcp://engine:http', 'tcp://host:port'],
    ['tcp://engine:2375/api', 'path'],
    ['tcp://engine?x=1', 'tcp://host:port'],
    ['tcp://two words:1', 'tcp://host:port'],
    ['tcp://me:secret@engine:1', 'password'],
    ['http://engine', 'port'],
    ['https://engine', 'port'],
    ['://x', 'unix:///'],
  ])('refuses %j', (host, reason) => {
    const result = engineAddress({ DOCKER_HOST: host });
    expect(result).toMatchObject({ ok: false, problem: { variable: 'DOCKER_HOST' } });
    expect(JSON.stringify(result)).toContain(reason);
    expect(JSON.stringify(result)).not.toContain('secret');
  });
});

describe('TLS', () => {
  test.each([
    [{ DOCKER_TLS_VERIFY: '1', HOME: '/root' }, 2376, { verify: true, certPath: '/root/.docker' }],
    [{ DOCKER_TLS_VERIFY: '1', HOME: '/' }, 2376, { verify: true, certPath: '/.docker' }],
    [{ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' }, 2376, { verify: true, certPath: '/certs' }],
    [{ DOCKER_CERT_PATH: '/certs' }, 2376, { verify: false, certPath: '/certs' }],
    [{ DOCKER_TLS_VERIFY: '', DOCKER_CERT_PATH: '/certs' }, 2376, { verify: false, certPath: '/certs' }],
    [{ DOCKER_TLS_VERIFY: '', DOCKER_CERT_PATH: '' }, 2375, undefined],
    [{ HOME: '/root' }, 2375, undefined],
  ])('with %j', (env, port, tls) => {
    expect(addressOf({ ...env, DOCKER_HOST: 'tcp://engine' })).toEqual(tcp('engine', port, tls));
  });

  it('is not for sockets', () => {
    expect(addressOf({ DOCKER_TLS_VERIFY: '1' })).toEqual({ kind: 'unix', path: '/var/run/docker.sock' });
  });

  it('keeps a port that was given', () => {
    const env = { DOCKER_HOST: 'tcp://engine:2375', DOCKER_CERT_PATH: '/certs' };
    expect(addressOf(env)).toMatchObject({ port: 2375, tls: { certPath: '/certs' } });
  });

  it('needs a place for the certificates', () => {
    expect(addressOf({ DOCKER_HOST: 'tcp://engine', DOCKER_TLS_VERIFY: '1' })).toMatchObject({
      variable: 'DOCKER_CERT_PATH',
      value: undefined,
    });
  });

  test.each(['DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH'])(
    'refuses an unencrypted connection with %s',
    (variable) => {
      const result = engineAddress({ DOCKER_HOST: 'http://engine:2375', [variable]: '/x' });
      expect(result).toMatchObject({ ok: false, problem: { variable: 'DOCKER_HOST' } });
      expect(!result.ok && result.problem.reason).toContain(variable);
    },
  );

  it('verifies for any value, and warns those who wrote no', () => {
    const result = engineAddress({ DOCKER_HOST: 'tcp://engine', DOCKER_TLS_VERIFY: '0', HOME: '/root' });
    expect(result).toMatchObject({
      ok: true,
      address: { tls: { verify: true } },
      warnings: [{ variable: 'DOCKER_TLS_VERIFY', value: '0' }],
    });
  });

  it.each([
    ['tcp://engine', /anyone who can reach it over the network/],
    ['http://10.0.0.1:2375', /anyone who can reach it over the network/],
    ['tcp://127.0.0.1:2375', /every process and every host-network container here/],
    ['tcp://[::1]', /every process and every host-network container here/],
  ])('warns once of %s, which is without TLS', (host, who) => {
    const result = engineAddress({ DOCKER_HOST: host });
    expect(result.ok && result.warnings).toEqual([
      { variable: 'DOCKER_HOST', value: host, reason: expect.stringMatching(who) as string },
    ]);
  });

  it('warns neither of TLS nor of a socket', () => {
    for (const env of [
      { DOCKER_HOST: 'https://engine:2376' },
      { DOCKER_HOST: 'tcp://engine', DOCKER_CERT_PATH: '/x' },
      { DOCKER_HOST: 'unix:///run/docker.sock' },
      {},
    ])
      expect(engineAddress(env)).toMatchObject({ ok: true, warnings: [] });
  });
});

describe('description', () => {
  it('is what DOCKER_HOST would say', () => {
    const label = fc.stringMatching(/^[a-z][a-z0-9]{0,9}$/);
    const unix = fc
      .stringMatching(/^[a-zA-Z0-9._/ -]{0,79}[a-z]$/)
      .map((path) => ({ kind: 'unix' as const, path: `/${path}` }));
    const host = fc.oneof(label, fc.ipV4(), fc.ipV6());
    const network = fc
      .tuple(host, fc.integer({ min: 1, max: 65_535 }))
      .map(([name, port]) => ({ kind: 'tcp' as const, host: name, port, tls: undefined }));
    const ssh = fc
      .tuple(
        host,
        fc.option(label, { nil: undefined }),
        fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
      )
      .map(([name, user, port]) => ({ kind: 'ssh' as const, host: name, user, port, path: undefined }));
    fc.assert(
      fc.property(fc.oneof(unix, network, ssh), (address) => {
        expect(addressOf({ DOCKER_HOST: describeAddress(address) })).toEqual(address);
      }),
    );
  });
});
