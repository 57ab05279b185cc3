/** The harness itself: what the other tests here rest on. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { runCli } from '../../harness/program/cli.ts';
import { createDisk } from '../../harness/machine/disk.ts';
import { docker } from '../../harness/engine/docker-client.ts';
import {
  startDockerEngine,
  type DockerEngine,
  type DockerEngineOptions,
} from '../../harness/engine/docker-engine.ts';
import {
  commitChild,
  containerLogs,
  hasImage,
  listContainers,
  listImages,
  listTags,
  parentOf,
  runContainer,
  stopContainer,
  waitForContainer,
} from '../../harness/engine/engine-api.ts';
import { engineRoot } from '../../harness/machine/engine-root.ts';
import { send } from '../../harness/wire/http.ts';
import { loadImages, type StoreSpec } from '../../harness/engine/images.ts';
import { digestOnlyImage, freePort, startRegistry } from '../../harness/engine/registry.ts';
import { commandPath } from '../../harness/machine/packages.ts';
import { startWireProxy, type WireProxy } from '../../harness/wire/wire-proxy.ts';
import { loopDevicesOf, mountsBelow, processesOf } from '../../harness/machine/workspace.ts';

const mebibyte = 1024 * 1024;
const undo: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function engineFor(options?: DockerEngineOptions): Promise<DockerEngine> {
  const engine = await startDockerEngine(options);
  undo.push(() => engine.dispose());
  return engine;
}

async function proxyFor(engine: DockerEngine, listen: 'tcp' | 'unix' = 'unix'): Promise<WireProxy> {
  const socketPath = join(engine.disk.workspace.path, 'proxy.sock');
  const proxy = await startWireProxy({
    target: engine,
    listen: listen === 'tcp' ? 'tcp' : { socketPath },
  });
  undo.push(() => proxy.dispose());
  return proxy;
}

const addressOf = (proxy: WireProxy): { socketPath: string } | { port: number } =>
  proxy.dockerHost.startsWith('unix://')
    ? { socketPath: proxy.dockerHost.slice('unix://'.length) }
    : { port: proxy.port };

const twoImagesOnOneBase: StoreSpec = {
  layers: {
    base: { bytes: 20 * mebibyte, shell: true },
    one: { bytes: 10 * mebibyte, files: 100 },
    two: { bytes: 5 * mebibyte },
  },
  images: [
    { tags: ['one:1', 'one:latest'], layers: ['base', 'one'], labels: { keep: 'no' } },
    { tags: ['two:1'], layers: ['base', 'two'] },
    { layers: ['base'] },
  ],
};

describe('disk', () => {
  test.each(['ext4', 'xfs', 'btrfs'] as const)('%s fills up and is removed', async (filesystem) => {
    const disk = await createDisk({ sizeMiB: 320, filesystem });
    undo.push(() => {
      disk.dispose();
    });
    const before = await disk.usage();
    await disk.occupy('ballast', 100 * mebibyte);
    expect((await disk.usage()).availableBytes).toBeLessThanOrEqual(before.availableBytes - 100 * mebibyte);
    expect(before.totalInodes === 0).toBe(filesystem === 'btrfs');
    const folder = disk.workspace.path;
    disk.dispose();
    expect(mountsBelow(folder)).toEqual([]);
    expect(loopDevicesOf(folder)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });
});

describe('engine and images', () => {
  test('images share a layer on a real disk, and nothing is left after disposal', async () => {
    const engine = await engineFor({ disk: { sizeMiB: 200, inodes: 4000 } });
    const folder = engine.disk.workspace.path;
    const before = await engine.disk.usage();
    expect(before.totalInodes).toBeLessThan(5000);
    const ids = await loadImages(engine, twoImagesOnOneBase);
    const used = before.availableBytes - (await engine.disk.usage()).availableBytes;
    const images = await listImages(engine);

    expect(images.map((image) => image.Id).sort()).toEqual([...ids].sort());
    expect(await listTags(engine)).toEqual(['one:1', 'one:latest', 'two:1']);
    const sizes = images.reduce((sum, image) => sum + image.Size, 0);
    expect(used).toBeGreaterThan(35 * mebibyte);
    expect(used, 'the base is on the disk once').toBeLessThan(sizes - 35 * mebibyte);
    expect(before.availableInodes - (await engine.disk.usage()).availableInodes).toBeGreaterThan(100);

    await loadImages(
      engine,
      { layers: twoImagesOnOneBase.layers, images: [{ tags: ['again:1'], layers: ['base', 'one', 'two'] }] },
      { presentLayers: new Set(['base', 'one']) },
    );
    expect(await hasImage(engine, 'again:1')).toBe(true);

    await runContainer(engine, 'one:1', { name: 'sleeper' });
    expect(engine.processes().length).toBeGreaterThan(3);
    await engine.dispose();
    expect(processesOf(folder)).toEqual([]);
    expect(mountsBelow(folder)).toEqual([]);
    expect(loopDevicesOf(folder)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  test('two engines at once; containers, children, digests; stop, kill, restart', async () => {
    const [engine, other] = await Promise.all([engineFor(), engineFor()]);
    await loadImages(engine, twoImagesOnOneBase);
    expect(await listImages(other)).toEqual([]);

    const talker = await runContainer(engine, 'one:1', { command: ['/bin/sh', '-c', 'echo said; exit 3'] });
    expect(await waitForContainer(engine, talker)).toBe(3);
    expect(await containerLogs(engine, talker)).toBe('said\n');

    const child = await commitChild(engine, 'two:1', { tag: 'child:1', bytes: 100_000 });
    const two = (await listImages(engine)).find((image) => image.RepoTags?.includes('two:1'));
    expect(await parentOf(engine, child)).toBe(two?.Id);

    const registry = await startRegistry();
    undo.push(() => {
      registry.dispose();
    });
    const reference = await digestOnlyImage(engine, registry, 'child:1', 'some/thing');
    const pulled = (await listImages(engine)).find((image) => image.RepoDigests?.includes(reference));
    expect(pulled?.RepoTags ?? []).not.toContain('child:1');

    const sleeper = await runContainer(engine, 'one:1', { name: 'sleeper' });
    await engine.kill();
    await expect(engine.request('GET', '/_ping')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(engine.processes().length, 'containers outlive a killed engine').toBeGreaterThan(0);
    await engine.start();
    expect((await listContainers(engine)).find((each) => each.Id === sleeper)?.State).toBe('exited');
    await engine.restart();
    await stopContainer(engine, sleeper);
    expect(await listTags(engine)).toContain('one:1');
  });

  test('an engine that does not start says why', async () => {
    await expect(startDockerEngine({ flags: ['--no-such-flag'] })).rejects.toThrow(/no-such-flag/);
  });

  test('an image that does not fit is an error with the words of the engine', async () => {
    const engine = await engineFor({ disk: { sizeMiB: 40 } });
    const spec = {
      layers: { big: { bytes: 60 * mebibyte } },
      images: [{ tags: ['big:1'], layers: ['big'] }],
    };
    await expect(loadImages(engine, spec)).rejects.toThrow(/no space left/);
  });
});

describe('a free port', () => {
  test('is outside the range that the kernel assigns', async () => {
    const [from = 0, to = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
      .trim()
      .split(/\s+/)
      .map(Number);
    const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
    expect(ports.filter((port) => port >= from && port <= to)).toEqual([]);
  });
});

describe('an engine that somebody has', () => {
  afterEach(() => {
    delete process.env['DOCKERD'];
  });

  test('is the one that is started, with what lies beside it', async () => {
    const folder = mkdtempSync('/tmp/own-');
    undo.push(() => {
      rmSync(folder, { recursive: true });
    });
    const log = join(folder, 'asked');
    const wrapper = (name: string): void => {
      const path = join(folder, name);
      writeFileSync(path, `#!/bin/sh\necho ${name} >> ${log}\nexec ${commandPath(name as 'dockerd')} "$@"\n`);
      chmodSync(path, 0o755);
    };
    wrapper('dockerd');
    wrapper('containerd');
    process.env['DOCKERD'] = join(folder, 'dockerd');
    const engine = await engineFor();
    expect(readFileSync(log, 'utf8').split('\n')).toEqual(expect.arrayContaining(['dockerd', 'containerd']));
    expect((await engine.request('GET', '/_ping')).status).toBe(200);
    await engine.dispose();
    expect(processesOf(engine.disk.workspace.path)).toEqual([]);
  });

  test('refuses Docker’s client for its age: given a version, the client builds', async () => {
    const engine = await engineFor({
      root: await engineRoot('sid'),
      env: { DOCKER_MIN_API_VERSION: '1.44' },
    });
    const context = mkdtempSync('/tmp/context-');
    undo.push(() => {
      rmSync(context, { recursive: true });
    });
    writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
    await docker(engine, ['build', '--tag', 'built:1', context]);
    expect(await listTags(engine)).toEqual(['built:1']);
  });
});

describe('wire proxy', () => {
  test.each(['unix', 'tcp'] as const)('%s: passes through and counts', async (listen) => {
    const engine = await engineFor();
    const proxy = await proxyFor(engine, listen);
    expect((await send(addressOf(proxy), 'GET', '/_ping')).text).toBe('OK');
    expect((await send(addressOf(proxy), 'GET', '/images/nothing/json')).status).toBe(404);
    expect(proxy.requests).toMatchObject([
      { method: 'GET', path: '/_ping', status: 200 },
      { method: 'GET', path: '/images/nothing/json', status: 404 },
    ]);
    expect(proxy.count((request) => request.path === '/_ping')).toBe(1);
  });

  test('stalls, cuts, answers, changes the world, refuses', async () => {
    const engine = await engineFor();
    await loadImages(engine, twoImagesOnOneBase);
    const proxy = await proxyFor(engine);
    const address = addressOf(proxy);
    const isDelete = ({ method }: { method: string }): boolean => method === 'DELETE';

    const stall = proxy.addRule({ match: (request) => request.path === '/version', stall: 'before' });
    const impatient = send(address, 'GET', '/version', { signal: AbortSignal.timeout(300) });
    await expect(impatient).rejects.toThrow(/aborted/);
    const patient = send(address, 'GET', '/version');
    await expect.poll(() => stall.hits).toBe(2);
    stall.release();
    expect((await patient).status).toBe(200);

    proxy.addRule({ match: isDelete, times: 1, cut: 'before' });
    await expect(send(address, 'DELETE', '/images/two:1')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await hasImage(engine, 'two:1'), 'cut before: the engine never heard of it').toBe(true);
    proxy.addRule({ match: isDelete, times: 1, cut: 'after' });
    await expect(send(address, 'DELETE', '/images/two:1')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await hasImage(engine, 'two:1'), 'cut after: the engine has done it').toBe(false);

    const withheld = proxy.addRule({ match: isDelete, times: 1, stall: 'after' });
    const answer = send(address, 'DELETE', '/images/one:1');
    await expect.poll(() => hasImage(engine, 'one:1')).toBe(false);
    withheld.release();
    expect((await answer).status).toBe(200);

    proxy.addRule({
      match: (request) => request.path === '/info',
      respond: { status: 500, body: { message: 'no' } },
    });
    expect(await send(address, 'GET', '/info')).toMatchObject({ status: 500, text: '{"message":"no"}' });

    proxy.addRule({
      match: isDelete,
      before: async () => {
        await engine.expect('DELETE', '/images/one:latest');
      },
    });
    expect((await send(address, 'DELETE', '/images/one:latest')).status).toBe(404);

    for (const [how, code] of [
      ['refused', /ECONNREFUSED/],
      ['gone', /ENOENT/],
      ['reset', /ECONNRESET|EPIPE/],
    ] as const) {
      await proxy.refuse(how);
      await expect(send(address, 'GET', '/_ping')).rejects.toMatchObject({
        code: expect.stringMatching(code) as string,
      });
      await proxy.accept();
      expect((await send(address, 'GET', '/_ping')).status).toBe(200);
    }
  });
});

describe('command line', () => {
  test('collects output and records, waits for events, sends signals', async () => {
    const script = join(import.meta.dirname, '../../harness/fixtures/talker.mjs');
    const cli = runCli(['a', 'b'], { script, isOurs: false, env: { GREETING: 'hello' } });
    undo.push(() => cli.dispose());
    expect(await cli.waitForEvent('ready')).toMatchObject({
      args: ['a', 'b'],
      greeting: 'hello',
      home: true,
    });
    expect(cli.json()).toEqual({ printed: true });
    await expect(cli.waitForEvent('never', { timeoutMs: 50 })).rejects.toThrow(/plain line/);
    cli.kill('SIGTERM');
    expect(await cli.exited).toEqual({ code: 7, signal: null });
    await expect(cli.waitForEvent('never')).rejects.toThrow(/It ended \(7\)/);
  });
});
