/** What the build cache and stopped containers hold, and deleting them: on a real engine, measured by the filesystem. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { imagesOnly, sortOutCleanable } from '../../../src/core/eligible/cache-and-containers.ts';
import { forestOf } from '../../../src/core/forest/forest.ts';
import { freedBy } from '../../../src/core/forest/reclaim.ts';
import type { Amount } from '../../../src/core/model/thresholds.ts';
import { BoltError, readBolt } from '../../../src/disk/stores/bolt-database.ts';
import { readBuildSnapshots } from '../../../src/disk/stores/buildkit.ts';
import { ImageDisk } from '../../../src/disk/image-disk.ts';
import { createDockerEngine } from '../../../src/engine/docker/docker-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { Observer } from '../../../src/observe/observer.ts';
import { docker } from '../../../harness/engine/docker-client.ts';
import {
  type DockerEngine,
  type DockerEngineOptions,
  startDockerEngine,
} from '../../../harness/engine/docker-engine.ts';
import {
  createContainer,
  listContainers,
  listTags,
  putFile,
  removeContainer,
  removeImage,
  runContainer,
  startContainer,
  stopContainer,
  waitForContainer,
} from '../../../harness/engine/engine-api.ts';
import { loadImages } from '../../../harness/engine/images.ts';
import { cleaner } from '../scenario.ts';

const MiB = 1024 * 1024;
const signal = new AbortController().signal;
const everything = { images: true, buildCache: true, stoppedContainers: true, stoppedContainerAgeSeconds: 0 };

let engine: DockerEngine;
let client: Engine;

async function start(options: DockerEngineOptions = { disk: { sizeMiB: 300 } }): Promise<void> {
  engine = await startDockerEngine(options);
  client = createDockerEngine({ kind: 'unix', path: engine.socketPath }, { timeoutMs: 60_000 });
  await client.connect(signal);
  await loadImages(engine, {
    layers: { base: { bytes: 1e6, shell: true } },
    images: [{ tags: ['base:1'], layers: ['base'] }],
  });
}

afterEach(async () => {
  await engine.dispose();
});

/** Builds with BuildKit: a file of the size on `base:1`, and a small step on it. */
async function build(tag: string, bytes: number): Promise<void> {
  const context = join(engine.disk.workspace.path, 'context');
  mkdirSync(context, { recursive: true });
  writeFileSync(join(context, 'Dockerfile'), 'FROM base:1\nCOPY big /big\nCOPY Dockerfile /small\n');
  writeFileSync(join(context, 'big'), Buffer.alloc(bytes, tag));
  await docker(engine, ['build', '--network', 'none', '-t', tag, context]);
}

function used(): Amount {
  execFileSync('sync', ['-f', engine.dataRoot]);
  const answer = statfsSync(engine.dataRoot);
  return { bytes: (answer.blocks - answer.bfree) * answer.bsize, inodes: answer.files - answer.ffree };
}

async function gained(act: () => Promise<unknown>): Promise<Amount> {
  const before = used();
  await act();
  const after = used();
  return { bytes: before.bytes - after.bytes, inodes: before.inodes - after.inodes };
}

async function look() {
  const { store } = await new Observer(
    client,
    new ImageDisk(engine.dataRoot, 'relative'),
    everything,
  ).snapshot(signal);
  const { units } = sortOutCleanable(store, everything, Date.now());
  const idOf = (tag: string): string => store.images.find(({ tags }) => tags.includes(tag))?.id ?? tag;
  return { store, units, forest: forestOf(store, units), idOf };
}

function expectNear(actual: Amount, expected: Amount): void {
  expect(Math.abs(actual.bytes - expected.bytes)).toBeLessThan(Math.max(MiB / 4, expected.bytes / 100));
  expect(Math.abs(actual.inodes - expected.inodes)).toBeLessThanOrEqual(8 + expected.inodes / 100);
}

