/** The account of a real engine's disk against `du` and `statfs`, at rest and in the middle of pulls and deletions. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Amount } from '../../../src/core/model/thresholds.ts';
import { DiskAccountant, layersOf } from '../../../src/disk/account/account.ts';
import { checkDataRoot } from '../../../src/disk/data-root.ts';
import { LayerDatabaseReader } from '../../../src/disk/stores/docker-store.ts';
import { Listings } from '../../../src/disk/walk/listings.ts';
import { spaceByKind, type SpaceKind } from '../../../src/disk/account/space-by-kind.ts';
import { ImageDisk } from '../../../src/disk/image-disk.ts';
import { createDockerEngine } from '../../../src/engine/docker/docker-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { Observer } from '../../../src/observe/observer.ts';
import { docker } from '../../../harness/engine/docker-client.ts';
import { startDockerEngine, type DockerEngine } from '../../../harness/engine/docker-engine.ts';
import { du } from '../../../harness/machine/du.ts';
import {
  createContainer,
  hasImage,
  putFile,
  removeContainer,
  removeImage,
  runContainer,
  stopContainer,
} from '../../../harness/engine/engine-api.ts';
import { loadImages, type StoreSpec } from '../../../harness/engine/images.ts';
import { waitFor } from '../../../harness/machine/wait.ts';

const signal = new AbortController().signal;

function used(path: string): Amount {
  const answer = statfsSync(path);
  return { bytes: (answer.blocks - answer.bfree) * answer.bsize, inodes: answer.files - answer.ffree };
}

const spec: StoreSpec = {
  layers: {
    base: { bytes: 2e6, shell: true },
    env: { bytes: 6e6, files: 3000 },
    data: { bytes: 12e6, files: 4 },
    app: { bytes: 1e5, files: 20 },
    other: { bytes: 3e6, files: 800 },
  },
  images: [
    { tags: ['shared/env:1'], layers: ['base', 'env'] },
    { tags: ['shared/app:1'], layers: ['base', 'env', 'app'] },
    { tags: ['shared/data:1'], layers: ['base', 'data'] },
    { tags: ['alone:1'], layers: ['other'] },
  ],
};

const undo: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

let engine: DockerEngine;
let client: Engine;
beforeAll(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 400 } });
  client = createDockerEngine({ kind: 'unix', path: engine.socketPath }, { timeoutMs: 60_000 });
  await client.connect(signal);
  await loadImages(engine, spec);
});
afterAll(async () => {
  await engine.dispose();
});

async function measured(accountant: DiskAccountant): Promise<Amount> {
  return (await accountant.measure(signal)).total;
}

function expectNear(actual: Amount, expected: Amount): void {
  expect(Math.abs(actual.bytes - expected.bytes)).toBeLessThanOrEqual(expected.bytes / 100);
  expect(Math.abs(actual.inodes - expected.inodes)).toBeLessThanOrEqual(expected.inodes / 100);
}

test('cold, warm and after a restart the total equals that of du', async () => {
  const running = await runContainer(engine, 'shared/app:1', {
    command: ['/bin/sh', '-c', 'i=0; while [ $i -lt 50 ]; do echo line $i; i=$((i+1)); done; sleep 100000'],
    binds: ['kept-volume:/kept'],
  });
  undo.push(() => removeContainer(engine, running));
  await putFile(engine, running, '/written', Buffer.alloc(3e6, 1));
  const stopped = await createContainer(engine, 'shared/data:1');
  undo.push(() => removeContainer(engine, stopped));
  await putFile(engine, stopped, '/also-written', Buffer.alloc(2e6, 1));
  const state = join(engine.disk.workspace.path, 'layers.json');
  const accountant = new DiskAccountant(engine.dataRoot, state);
  expect(await measured(accountant)).toEqual(du(engine.dataRoot));
  await putFile(engine, running, '/more', Buffer.alloc(1e6, 1));
  await putFile(engine, stopped, '/more', Buffer.alloc(1e6, 1));
  const now = du(engine.dataRoot);
  expect(await measured(accountant)).toEqual(now);
  expect(await measured(new DiskAccountant(engine.dataRoot, state))).toEqual(now);
});

test('a layer is read once and remembered, also over a restart; a damaged state file is rebuilt', async () => {
  const state = join(engine.disk.workspace.path, 'remembered.json');
  const accountant = new DiskAccountant(engine.dataRoot, state);
  const first = await accountant.measure(signal);
  const layer = first.store?.folders.find((folder) => folder.chainId !== undefined);
  if (layer === undefined) throw new Error('a store with images has layers');
  // No engine ever does this: it shows whether the folder is read again.
  const intruder = join(engine.dataRoot, 'overlay2', layer.name, 'diff', 'intruder');
  writeFileSync(intruder, Buffer.alloc(1e6, 1));
  undo.push(() => {
    execFileSync('rm', [intruder]);
  });
  expect((await measured(accountant)).bytes).toBe(first.total.bytes);
  const restarted = new DiskAccountant(engine.dataRoot, state);
  expect((await measured(restarted)).bytes).toBe(first.total.bytes);
  writeFileSync(state, readFileSync(state, 'utf8').slice(0, 500));
  const rebuilt = new DiskAccountant(engine.dataRoot, state);
  expect(await measured(rebuilt)).toEqual(du(engine.dataRoot));
  expect(rebuilt.takeProblems()).toMatchObject([{ kind: 'lost', path: state }]);
  expect(rebuilt.takeProblems()).toEqual([]);
  expect(() => JSON.parse(readFileSync(state, 'utf8')) as unknown).not.toThrow();
});

test('the size of a layer is what deleting it frees, in bytes and inodes', async () => {
  const [id] = await loadImages(engine, {
    layers: { gone: { bytes: 5e6, files: 2000, seed: 7 } },
    images: [{ tags: ['gone:1'], layers: ['gone'] }],
  });
  if (id === undefined) throw new Error('one image was loaded');
  const account = await new DiskAccountant(engine.dataRoot).measure(signal);
  if (account.store === undefined) throw new Error('overlay2 has a layer database');
  const chains = account.store.database.images.get(id) ?? [];
  expect(chains).toHaveLength(1);
  const layer = layersOf(account.store).get(chains[0] ?? '');
  if (layer === undefined) throw new Error('the layer is in the account');
  expect(layer.exact).toBe(true);
  execFileSync('sync', ['-f', engine.dataRoot]);
  const before = used(engine.dataRoot);
  await removeImage(engine, 'gone:1');
  execFileSync('sync', ['-f', engine.dataRoot]);
  const after = used(engine.dataRoot);
  const freed = { bytes: before.bytes - after.bytes, inodes: before.inodes - after.inodes };
  expect(Math.abs(freed.bytes - layer.bytes)).toBeLessThanOrEqual(freed.bytes / 100);
  // The image's own configuration is one more.
  expect(freed.inodes - layer.inodes).toBeGreaterThanOrEqual(0);
  expect(freed.inodes - layer.inodes).toBeLessThanOrEqual(2);
});

test('in the middle of loading and deleting, at any moment, the total equals that of du', async () => {
  const accountant = new DiskAccountant(engine.dataRoot);
  await accountant.measure(signal);
  let stop = false;
  const churn = async (): Promise<void> => {
    for (let round = 0; !stop; round++) {
      await loadImages(engine, {
        layers: {
          one: { bytes: 3e6, files: 1500, seed: 100 + round },
          two: { bytes: 2e6, files: 700, seed: 200 + round },
        },
        images: [
          { tags: ['churn:a'], layers: ['one'] },
          { tags: ['churn:b'], layers: ['one', 'two'] },
        ],
      });
      for (const name of ['churn:a', 'churn:b']) {
        if (await hasImage(engine, name)) await removeImage(engine, name);
      }
    }
  };
  const churning = churn();
  try {
    for (let moment = 0; moment < 25; moment++) {
      await delay(40 + ((moment * 37) % 200));
      const frozen = freeze(engine);
      try {
        expectNear(await measured(accountant), du(engine.dataRoot));
      } finally {
        frozen.thaw();
      }
    }
  } finally {
    stop = true;
    await churning;
  }
  expect(await measured(accountant)).toEqual(du(engine.dataRoot));
});

/** Stops every process of the engine where it stands, so that the disk can be looked at twice. */
function freeze(target: DockerEngine): { thaw(): void } {
  const stopped = new Set<number>();
  // A process may start another just before it is stopped: look until nobody new is found.
  for (let found = true; found;) {
    found = false;
    for (const pid of target.processes()) {
      if (stopped.has(pid)) continue;
      found = true;
      stopped.add(pid);
      signalProcess(pid, 'SIGSTOP');
    }
  }
  return {
    thaw: () => {
      for (const pid of stopped) signalProcess(pid, 'SIGCONT');
    },
  };
}

