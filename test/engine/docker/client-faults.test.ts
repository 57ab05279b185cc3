/** The Docker adapter without a complete answer: each failure has its code and a helpful message. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EngineAddress } from '../../../src/engine/address.ts';
import { createDockerEngine } from '../../../src/engine/docker/docker-engine.ts';
import type { Engine, EngineErrorCode } from '../../../src/engine/engine.ts';
import { startDockerEngine, type DockerEngine } from '../../../harness/engine/docker-engine.ts';
import { hasImage } from '../../../harness/engine/engine-api.ts';
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

test('connecting asks three things, a list one', async () => {
  const engine = await connected();
  expect(proxy.requests.map((request) => request.path.replace(/^\/v[\d.]+/, ''))).toEqual([
    '/_ping',
    '/version',
    '/info',
  ]);
  proxy.clear();
  await engine.listImages(signal);
  await engine.listContainers(signal);
  expect(proxy.count()).toBe(2);
  expect(proxy.count(onPath('size='))).toBe(0);
});

describe('without a whole answer', () => {
  test('a stall is a timeout', async () => {
    const engine = await connected(300);
    const rule = proxy.addRule({ match: lists, stall: 'before' });
    await expect(engine.listImages(signal)).rejects.toMatchObject(
      failure('timeout', /GET \/v1\.\d+\/images\/json of unix:.*within 0\.3 s.*TIMEOUT_SECONDS/),
    );
    rule.release();
  });

  test('a deletion whose answer comes too late is a timeout, and done', async () => {
    await loadImages(real, { layers: { a: { bytes: 10 } }, images: [{ tags: ['late:1'], layers: ['a'] }] });
    const engine = await connected(2000);
    const rule = proxy.addRule({ match: (request) => request.method === 'DELETE', stall: 'after' });
    await expect(
      engine.removeImage({ by: 'reference', reference: 'late:1' }, { keepParents: true }, signal),
    ).rejects.toMatchObject(failure('timeout', /may still be working on it/));
    expect(await hasImage(real, 'late:1')).toBe(false);
    rule.release();
  });

  test("the caller's abort is thrown as it was given", async () => {
    const engine = await connected();
    const abort = new AbortController();
    const reason = new Error('shutting down');
    const rule = proxy.addRule({
      match: lists,
      before: () => {
        abort.abort(reason);
      },
      stall: 'before',
    });
    await expect(engine.listImages(abort.signal)).rejects.toBe(reason);
    rule.release();
    proxy.clear();
    await expect(engine.listImages(abort.signal)).rejects.toBe(reason);
    expect(proxy.count()).toBe(0);
  });

  test.each(['before', 'after'] as const)('a connection cut %s the request was done is lost', async (cut) => {
    const engine = await connected();
    proxy.addRule({ match: lists, cut });
    await expect(engine.listImages(signal)).rejects.toMatchObject(
      failure('unreachable', /connection was lost.*may still have been carried out/),
    );
  });

  test.each([
    ['refused', /cannot connect to the engine at .*: nothing listens there/],
    ['gone', /cannot connect to the engine at .*: no such socket.*is its socket mounted/],
    ['reset', /connection was lost/],
  ] as const)('%s', async (how, message) => {
    const engine = await connected();
    await proxy.refuse(how);
    await expect(engine.listImages(signal)).rejects.toMatchObject(failure('unreachable', message));
    await expect(engine.ping(signal)).rejects.toMatchObject({ code: 'unreachable' });
    await proxy.accept();
    await engine.ping(signal);
    await engine.connect(signal);
    expect(await engine.listImages(signal)).toBeInstanceOf(Array);
  });

  test('an engine that is killed is unreachable, and is there again after its start', async () => {
    const engine = engineAt({ kind: 'unix', path: real.socketPath });
    await engine.connect(signal);
    await real.kill();
    await expect(engine.connect(signal)).rejects.toMatchObject(failure('unreachable', /nothing listens/));
    await real.start();
    await engine.connect(signal);
    expect(await engine.listContainers(signal)).toEqual([]);
  });

  test('a TCP port where nothing listens, a host that has no address', async () => {
    const nowhere: EngineAddress = { kind: 'tcp', host: '127.0.0.1', port: 1, tls: undefined };
    await expect(engineAt(nowhere).connect(signal)).rejects.toMatchObject(
      failure('unreachable', /tcp:\/\/127\.0\.0\.1:1: nothing listens there/),
    );
    const nobody: EngineAddress = { ...nowhere, host: 'engine.invalid' };
    await expect(engineAt(nobody).connect(signal)).rejects.toMatchObject(
      failure('unreachable', /tcp:\/\/engine\.invalid:1: the host name cannot be resolved/),
    );
  });

  test('a socket that is not ours to use is denied', async () => {
    const script = `
      const { createDockerEngine } = await import(${JSON.stringify(import.meta.resolve('../../../src/engine/docker/docker-engine.ts'))});
      process.setgid(65534); process.setuid(65534);
      const engine = createDockerEngine(${JSON.stringify(address)}, { timeoutMs: 60000 });
      await engine.connect(new AbortController().signal).catch((error) => console.log(error.code, error.message));`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await once(child, 'close');
    expect(output).toMatch(/^denied cannot connect to the engine at unix:.*no permission.*Run as root/);
  });
});
