/** What clients cannot do to the real server, over real connections. */
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Live } from '../../../../../src/surfaces/http/state/live.ts';
import { type Route, textAnswer } from '../../../../../src/surfaces/http/server/routes.ts';
import { type HttpServer, listen } from '../../../../../src/surfaces/http/server/server.ts';

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(routes: readonly (readonly [string, Route])[]): Promise<HttpServer & { port: number }> {
  const server = await listen({ host: '127.0.0.1', port: 0 }, new Map(routes));
  cleanups.push(() => server.close());
  return { ...server, port: Number(new URL(server.url).port) };
}

interface Client {
  readonly socket: Socket;
  readonly text: () => string;
  readonly closed: Promise<void>;
}

function client(port: number, request: string): Client {
  const socket = connect({ port, host: '127.0.0.1' });
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => (text += part));
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  cleanups.push(() => {
    socket.destroy();
  });
  socket.write(request);
  return { socket, text: () => text, closed };
}

const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;

describe('the server', () => {
  const hello: Route = { answer: () => textAnswer(200, 'hello') };

  it('answers HEAD as GET, without the body', async () => {
    const { port } = await serve([['/', hello]]);
    const one = client(port, get('/', 'Connection: close\r\n').replace('GET', 'HEAD'));
    await one.closed;
    expect(one.text()).toMatch(/^HTTP\/1.1 200 OK[^]*Content-Length: 6[^]*\r\n\r\n$/);
  });

  it('never reads a body: the connection ends with the answer', async () => {
    const { port } = await serve([['/', hello]]);
    const one = client(port, get('/', 'Content-Length: 1000000\r\n'));
    await one.closed;
    expect(one.text()).toMatch(/^HTTP\/1.1 200[^]*Connection: close/);
  });

  it.each([
    ['headers that are too long', get('/', `X: ${'x'.repeat(20_000)}\r\n`), /^HTTP\/1.1 431/],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', /^HTTP\/1.1 400/],
    ['what is not HTTP', 'hello there\r\n\r\n', /^HTTP\/1.1 400/],
  ])('refuses %s', async (_, request, answer) => {
    const { port } = await serve([['/', hello]]);
    const one = client(port, request);
    await one.closed;
    expect(one.text()).toMatch(answer);
  });

  it('a route that fails is an answer, and the server lives on', async () => {
    const { port } = await serve([
      ['/', hello],
      [
        '/bad',
        {
          answer: () => {
            throw new Error('a mistake');
          },
        },
      ],
    ]);
    const bad = client(port, get('/bad', 'Connection: close\r\n'));
    await bad.closed;
    expect(bad.text()).toMatch(/^HTTP\/1.1 500[^]*a mistake/);
    const good = client(port, get('/', 'Connection: close\r\n'));
    await good.closed;
    expect(good.text()).toContain('hello');
  });

  it('compresses shared answers for clients that accept it, and distinguishes the two', async () => {
    const text = 'all the same '.repeat(1_000);
    const body = Buffer.from(text);
    const answer: Route = { answer: () => ({ status: 200, type: 'text/plain', body, etag: '"1"' }) };
    const { url } = await serve([
      ['/', answer],
      ['/short', { answer: () => ({ status: 200, type: 'text/plain', body: Buffer.from('short') }) }],
    ]);
    const ask = (path: string, headers: Record<string, string>): Promise<Response> =>
      fetch(`${url}${path}`, { headers });
    const plain = await ask('', { 'Accept-Encoding': 'br, gzip;q=0' });
    expect(plain.headers.get('Content-Encoding')).toBeNull();
    expect(plain.headers.get('Vary')).toBe('Accept-Encoding');
    expect(await plain.text()).toBe(text);
    const packed = await ask('', { 'Accept-Encoding': 'deflate, gzip' });
    expect(packed.headers.get('Content-Encoding')).toBe('gzip');
    expect(Number(packed.headers.get('Content-Length'))).toBeLessThan(text.length / 10);
    expect(await packed.text()).toBe(text);
    const tags = [plain, packed].map(({ headers }) => headers.get('ETag') ?? '');
    expect(tags[0]).not.toBe(tags[1]);
    for (const [at, accepted] of ['identity', 'gzip'].entries())
      for (const [other, tag] of tags.entries()) {
        const again = await ask('', { 'Accept-Encoding': accepted, 'If-None-Match': tag });
        expect(again.status).toBe(at === other ? 304 : 200);
        await again.arrayBuffer();
      }
    expect((await ask('short', { 'Accept-Encoding': 'gzip' })).headers.get('Content-Encoding')).toBeNull();
  });

  it('a second one on the same port says so', async () => {
    const { port } = await serve([]);
    await expect(listen({ host: '127.0.0.1', port }, new Map())).rejects.toThrow(/taken by another process/);
    await expect(listen({ host: '192.0.2.1', port: 0 }, new Map())).rejects.toThrow(
      /not an address of this host/,
    );
  });
});

describe('live events', () => {
  async function serveLive(
    limits: ConstructorParameters<typeof Live>[0],
  ): Promise<{ port: number; live: Live }> {
    const live = new Live(limits);
    cleanups.push(() => {
      live.close();
    });
    const { port } = await serve([
      [
        '/events',
        {
          stream: (response) => {
            live.open(response, { event: 'hello' });
          },
        },
      ],
    ]);
    return { port, live };
  }

  it('cuts off clients that do not read, while others receive everything', async () => {
    const { port, live } = await serveLive({ batchMs: 1 });
    const deaf = client(port, get('/events'));
    deaf.socket.pause();
    const good = client(port, get('/events'));
    await expect.poll(() => live.clients).toBe(2);
    let told = 0;
    await expect
      .poll(
        () => {
          for (let i = 0; i < 20; i++) live.tell({ event: 'x', number: told++, text: 'y'.repeat(20_000) });
          return live.clients;
        },
        { interval: 10, timeout: 20_000 },
      )
      .toBe(1);
    await expect.poll(() => good.text().includes(`"number":${told - 1},`)).toBe(true);
    for (let number = 0; number < told; number++) expect(good.text()).toContain(`"number":${number},`);
  });

  it('are for this many at a time; the next one is asked to retry', async () => {
    const { port, live } = await serveLive({ maxClients: 1 });
    client(port, get('/events'));
    await expect.poll(() => live.clients).toBe(1);
    const late = client(port, get('/events', 'Connection: close\r\n'));
    await late.closed;
    expect(late.text()).toMatch(/^HTTP\/1.1 503[^]*Retry-After/);
  });

  it('cut off who has taken nothing for a whole beat', async () => {
    const { port, live } = await serveLive({ batchMs: 1, beatMs: 20, maxBehindBytes: 1e9 });
    const deaf = client(port, get('/events'));
    deaf.socket.pause();
    await expect.poll(() => live.clients).toBe(1);
    await expect
      .poll(
        () => {
          live.tell({ event: 'x', text: 'y'.repeat(500_000) });
          return live.clients;
        },
        { interval: 10, timeout: 20_000 },
      )
      .toBe(0);
  });
});