function signalProcess(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

describe('where is my space', () => {
  test('every kind equals du of its folders, and all sum to the filesystem', async () => {
    const running = await runContainer(engine, 'shared/app:1', {
      command: [
        '/bin/sh',
        '-c',
        'i=0; while [ $i -lt 20000 ]; do echo a long line of a log $i; i=$((i+1)); done; sleep 100000',
      ],
      binds: ['used-volume:/volume'],
    });
    undo.push(() => removeContainer(engine, running));
    await putFile(engine, running, '/container-data', Buffer.alloc(4e6, 1));
    await engine.expect('POST', '/volumes/create', { body: { Name: 'lonely' } });
    writeFileSync(join(engine.dataRoot, 'volumes/lonely/_data/file'), Buffer.alloc(5e6, 1));
    const leftover = join(engine.dataRoot, 'overlay2', 'f'.repeat(64));
    mkdirSync(join(leftover, 'diff'), { recursive: true });
    writeFileSync(join(leftover, 'diff', 'orphan'), Buffer.alloc(6e6, 1));
    undo.push(() => {
      execFileSync('rm', ['-r', leftover]);
    });
    const ballast = join(engine.disk.path, 'not-dockers');
    writeFileSync(ballast, Buffer.alloc(7e6, 1));
    undo.push(() => {
      execFileSync('rm', [ballast]);
    });
    const log = join(engine.dataRoot, 'containers', running, `${running}-json.log`);
    await waitFor('the log to be written', async () => {
      const text = readFileSync(log, 'utf8');
      return Promise.resolve(text.includes('log 19999'));
    });
    execFileSync('sync', ['-f', engine.dataRoot]);

    const account = await new DiskAccountant(engine.dataRoot).measure(signal);
    const store = {
      images: await client.listImages(signal),
      containers: await client.listContainers(signal),
      layers: new Map(),
    };
    const young = await spaceByKind(account, store, signal);
    // A folder that nothing refers to may be in the making while it is young.
    expect(young.leftovers).toEqual([]);
    const space = await spaceByKind(
      { ...account, takenAtMs: account.takenAtMs + 2 * 3600_000 },
      store,
      signal,
    );
    expect(space.leftovers).toEqual([leftover]);
    expect(space.unusedVolumes).toContain('lonely');
    expect(space.unusedVolumes).not.toContain('used-volume');

    const folderOf = (layer: string): string => join(engine.dataRoot, 'overlay2', layer);
    const foldersOf = (image: string): readonly string[] => {
      const id = store.images.find((one) => one.tags.includes(image))?.id ?? '';
      const database = account.store?.database;
      const chains = database?.images.get(id) ?? [];
      return chains.map((chain) => folderOf(database?.layers.get(chain)?.folder ?? ''));
    };
    const inUse = new Set(foldersOf('shared/app:1'));
    const unused = new Set(['shared/env:1', 'shared/data:1', 'alone:1'].flatMap(foldersOf));
    const total = (paths: Iterable<string>): number =>
      [...paths].reduce((sum, path) => sum + du(path).bytes, 0);
    const expected: Partial<Record<SpaceKind, number>> = {
      imagesInUse: total(inUse),
      imagesUnused: total(new Set([...unused].filter((path) => !inUse.has(path)))),
      leftovers: du(leftover).bytes,
      volumesUnused: total(space.unusedVolumes.map((name) => join(engine.dataRoot, 'volumes', name))),
      containerLogs: du(log).bytes,
      notTheEngines: used(engine.dataRoot).bytes - du(engine.dataRoot).bytes,
    };
    for (const [kind, bytes] of Object.entries(expected)) {
      const part = space.parts[kind as SpaceKind].bytes;
      expect(Math.abs(part - bytes), kind).toBeLessThanOrEqual(bytes / 100);
    }
    expect(space.parts.containerLayers.bytes).toBeGreaterThan(4e6);
    expect(space.parts.notTheEngines.bytes).toBeGreaterThan(7e6);
    const sumOfParts = Object.values(space.parts).reduce((sum, part) => sum + part.bytes, 0);
    expect(Math.abs(sumOfParts - space.total.bytes)).toBeLessThanOrEqual(space.total.bytes / 100);
    const inodes = Object.values(space.parts).reduce((sum, part) => sum + part.inodes, 0);
    expect(Math.abs(inodes - space.total.inodes)).toBeLessThanOrEqual(space.total.inodes / 100);
  });

  test('names what another storage driver and broken pulls left, by path', async () => {
    const other = join(engine.dataRoot, 'aufs');
    const temporary = join(engine.dataRoot, 'tmp', 'GetImageBlob123');
    undo.push(() => {
      execFileSync('rm', ['-r', other, temporary]);
    });
    mkdirSync(join(other, 'diff'), { recursive: true });
    writeFileSync(join(other, 'diff', 'old'), Buffer.alloc(6e6, 1));
    mkdirSync(join(engine.dataRoot, 'tmp'), { recursive: true });
    writeFileSync(temporary, Buffer.alloc(3e6, 1));
    const account = await new DiskAccountant(engine.dataRoot).measure(signal);
    expect(account.total).toEqual(du(engine.dataRoot));
    const store = { images: await client.listImages(signal), containers: [], layers: new Map() };
    const young = await spaceByKind(account, store, signal);
    expect(young.leftovers).toEqual([other]);
    const later = { ...account, takenAtMs: account.takenAtMs + 25 * 3600_000 };
    const space = await spaceByKind(later, store, signal);
    expect(space.leftovers.toSorted()).toEqual([other, temporary]);
    expect(space.parts.leftovers.bytes).toBe(du(other).bytes + du(temporary).bytes);
  });

  test('what a build leaves is build cache, also when its image is deleted', async () => {
    const folder = join(engine.disk.workspace.path, 'build');
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'Dockerfile'),
      'FROM shared/env:1\nCOPY big /big\nRUN ["/bin/sh", "-c", "cat /big > /copy"]\n',
    );
    writeFileSync(join(folder, 'big'), Buffer.alloc(5e6, 1));
    await docker(engine, ['build', '--network', 'none', '-t', 'built:1', folder]);
    undo.push(() => engine.expect('POST', '/build/prune?all=1').then(() => undefined));
    const accountant = new DiskAccountant(engine.dataRoot);
    expect(await measured(accountant)).toEqual(du(engine.dataRoot));
    await removeImage(engine, 'built:1');
    const account = await accountant.measure(signal);
    expect(account.total).toEqual(du(engine.dataRoot));
    const store = { images: await client.listImages(signal), containers: [], layers: new Map() };
    const later = { ...account, takenAtMs: account.takenAtMs + 2 * 3600_000 };
    const space = await spaceByKind(later, store, signal);
    expect(space.leftovers).toEqual([]);
    expect(space.parts.buildCache.bytes).toBeGreaterThan(15e6);
  });
});

