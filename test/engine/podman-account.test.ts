/** The account of a real Podman's store against `du`: warm, all of it remembered, and after each kind of change. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DiskAccountant } from '../../src/disk/account.ts';
import type { LayerDatabase } from '../../src/disk/layer-database.ts';
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
import { type PodmanEngine, startPodman } from '../harness/podman.ts';

const signal = new AbortController().signal;

let engine: PodmanEngine;
let running: string;
beforeAll(async () => {
  engine = await startPodman({ disk: { sizeMiB: 300 } });
  await loadImages(engine, {
    layers: { base: { bytes: 2e6, shell: true }, one: { bytes: 3e6, files: 500 } },
    images: [
      { tags: ['base:1'], layers: ['base'] },
      { tags: ['one:1'], layers: ['base', 'one'] },
    ],
  });
  running = await runContainer(engine, 'one:1');
});
afterAll(async () => {
  await removeContainer(engine, running);
  await engine.dispose();
});

async function database(accountant: DiskAccountant): Promise<LayerDatabase> {
  const result = await accountant.readStore(signal);
  if (!result.ok) throw new Error(result.problem.message);
  return result.database;
}

test('every kind of change is in the next measurement', async () => {
  const accountant = new DiskAccountant(engine.dataRoot);
  let created = '';
  const steps: readonly (readonly [what: string, change: () => unknown])[] = [
    ['a container writes a file', () => putFile(engine, running, '/written', Buffer.alloc(2e6, 1))],
    ['a container is made', async () => (created = await createContainer(engine, 'one:1'))],
    ['it is started', () => startContainer(engine, created)],
    ['it is stopped', () => stopContainer(engine, created)],
    ['it is removed', () => removeContainer(engine, created)],
    ['an image gets another name', () => tagImage(engine, 'one:1', 'two:1')],
    [
      'an image is loaded',
      () =>
        loadImages(engine, {
          layers: { more: { bytes: 2e6, files: 300, seed: 5 } },
          images: [{ tags: ['more:1'], layers: ['more'] }],
        }),
    ],
    ['an image is mounted', () => engine.command('image', 'mount', 'more:1')],
    ['it is unmounted', () => engine.command('image', 'unmount', 'more:1')],
    ['an image is deleted', () => removeImage(engine, 'more:1')],
  ];
  for (const [what, change] of steps) {
    await atRest(engine.dataRoot);
    await accountant.measure(signal);
    expect((await accountant.measure(signal)).total, `before ${what}`).toEqual(du(engine.dataRoot));
    await change();
    expect((await accountant.measure(signal)).total, what).toEqual(du(engine.dataRoot));
  }
});

test('the lists are the same object until one of them is another', async () => {
  const accountant = new DiskAccountant(engine.dataRoot);
  await atRest(engine.dataRoot);
  const first = await database(accountant);
  expect(await database(accountant)).toBe(first);
  const container = await createContainer(engine, 'base:1');
  expect((await database(accountant)).containers.has(container)).toBe(true);
  await atRest(engine.dataRoot);
  await database(accountant);
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

test('its layers are remembered with their surroundings, and a warm check writes no state', async () => {
  const state = join(engine.disk.workspace.path, 'layers.json');
  const accountant = new DiskAccountant(engine.dataRoot, state);
  await atRest(engine.dataRoot);
  await accountant.measure(signal);
  await accountant.measure(signal);
  const { folders } = JSON.parse(readFileSync(state, 'utf8')) as {
    folders: Record<string, { mtimeMs: number; isLayer: boolean }>;
  };
  const layers = Object.values(folders).filter(({ isLayer }) => isLayer);
  expect(layers).toHaveLength(2);
  for (const { mtimeMs } of layers) expect(mtimeMs).toBeGreaterThan(0);
  const before = statSync(state).ino;
  await accountant.measure(signal);
  expect(statSync(state).ino).toBe(before);
});
