import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { dialectOf, dockerDialect, storeDirectoryOf } from '../../../../src/engine/docker/dialect.ts';
import { eventFromMessage } from '../../../../src/engine/docker/event-stream.ts';
import {
  containerSummarySchema,
  eventSchema,
  imageSummarySchema,
  infoSchema,
} from '../../../../src/engine/docker/schemas.ts';
import { imageFromSummary, namesToResolve } from '../../../../src/engine/docker/translate.ts';

const hex = 'a'.repeat(64);
const podman = dialectOf({
  Version: '4.3.1',
  ApiVersion: '1.41',
  MinAPIVersion: '1.24',
  Platform: undefined,
  Components: [{ Name: 'Podman Engine' }, { Name: 'Conmon' }],
});

describe('Podman', () => {
  test('its parents are images with the same lower layers: nothing that ties', () => {
    const summary = v.parse(imageSummarySchema, { Id: hex, ParentId: 'b'.repeat(64) });
    expect(imageFromSummary(summary, podman).parentId).toBeUndefined();
    expect(imageFromSummary(summary, dockerDialect).parentId).toBe(`sha256:${'b'.repeat(64)}`);
  });

  test('reports a deletion even when it refuses: the engine has to be asked', () => {
    const told = { Type: 'image', Action: 'delete', Actor: { ID: hex, Attributes: {} }, time: 1 };
    const message = v.parse(eventSchema, told);
    expect(eventFromMessage(message, podman)).toMatchObject({
      kind: 'image-changed',
      image: `sha256:${hex}`,
    });
    expect(eventFromMessage(message, dockerDialect)).toMatchObject({ kind: 'image-removed' });
  });

  test('gives a mounted image as the source of the mount, where Docker has a path', () => {
    const Mounts = [
      { Type: 'image', Source: 'localhost/one:1', Destination: '/mounted' },
      { Type: 'bind', Source: '/storage/merge', Destination: '/mounted' },
      { Type: 'image', Source: '/docker/rootfs/overlayfs/x', Destination: '/other' },
    ];
    const summary = v.parse(containerSummarySchema, { Id: 'c', ImageID: hex, Mounts });
    expect(namesToResolve(summary)).toEqual(['localhost/one:1']);
  });
});

test('a container has copies of its image with vfs only: Docker makes two, Podman one', () => {
  const version = {
    Version: '4.3.1',
    ApiVersion: '1.41',
    MinAPIVersion: '1.24',
    Platform: undefined,
    Components: [{ Name: 'Podman Engine' }],
  };
  expect(dialectOf(undefined, 'vfs').imageCopies).toBe(2);
  expect(dialectOf(version, 'vfs').imageCopies).toBe(1);
  for (const driver of ['overlay2', 'overlay', undefined, null])
    expect([dialectOf(undefined, driver).imageCopies, dialectOf(version, driver).imageCopies]).toEqual([
      0, 0,
    ]);
});

describe('where the image store lies', () => {
  const snapshotter = [['driver-type', 'io.containerd.snapshotter.v1']];
  test.each([
    [
      'a containerd of dockerd’s own',
      '/data/docker',
      snapshotter,
      '/run/docker/containerd/containerd.sock',
      '/data/docker/containerd/daemon',
    ],
    ['the system’s', '/data/docker', snapshotter, '/run/containerd/containerd.sock', '/var/lib/containerd'],
    [
      'the system’s',
      '/data/docker',
      snapshotter,
      '/var/run/containerd/containerd.sock',
      '/var/lib/containerd',
    ],
    [
      'a classic store',
      '/data/docker',
      [['Backing Filesystem', 'extfs']],
      '/run/containerd/containerd.sock',
      undefined,
    ],
    ['nothing told', undefined, null, undefined, undefined],
  ])('%s', (_what, DockerRootDir, DriverStatus, Address, expected) => {
    const info = v.parse(infoSchema, { DockerRootDir, DriverStatus, Containerd: { Address } });
    expect(storeDirectoryOf(info)).toBe(expected);
  });
});