test('a stopped container that writes while it runs is measured again each time', async () => {
  const accountant = new DiskAccountant(engine.dataRoot);
  const id = await runContainer(engine, 'shared/env:1', {
    command: ['/bin/sh', '-c', 'while ! cat /go; do sleep 0.1; done; cat /bin/* > /all; sleep 100000'],
  });
  undo.push(() => removeContainer(engine, id));
  expect(await measured(accountant)).toEqual(du(engine.dataRoot));
  await putFile(engine, id, '/go', 'x');
  const grown = join(engine.dataRoot, 'image/overlay2/layerdb/mounts', id, 'mount-id');
  const layer = readFileSync(grown, 'utf8');
  await waitFor('the container to write', () =>
    Promise.resolve(du(join(engine.dataRoot, 'overlay2', layer, 'diff')).bytes > 5e6),
  );
  await stopContainer(engine, id);
  expect(await measured(accountant)).toEqual(du(engine.dataRoot));
  expect(await measured(accountant)).toEqual(du(engine.dataRoot));
});

describe('another storage driver', () => {
  test('vfs: everything is walked, and status says why', async () => {
    const vfs = await startDockerEngine({ storageDriver: 'vfs', disk: { sizeMiB: 200 } });
    undo.push(() => vfs.dispose());
    await loadImages(vfs, spec);
    const account = await new DiskAccountant(vfs.dataRoot).measure(signal);
    expect(account.total).toEqual(du(vfs.dataRoot));
    expect(account.problem).toMatchObject({ reason: 'driver' });
    expect(account.problem?.message).toContain('vfs');
    expect(account.store).toBeUndefined();
    const images = createDockerEngine({ kind: 'unix', path: vfs.socketPath }, { timeoutMs: 60_000 });
    await images.connect(signal);
    const store = { images: await images.listImages(signal), containers: [], layers: new Map() };
    const space = await spaceByKind(account, store, signal);
    expect(space.parts.unknown).toEqual(account.total);
    const sumOfParts = Object.values(space.parts).reduce((sum, part) => sum + part.bytes, 0);
    expect(Math.abs(sumOfParts - space.total.bytes)).toBeLessThanOrEqual(space.total.bytes / 100);
  });
});

