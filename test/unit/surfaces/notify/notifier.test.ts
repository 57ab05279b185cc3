/**
 * Notices on the wire, to a real HTTP server: what arrives, what is tried again, how long, and what is never
 * revealed.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { webhookAddress } from '../../../../src/config/notify.ts';
import { loadConfig } from '../../../../src/config/config.ts';
import { variableOf } from '../../../../src/config/settings.ts';
import type { DaemonEvent } from '../../../../src/events/events.ts';
import { Notifier } from '../../../../src/surfaces/notify/notifier.ts';
import { waitFor } from '../../../../harness/machine/wait.ts';

interface Got {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let server: Server;
let port: number;
let got: Got[];
/** How each request is answered, in order; 204 after the last. */
let answers: ((response: ServerResponse) => void)[];
let reported: DaemonEvent[];

const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void => {
    response.writeHead(code, headers).end('secret words of the receiver');
  };

beforeEach(async () => {
  got = [];
  answers = [];
  reported = [];
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      got.push({ method: request.method, path: request.url, headers: request.headers, body });
      (answers.shift() ?? status(204))(response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const path = '/services/T0/B0/SECRETSECRET?token=SECRETTOKEN';

function notifier(address = `http://127.0.0.1:${port}${path}`, tries = 3): Notifier {
  const parsed = webhookAddress().parse(address);
  if (!parsed.ok) throw new Error(parsed.reason);
  return new Notifier({
    receiver: parsed.value,
    format: 'json',
    sender: { host: 'node-1', version: '1' },
    criticalLevel: 95,
    patienceMs: 0,
    nowMs: Date.now,
    monotonicMs: () => performance.now(),
    report: (event) => reported.push(event),
    patience: { tries, timeoutMs: 5_000, firstPauseMs: 1, longestPauseMs: 5 },
  });
}

const critical: DaemonEvent = {
  event: 'check.completed',
  used: 96,
  usage: { path: '/x', bytes: { total: 100, available: 4 }, inodes: undefined, allocated: undefined },
  thresholds: { type: 'relative', high: 80, low: 60 },
  triggered: true,
  due: 'sweep',
  changed: true,
};
const over: DaemonEvent = { ...critical, used: 50, triggered: false, due: 'nothing' };

/** Nothing logged or sent to others reveals a secret. */
function expectNoSecret(): void {
  expect(JSON.stringify(reported)).not.toMatch(/SECRET|user|pass|\/services/);
}

describe('a notice', () => {
  it('is posted once, with the address as it was written', async () => {
    const sending = notifier();
    sending.on(critical);
    sending.on(critical);
    await sending.close(5_000);
    expect(got).toHaveLength(1);
    expect(got[0]).toMatchObject({ method: 'POST', path });
    expect(JSON.parse(got[0]?.body ?? '')).toMatchObject({ problem: 'disk-critical', host: 'node-1' });
    expect(reported).toEqual([]);
  });

  it('is sent with a name and a password that the address has', async () => {
    const sending = notifier(`http://user:p%40ss@127.0.0.1:${port}/x`);
    sending.on(critical);
    await sending.close(5_000);
    const credentials = Buffer.from('user:p@ss').toString('base64');
    expect(got[0]?.headers.authorization).toBe(`Basic ${credentials}`);
    expectNoSecret();
  });

  it('is tried again after errors, lost connections and requests to wait, in order', async () => {
    answers = [status(500), (response) => response.destroy(), status(429, { 'retry-after': '3600' })];
    const sending = notifier(undefined, 4);
    sending.on(critical);
    sending.on(over);
    await waitFor('both notices', () => got.length === 5);
    await sending.close(5_000);
    expect(got.map(({ body }) => (JSON.parse(body) as { state: string }).state)).toEqual([
      'begins',
      'begins',
      'begins',
      'begins',
      'over',
    ]);
    expect(reported).toEqual([]);
  });

  it('that does not arrive is logged once, without secrets, and so is their recovery', async () => {
    answers = Array.from({ length: 6 }, () => status(503));
    const sending = notifier();
    sending.on(critical);
    sending.on(over);
    await waitFor('both given up', () => got.length === 6);
    sending.on(critical);
    await sending.close(5_000);
    expect(reported).toEqual([
      {
        event: 'notify.failed',
        receiver: `http://127.0.0.1:${port}`,
        problem: 'disk-critical',
        message: 'it answered 503 (tried up to 3 times)',
      },
      { event: 'notify.working', receiver: `http://127.0.0.1:${port}` },
    ]);
    expectNoSecret();
  });

  test.each([
    [status(404), 'it answered 404'],
    [status(302, { location: '/elsewhere' }), 'it answered 302: it has moved; set the new address'],
  ])('that is refused is not tried again, nor followed elsewhere', async (answer, message) => {
    answers = [answer];
    const sending = notifier();
    sending.on(critical);
    await sending.close(5_000);
    expect(got).toHaveLength(1);
    expect(reported).toMatchObject([{ event: 'notify.failed', message }]);
    expectNoSecret();
  });

  it('to a dead address is logged with the kernel’s name of the error and without the address', async () => {
    const sending = notifier(`http://user:pass@127.0.0.1:1/SECRET`);
    sending.on(critical);
    await sending.close(5_000);
    expect(reported).toMatchObject([{ event: 'notify.failed', receiver: 'http://127.0.0.1:1' }]);
    expectNoSecret();
  });

  it('to a receiver that never answers holds up neither an event nor the end', async () => {
    let isAsked = (): void => undefined;
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    answers = [() => isAsked()];
    const sending = notifier();
    sending.on(critical);
    // Nothing was sent within the event itself.
    expect(got).toEqual([]);
    await asked;
    await sending.close(10);
    expect(reported).toMatchObject([
      { event: 'notify.failed', message: expect.stringMatching(/^not sent before shutdown/) as string },
    ]);
  });

  it('of an answer without end is done with its head', async () => {
    answers = [
      (response) => {
        response.writeHead(200);
        const write = (): void => {
          while (response.write('x'.repeat(65_536)));
        };
        response.on('drain', write);
        write();
      },
    ];
    const sending = notifier();
    sending.on(critical);
    await sending.close(5_000);
    expect(reported).toEqual([]);
  });
});

describe('an address that is refused', () => {
  test.each(['SECRET', 'ftp://x/SECRET', 'https://', 'https://user%zz:SECRET@x/'])(
    '%j is not shown',
    (text) => {
      const name = variableOf('notifyUrl');
      const loaded = loadConfig({ [name]: text });
      expect(loaded.ok).toBe(false);
      const problems = loaded.ok ? [] : loaded.problems;
      expect(problems).toEqual([
        expect.stringContaining(`${name}="(not shown)": expected an address that begins with https://`),
      ]);
      expect(problems.join()).not.toContain('SECRET');
    },
  );

  it('or doubtful, is shown by its host alone', () => {
    const name = variableOf('notifyUrl');
    const loaded = loadConfig({ [name]: 'http://user:SECRET@hooks.example/SECRET?SECRET' });
    expect(loaded.ok && loaded.warnings).toEqual([
      expect.stringContaining('http://hooks.example unencrypted'),
    ]);
    expect(JSON.stringify(loaded.warnings)).not.toContain('SECRET');
    const local = loadConfig({ [name]: 'http://127.0.0.1:8080/x' });
    expect(local.warnings).toEqual([]);
  });
});
