/**
 * Docker Engine 29, which is not available here: its documented answers (docker-29-answers.ts) are fed to the
 * negotiation and the translation. It is asked in the newest version that was verified, 1.51, which it accepts; the
 * shapes of later versions have to be understood as well.
 */
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { refusal } from '../../../../src/engine/docker/answers.ts';
import { dialectOf, dockerDialect, storeDirectoryOf } from '../../../../src/engine/docker/dialect.ts';
import { eventFromMessage } from '../../../../src/engine/docker/event-stream.ts';
import { chooseApiVersion, isVersionRefusal } from '../../../../src/engine/docker/negotiate.ts';
import {
  containerDetailsSchema,
  containerListSchema,
  diskUsageSchema,
  eventSchema,
  imageDetailsSchema,
  imageListSchema,
  infoSchema,
  versionSchema,
  wantedKeys,
} from '../../../../src/engine/docker/schemas.ts';
import {
  cacheRecordsFrom,
  containerFromDetails,
  containerFromSummary,
  imageFromDetails,
  imageFromSummary,
} from '../../../../src/engine/docker/translate.ts';
import { JsonFilter } from '../../../../src/system/json-filter.ts';
import * as recorded from './docker-29-answers.ts';

const { indexDigest, manifestDigest } = recorded;

/** An image of a list with that one. */
const listed = (summary: unknown): ReturnType<typeof imageFromSummary> => {
  const [image] = v.parse(imageListSchema, [summary]) ?? [];
  if (image === undefined) throw new Error('nothing was listed');
  return imageFromSummary(image);
};

describe('the version that Docker Engine 29 is asked in', () => {
  test.each([
    ['29.0', '1.52'],
    ['29.10', '1.57'],
  ])('%s speaks API 1.44 to %s: it is asked in 1.51', (_engine, newest) => {
    const { MinAPIVersion: oldest } = v.parse(versionSchema, recorded.version);
    expect(oldest).toBe('1.44');
    expect(chooseApiVersion({ newest, oldest: oldest ?? undefined })).toEqual({
      ok: true,
      apiVersion: '1.51',
    });
  });

  test('one configured to accept nothing older than 1.52 is refused, and the error says what to do', () => {
    expect(chooseApiVersion({ newest: '1.57', oldest: '1.52' })).toMatchObject({
      ok: false,
      problem: expect.stringContaining('Upgrade docker-image-cleaner') as string,
    });
  });

  test('its refusal of 1.43, as after an upgrade under a running cleaner, is known as one', () => {
    const { status, message } = recorded.refusalOfOlder;
    expect(isVersionRefusal(status, message)).toBe(true);
    const answer = { status, headers: {}, text: JSON.stringify({ message }), question: 'GET /v1.43/info' };
    expect(refusal(answer)).toMatchObject({
      code: 'protocol',
      message: expect.stringContaining('connect again') as string,
    });
  });

  test('it is Docker: its parents are built, and a deletion is reported when it is done', () => {
    expect(dialectOf(v.parse(versionSchema, recorded.version))).toEqual(dockerDialect);
  });
});

describe('where Docker Engine 29 keeps its images', () => {
  test('newly installed: in the system’s containerd, not below its own data directory', () => {
    expect(storeDirectoryOf(v.parse(infoSchema, recorded.info))).toBe('/var/lib/containerd');
  });

  test('newly installed, with a containerd that dockerd started: below its data directory', () => {
    const own = { ...recorded.info, Containerd: { Address: '/var/run/docker/containerd/containerd.sock' } };
    expect(storeDirectoryOf(v.parse(infoSchema, own))).toBe('/var/lib/docker/containerd/daemon');
  });

  test('upgraded: where it always did', () => {
    expect(storeDirectoryOf(v.parse(infoSchema, recorded.infoAfterUpgrade))).toBeUndefined();
  });
});

