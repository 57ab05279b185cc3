import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import type { Container, Image } from '../../../../src/core/model/store.ts';
import {
  containerSummarySchema,
  imageDetailsSchema,
  imageSummarySchema,
} from '../../../../src/engine/docker/schemas.ts';
import {
  containerFromSummary,
  imageFromDetails,
  imageFromSummary,
  namesToResolve,
} from '../../../../src/engine/docker/translate.ts';

const hexA = 'a'.repeat(64);
const hexB = 'b'.repeat(64);
const idA = `sha256:${hexA}`;
const idB = `sha256:${hexB}`;

/** Like an engine's answer: through the schema. */
function image(answer: object): Image {
  return imageFromSummary(v.parse(imageSummarySchema, { Id: idA, ...answer }));
}

function container(answer: object, ids: Record<string, string> = {}): Container {
  const summary = v.parse(containerSummarySchema, { Id: 'c0ffee'.repeat(10), ...answer });
  return containerFromSummary(summary, (name) => {
    const id = ids[name];
    return id === undefined ? undefined : { id, taggedAtMs: 1 };
  });
}

describe('an image of the list', () => {
  const full: Image = {
    id: idA,
    tags: ['one:1'],
    digests: [],
    parentId: undefined,
    sizeBytes: 6_982_277,
    createdAtMs: 1_704_067_200_000,
    labels: { 'docker-image-cleaner.keep': 'no' },
    layers: undefined,
  };

  test.each<[string, object, Image]>([
    [
      'Docker Engine 20.10, API 1.41',
      {
        Containers: -1,
        Created: 1704067200,
        Labels: { 'docker-image-cleaner.keep': 'no' },
        ParentId: '',
        RepoDigests: null,
        RepoTags: ['one:1'],
        SharedSize: -1,
        Size: 6982277,
        VirtualSize: 6982277,
      },
      full,
    ],
    [
      'Docker Engine 26.1, API 1.45',
      {
        Containers: -1,
        Created: 1704067200,
        Labels: { 'docker-image-cleaner.keep': 'no' },
        ParentId: '',
        RepoDigests: [],
        RepoTags: ['one:1'],
        SharedSize: -1,
        Size: 6982277,
      },
      full,
    ],
    [
      'Docker Engine 29, API 1.52: no parent, no empty fields',
      {
        Created: 1704067200,
        Labels: { 'docker-image-cleaner.keep': 'no' },
        RepoTags: ['one:1'],
        Size: 6982277,
        Manifests: [{ ID: idB }],
        Containers: 0,
      },
      full,
    ],
    [
      'Docker Engine 28.5 with the containerd image store: a digest for each repository',
      {
        Containers: 0,
        Created: 1704067200,
        Labels: { 'docker-image-cleaner.keep': 'no' },
        ParentId: '',
        Descriptor: {
          mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
          digest: idA,
          size: 422,
        },
        RepoDigests: [`one@${idA}`],
        RepoTags: ['one:1'],
        SharedSize: -1,
        Size: 6982277,
      },
      { ...full, digests: [`one@${idA}`] },
    ],
    [
      'Docker Engine 28.5 with the containerd image store, pulled by digest: the digest is among the tags',
      {
        Created: 1704067200,
        Labels: null,
        RepoTags: [`localhost:5000/one@${idA}`],
        RepoDigests: [idA],
        Size: 1,
      },
      { ...full, tags: [], digests: [`localhost:5000/one@${idA}`], labels: {}, sizeBytes: 1 },
    ],
    [
      'Podman 4.3: parent without sha256:',
      {
        Created: 1704067200,
        Labels: { 'docker-image-cleaner.keep': 'no' },
        ParentId: hexB,
        RepoTags: ['localhost/one:1'],
        RepoDigests: [],
        Size: 6982277,
        SharedSize: 0,
      },
      { ...full, tags: ['localhost/one:1'], parentId: idB },
    ],
  ])('%s', (_engine, answer, expected) => {
    expect(image(answer)).toEqual(expected);
  });

  test.each<[string, object]>([
    ['API 1.41', { RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>'] }],
    ['API 1.41, digests null', { RepoTags: ['<none>:<none>'], RepoDigests: null }],
    ['API 1.43', { RepoTags: [], RepoDigests: [] }],
    ['null', { RepoTags: null, RepoDigests: null }],
    ['API 1.52', {}],
  ])('without a reference has none, as reported by %s', (_version, answer) => {
    expect(image(answer)).toMatchObject({ tags: [], digests: [] });
  });

  test('pulled by digest has only its digest', () => {
    const digests = [`one@${idB}`];
    expect(image({ RepoTags: null, RepoDigests: digests })).toMatchObject({ tags: [], digests });
    expect(image({ RepoTags: ['<none>:<none>'], RepoDigests: digests })).toMatchObject({ tags: [], digests });
  });

  test.each([
    [{ Size: 5 }, 5],
    [{ Size: 5, VirtualSize: 5 }, 5],
    [{ VirtualSize: 7 }, 7],
    [{ Size: 0, VirtualSize: 7 }, 0],
    [{ Size: -1 }, 0],
    [{}, 0],
  ])('size of %j is %d', (answer, bytes) => {
    expect(image(answer).sizeBytes).toBe(bytes);
  });

  test.each([
    [{}, undefined],
    [{ Created: null }, undefined],
    [{ Created: 0 }, undefined],
    [{ Created: -62135596800 }, undefined],
    [{ Created: 1 }, 1000],
  ])('time of %j is %j', (answer, ms) => {
    expect(image(answer).createdAtMs).toBe(ms);
  });

  test.each([
    ['no ID', { Id: undefined }],
    ['an empty ID', { Id: '' }],
    ['names that are no list', { RepoTags: 'one:1' }],
    ['labels that are no texts', { Labels: { keep: true } }],
    ['a size that is no number', { Size: '5' }],
  ])('with %s is refused, not guessed', (_what, answer) => {
    expect(v.safeParse(imageSummarySchema, { Id: idA, ...answer }).success).toBe(false);
  });
});

describe('an inspected image', () => {
  test('has the chain IDs of its layers', () => {
    const details = v.parse(imageDetailsSchema, {
      Id: idA,
      Parent: idB,
      RepoTags: ['one:1'],
      RepoDigests: [],
      Created: '2024-01-01T00:00:00.123456789Z',
      Size: 3,
      Config: { Labels: { 'docker-image-cleaner.keep': 'no' } },
      RootFS: { Type: 'layers', Layers: [idA, idB] },
    });
    expect(imageFromDetails(details)).toEqual({
      id: idA,
      tags: ['one:1'],
      digests: [],
      parentId: idB,
      sizeBytes: 3,
      createdAtMs: Date.UTC(2024, 0, 1, 0, 0, 0, 123),
      labels: { 'docker-image-cleaner.keep': 'no' },
      layers: [idA, expect.stringMatching(/^sha256:[0-9a-f]{64}$/)],
    });
  });

  test.each([undefined, null, '', '0001-01-01T00:00:00Z', '1970-01-01T00:00:00Z', 'yesterday'])(
    'made at %j was made at an unknown time',
    (Created) => {
      expect(imageFromDetails(v.parse(imageDetailsSchema, { Id: idA, Created })).createdAtMs).toBeUndefined();
    },
  );

  test('without RootFS or Config has unknown layers and no labels', () => {
    const details = v.parse(imageDetailsSchema, { Id: idA, Config: null, RootFS: null });
    expect(imageFromDetails(details)).toMatchObject({ layers: undefined, labels: {} });
  });
});

describe('a container', () => {
  test('of Docker Engine 20.10', () => {
    const answer = {
      Names: ['/cr'],
      Image: 'two:1',
      ImageID: idA,
      Created: 1704067200,
      Labels: { 'docker-image-cleaner.keep': 'no' },
      State: 'created',
      Status: 'Created',
      Mounts: [],
    };
    expect(container(answer)).toEqual({
      id: 'c0ffee'.repeat(10),
      name: 'cr',
      images: [idA],
      state: 'created',
      createdAtMs: 1_704_067_200_000,
      labels: { 'docker-image-cleaner.keep': 'no' },
    });
  });

  test('of a containerd image store holds its platform manifest too', () => {
    const answer = { Image: 'one:1', ImageID: idA, ImageManifestDescriptor: { digest: idB, size: 422 } };
    expect(container(answer).images).toEqual([idA, idB]);
    expect(container({ ...answer, ImageManifestDescriptor: null }).images).toEqual([idA]);
  });

  test('of Podman has its image ID written as images have it', () => {
    expect(container({ ImageID: hexA }).images).toEqual([idA]);
  });

  test.each([{ ImageID: '' }, { ImageID: null }, {}])(
    'with %j holds the image of the name it gives',
    (answer) => {
      expect(container({ ...answer, Image: 'one' }, { one: idB }).images).toEqual([idB, 'one']);
      expect(container({ ...answer, Image: 'one' }).images).toEqual(['one']);
    },
  );

  test('holds every image it mounts, and nothing for other mounts', () => {
    const Mounts = [
      { Type: 'image', Name: 'one:1', Source: '/data/lib/x-one:1', Destination: '/m' },
      { Type: 'image', Name: 'gone', Source: '/data/lib/x-gone', Destination: '/n' },
      { Type: 'volume', Name: 'two:1', Source: '/v', Destination: '/v' },
      { Type: 'bind', Source: '/b', Destination: '/b' },
    ];
    const answer = { ImageID: idA, Image: 'run:1', Mounts };
    expect(container(answer, { 'one:1': idB }).images).toEqual([idA, idB, 'one:1', 'gone']);
    expect(namesToResolve(v.parse(containerSummarySchema, { Id: 'c', ...answer }))).toEqual([
      'one:1',
      'gone',
    ]);
  });

  test.each([{ Names: null }, { Names: [] }, {}])('with %j is called by its short ID', (answer) => {
    expect(container(answer).name).toBe('c0ffeec0ffee');
  });

  test('with nothing reported holds nothing known, in an unknown state', () => {
    expect(container({})).toMatchObject({ images: [], state: 'unknown', createdAtMs: undefined, labels: {} });
  });
});
