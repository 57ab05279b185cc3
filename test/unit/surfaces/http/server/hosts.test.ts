import { describe, expect, it } from 'vitest';
import { isHostAllowed } from '../../../../../src/surfaces/http/server/hosts.ts';

describe('the Host of a request', () => {
  it.each([
    'localhost:8080',
    'LOCALHOST',
    '127.0.0.1:80',
    '10.0.0.7',
    '[::1]:8080',
    '[fe80::1]',
    'cleaner',
    'cleaner:8080',
    'cleaner.ops.svc',
    'cleaner.ops.svc.cluster.local:8080',
    'printer.local',
    'me.example.org',
    'Me.Example.org:8080',
  ])('%s is ours', (host) => {
    expect(isHostAllowed(host, [], 'me.example.org')).toBe(true);
  });

  it.each([
    'evil.example.org',
    'evil.example.org:8080',
    'localhost.evil.org',
    '127.0.0.1.evil.org',
    'x.svc.evil.org',
    'local',
    'a b',
  ])('%s is not, unless it has no dot', (host) => {
    expect(isHostAllowed(host, [], 'me.example.org')).toBe(host === 'local');
  });

  it.each([
    ['nas.lan', true],
    ['NAS.lan:8080', true],
    ['a.b.ts.net', true],
    ['host.ts.net:443', true],
    ['ts.net', false],
    ['evilts.net', false],
    ['nas.lan.evil.org', false],
    ['x.nas.lan', false],
  ])('%s with HTTP_ALLOWED_HOSTS="nas.lan *.ts.net": %s', (host, isAllowed) => {
    expect(isHostAllowed(host, ['nas.lan', '*.ts.net'], 'me.example.org')).toBe(isAllowed);
  });

  it('may be missing: no browser leaves it out', () => {
    expect(isHostAllowed(undefined)).toBe(true);
  });
});