describe('a layer database that cannot be used', () => {
  const layerDatabase = (): string => join(engine.dataRoot, 'image/overlay2/layerdb/sha256');

  test("missing: everything is walked, layers are the engine's, and both say so", async () => {
    const aside = join(engine.dataRoot, 'image/overlay2/layerdb/aside');
    renameSync(layerDatabase(), aside);
    undo.push(() => {
      renameSync(aside, layerDatabase());
    });
    const account = await new DiskAccountant(engine.dataRoot).measure(signal);
    expect(account.total).toEqual(du(engine.dataRoot));
    expect(account.problem).toMatchObject({ reason: 'damaged' });
    const { store, layerSource } = await new Observer(
      client,
      new ImageDisk(engine.dataRoot, 'relative'),
    ).snapshot(signal);
    expect(layerSource).toContain('estimated from the sizes that the engine gives');
    expect(layerSource).toContain('has no layerdb/sha256');
    const app = store.images.find(({ tags }) => tags.includes('shared/app:1'));
    // The topmost layer is the one of 100 kB; the engine's own figure is of files, not of blocks.
    expect(store.layers.get(app?.layers?.at(-1) ?? '')).toMatchObject({ bytes: 100_000, exact: false });
  });

  test('a damaged entry: that layer is counted, named, and not taken for a layer', async () => {
    const whole = await new DiskAccountant(engine.dataRoot).measure(signal);
    const [chain] = readdirSync(layerDatabase());
    if (chain === undefined) throw new Error('a store with images has layers');
    const diff = join(layerDatabase(), chain, 'diff');
    const before = readFileSync(diff);
    writeFileSync(diff, `sha256:${'0'.repeat(64)}`);
    undo.push(() => {
      writeFileSync(diff, before);
    });
    const account = await new DiskAccountant(engine.dataRoot).measure(signal);
    expect(account.total).toEqual(du(engine.dataRoot));
    const database = account.store?.database;
    expect(database?.damaged).toEqual([expect.stringContaining(chain)]);
    expect(database?.layers.has(`sha256:${chain}`)).toBe(false);
    expect(database?.layers.size).toBe((whole.store?.database.layers.size ?? 0) - 1);
  });
});

