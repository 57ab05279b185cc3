import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressText, listenAddress } from '../../../../src/config/values/http-address.ts';

const kind = listenAddress();

describe('where to listen', () => {
  it.each([
    ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
    [':8080', { host: undefined, port: 8080 }],
    [' :0 ', { host: undefined, port: 0 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    ['localhost:65535', { host: 'localhost', port: 65_535 }],
    ['node-1.example.org:80', { host: 'node-1.example.org', port: 80 }],
  ])('%s', (text, value) => {
    expect(kind.parse(text)).toEqual({ ok: true, value });
  });

  it.each([
    '8080',
    '127.0.0.1',
    ':65536',
    ':',
    '::1:8080',
    '[::1]',
    '[1.2.3.4]:80',
    '1.2.3:80',
    '256.1.1.1:80',
    'http://localhost:80',
    'a b:80',
    '-a:80',
    '/run/x.sock',
    ':8e1',
  ])('refuses %s', (text) => {
    expect(kind.parse(text)).toMatchObject({ ok: false });
  });

  it('never throws, and reads what it writes', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        const parsed = kind.parse(text);
        if (parsed.ok) expect(kind.parse(addressText(parsed.value))).toEqual(parsed);
      }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()), fc.nat(65_535), (host, port) => {
        expect(kind.parse(addressText({ host, port }))).toEqual({ ok: true, value: { host, port } });
      }),
    );
  });
});