describe('layers that the build cache holds', () => {
  it('an image that BuildKit built frees nothing while the cache holds its layers, and all without it', async () => {
    await start();
    await build('built:1', 8e6);
    const withCache = await look();
    const predicted = freedBy(withCache.forest, [withCache.idOf('built:1')]);
    expect(predicted.bytes).toBeLessThan(MiB / 4);
    expectNear(await gained(() => removeImage(engine, 'built:1')), predicted);

    await build('built:1', 8e6);
    await engine.expect('POST', '/build/prune?all=true');
    const without = await look();
    expect(without.units).toEqual([]);
    const whole = freedBy(without.forest, [without.idOf('built:1')]);
    expect(whole.bytes).toBeGreaterThan(7e6);
    expectNear(await gained(() => removeImage(engine, 'built:1')), whole);
    // BuildKit leaves an entry for the base behind, which holds nothing.
    const base = await look();
    const last = freedBy(base.forest, [base.idOf('base:1')]);
    expect(last.bytes).toBeGreaterThan(1e6);
    expectNear(await gained(() => removeImage(engine, 'base:1')), last);
  });

  it('each record frees what was predicted at its place, the last ones the layers', async () => {
    await start();
    await build('built:1', 8e6);
    await removeImage(engine, 'built:1');
    const { forest, units } = await look();
    const total = freedBy(
      forest,
      units.map(({ id }) => id),
    );
    // The layer, and the context that was sent.
    expect(total.bytes).toBeGreaterThan(15e6);
    expect(total.exact).toBe(true);
    const measured = await gained(async () => {
      const cli = cleaner(engine, ['run', '--once'], {
        high: 0.2,
        low: 0.1,
        settings: { CLEAN: 'build-cache' },
      });
      expect((await cli.exited).code).toBe(3);
      const report = await cli.waitForEvent('sweep.completed');
      expect(report).toMatchObject({ deletedImages: 0, failedDeletions: 0, stoppedBecause: 'no-candidates' });
      // One record stands for the base, whose image is kept: it would free nothing.
      expect(report['deletedCacheRecords']).toBe(units.length - 1);
      for (const record of cli.records.filter(({ event }) => event === 'cache-record.deleted')) {
        const error = Math.abs(Number(record['freedBytes']) - Number(record['predictedBytes']));
        expect(error, JSON.stringify(record)).toBeLessThan(MiB);
      }
    });
    expectNear(measured, total);
    expect(await client.listCacheRecords(signal)).toHaveLength(1);
    expect(await listTags(engine)).toEqual(['base:1']);
  });

  it('is read from the pages in use only, and damage makes everything that is mentioned held', async () => {
    await start();
    await build('built:1', 2e6);
    const before = await readBuildSnapshots(engine.dataRoot, signal);
    expect(before.isExact).toBe(true);
    const chains = (snapshots: typeof before): string[] => [
      ...new Set([...snapshots.byRecord.values()].flat().flatMap(({ chainId }) => chainId ?? [])),
    ];
    expect(chains(before)).toHaveLength(3);
    expect([...before.byRecord.keys()].sort()).toEqual(
      (await client.listCacheRecords(signal)).map(({ id }) => id).sort(),
    );
    const copy = join(engine.disk.workspace.path, 'copy');
    mkdirSync(copy);
    execFileSync('cp', ['-r', join(engine.dataRoot, 'buildkit'), copy]);
    const path = join(copy, 'buildkit/snapshots.db');
    // Both meta pages.
    execFileSync('dd', ['if=/dev/zero', `of=${path}`, 'bs=4096', 'count=2', 'conv=notrunc'], {
      stdio: 'pipe',
    });
    await expect(readBolt(path, signal)).rejects.toThrow(BoltError);
    const damaged = await readBuildSnapshots(copy, signal);
    expect(damaged.isExact).toBe(false);
    expect(chains(damaged)).toEqual(expect.arrayContaining(chains(before)));
    execFileSync('truncate', ['--size', '5000', join(copy, 'buildkit/containerdmeta.db')]);
    expect((await readBuildSnapshots(copy, signal)).isExact).toBe(false);

    await engine.expect('POST', '/build/prune?all=true');
    expect(chains(await readBuildSnapshots(engine.dataRoot, signal))).toEqual([]);
  });

  it('holds them also after a restart of the engine', async () => {
    await start();
    await build('built:1', 8e6);
    await engine.restart();
    await client.connect(signal);
    const { forest, idOf } = await look();
    const predicted = freedBy(forest, [idOf('built:1')]);
    expectNear(await gained(() => removeImage(engine, 'built:1')), predicted);
  });
});

