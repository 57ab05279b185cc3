import { describe, expect, it } from 'vitest';
import { holders } from '../../../../src/core/model/store.ts';
import * as cri from '../../../../src/engine/cri/generated/api.ts';
import {
  containerFrom,
  containerFromSandbox,
  fullReference,
  imageFrom,
  isWholeId,
  needOf,
} from '../../../../src/engine/cri/translate.ts';
import { imageFacts, runtimeConfiguration, sandboxImageOf } from '../../../../src/engine/cri/verbose.ts';

const id = `sha256:${'1'.repeat(64)}`;
const otherId = `sha256:${'2'.repeat(64)}`;
const noFacts = { createdAtMs: undefined, labels: {}, layers: undefined };

function criImage(over: Partial<cri.Image> = {}): cri.Image {
  return {
    id,
    repoTags: ['docker.io/library/one:1'],
    repoDigests: [],
    size: 5n,
    spec: undefined,
    pinned: false,
    ...over,
  };
}

function spec(over: Partial<cri.ImageSpec> = {}): cri.ImageSpec {
  return { image: '', annotations: {}, userSpecifiedImage: '', ...over };
}

function criContainer(over: Partial<cri.Container> = {}): cri.Container {
  return {
    id: 'c1',
    podSandboxId: 's1',
    metadata: { name: 'main', attempt: 0 },
    image: undefined,
    imageRef: '',
    state: cri.ContainerState.CONTAINER_EXITED,
    createdAt: 1_700_000_000_123_456_789n,
    labels: {},
    annotations: {},
    imageId: '',
    ...over,
  };
}

function criSandbox(over: Partial<cri.PodSandbox> = {}): cri.PodSandbox {
  return {
    id: 's1',
    metadata: { name: 'pod', uid: 'u', namespace: 'ns', attempt: 0 },
    state: cri.PodSandboxState.SANDBOX_READY,
    createdAt: 1n,
    labels: {},
    annotations: {},
    ...over,
  };
}

const digest = `quay.io/team/one@sha256:${'3'.repeat(64)}`;
const images = [
  imageFrom(criImage({ repoTags: ['docker.io/library/one:1'], repoDigests: [digest] }), noFacts, undefined),
  imageFrom(criImage({ id: otherId, repoTags: ['docker.io/library/other:latest'] }), noFacts, undefined),
];

describe('an image is held by a container', () => {
  it.each<[string, Partial<cri.Container>, readonly string[]]>([
    ['by image_id', { imageId: id }, []],
    ['by image_id without its prefix, as CRI-O writes it', { imageId: '1'.repeat(64) }, []],
    ['by image_ref with an ID', { imageRef: id }, []],
    ['by image_ref with a digest', { imageRef: digest }, []],
    ['by image.image with a name', { image: spec({ image: 'docker.io/library/one:1' }) }, []],
    ['by a name as somebody typed it', { image: spec({ image: 'one:1' }) }, []],
    ['by user_specified_image', { image: spec({ userSpecifiedImage: 'library/one:1' }) }, []],
    ['by an annotation of CRI-O', { annotations: { 'io.kubernetes.cri-o.ImageName': 'one:1' } }, []],
    [
      'by the image’s annotations',
      { image: spec({ annotations: { 'io.kubernetes.cri-o.ImageRef': id } }) },
      [],
    ],
    ['by mounting it', { imageId: otherId }, [digest]],
  ])('%s', (_, over, mounted) => {
    const container = containerFrom(criContainer(over), mounted, undefined);
    const held = holders({ images, containers: [container], layers: new Map() });
    expect(held.get(id)?.[0]?.id).toBe('c1');
  });

  it('without an image holds none', () => {
    expect(containerFrom(criContainer(), [], undefined).images).toEqual([]);
  });

  it('of a static pod is recognised by the pod’s annotation, and so is its sandbox', () => {
    const annotations = { 'kubernetes.io/config.source': 'file' };
    const sandbox = criSandbox({ annotations });
    expect(containerFrom(criContainer(), [], sandbox)).toMatchObject({
      name: 'pod/main',
      staticPod: 'ns/pod',
    });
    expect(containerFromSandbox(sandbox, 'one:1')).toMatchObject({ staticPod: 'ns/pod' });
    const fromApi = criSandbox({ annotations: { 'kubernetes.io/config.source': 'api' } });
    expect(containerFrom(criContainer(), [], fromApi).staticPod).toBeUndefined();
  });
});

