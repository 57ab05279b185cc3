/**
 * Hostile clients of the real daemon's server: each is answered or cut off within its bound, memory is bounded,
 * health checks answer all the while, and a sweep continues. What ends a connection is the server: these clients
 * never do.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Cli } from '../../../harness/program/cli.ts';
import type { DockerEngine } from '../../../harness/engine/docker-engine.ts';
import { listTags } from '../../../harness/engine/engine-api.ts';
import { send } from '../../../harness/wire/http.ts';
import { memoryOf, type RawClient, rawClient, socketsOf } from '../../../harness/engine/raw-client.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import type { WireProxy } from '../../../harness/wire/wire-proxy.ts';
import { cleaner, type CleanerOptions, engineBehindProxy } from '../scenario.ts';

const MiB = 1024 * 1024;
/** Ask and do not read. */
const GREEDY = 100;
/** Listen to events and do not read: as many as may. */
const DEAF = 300;
/** What all of the clients below may cost together, however many they are. */
const MOST_BYTES = 100 * MiB;

let engine: DockerEngine;
let proxy: WireProxy;
let cli: Cli;
let port: number;
const clients: RawClient[] = [];

beforeAll(async () => {
  ({ engine, proxy } = await engineBehindProxy());
  await start({ high: 99, low: 98 });
});

afterEach(() => {
  for (const client of clients.splice(0)) client.dispose();
});

afterAll(async () => {
  await cli.dispose();
  await proxy.dispose();
  await engine.dispose();
});

/** A daemon that checks every second. */
async function start(options: CleanerOptions): Promise<void> {
  cli = cleaner(engine, ['run'], {
    ...options,
    dockerHost: proxy.dockerHost,
    settings: { HTTP_ADDRESS: '127.0.0.1:0', INTERVAL_SECONDS: '1' },
  });
  const { url } = await cli.waitForEvent('http.listening');
  port = Number(new URL(String(url)).port);
}

async function attack(first: string | Buffer, options?: { readonly reads?: boolean }): Promise<RawClient> {
  const client = await rawClient(port, first, options);
  clients.push(client);
  return client;
}

async function attackers(
  count: number,
  first: string | Buffer,
  options?: { readonly reads?: boolean },
): Promise<readonly RawClient[]> {
  return await Promise.all(Array.from({ length: count }, () => attack(first, options)));
}

/** Health checks answer. */
async function isHealthy(): Promise<void> {
  expect((await send({ port }, 'GET', '/healthz', { headers: { Host: 'localhost' } })).status).toBe(200);
}

/** And the loop continues. */
async function lives(): Promise<void> {
  await isHealthy();
  await cli.waitForEvent('check.completed', { since: cli.records.length });
}

/** Until the server has ended all of these; health checks answer all the while. */
async function untilEnded(what: string, all: readonly RawClient[], meanwhile?: () => void): Promise<void> {
  await waitFor(
    `the end of ${what}`,
    async () => {
      meanwhile?.();
      await isHealthy();
      return all.every(({ isClosed }) => isClosed);
    },
    { timeoutMs: 120_000 },
  );
  await lives();
}

const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
const smuggled = get('/api/plan.json');
const inside = `Content-Length: ${smuggled.length}\r\n`;