describe('one budget', () => {
  it('takes an old stopped container before its image, and spares containers that run, are young or are managed', async () => {
    await start();
    await loadImages(engine, {
      layers: { base: { bytes: 1e6, shell: true }, old: { bytes: 9e6 }, managed: { bytes: 9e6 } },
      images: [
        { tags: ['old:1'], layers: ['base', 'old'] },
        { tags: ['managed:1'], layers: ['base', 'managed'] },
      ],
    });
    const old = await runContainer(engine, 'old:1', { binds: ['kept-volume:/kept'] });
    await putFile(engine, old, '/written', Buffer.alloc(3e6, 1));
    await stopContainer(engine, old);
    const labels = { 'com.docker.compose.project': 'shop' };
    const managed = await createContainer(engine, 'managed:1', { labels });
    const running = await runContainer(engine, 'base:1');

    const settings = { CLEAN: 'images,stopped-containers' };
    const young = cleaner(engine, ['plan', '--json'], { high: 0.2, low: 0.1, settings });
    expect((await young.exited).code).toBe(0);
    const plan = young.json<{ victims: unknown[]; kept: { id: string; code: string; kind: string }[] }>();
    expect(plan.victims).toEqual([]);
    expect(plan.kept.find(({ id }) => id === old)).toMatchObject({
      kind: 'stopped-container',
      code: 'stopped-recently',
    });

    const measured = await gained(async () => {
      const aged = { ...settings, STOPPED_CONTAINER_AGE_SECONDS: '0' };
      const cli = cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1, settings: aged });
      expect((await cli.exited).code).toBe(3);
      const gone = cli.records.filter(({ event }) => event?.endsWith('.deleted') === true);
      expect(gone.map(({ event, references }) => [event, references])).toEqual([
        ['container.deleted', [expect.any(String)]],
        ['image.deleted', ['old:1']],
      ]);
      const [container] = gone;
      const error = Math.abs(Number(container?.['freedBytes']) - Number(container?.['predictedBytes']));
      expect(error).toBeLessThan(MiB / 4);
      expect(await cli.waitForEvent('sweep.completed')).toMatchObject({
        deletedContainers: 1,
        deletedImages: 1,
      });
    });
    expect(measured.bytes).toBeGreaterThan(11e6);
    expect((await listContainers(engine)).map(({ Id }) => Id).sort()).toEqual([managed, running].sort());
    expect(await listTags(engine)).toEqual(['base:1', 'managed:1']);
    const volumes = (await engine.expect('GET', '/volumes')).json<{ Volumes: { Name: string }[] }>().Volumes;
    expect(volumes.map(({ Name }) => Name)).toEqual(['kept-volume']);
  });

  it('spares what its restart policy starts again, and what was only created, but not what failed to start', async () => {
    await start();
    const create = async (name: string, body: object): Promise<string> => {
      const HostConfig = { NetworkMode: 'none' };
      const answer = await engine.expect('POST', `/containers/create?name=${name}`, {
        body: { Image: 'base:1', Cmd: ['/bin/sh', '-c', 'exit 0'], HostConfig, ...body },
      });
      return answer.json<{ Id: string }>().Id;
    };
    const policy = (Name: string) => ({ HostConfig: { NetworkMode: 'none', RestartPolicy: { Name } } });
    const waits = await create('waits', {});
    const failed = await create('failed', { Cmd: ['/no/such/program'] });
    expect((await engine.request('POST', `/containers/${failed}/start`)).status).toBe(400);
    const returns: string[] = [];
    for (const name of ['always', 'unless-stopped']) {
      const id = await create(name, { ...policy(name), Cmd: ['/bin/sh', '-c', 'sleep 1000'] });
      await startContainer(engine, id);
      await stopContainer(engine, id);
      returns.push(id);
    }
    const ended = await create('ended', policy('on-failure'));
    await startContainer(engine, ended);
    await waitForContainer(engine, ended);

    const settings = { CLEAN: 'stopped-containers', STOPPED_CONTAINER_AGE_SECONDS: '0' };
    const cli = cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1, settings });
    expect((await cli.exited).code).toBe(3);
    const gone = cli.records.filter(({ event }) => event === 'container.deleted').map(({ id }) => id);
    expect(gone.sort()).toEqual([failed, ended].sort());
    expect((await listContainers(engine)).map(({ Id }) => Id).sort()).toEqual([waits, ...returns].sort());
  });

  it('asks for neither when only images are cleaned', async () => {
    await start();
    const { store } = await new Observer(
      client,
      new ImageDisk(engine.dataRoot, 'relative'),
      imagesOnly,
    ).snapshot(signal);
    expect(store.cacheRecords).toBeUndefined();
    const stopped = await createContainer(engine, 'base:1');
    const cli = cleaner(engine, ['run', '--once'], {
      high: 0.2,
      low: 0.1,
      settings: { STOPPED_CONTAINER_AGE_SECONDS: '0' },
    });
    expect((await cli.exited).code).toBe(3);
    expect((await listContainers(engine)).map(({ Id }) => Id)).toEqual([stopped]);
    await startContainer(engine, stopped);
    await removeContainer(engine, stopped);
  });
});

describe('a store that is not on this disk', () => {
  it('has the layers and sizes that the engine reports, and says so', async () => {
    await start({ disk: { sizeMiB: 300 }, storageDriver: 'vfs' });
    await loadImages(engine, {
      layers: { base: { bytes: 1e6, shell: true }, one: { bytes: 5e6 }, two: { bytes: 3e6 } },
      images: [
        { tags: ['one:1'], layers: ['base', 'one'] },
        { tags: ['two:1'], layers: ['base', 'one', 'two'] },
      ],
    });
    const disk = new ImageDisk(engine.dataRoot, 'relative');
    const { store, layerSource } = await new Observer(client, disk).snapshot(signal);
    expect(layerSource).toContain('estimated from the sizes that the engine gives');
    const one = store.images.find(({ tags }) => tags.includes('one:1'));
    const two = store.images.find(({ tags }) => tags.includes('two:1'));
    expect(two?.layers?.slice(0, 2)).toEqual(one?.layers);
    expect(two?.layers?.map((id) => store.layers.get(id)?.bytes).slice(1)).toEqual([5e6, 3e6]);
    expect([...store.layers.values()].every(({ exact }) => !exact)).toBe(true);
    const forest = forestOf(store);
    expect(freedBy(forest, [one?.id ?? '']).bytes).toBe(0);
    expect(freedBy(forest, [two?.id ?? '']).bytes).toBe(3e6);
  });
});
