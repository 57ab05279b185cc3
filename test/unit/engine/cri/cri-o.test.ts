/** What recorded answers of CRI-O 1.37 are taken for. */
import { describe, expect, test } from 'vitest';
import { holders, type Container } from '../../../../src/core/model/store.ts';
import { noFacts, withLayers } from '../../../../src/disk/layer-facts.ts';
import {
  artifactReference,
  containerFrom,
  containerFromSandbox,
  imageFrom,
  imageId,
  mountedImages,
  needOf,
} from '../../../../src/engine/cri/translate.ts';
import { imageFacts, runtimeConfiguration, sandboxImageOf } from '../../../../src/engine/cri/verbose.ts';
import { recorded } from './recorded.ts';

const unknown = { createdAtMs: undefined, labels: {}, layers: undefined };
const artifact = 'fbb546b832ed5c92fa7199e5fd5c6368a769c3f04e39fff838c078ff3c6a4c5a';

describe('images', () => {
  test('the one that is an artifact is deleted by its digest, every other one by its ID', () => {
    const { images } = recorded.listImages('ListImages-with-artifact');
    expect(images.map(artifactReference).filter((reference) => reference !== undefined)).toEqual([
      `127.0.0.1:5599/models/bert@sha256:${artifact}`,
    ]);
    expect(images).toHaveLength(11);
  });

  test('those of a read-only store are not marked in the list; the store on the disk shows them', () => {
    const { images } = recorded.listImages('ListImages-with-readonly-store');
    const listed = images.map((image) => imageFrom(image, unknown, undefined));
    const there = imageId('1a6ca708b7f2df15b257ff5824507a877414e047b871bb24a90e2bb064de3446');
    const holdsOnly = new Set(listed.map(({ id }) => id).filter((id) => id !== there));
    const store = withLayers(
      { images: listed, containers: [], layers: new Map() },
      { ...noFacts(''), holdsOnly },
    );
    const elsewhere = store.images.filter(({ engineNeeds }) => engineNeeds?.code === 'elsewhere');
    expect(elsewhere.map(({ id }) => id)).toEqual([there]);
  });

  test('the pinned ones and the pause image are needed', () => {
    const { sandboxImage } = runtimeConfiguration(recorded.status().info);
    const { images } = recorded.listImages('ListImages-with-artifact');
    const needed = images.filter((image) => needOf(image, sandboxImage) !== undefined);
    expect(needed.map(({ repoTags }) => repoTags[0])).toEqual([
      '127.0.0.1:5599/pause:3.10',
      '127.0.0.1:5599/e:1',
      '127.0.0.1:5599/pinned:1',
    ]);
  });

  test('the status of one has its build time and its layers', () => {
    const { info } = recorded.imageStatus('ImageStatus-verbose');
    const facts = imageFacts(info);
    expect(facts.createdAtMs).toBe(Date.parse('2024-01-01T00:00:00Z'));
    expect(facts.layers).toHaveLength(4);
  });
});

describe('containers', () => {
  test('each holds its image by the ID without a prefix', () => {
    const { images } = recorded.listImages('ListImages-with-artifact');
    const { containers } = recorded.listContainers();
    const store = {
      images: images.map((image) => imageFrom(image, unknown, undefined)),
      containers: containers.map((container) => containerFrom(container, [], undefined)),
      layers: new Map(),
    };
    const held = holders(store);
    const names = store.images.filter(({ id }) => held.has(id)).map(({ tags }) => tags[0]);
    expect(names).toEqual(['127.0.0.1:5599/run:1', '127.0.0.1:5599/c:1', '127.0.0.1:5599/d:1']);
  });

  test('one that mounts an artifact holds it', () => {
    const { status } = recorded.containerStatus('ContainerStatus-artifact-mount');
    expect(status && mountedImages(status).map(imageId)).toEqual([`sha256:${artifact}`]);
  });

  test('a pod whose sandbox has no container reports no image; the store does, also an older pause image', () => {
    expect(sandboxImageOf(recorded.podSandboxStatus('PodSandboxStatus-verbose.infra').info)).toBe(
      '127.0.0.1:5599/pause:3.10',
    );
    const dropped = sandboxImageOf(recorded.podSandboxStatus('PodSandboxStatus-verbose.dropped-infra').info);
    expect(dropped).toBeUndefined();
    const [sandbox] = recorded.listPodSandbox().items;
    if (sandbox === undefined) throw new Error('no sandbox was recorded');
    const old = imageId('a'.repeat(64));
    const containers: readonly Container[] = [containerFromSandbox(sandbox, dropped)];
    const image = {
      ...{ id: old, tags: ['pause:3.9'], digests: [], parentId: undefined, sizeBytes: 1 },
      ...{ createdAtMs: undefined, labels: {}, layers: undefined },
    };
    const listed = { images: [image], containers, layers: new Map() };
    expect(holders(listed).get(old)).toBeUndefined();
    const stored = { id: sandbox.id, folders: [], parentId: undefined, holds: { image: old, name: 'infra' } };
    const held = holders(withLayers(listed, { ...noFacts(''), containers: [stored] }));
    expect(held.get(old)?.map(({ name }) => name)).toEqual(['p2/sandbox']);
  });
});
