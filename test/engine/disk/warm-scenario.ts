/** What is shown alike of the warm accounts of a Docker's and of a Podman's store. */
import type { LayerDatabase } from '../../../src/disk/stores/store.ts';
import { expect } from 'vitest';
import type { DiskAccountant } from '../../../src/disk/account/account.ts';
import type { ApiEngine } from '../../../harness/engine/api-engine.ts';
import { atRest } from '../../../harness/machine/du.ts';
import {
  createContainer,
  putFile,
  removeContainer,
  removeImage,
  startContainer,
  stopContainer,
  tagImage,
} from '../../../harness/engine/engine-api.ts';
import { loadImages } from '../../../harness/engine/images.ts';

const signal = new AbortController().signal;

/** Two images, `base:1` and `one:1`, based on one layer. */
export async function loadBaseAndOne(engine: ApiEngine): Promise<void> {
  await loadImages(engine, {
    layers: { base: { bytes: 2e6, shell: true }, one: { bytes: 3e6, files: 500 } },
    images: [
      { tags: ['base:1'], layers: ['base'] },
      { tags: ['one:1'], layers: ['base', 'one'] },
    ],
  });
}

/** The store by its own records. */
export async function databaseOf(accountant: DiskAccountant): Promise<LayerDatabase> {
  const result = await accountant.readStore(signal);
  if (!result.ok) throw new Error(result.problem.message);
  return result.database;
}

export type Change = readonly [what: string, change: () => unknown];

/** Changes by way of the engine, in this order; leaves the image `more:1`. */
export function changesOf(engine: ApiEngine, running: string): readonly Change[] {
  let created = '';
  return [
    ['a container writes a file', () => putFile(engine, running, '/written', Buffer.alloc(2e6, 1))],
    ['a container’s file grows', () => putFile(engine, running, '/written', Buffer.alloc(3e6, 1))],
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
  ];
}

/** The records are the same object until a container, and then an image, is added and removed. */
export async function expectRecordsToFollow(
  engine: ApiEngine,
  accountant: DiskAccountant,
  restSeconds: number,
): Promise<void> {
  const known = (): Promise<LayerDatabase> => databaseOf(accountant);
  await atRest(engine.dataRoot, restSeconds);
  const first = await known();
  expect(await known()).toBe(first);
  const container = await createContainer(engine, 'base:1');
  expect((await known()).containers.has(container)).toBe(true);
  expect(first.containers.has(container)).toBe(false);
  await atRest(engine.dataRoot, restSeconds);
  await known();
  await removeContainer(engine, container);
  expect((await known()).containers.has(container)).toBe(false);

  await atRest(engine.dataRoot, restSeconds);
  await known();
  const [id = ''] = await loadImages(engine, {
    layers: { late: { bytes: 1e6, seed: 9 } },
    images: [{ tags: ['late:1'], layers: ['late'] }],
  });
  const [chain = ''] = (await known()).images.get(id) ?? [];
  expect((await known()).layers.has(chain)).toBe(true);
  await atRest(engine.dataRoot, restSeconds);
  await known();
  await removeImage(engine, 'late:1');
  const without = await known();
  expect(without.images.has(id)).toBe(false);
  expect(without.layers.has(chain)).toBe(false);
}