describe('is the path where the engine keeps its images', () => {
  test('its data directory is, by whatever name; another folder or another engine’s is not', async () => {
    const info = await client.connect(signal);
    const ids = (await client.listImages(signal)).map((image) => image.id);
    const check = async (path: string, root = info.rootDirectory): Promise<unknown> =>
      checkDataRoot(
        path,
        { ...info, rootDirectory: root },
        ids,
        await new LayerDatabaseReader(path, new Listings()).read(signal),
      );
    expect(await check(engine.dataRoot)).toBeUndefined();
    expect(await check(engine.dataRoot, '/data/as/the/engine/sees/it')).toBeUndefined();
    expect(await check(engine.disk.path)).toMatchObject({ code: 'another-folder' });
    expect(await check('/proc')).toMatchObject({ code: 'another-filesystem' });
    expect(await check('/proc', '/not/to/be/seen/from/here')).toMatchObject({ code: 'unknown' });
    const other = await startDockerEngine();
    undo.push(() => other.dispose());
    await loadImages(other, {
      layers: { x: { bytes: 1000 } },
      images: [{ tags: ['x:1'], layers: ['x'] }],
    });
    const finding = await check(other.dataRoot);
    expect(finding).toMatchObject({ code: 'another-filesystem' });
    expect(String((finding as { message: string }).message)).toContain(other.dataRoot);
  });
});