it('a sandbox holds its image in either state', () => {
  for (const state of Object.values(cri.PodSandboxState)) {
    const sandbox = containerFromSandbox(criSandbox({ state }), 'one:1');
    expect(holders({ images, containers: [sandbox], layers: new Map() }).has(id)).toBe(true);
  }
});

it('times are cut to milliseconds, states are the project’s words', () => {
  const container = containerFrom(criContainer(), [], undefined);
  expect(container).toMatchObject({ createdAtMs: 1_700_000_000_123, state: 'exited' });
  const later = criContainer({ state: 9 as cri.ContainerState });
  expect(containerFrom(later, [], undefined).state).toBe('unknown');
});

describe('the sandbox image', () => {
  it.each(['docker.io/library/one:1', 'one:1', 'library/one:1', id, '1'.repeat(64)])(
    'is known by %s',
    (configured) => {
      expect(needOf(criImage(), configured)?.code).toBe('sandbox-image');
    },
  );

  it('is known by its digest', () => {
    expect(needOf(criImage({ repoTags: [], repoDigests: [digest] }), digest)?.code).toBe('sandbox-image');
  });

  it('is another', () => {
    expect(needOf(criImage(), 'registry.k8s.io/pause:3.8')).toBeUndefined();
    expect(needOf(criImage(), undefined)).toBeUndefined();
  });
});

it('a pinned image says so', () => {
  expect(needOf(criImage({ pinned: true }), undefined)?.code).toBe('pinned');
});

it.each([
  ['busybox', 'docker.io/library/busybox:latest'],
  ['busybox:1', 'docker.io/library/busybox:1'],
  ['team/app', 'docker.io/team/app:latest'],
  ['localhost/app:1', 'localhost/app:1'],
  ['localhost:5000/app', 'localhost:5000/app:latest'],
  ['quay.io/team/app:v2', 'quay.io/team/app:v2'],
  ['busybox@sha256:1', 'docker.io/library/busybox@sha256:1'],
])('%s is %s in full', (typed, full) => {
  expect(fullReference(typed)).toBe(full);
});

it.each([id.slice(0, 20), 'busybox', '', id.slice(7), `${id}0`])('%j is not a whole ID', (text) => {
  expect(isWholeId(text)).toBe(false);
});

describe('verbose answers', () => {
  it('give an image’s labels, age and layers', () => {
    const diff = `sha256:${'a'.repeat(64)}`;
    const imageSpec = {
      created: '2024-01-01T00:00:00Z',
      config: { Labels: { 'docker-image-cleaner.keep': '' } },
      rootfs: { diff_ids: [diff] },
    };
    expect(imageFacts({ info: JSON.stringify({ imageSpec }) })).toEqual({
      createdAtMs: Date.UTC(2024, 0, 1),
      labels: { 'docker-image-cleaner.keep': '' },
      layers: [diff],
    });
  });

  it.each([{}, { info: 'no JSON' }, { info: '[]' }, { info: '{"imageSpec":{"rootfs":{"diff_ids":"x"}}}' }])(
    'give nothing when they are %j',
    (info) => {
      expect(imageFacts(info)).toEqual(noFacts);
      expect(sandboxImageOf(info)).toBeUndefined();
      expect(runtimeConfiguration(info)).toEqual({});
    },
  );

  it('give the sandbox image', () => {
    expect(runtimeConfiguration({ config: '{"sandboxImage":"pause:1"}' }).sandboxImage).toBe('pause:1');
  });
});