describe('one answer, if any, and the end', () => {
  const refused = [400, 404, 405, 408, 413, 421, 431, 501, 505];
  it.each<[string, string | Buffer, readonly number[]]>([
    ['nothing but line ends', '\r\n'.repeat(1000), refused],
    ['what is not HTTP', 'EHLO example.org\r\n\r\n', refused],
    ["a TLS client's greeting", Buffer.from('16030100a5010000a10303', 'hex'), refused],
    ["HTTP/2's preface", 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', refused],
    ['all byte values', Buffer.from(Array.from({ length: 256 }, (_, value) => value)), refused],
    ['a version from the future', get('/').replace('1.1', '9.9'), refused],
    ['a NUL in a header', get('/', 'X: a\0b\r\n'), refused],
    ['a header without a colon', get('/', 'Nonsense\r\n'), refused],
    ['a space before the colon', get('/', 'Content-Length : 5\r\n'), refused],
    ['a length that is none', get('/', 'Content-Length: -1\r\n'), refused],
    ['two lengths', get('/', `${inside}Content-Length: 0\r\n`) + smuggled, refused],
    ['a length and chunks', get('/', `${inside}Transfer-Encoding: chunked\r\n`) + smuggled, refused],
    ['an unknown encoding', get('/', 'Transfer-Encoding: chunked, cow\r\n') + smuggled, [200, ...refused]],
    ['a request in the body of another', get('/healthz', inside) + smuggled, [200]],
    ['a request in a refused body', get('/', inside).replace('GET', 'POST') + smuggled, [405]],
    ['a tunnel', 'CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n', refused],
    ['another protocol', get('/', 'Connection: upgrade, close\r\nUpgrade: websocket\r\n'), [200, ...refused]],
    ['an unknown method', get('/').replace('GET', 'DESTROY'), refused],
    ['a method to echo', get('/', 'Connection: close\r\n').replace('GET', 'TRACE'), refused],
    [
      'the URL of another site',
      get('http://evil.example.org/api/plan.json', 'Connection: close\r\n'),
      refused,
    ],
    ['a way out', get('/../../../../etc/passwd', 'Connection: close\r\n'), refused],
    ['a way out, written otherwise', get('/%2e%2e/%2e%2e/etc/passwd', 'Connection: close\r\n'), refused],
    ['a URL of 100 kB', get(`/${'a'.repeat(100_000)}`), refused],
    ['a header of 1 MB', get('/', `X: ${'a'.repeat(1_000_000)}\r\n`), refused],
    ['100,000 headers', get('/', 'X: a\r\n'.repeat(100_000)), refused],
  ])('%s', async (_what, said, statuses) => {
    const client = await attack(said);
    await untilEnded('the connection', [client]);
    const answers = [...client.received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
    expect(answers.length).toBeLessThanOrEqual(1);
    expect(answers.filter((status) => !statuses.includes(status))).toEqual([]);
    expect(client.received).not.toContain('victims');
    expect(client.received).not.toContain('root:');
  });

  it('bodies without an end are not read', async () => {
    const before = memoryOf(cli.pid);
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const all = [
      ...(await attackers(20, get('/', 'Content-Length: 1000000000000\r\n').replace('GET', 'POST'))),
      ...(await attackers(20, get('/', 'Transfer-Encoding: chunked\r\n'))),
    ];
    await untilEnded('who sends forever', all, () => {
      for (const client of all)
        client.say(Buffer.concat([Buffer.from('10000\r\n'), chunk, Buffer.from('\r\n')]));
    });
    expect(memoryOf(cli.pid) - before).toBeLessThan(MOST_BYTES);
  });
});

describe('many, and slow', () => {
  it('who sends a header a byte at a time is cut off', async () => {
    const slow = await attackers(200, 'GET / HTTP/1.1\r\nHost: localhost\r\nX: ');
    await untilEnded('the slow', slow, () => {
      for (const client of slow) client.say('a');
    });
  });

  it('a client that holds all connections keeps nobody out, and is cut off', async () => {
    const silent = await attackers(600, '');
    await lives();
    // It was not because they had all gone.
    expect(silent.filter(({ isClosed }) => !isClosed).length).toBeGreaterThan(300);
    await untilEnded('the silent', silent);
  });

  it('who asks and does not read costs bounded memory, and is cut off', async () => {
    const before = memoryOf(cli.pid);
    const socketsBefore = socketsOf(cli.pid);
    await attackers(GREEDY, get('/').repeat(200), { reads: false });
    await attackers(DEAF, get('/api/events'), { reads: false });
    // The greedy may be gone by now.
    await waitFor('their connections', () => socketsOf(cli.pid) >= socketsBefore + DEAF - 5);
    const late = await attack(get('/api/events', 'Connection: close\r\n'));
    await waitFor('an answer to the next one', () => late.received.startsWith('HTTP/1.1 503'));
    await waitFor(
      'the end of the greedy',
      async () => {
        await isHealthy();
        // The daemon has connections of its own to the engine, and those of our probes: a few are opened and closed.
        return socketsOf(cli.pid) <= socketsBefore + DEAF + 5;
      },
      { timeoutMs: 120_000 },
    );
    await lives();
    expect(memoryOf(cli.pid) - before).toBeLessThan(MOST_BYTES);
  });
});

describe('a sweep among them', () => {
  it('continues, and ends as it would without them', async () => {
    await cli.dispose();
    const stalled = proxy.addRule({ match: ({ method }) => method === 'DELETE', times: 1, stall: 'before' });
    await start({ high: 0.2, low: 0.1 });
    await waitFor('the first deletion', () => stalled.hits === 1);
    const slow = await attackers(100, 'GET / HTTP/1.1\r\nHost: localhost\r\nX: ');
    await attackers(100, '');
    await attackers(50, get('/').repeat(200), { reads: false });
    await attackers(300, get('/api/events'), { reads: false });
    await attackers(20, get('/', 'Content-Length: 1000000000000\r\n').replace('GET', 'POST'));
    stalled.release();
    const dribble = setInterval(() => {
      for (const client of slow) client.say('a');
    }, 100);
    try {
      const report = await cli.waitForEvent('sweep.completed');
      expect(report).toMatchObject({ deletedImages: 3, stoppedBecause: 'no-candidates', failedDeletions: 0 });
    } finally {
      clearInterval(dribble);
    }
    expect(await listTags(engine)).toEqual(['used:1']);
    await lives();
  });
});
