/** The Docker adapter against a real engine: what it says of itself and what it lists. */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDockerEngine } from '../../../src/engine/docker/docker-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { Image } from '../../../src/core/model/store.ts';
import { startDockerEngine, type DockerEngine } from '../../../harness/engine/docker-engine.ts';
import {
  commitChild,
  createContainer,
  removeContainer,
  runContainer,
  stopContainer,
} from '../../../harness/engine/engine-api.ts';
import { loadImages } from '../../../harness/engine/images.ts';
import { digestOnlyImage, startRegistry, type Registry } from '../../../harness/engine/registry.ts';

const { signal } = new AbortController();
let real: DockerEngine;
let registry: Registry;
let engine: Engine;
let seed = 0;

beforeAll(async () => {
  real = await startDockerEngine();
  registry = await startRegistry();
  engine = createDockerEngine({ kind: 'unix', path: real.socketPath }, { timeoutMs: 60_000 });
  await engine.connect(signal);
});

afterAll(async () => {
  registry.dispose();
  await real.dispose();
});

/** Loads one image of two layers that no other test has; returns its ID. */
async function load(tags: readonly string[], labels: Record<string, string> = {}): Promise<string> {
  seed += 1;
  const [id] = await loadImages(real, {
    layers: { base: { bytes: 1000, shell: true }, own: { bytes: 5000, seed } },
    images: [{ tags, layers: ['base', 'own'], labels }],
  });
  if (id === undefined) throw new Error('nothing was loaded');
  return id;
}

async function listed(id: string): Promise<Image | undefined> {
  return (await engine.listImages(signal)).find((image) => image.id === id);
}

test('connecting identifies the engine', async () => {
  const version = (await real.expect('GET', '/version')).json<{ Version: string; ApiVersion: string }>();
  expect(await engine.connect(signal)).toEqual({
    name: 'Docker Engine',
    version: version.Version,
    apiVersion: version.ApiVersion,
    rootDirectory: real.dataRoot,
    storageDriver: 'overlay2',
    hostName: hostname(),
    endpoint: `unix://${real.socketPath}`,
  });
});

describe('an image', () => {
  test('is listed with its names, size, time and labels', async () => {
    const id = await load(['full:1', 'full:2', 'localhost:5000/deep/path:v1'], {
      'docker-image-cleaner.keep': 'yes',
      other: 'x',
    });
    expect(await listed(id)).toEqual({
      id,
      tags: ['full:1', 'full:2', 'localhost:5000/deep/path:v1'],
      digests: [],
      parentId: undefined,
      sizeBytes: expect.any(Number) as number,
      createdAtMs: Date.UTC(2024, 0, 1),
      // What else is in the labels is its author's and is not read.
      labels: { 'docker-image-cleaner.keep': 'yes' },
      layers: undefined,
    });
    expect((await listed(id))?.sizeBytes).toBeGreaterThan(5000);
  });

  test('without a name is listed without any', async () => {
    expect(await listed(await load([]))).toMatchObject({ tags: [], digests: [] });
  });

  test('with only a digest is listed with it', async () => {
    const id = await load(['pushed-once:1']);
    const digest = await digestOnlyImage(real, registry, 'pushed-once:1', 'pushed-once');
    expect(await listed(id)).toMatchObject({ tags: [], digests: [digest] });
  });

  test("inspected has the chain IDs that the engine's own layer database uses", async () => {
    const image = await engine.inspectImage(await load(['chain:1']), signal);
    expect(image?.layers).toHaveLength(2);
    for (const chainId of image?.layers ?? []) {
      const folder = join(real.dataRoot, 'image/overlay2/layerdb', chainId.replace(':', '/'));
      expect(existsSync(folder), folder).toBe(true);
    }
  });

  test('inspected is the same as listed, but for its layers', async () => {
    const id = await load(['same:1'], { a: 'b' });
    const inspected = await engine.inspectImage(id, signal);
    expect(inspected && { ...inspected, layers: undefined }).toEqual(await listed(id));
  });

  test('that is gone is inspected as undefined', async () => {
    expect(await engine.inspectImage(`sha256:${'0'.repeat(64)}`, signal)).toBeUndefined();
  });

  test('of the classic builder has its parent, intermediate images included', async () => {
    const parent = await load([]);
    const middle = await commitChild(real, parent);
    const child = await commitChild(real, middle, { tag: 'grandchild:1' });
    expect((await listed(child))?.parentId).toBe(middle);
    expect((await listed(middle))?.parentId).toBe(parent);
  });
});

test('a container in any state holds its image', async () => {
  const id = await load(['held:1']);
  const made = [
    [
      'created',
      await createContainer(real, 'held:1', {
        name: 'held-created',
        labels: { 'docker-image-cleaner.keep': 'y' },
      }),
    ],
    ['running', await runContainer(real, id, { name: 'held-running' })],
    ['paused', await runContainer(real, 'held:1', { name: 'held-paused' })],
    ['exited', await runContainer(real, 'held:1', { name: 'held-exited' })],
  ] as const;
  await real.expect('POST', '/containers/held-paused/pause');
  await stopContainer(real, 'held-exited');

  const containers = await engine.listContainers(signal);
  for (const [state, container] of made) {
    expect(containers.find((each) => each.id === container)).toMatchObject({
      name: `held-${state}`,
      state,
      images: [id],
      createdAtMs: expect.any(Number) as number,
    });
  }
  expect(containers.find((each) => each.name === 'held-created')?.labels).toEqual({
    'docker-image-cleaner.keep': 'y',
  });
  await real.expect('POST', '/containers/held-paused/unpause');
  for (const [, container] of made) await removeContainer(real, container);
});
