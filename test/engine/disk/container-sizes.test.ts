/**
 * What stopped containers wrote, on stores that are not on this disk: the engine is asked, as rarely as possible, and
 * what is freed is what was predicted.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { imagesOnly, sortOutCleanable } from '../../../src/core/eligible/cache-and-containers.ts';
import type { Removable } from '../../../src/core/forest/removable.ts';
import { ImageDisk } from '../../../src/disk/image-disk.ts';
import { createDockerEngine } from '../../../src/engine/docker/docker-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { Observer } from '../../../src/observe/observer.ts';
import type { ApiEngine } from '../../../harness/engine/api-engine.ts';
import { startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import {
  createContainer,
  listContainers,
  putFile,
  removeContainer,
  runContainer,
  startContainer,
  stopContainer,
} from '../../../harness/engine/engine-api.ts';
import { engineRoot } from '../../../harness/machine/engine-root.ts';
import { loadImages } from '../../../harness/engine/images.ts';
import { startPodman } from '../../../harness/engine/podman.ts';
import { startWireProxy, type WireProxy } from '../../../harness/wire/wire-proxy.ts';
import { cleaner } from '../scenario.ts';

const MiB = 1024 * 1024;
const signal = new AbortController().signal;
const stoppedOnly = {
  images: false,
  buildCache: false,
  stoppedContainers: true,
  stoppedContainerAgeSeconds: 0,
};
const disk = { sizeMiB: 300 };

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function filled<T extends ApiEngine>(engine: T): Promise<T> {
  undo.push(() => engine.dispose());
  await loadImages(engine, {
    layers: { base: { bytes: 1e6, shell: true }, files: { bytes: 4e6, files: 200 } },
    images: [{ tags: ['image:1'], layers: ['base', 'files'] }],
  });
  return engine;
}

/** A container that wrote a large file and some small ones, and stopped. */
async function stopped(engine: ApiEngine, bytes: number): Promise<string> {
  const id = await runContainer(engine, 'image:1');
  await putFile(engine, id, '/large', Buffer.alloc(bytes, 1));
  for (let index = 0; index < 20; index++) await putFile(engine, id, `/small-${index}`, 'x');
  await stopContainer(engine, id);
  return id;
}

// Made where the cache has none, which takes longer than a test may.
beforeAll(async () => {
  await engineRoot('sid');
}, 1_800_000);

describe.each([
  ['Docker’s vfs', () => startDockerEngine({ disk, storageDriver: 'vfs' }), 'data directory'],
  [
    'Docker’s vfs where copies share their blocks',
    () => startDockerEngine({ disk: { sizeMiB: 400, filesystem: 'xfs' }, storageDriver: 'vfs' }),
    'data directory',
  ],
  ['Docker’s overlay2, the path elsewhere', () => startDockerEngine({ disk }), 'disk'],
  [
    'Docker’s containerd image store',
    async () => startDockerEngine({ disk, containerdStore: true, root: await engineRoot('sid') }),
    'data directory',
  ],
  ['Podman’s overlay, the path elsewhere', () => startPodman({ disk }), 'disk'],
  ['Podman’s vfs', () => startPodman({ disk, storageDriver: 'vfs' }), 'data directory'],
] as const)('%s', (_, start, where) => {
  it('a stopped container frees what was predicted of it', async () => {
    const engine: ApiEngine = await filled<ApiEngine>(await start());
    const path = where === 'disk' ? engine.disk.path : engine.dataRoot;
    const [small, large] = [await stopped(engine, 3e6), await stopped(engine, 9e6)];
    execFileSync('sync', ['-f', engine.dataRoot]);
    const options = {
      high: 0.2,
      low: 0.1,
      settings: { PATH_TO_CHECK: path, CLEAN: 'stopped-containers', STOPPED_CONTAINER_AGE_SECONDS: '0' },
    };
    const planned = cleaner(engine, ['plan', '--json'], options);
    expect((await planned.exited).code, planned.stderr).toBe(0);
    const { victims } = planned.json<{ victims: { id: string; reason: string }[] }>();
    expect(victims.map(({ id }) => id)).toEqual([large, small]);
    // Marked as an estimate, like every size from the engine.
    for (const { reason } of victims) expect(reason).toContain('about');
    const cli = cleaner(engine, ['run', '--once'], options);
    expect((await cli.exited).code, cli.stderr).toBe(3);
    const gone = cli.records.filter(({ event }) => event === 'container.deleted');
    expect(gone.map((record) => record['id'])).toEqual([large, small]);
    for (const record of gone) {
      const [predicted, freed] = [Number(record['predictedBytes']), Number(record['freedBytes'])];
      expect(predicted).toBeGreaterThan(2e6);
      expect(Math.abs(predicted - freed), JSON.stringify(record)).toBeLessThanOrEqual(
        Math.max(MiB, freed * 0.01),
      );
    }
  });
});

