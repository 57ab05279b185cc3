import { describe, expect, it } from 'vitest';
import type { Container, Image } from '../../../../src/core/model/store.ts';
import { eventFrom, Poll } from '../../../../src/engine/cri/event-stream.ts';
import * as cri from '../../../../src/engine/cri/generated/api.ts';

const { CONTAINER_CREATED_EVENT, CONTAINER_DELETED_EVENT, CONTAINER_STARTED_EVENT, CONTAINER_STOPPED_EVENT } =
  cri.ContainerEventType;

function container(id: string, state: string, images: readonly string[] = ['sha256:1']): Container {
  return { id, name: id, images, state, createdAtMs: 1, labels: {} };
}

function image(id: string, ...tags: readonly string[]): Image {
  return {
    id,
    tags,
    digests: [],
    parentId: undefined,
    sizeBytes: 1,
    createdAtMs: 1,
    labels: {},
    layers: undefined,
  };
}

function status(id: string, imageRef: string): cri.ContainerStatus {
  return {
    id,
    metadata: undefined,
    state: cri.ContainerState.CONTAINER_RUNNING,
    createdAt: 1n,
    finishedAt: 0n,
    image: undefined,
    imageRef,
    labels: {},
    annotations: {},
    mounts: [],
    imageId: '',
  };
}

describe('the runtime’s events', () => {
  it.each([
    [CONTAINER_CREATED_EVENT, { kind: 'container-created', image: 'sha256:9' }],
    [CONTAINER_STARTED_EVENT, { kind: 'container-started', image: 'sha256:9' }],
    [CONTAINER_STOPPED_EVENT, { kind: 'container-stopped' }],
    [CONTAINER_DELETED_EVENT, { kind: 'container-removed' }],
  ])('%j becomes %j', (containerEventType, expected) => {
    const event = eventFrom({
      containerId: 'c1',
      containerEventType,
      createdAt: 1_700_000_000_000_000_000n,
      podSandboxStatus: undefined,
      containersStatuses: [status('other', 'sha256:8'), status('c1', 'sha256:9')],
    });
    expect(event).toMatchObject({ ...expected, containerId: 'c1', atMs: 1_700_000_000_000 });
  });

  it('of a kind that is not known is nothing', () => {
    const later = { containerId: 'c', createdAt: 1n, podSandboxStatus: undefined, containersStatuses: [] };
    expect(eventFrom({ ...later, containerEventType: 7 as cri.ContainerEventType })).toBeUndefined();
  });
});

describe('two lists show what happened between them', () => {
  it('to containers', () => {
    const poll = new Poll([container('old', 'running'), container('ends', 'running')], []);
    const events = poll.containers(
      [container('ends', 'exited'), container('new', 'running', ['sha256:2']), container('brief', 'exited')],
      5,
    );
    expect(events.map(({ kind, ...rest }) => [kind, 'containerId' in rest ? rest.containerId : ''])).toEqual([
      ['container-stopped', 'ends'],
      ['container-created', 'new'],
      ['container-created', 'brief'],
      ['container-stopped', 'brief'],
      ['container-removed', 'old'],
    ]);
    expect(new Set(events.map(({ key }) => key)).size).toBe(events.length);
    expect(
      poll.containers(
        [container('ends', 'running'), container('new', 'running'), container('brief', 'exited')],
        6,
      ),
    ).toMatchObject([{ kind: 'container-started', containerId: 'ends' }]);
  });

  it('to images and their names', () => {
    const poll = new Poll([], [image('a', 'x:1'), image('b', 'y:1'), image('c', 'z:1')]);
    const events = poll.images([image('a', 'x:1'), image('b', 'y:1', 'y:2'), image('d', 'w:1')], 5);
    expect(events).toMatchObject([
      { kind: 'image-changed', image: 'b' },
      { kind: 'image-changed', image: 'd' },
      { kind: 'image-removed', image: 'c' },
    ]);
    expect(poll.images([image('a', 'x:1'), image('b', 'y:2', 'y:1'), image('d', 'w:1')], 6)).toEqual([]);
  });
});