describe('what Docker Engine 29 reports', () => {
  test('an image of the list: its ID is the index’s digest, nothing is its parent', () => {
    expect(listed(recorded.imageSummary)).toEqual({
      id: indexDigest,
      tags: ['example.org/team/app:1'],
      digests: [`example.org/team/app@${indexDigest}`],
      parentId: undefined,
      sizeBytes: 172_064_416,
      createdAtMs: 1_700_000_000_000,
      labels: { 'docker-image-cleaner.keep': 'web' },
      layers: undefined,
    });
  });

  test('one with manifests, identities and a descriptor, and without parent, names, time and labels', () => {
    expect(listed(recorded.imageSummaryOfLater)).toEqual({
      id: indexDigest,
      tags: [],
      digests: [],
      parentId: undefined,
      sizeBytes: 172_064_416,
      createdAtMs: undefined,
      labels: {},
      layers: undefined,
    });
  });

  test('an inspected image without Parent, GraphDriver and labels has its layers', () => {
    expect(imageFromDetails(v.parse(imageDetailsSchema, recorded.imageDetails))).toEqual({
      id: indexDigest,
      tags: ['example.org/team/app:1'],
      digests: [`example.org/team/app@${indexDigest}`],
      parentId: undefined,
      sizeBytes: 50_009_000,
      createdAtMs: 1_700_000_000_000,
      labels: {},
      layers: [recorded.layerDigest],
    });
  });

  test('a container of an index (its image’s ID) holds the manifest of its platform too', () => {
    const [summary] = v.parse(containerListSchema, [recorded.containerSummary]) ?? [];
    if (summary === undefined) throw new Error('nothing was listed');
    expect(containerFromSummary(summary, () => undefined)).toMatchObject({
      name: 'web',
      images: [indexDigest, manifestDigest],
      state: 'running',
    });
  });

  test('an inspected container without GraphDriver has its image, its state and when it stopped', () => {
    expect(containerFromDetails(v.parse(containerDetailsSchema, recorded.containerDetails))).toMatchObject({
      name: 'web',
      images: [indexDigest],
      state: 'exited',
      stoppedAtMs: Date.parse('2023-11-15T00:00:00Z'),
    });
  });

  test.each([
    ['as it is asked', recorded.diskUsage],
    ['in 1.52, with old and new fields', recorded.diskUsageOf152],
    ['since 1.53, without the old fields', recorded.diskUsageOf153],
  ])('the build cache: %s', (_how, answer) => {
    expect(cacheRecordsFrom(v.parse(diskUsageSchema, answer))).toEqual([
      {
        id: recorded.cacheRecordId,
        description: 'mount / from exec /bin/sh -c make',
        sizeBytes: 51,
        inUse: false,
        parents: ['parent0000000000000000000'],
        createdAtMs: Date.parse('2026-01-02T03:04:05Z'),
        lastUsedAtMs: Date.parse('2026-01-02T04:04:05Z'),
      },
    ]);
  });

  test.each([
    ['as it is documented', { Parents: ['a', 'b'] }, ['a', 'b']],
    ['as engines 23 to 29 write it, with a leading blank', { ' Parents': ['a', 'b'] }, ['a', 'b']],
    ['as it was before API 1.42', { Parent: 'a' }, ['a']],
    ['in several ways at once', { Parent: 'a', Parents: ['a'], ' Parents': ['a', 'b'] }, ['a', 'b']],
    ['of a first record', { Parent: '' }, []],
  ])('the parents of a build-cache record: %s', (_how, parents, expected) => {
    const record = { ID: 'x', Type: 'regular', InUse: false, ...parents };
    expect(cacheRecordsFrom(v.parse(diskUsageSchema, { BuildCache: [record] }))[0]?.parents).toEqual(
      expected,
    );
  });

  test('an event without status, id and from', () => {
    expect(eventFromMessage(v.parse(eventSchema, recorded.event))).toMatchObject({
      kind: 'container-created',
      containerId: recorded.containerSummary.Id,
      image: 'example.org/team/app:1',
    });
  });
});

describe('a large answer, of which only some members are read as it arrives', () => {
  test.each<[string, v.GenericSchema, unknown]>([
    ['the version', versionSchema, recorded.version],
    ['the engine’s own', infoSchema, recorded.info],
    ['images', imageListSchema, [recorded.imageSummary, recorded.imageSummaryOfLater]],
    ['an image', imageDetailsSchema, recorded.imageDetails],
    ['containers', containerListSchema, [recorded.containerSummary]],
    ['a container', containerDetailsSchema, recorded.containerDetails],
    ['the build cache', diskUsageSchema, recorded.diskUsage],
    ['the build cache of 1.52', diskUsageSchema, recorded.diskUsageOf152],
  ])('%s: what is read is the same', (_what, schema, answer) => {
    const filter = new JsonFilter(wantedKeys());
    filter.push(Buffer.from(JSON.stringify(answer)));
    expect(v.parse(schema, JSON.parse(filter.text()))).toEqual(v.parse(schema, answer));
  });
});
