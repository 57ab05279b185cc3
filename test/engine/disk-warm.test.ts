/** A warm account of a real engine's store, all of it remembered: whatever changes is noticed by the next measurement. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { DiskAccountant } from '../../src/disk/account.ts';
import type { LayerDatabase } from '../../src/disk/layer-database.ts';
import { startDockerEngine, type DockerEngine } from '../harness/docker-engine.ts';
import { atRest, du } from '../harness/du.ts';
import {
  createContainer,
  putFile,
  removeContainer,
  removeImage,
  runContainer,
  startContainer,
  stopContainer,
  tagImage,
} from '../harness/engine-api.ts';
import { loadImages } from '../harness/images.ts';

const signal = new AbortController().signal;

let engine: DockerEngine;
let running: string;
let stopped: string;
beforeAll(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 300 } });
  await loadImages(engine, {
    layers: { base: { bytes: 2e6, shell: true }, one: { bytes: 3e6, files: 500 } },
    images: [
      { tags: ['base:1'], layers: ['base'] },
      { tags: ['one:1'], layers: ['base', 'one'] },
    ],
  });
  running = await runContainer(engine, 'one:1', { binds: ['volume:/volume'] });
  stopped = await createContainer(engine, 'base:1');
});
afterAll(async () => {
  await engine.dispose();
});

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step();
});

async function database(accountant: DiskAccountant): Promise<LayerDatabase> {
  const result = await accountant.readStore(signal);
  if (!result.ok) throw new Error(result.problem.message);
  return result.database;
}

const at = (...path: string[]): string => join(engine.dataRoot, ...path);

test('every kind of change is in the next measurement', async () => {
  const accountant = new DiskAccountant(engine.dataRoot);
  await atRest(engine.dataRoot);
  await accountant.measure(signal);
  expect((await accountant.measure(signal)).total).toEqual(du(engine.dataRoot));
  const before = await database(accountant);
  expect(await database(accountant)).toBe(before);

  const volume = at('volumes/volume/_data');
  let created = '';
  const steps: readonly (readonly [what: string, change: () => unknown])[] = [
    ['a container writes a file', () => putFile(engine, running, '/written', Buffer.alloc(2e6, 1))],
    ['a container’s file grows', () => putFile(engine, running, '/written', Buffer.alloc(3e6, 1))],
    ['a file comes into a volume', () => writeFileSync(`${volume}/file`, Buffer.alloc(1e6, 1))],
    ['a volume’s file is written in place', () => appendFileSync(`${volume}/file`, Buffer.alloc(1e6, 1))],
    ['a stopped container gets a file', () => putFile(engine, stopped, '/file', Buffer.alloc(1e6, 1))],
    ['a container is made', async () => (created = await createContainer(engine, 'one:1'))],
    ['it is started', () => startContainer(engine, created)],
    ['it is stopped', () => stopContainer(engine, created)],
    ['it is removed', () => removeContainer(engine, created)],
    ['a volume is made', () => engine.expect('POST', '/volumes/create', { body: { Name: 'new' } })],
    ['a volume is removed', () => engine.expect('DELETE', '/volumes/new')],
    ['an image gets another name', () => tagImage(engine, 'one:1', 'one:2')],
    [
      'an image is loaded',
      () =>
        loadImages(engine, {
          layers: { more: { bytes: 2e6, files: 300, seed: 5 } },
          images: [{ tags: ['more:1'], layers: ['more'] }],
        }),
    ],
    ['an image is deleted', () => removeImage(engine, 'more:1')],
    [
      'something else comes into the data root',
      () => {
        mkdirSync(at('foreign'));
        writeFileSync(at('foreign/file'), Buffer.alloc(1e6, 1));
      },
    ],
    ['it goes', () => rmSync(at('foreign'), { recursive: true })],
  ];
  for (const [what, change] of steps) {
    await atRest(engine.dataRoot);
    await accountant.measure(signal);
    await change();
    expect((await accountant.measure(signal)).total, what).toEqual(du(engine.dataRoot));
  }
});

test('the store’s own records are the same object until one of them changes', async () => {
  const accountant = new DiskAccountant(engine.dataRoot);
  await atRest(engine.dataRoot);
  const first = await database(accountant);
  expect(await database(accountant)).toBe(first);
  const container = await createContainer(engine, 'base:1');
  const withContainer = await database(accountant);
  expect(withContainer.containers.has(container)).toBe(true);
  expect(first.containers.has(container)).toBe(false);
  await removeContainer(engine, container);
  expect((await database(accountant)).containers.has(container)).toBe(false);

  await atRest(engine.dataRoot);
  await database(accountant);
  const [id = ''] = await loadImages(engine, {
    layers: { late: { bytes: 1e6, seed: 9 } },
    images: [{ tags: ['late:1'], layers: ['late'] }],
  });
  const [chain = ''] = (await database(accountant)).images.get(id) ?? [];
  expect((await database(accountant)).layers.has(chain)).toBe(true);
  await atRest(engine.dataRoot);
  await database(accountant);
  await removeImage(engine, 'late:1');
  const without = await database(accountant);
  expect(without.images.has(id)).toBe(false);
  expect(without.layers.has(chain)).toBe(false);
});

test('a container whose record is not complete yet is none until it is', async () => {
  const accountant = new DiskAccountant(engine.dataRoot);
  const id = 'e'.repeat(64);
  const record = at('image/overlay2/layerdb/mounts', id);
  mkdirSync(record);
  undo.push(() => {
    rmSync(record, { recursive: true });
  });
  // In the engine's order.
  writeFileSync(`${record}/mount-id`, 'folder');
  expect((await database(accountant)).containers.has(id)).toBe(false);
  writeFileSync(`${record}/init-id`, 'folder-init');
  writeFileSync(`${record}/parent`, 'sha256:parent');
  expect((await database(accountant)).containers.get(id)).toEqual({
    id,
    folders: ['folder', 'folder-init'],
    parentId: 'sha256:parent',
  });
});

test('a container made from nothing is known once its record is at rest', async () => {
  const accountant = new DiskAccountant(engine.dataRoot);
  const id = 'f'.repeat(64);
  const record = at('image/overlay2/layerdb/mounts', id);
  mkdirSync(record);
  undo.push(() => {
    rmSync(record, { recursive: true });
  });
  writeFileSync(`${record}/mount-id`, 'folder');
  await atRest(engine.dataRoot);
  expect((await database(accountant)).containers.get(id)?.parentId).toBeUndefined();
  expect((await database(accountant)).containers.has(id)).toBe(true);
});

test('another filesystem right below the data root, or as a volume, is left out as du leaves it out', async () => {
  const accountant = new DiskAccountant(engine.dataRoot);
  await accountant.measure(signal);
  for (const path of [at('mounted'), at('volumes/mounted')]) {
    mkdirSync(path);
    execFileSync('mount', ['-t', 'tmpfs', 'none', path]);
    undo.push(() => {
      execFileSync('umount', [path]);
      rmSync(path, { recursive: true });
    });
    writeFileSync(`${path}/file`, Buffer.alloc(5e6, 1));
  }
  expect((await accountant.measure(signal)).total).toEqual(du(engine.dataRoot));
});