describe('the engine is asked', () => {
  let engine: Awaited<ReturnType<typeof startDockerEngine>>;
  let proxy: WireProxy;
  let client: Engine;

  async function start(options: Parameters<typeof startDockerEngine>[0]): Promise<void> {
    engine = await filled(await startDockerEngine(options));
    proxy = await startWireProxy({
      target: engine,
      listen: { socketPath: join(engine.disk.workspace.path, 'proxy.sock') },
    });
    undo.push(() => proxy.dispose());
    client = createDockerEngine(
      { kind: 'unix', path: join(engine.disk.workspace.path, 'proxy.sock') },
      { timeoutMs: 60_000 },
    );
    await client.connect(signal);
  }

  const isQuestion = ({ path }: { readonly path: string }): boolean => /[?&]size=/.test(path);
  const questions = (): number => proxy.count(isQuestion);

  async function look(clean = stoppedOnly): Promise<readonly Removable[]> {
    const { store } = await new Observer(client, new ImageDisk(engine.dataRoot, 'relative'), clean).snapshot(
      signal,
    );
    return sortOutCleanable(store, clean, Date.now()).units;
  }

  it('once per container until it has run again, and only for deletable ones', async () => {
    await start({ disk, storageDriver: 'vfs' });
    await runContainer(engine, 'image:1');
    await createContainer(engine, 'image:1', { labels: { 'com.docker.compose.project': 'shop' } });
    const id = await stopped(engine, 3e6);
    await look(imagesOnly);
    await look({ ...stoppedOnly, stoppedContainerAgeSeconds: 3600 });
    expect(questions()).toBe(0);
    const [first] = await look();
    expect(first).toMatchObject({ id, ownExact: false });
    expect((await look()).map(({ own }) => own)).toEqual([first?.own]);
    expect(questions()).toBe(1);

    await startContainer(engine, id);
    expect(await look()).toEqual([]);
    await putFile(engine, id, '/more', Buffer.alloc(5e6, 1));
    await stopContainer(engine, id);
    const [again] = await look();
    expect((again?.own.bytes ?? 0) - (first?.own.bytes ?? 0)).toBe(5e6);
    await look();
    expect(questions()).toBe(2);
    await removeContainer(engine, id);
    expect(await look()).toEqual([]);
    expect((await listContainers(engine)).length).toBe(2);
  });

  it('not where the disk shows it', async () => {
    await start({ disk });
    const id = await stopped(engine, 3e6);
    expect(await look()).toMatchObject([{ id, ownExact: true }]);
    expect(questions()).toBe(0);
  });

  it('without result where it cannot count: planning continues, and the container is predicted to free nothing', async () => {
    await start({ disk, storageDriver: 'vfs' });
    const id = await stopped(engine, 3e6);
    const rule = proxy.addRule({
      match: isQuestion,
      respond: { status: 500, body: JSON.stringify({ message: 'counting failed' }) },
    });
    expect(await look()).toMatchObject([{ id, own: { bytes: 0, inodes: 0 } }]);
    rule.remove();
    const other = await stopped(engine, 2e6);
    const cut = proxy.addRule({ match: isQuestion, cut: 'before' });
    await expect(look()).rejects.toMatchObject({ code: 'unreachable' });
    cut.remove();
    const units = new Map((await look()).map((unit) => [unit.id, unit.own.bytes]));
    expect(units.get(id)).toBe(0);
    expect(units.get(other)).toBeGreaterThan(2e6);
  });
});
