/**
 * The Docker adapter when the answer is whole but not what was hoped for: refusals, strangers, engines that report
 * little.
 */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EngineAddress } from '../../../src/engine/address.ts';
import { createDockerEngine } from '../../../src/engine/docker/docker-engine.ts';
import { createHttpClient } from '../../../src/engine/docker/http/client.ts';
import { wantedKeys } from '../../../src/engine/docker/schemas.ts';
import { type Engine, EngineError, type EngineErrorCode } from '../../../src/engine/engine.ts';
import { startDockerEngine, type DockerEngine } from '../../../harness/engine/docker-engine.ts';
import { createContainer, removeContainer } from '../../../harness/engine/engine-api.ts';
import { loadImages } from '../../../harness/engine/images.ts';
import { startWireProxy, type Rule, type WireProxy } from '../../../harness/wire/wire-proxy.ts';

const { signal } = new AbortController();
let real: DockerEngine;
let proxy: WireProxy;
let address: EngineAddress;

beforeAll(async () => {
  real = await startDockerEngine();
  const socketPath = join(real.disk.workspace.path, 'proxy.sock');
  proxy = await startWireProxy({ target: real, listen: { socketPath } });
  address = { kind: 'unix', path: socketPath };
});

afterAll(async () => {
  await proxy.dispose();
  await real.dispose();
});

afterEach(async () => {
  proxy.clear();
  await proxy.accept();
});

function engineAt(where: EngineAddress, timeoutMs = 60_000): Engine {
  return createDockerEngine(where, { timeoutMs });
}

async function connected(timeoutMs?: number): Promise<Engine> {
  const engine = engineAt(address, timeoutMs);
  await engine.connect(signal);
  return engine;
}

function failure(code: EngineErrorCode, message: RegExp, status?: number): object {
  return {
    name: 'EngineError',
    code,
    message: expect.stringMatching(message) as string,
    ...(status === undefined ? {} : { status }),
  };
}

const onPath =
  (part: string): Rule['match'] =>
  (request) =>
    request.path.includes(part);

const lists = onPath('/images/json');

describe('a refusal', () => {
  test.each<[number, EngineErrorCode]>([
    [401, 'denied'],
    [403, 'denied'],
    [500, 'failed'],
    [502, 'unreachable'],
    [503, 'unreachable'],
    [504, 'timeout'],
    [301, 'protocol'],
  ])('%d is %s', async (status, code) => {
    const engine = await connected();
    proxy.addRule({ match: lists, respond: { status, body: { message: 'as the test says' } } });
    await expect(engine.listImages(signal)).rejects.toMatchObject(
      failure(code, /answered \d+: as the test says/, status),
    );
  });

  test('the engine says that our version is too new: protocol, until connected again', async () => {
    const engine = await connected();
    proxy.addRule({
      match: lists,
      times: 1,
      // What an older engine, replacing this one, really says.
      before: async () => {
        const refused = await real.request('GET', '/v1.99/images/json');
        expect(refused.status).toBe(400);
        proxy.addRule({ match: lists, times: 1, respond: { status: 400, body: refused.text } });
      },
      cut: 'before',
    });
    // Where the connection had been kept it is asked again at once, on a new one.
    const first = await engine.listImages(signal).catch((error: unknown) => error);
    const isAskedAgain = first instanceof EngineError && first.code !== 'unreachable';
    const answer = isAskedAgain ? Promise.reject(first) : engine.listImages(signal);
    await expect(answer).rejects.toMatchObject(
      failure('protocol', /client version 1\.99 is too new.*connect again/, 400),
    );
    await engine.connect(signal);
    expect(await engine.listImages(signal)).toBeInstanceOf(Array);
  });

  test("a 404 that is not the engine's does not mean that an image is gone", async () => {
    const engine = await connected();
    proxy.addRule({ match: onPath('/images/'), respond: { status: 404, body: 'page not found' } });
    const id = `sha256:${'0'.repeat(64)}`;
    await expect(engine.inspectImage(id, signal)).rejects.toMatchObject({ code: 'failed', status: 404 });
    await expect(engine.removeImage({ by: 'id', id }, { keepParents: true }, signal)).rejects.toMatchObject({
      code: 'failed',
      status: 404,
    });
  });
});

