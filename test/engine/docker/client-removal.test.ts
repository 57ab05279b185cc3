/** The Docker adapter against a real engine: what deleting and tagging do, and what the engine refuses. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDockerEngine } from '../../../src/engine/docker/docker-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { Image } from '../../../src/core/model/store.ts';
import { startDockerEngine, type DockerEngine } from '../../../harness/engine/docker-engine.ts';
import {
  commitChild,
  createContainer,
  hasImage,
  listTags,
  removeContainer,
  stopContainer,
  tagImage,
} from '../../../harness/engine/engine-api.ts';
import { loadImages } from '../../../harness/engine/images.ts';
import {
  digestOnlyImage,
  pullImage,
  pushImage,
  startRegistry,
  type Registry,
} from '../../../harness/engine/registry.ts';

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

const byName = (reference: string): Parameters<Engine['removeImage']> => [
  { by: 'reference', reference },
  { keepParents: true },
  signal,
];
const byId = (id: string, keepParents = true): Parameters<Engine['removeImage']> => [
  { by: 'id', id },
  { keepParents },
  signal,
];

describe('deleting', () => {
  test('the last name deletes the image, every other name only itself', async () => {
    const id = await load(['names/one:1', 'names/two:1']);
    expect(await engine.removeImage(...byName('names/one:1'))).toEqual({
      outcome: 'removed',
      untagged: ['names/one:1'],
      deleted: [],
    });
    const last = await engine.removeImage(...byName('names/two:1'));
    expect(last).toMatchObject({ outcome: 'removed', untagged: ['names/two:1'] });
    expect(last.outcome === 'removed' && last.deleted).toContain(id);
    expect(await listed(id)).toBeUndefined();
  });

  test.each([
    ['two repositories', ['conflict-a:1', 'conflict-b:1']],
    ['two tags of one repository', ['conflict-c:1', 'conflict-c:2']],
  ])('by ID is a conflict with %s', async (_what, tags) => {
    const id = await load(tags);
    expect(await engine.removeImage(...byId(id))).toEqual({
      outcome: 'conflict',
      message: expect.stringMatching(/referenced in multiple repositories/) as string,
    });
    expect(await listTags(real)).toEqual(expect.arrayContaining(tags));
  });

  test('an image without a name is done by ID', async () => {
    const id = await load([]);
    const removal = await engine.removeImage(...byId(id));
    expect(removal).toMatchObject({ outcome: 'removed', untagged: [] });
    expect(removal.outcome === 'removed' && removal.deleted).toContain(id);
  });

  test('by its digest deletes an image that has no other name', async () => {
    const id = await load(['by-digest:1']);
    const digest = await digestOnlyImage(real, registry, 'by-digest:1', 'by-digest');
    expect(await engine.removeImage(...byName(digest))).toMatchObject({
      outcome: 'removed',
      untagged: [digest],
      deleted: expect.arrayContaining([id]) as string[],
    });
  });

  test('by ID deletes an image with one digest, not one with digests of two repositories', async () => {
    const id = await load(['two-digests:1']);
    await tagImage(real, 'two-digests:1', `${registry.host}/second:1`);
    await pushImage(real, `${registry.host}/second`, '1');
    const first = await digestOnlyImage(real, registry, 'two-digests:1', 'first');
    const second = first.replace('/first@', '/second@');
    await pullImage(real, `${registry.host}/second`, second.slice(second.indexOf('@') + 1));
    expect(await listed(id)).toMatchObject({ tags: [], digests: [first, second] });

    expect(await engine.removeImage(...byId(id))).toMatchObject({ outcome: 'conflict' });
    expect(await engine.removeImage(...byName(second))).toMatchObject({ untagged: [second], deleted: [] });
    expect(await engine.removeImage(...byId(id))).toMatchObject({
      untagged: [first],
      deleted: expect.arrayContaining([id]) as string[],
    });
  });

  test('the last tag of a repository takes its digest along', async () => {
    const id = await load(['along:1']);
    const name = `${registry.host}/along`;
    await tagImage(real, 'along:1', `${name}:1`);
    await pushImage(real, name, '1');
    const digest = (await listed(id))?.digests[0];
    expect(digest).toMatch(/along@sha256:/);
    expect(await engine.removeImage(...byName(`${name}:1`))).toMatchObject({
      untagged: [`${name}:1`, digest],
      deleted: [],
    });
    expect(await listed(id)).toMatchObject({ tags: ['along:1'], digests: [] });
  });

  test.each([
    ['running', 'running'],
    ['stopped', 'exited'],
    ['stopped', 'created'],
  ])('the image of a %s container (%s) is a conflict, by name and by ID', async (word, state) => {
    const tag = `used-${state}:1`;
    const id = await load([tag]);
    const container = await createContainer(real, tag);
    if (state !== 'created') await real.expect('POST', `/containers/${container}/start`);
    if (state === 'exited') await stopContainer(real, container);

    const short = container.slice(0, 12);
    expect(await engine.removeImage(...byName(tag))).toEqual({
      outcome: 'conflict',
      message: expect.stringMatching(
        new RegExp(`container ${short} is using its referenced image`),
      ) as string,
    });
    expect(await engine.removeImage(...byId(id))).toEqual({
      outcome: 'conflict',
      message: expect.stringMatching(new RegExp(`being used by ${word} container ${short}`)) as string,
    });
    expect(await hasImage(real, tag)).toBe(true);
    await removeContainer(real, container);
  });

  test('one of several names of an image in use is not stopped by the engine', async () => {
    const id = await load(['used-twice:1', 'used-twice:2']);
    const container = await createContainer(real, id);
    expect(await engine.removeImage(...byName('used-twice:1'))).toMatchObject({
      outcome: 'removed',
      deleted: [],
    });
    expect(await engine.removeImage(...byName('used-twice:2'))).toMatchObject({ outcome: 'conflict' });
    await engine.tagImage(id, 'used-twice:1', signal);
    expect((await listed(id))?.tags).toEqual(['used-twice:1', 'used-twice:2']);
    await removeContainer(real, container);
  });

  test('an image with a child is a conflict by ID; its last name is removed', async () => {
    const parent = await load(['parent:1']);
    const child = await commitChild(real, parent, { tag: 'child:1' });
    expect(await engine.removeImage(...byId(parent))).toEqual({
      outcome: 'conflict',
      message: expect.stringMatching(/dependent child images/) as string,
    });
    expect(await engine.removeImage(...byName('parent:1'))).toMatchObject({
      outcome: 'removed',
      deleted: [],
    });
    expect(await listed(parent)).toMatchObject({ tags: [] });
    expect(await listed(child)).toMatchObject({ parentId: parent });
  });

  test.each([true, false])('with keepParents %j', async (keepParents) => {
    const parent = await load([]);
    const child = await commitChild(real, parent);
    expect(await engine.removeImage(...byId(child, keepParents))).toMatchObject({ outcome: 'removed' });
    expect(await hasImage(real, parent)).toBe(keepParents);
  });

  test.each(['nothing:1', 'localhost:5000/no/thing:v1', `nothing@sha256:${'0'.repeat(64)}`])(
    'what does not exist: %s',
    async (reference) => {
      expect(await engine.removeImage(...byName(reference))).toEqual({ outcome: 'not-found' });
    },
  );

  test('a name that is none is an error, not a missing image', async () => {
    await expect(engine.removeImage(...byName('Not A Name'))).rejects.toMatchObject({
      name: 'EngineError',
      code: 'failed',
      status: 400,
      message: expect.stringMatching(/DELETE .*Not%20A%20Name of unix:.*invalid reference format/) as string,
    });
  });
});

describe('tagging', () => {
  test.each(['again:1', 'registry.example:5000/deep/er:v1'])('gives the name %s', async (reference) => {
    const id = await load([]);
    await engine.tagImage(id, reference, signal);
    expect((await listed(id))?.tags).toEqual([reference]);
  });

  test('a name without a tag, or a digest, is refused', async () => {
    const id = await load([]);
    for (const reference of ['bare', 'registry.example:5000/bare', `a@sha256:${'0'.repeat(64)}`]) {
      await expect(engine.tagImage(id, reference, signal)).rejects.toMatchObject({ code: 'failed' });
    }
    expect((await listed(id))?.tags).toEqual([]);
  });

  test('an image that is gone is an error with its status', async () => {
    await expect(engine.tagImage(`sha256:${'0'.repeat(64)}`, 'x:1', signal)).rejects.toMatchObject({
      code: 'failed',
      status: 404,
    });
  });
});
