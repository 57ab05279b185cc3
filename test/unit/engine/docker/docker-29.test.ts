/**
 * Docker Engine 29, which cannot be had here: facts recorded from its API's version history (moby `api/docs/CHANGELOG.md`,
 * API 1.52 to 1.57) and from what moby's issues say of it, not from a running engine. It is asked in the newest version
 * that was verified, 1.51, which it accepts (minimum 1.44); the shapes of later versions have to be understood as well.
 */
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { dialectOf, dockerDialect, storeDirectoryOf } from '../../../../src/engine/docker/dialect.ts';
import { eventFromMessage } from '../../../../src/engine/docker/events.ts';
import { chooseApiVersion } from '../../../../src/engine/docker/negotiate.ts';
import {
  containerSummarySchema,
  diskUsageSchema,
  eventSchema,
  imageDetailsSchema,
  imageListSchema,
  infoSchema,
  versionSchema,
} from '../../../../src/engine/docker/schemas.ts';
import {
  containerFromSummary,
  imageFromDetails,
  imageFromSummary,
} from '../../../../src/engine/docker/translate.ts';

const index = `sha256:${'1'.repeat(64)}`;
const manifest = `sha256:${'2'.repeat(64)}`;

describe('recorded facts of Docker Engine 29', () => {
  test.each([
    ['29.0', '1.52'],
    ['29.10', '1.57'],
  ])('%s speaks API 1.44 to %s: it is asked in 1.51', (_engine, newest) => {
    expect(chooseApiVersion({ newest, oldest: '1.44' })).toEqual({ ok: true, apiVersion: '1.51' });
  });

  test('an image without ParentId (1.52), RepoTags or Created (1.44) is one without parent, name and age', () => {
    const [image] = v.parse(imageListSchema, [{ Id: index, Size: 5, Descriptor: { digest: index } }]) ?? [];
    expect(image && imageFromSummary(image)).toMatchObject({
      id: index,
      parentId: undefined,
      tags: [],
      digests: [],
      createdAtMs: undefined,
      labels: {},
    });
  });

  test('an inspected image without Parent and the other empty fields (1.52) still has its layers', () => {
    const answer = { Id: index, Size: 5, RootFS: { Type: 'layers', Layers: [manifest] }, Config: {} };
    expect(imageFromDetails(v.parse(imageDetailsSchema, answer))).toMatchObject({
      parentId: undefined,
      layers: [manifest],
    });
  });

  test('a container of an index (its image’s ID) holds the manifest of its platform too', () => {
    const summary = v.parse(containerSummarySchema, {
      Id: 'c',
      Image: 'a:1',
      ImageID: index,
      ImageManifestDescriptor: { digest: manifest, platform: { os: 'linux', architecture: 'amd64' } },
      State: 'running',
    });
    expect(containerFromSummary(summary, () => undefined).images).toEqual([index, manifest]);
  });

  test('an event without status, id and from (1.52) is understood', () => {
    const message = v.parse(eventSchema, {
      Type: 'container',
      Action: 'create',
      Actor: { ID: 'c', Attributes: { image: 'a:1' } },
      scope: 'local',
      time: 1_700_000_000,
      timeNano: 1_700_000_000_000_000_000,
    });
    expect(eventFromMessage(message)).toMatchObject({ kind: 'container-created', image: 'a:1' });
  });

  test('the disk usage of 1.52 has the build cache beside its new fields', () => {
    const record = { ID: 'abcdefghijklmnopqrstuvwxy', InUse: false, Size: 5 };
    const answer = { BuildCacheUsage: { TotalCount: 1, TotalSize: 5 }, BuildCache: [record] };
    expect(v.parse(diskUsageSchema, answer).BuildCache).toHaveLength(1);
  });

  test('its containerd is the system’s: the images are not below Docker’s data root', () => {
    const info = v.parse(infoSchema, {
      ServerVersion: '29.0.0',
      Driver: 'overlayfs',
      DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']],
      DockerRootDir: '/var/lib/docker',
      Containerd: { Address: '/run/containerd/containerd.sock' },
    });
    expect(storeDirectoryOf(info)).toBe('/var/lib/containerd');
  });

  test('it is Docker: its parents are built, and a deletion is told when it is done', () => {
    const version = v.parse(versionSchema, { Version: '29.0.0', Components: [{ Name: 'Engine' }] });
    expect(dialectOf(version)).toEqual(dockerDialect);
  });
});