describe('an answer that is none of an engine', () => {
  test.each<[string, string | object, RegExp]>([
    ['text', 'hello', /not JSON: hello/],
    ['nothing', '', /not JSON: \(nothing\)/],
    ['half a list', '[{"Id":"sha256:1"', /not JSON/],
    ['another shape', { items: [] }, /does not have the shape/],
    ['an image without an ID', [{ RepoTags: ['a:1'] }], /0\.Id/],
  ])('%s', async (_what, body, message) => {
    const engine = await connected();
    proxy.addRule({ match: lists, respond: { status: 200, body } });
    await expect(engine.listImages(signal)).rejects.toMatchObject(failure('protocol', message));
  });

  test('one larger than what is read', async () => {
    const client = createHttpClient(address, { timeoutMs: 60_000, maxResponseBytes: 100, wantedKeys });
    await expect(client.request({ method: 'GET', path: '/info' }, signal)).rejects.toMatchObject(
      failure('protocol', /larger than 100 bytes/),
    );
    expect((await client.request({ method: 'GET', path: '/_ping' }, signal)).text).toBe('OK');
  });

  async function listenOn(server: Server): Promise<EngineAddress> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { kind: 'tcp', host: '127.0.0.1', port: (server.address() as AddressInfo).port, tls: undefined };
  }

  test('a port that does not speak HTTP', async () => {
    const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    const where = await listenOn(server);
    await expect(engineAt(where).connect(signal)).rejects.toMatchObject(
      failure('protocol', /does not speak HTTP.*DOCKER_HOST/),
    );
    server.close();
  });

  test.each([
    [200, '<html>Welcome!</html>'],
    [404, 'not found'],
    [200, '{"major":"1","minor":"31","gitVersion":"v1.31.0"}'],
    [200, 'null'],
  ])('an HTTP server that is not an engine: %d %s', async (status, body) => {
    const server = createHttpServer((_request, response) => response.writeHead(status).end(body));
    const where = await listenOn(server);
    await expect(engineAt(where).connect(signal)).rejects.toMatchObject(
      failure('protocol', /not a Docker Engine API.*DOCKER_HOST/, status),
    );
    server.close();
  });

  test('no question before connecting', async () => {
    await expect(engineAt(address).listImages(signal)).rejects.toThrow(/connect\(\) comes before/);
    expect(proxy.count()).toBe(0);
  });
});

describe('an engine that reports little', () => {
  test('without a version in its ping is asked for it, and is spoken to in that one', async () => {
    await loadImages(real, { layers: { a: { bytes: 10 } }, images: [{ tags: ['old:1'], layers: ['a'] }] });
    const container = await createContainer(real, 'old:1');
    const now = await connected();
    proxy.addRule({ match: onPath('/_ping'), respond: { status: 200, body: 'OK' } });
    proxy.addRule({
      match: onPath('/version'),
      respond: { status: 200, body: { Version: '1.12.6', ApiVersion: '1.24' } },
    });
    const old = engineAt(address);
    expect(await old.connect(signal)).toMatchObject({ version: '1.12.6', apiVersion: '1.24' });
    expect(await old.listImages(signal)).toEqual(await now.listImages(signal));
    expect(await old.listContainers(signal)).toEqual(await now.listContainers(signal));
    expect(proxy.count(onPath('/v1.24/containers/json'))).toBe(1);
    await removeContainer(real, container);
  });

  test('behind a socket proxy that forbids questions about the engine', async () => {
    proxy.addRule({ match: onPath('/version'), respond: { status: 403, body: '<html>Forbidden</html>' } });
    proxy.addRule({ match: onPath('/info'), respond: { status: 403, body: '<html>Forbidden</html>' } });
    const engine = engineAt(address);
    expect(await engine.connect(signal)).toMatchObject({
      version: 'unknown',
      apiVersion: expect.stringMatching(/^1\.\d+$/) as string,
      rootDirectory: undefined,
      storageDriver: undefined,
    });
    expect(await engine.listImages(signal)).toBeInstanceOf(Array);
  });

  test('too old', async () => {
    proxy.addRule({ match: onPath('/_ping'), respond: { status: 200, body: 'OK' } });
    proxy.addRule({
      match: onPath('/version'),
      respond: { status: 200, body: { Version: '1.10.3', ApiVersion: '1.22' } },
    });
    await expect(engineAt(address).connect(signal)).rejects.toMatchObject(
      failure('protocol', /^unix:.*speaks API 1\.22 at most.*Upgrade the engine/),
    );
  });

  test('that names deleted images without sha256:, as Podman 4.3 does', async () => {
    const engine = await connected();
    const hex = 'a'.repeat(64);
    const body = [{ Deleted: hex }, { Untagged: 'localhost/one:1' }];
    proxy.addRule({ match: (request) => request.method === 'DELETE', respond: { status: 200, body } });
    const target = { by: 'reference', reference: 'localhost/one:1' } as const;
    expect(await engine.removeImage(target, { keepParents: true }, signal)).toEqual({
      outcome: 'removed',
      untagged: ['localhost/one:1'],
      deleted: [`sha256:${hex}`],
    });
    expect(proxy.requests.at(-1)?.path).toMatch(/\/images\/localhost\/one:1\?force=false&noprune=true$/);
  });

  test('a container without an image ID holds what its name means to the engine', async () => {
    const [id] = await loadImages(real, {
      layers: { a: { bytes: 10 } },
      images: [{ tags: ['typed:latest'], layers: ['a'] }],
    });
    const engine = await connected();
    const body = [
      { Id: 'c1', Image: 'typed' },
      { Id: 'c2', Image: 'gone:1' },
      { Id: 'c3', Image: 'NO NAME' },
    ];
    proxy.addRule({ match: onPath('/containers/json'), respond: { status: 200, body } });
    expect((await engine.listContainers(signal)).map((container) => container.images)).toEqual([
      [id, 'typed'],
      ['gone:1'],
      ['NO NAME'],
    ]);
  });
});
