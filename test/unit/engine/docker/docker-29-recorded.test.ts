/**
 * Raw answers of Docker Engine 29.7.2 (and 29.0.0) on its containerd store, through the schemas and the translation. Recorded
 * elsewhere: no package here has that engine. The names of the files say in which API version it was asked.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../../../src/engine/engine-events.ts';
import { dialectOf, dockerDialect, storeDirectoryOf } from '../../../../src/engine/docker/dialect.ts';
import { eventFromMessage, eventReader } from '../../../../src/engine/docker/event-stream.ts';
import { ForeignImages } from '../../../../src/engine/docker/foreign-images.ts';
import { chooseApiVersion, isVersionRefusal } from '../../../../src/engine/docker/negotiate.ts';
import {
  buildPruneSchema,
  containerListSchema,
  diskUsageSchema,
  eventSchema,
  historySchema,
  imageDetailsSchema,
  imageListSchema,
  infoSchema,
  removalSchema,
  versionSchema,
  wantedKeys,
} from '../../../../src/engine/docker/schemas.ts';
import {
  arrivalFromDetails,
  cacheRecordsFrom,
  containerFromSummary,
  imageFromDetails,
  imageFromSummary,
  imagesBytesFrom,
  layerSizes,
} from '../../../../src/engine/docker/translate.ts';
import { JsonFilter } from '../../../../src/system/json-filter.ts';

const text = (file: string): string => readFileSync(join(import.meta.dirname, 'docker-29', file), 'utf8');

/** As the adapter reads a large answer: only the members that somebody wants. */
function json(file: string): unknown {
  const filter = new JsonFilter(wantedKeys());
  filter.push(Buffer.from(text(file)));
  return JSON.parse(filter.text());
}

const run = 'sha256:21d7474c335f45daaf0971775f60126e4b791ab3a9be4d7855fff234ea0fd5f3';
const child = 'sha256:c40641ce09944ca137bdd735a14d0d378fe1046babe69287bbbf797be15c6b86';
const multi = 'sha256:baeaf34a9d3de3161794cc379da5db9ae114b251e2836863047dd49bbee3552e';
const mounted = 'sha256:101cf01721e70abd406d6a6b6b446236032a75159fdb85ccc0264347e42d6823';

describe('the version that it is asked in', () => {
  it.each([
    ['29.7.2', 'version-v1.55.json', '1.40'],
    ['29.0.0', '29.0.0-version-v1.52.json', '1.44'],
  ])('%s accepts 1.51', (_engine, file, minimum) => {
    const version = v.parse(versionSchema, json(file));
    expect(version.MinAPIVersion).toBe(minimum);
    expect(dialectOf(version)).toEqual(dockerDialect);
    const range = { newest: version.ApiVersion ?? '', oldest: version.MinAPIVersion ?? undefined };
    expect(chooseApiVersion(range)).toEqual({ ok: true, apiVersion: '1.51' });
  });

  it('its refusal of an older one is known as that', () => {
    const { message } = JSON.parse(text('refused-v1.39.txt')) as { message: string };
    expect(isVersionRefusal(400, message)).toBe(true);
  });
});

describe('where its images are', () => {
  it('newly installed: in the folder of the containerd that it uses, not below its data directory', () => {
    const info = v.parse(infoSchema, json('info-v1.55.json'));
    expect(info.DockerRootDir).toBe('/var/lib/docker');
    expect(storeDirectoryOf(info)).toBe('/var/lib/containerd');
  });

  it('on a data directory that an older engine made: where they were', () => {
    expect(storeDirectoryOf(v.parse(infoSchema, json('upgraded-info-v1.55.json')))).toBeUndefined();
  });
});

describe('images', () => {
  const images = (file: string) =>
    (v.parse(imageListSchema, json(file)) ?? []).map((image) => imageFromSummary(image));

  it('one list has names, size, date and the base of an image', () => {
    const list = images('images-v1.55.json');
    expect(list).toHaveLength(8);
    expect(list.find(({ id }) => id === run)?.tags.toSorted()).toEqual([
      'localhost/other:2',
      'localhost/run:1',
      'localhost/run:also',
    ]);
    expect(list.find(({ id }) => id === child)).toMatchObject({ parentId: run, sizeBytes: 4_042_031 });
    const nameless = list.filter(({ tags, digests }) => tags.length === 0 && digests.length === 0);
    expect(nameless.map(({ sizeBytes }) => sizeBytes)).toEqual([4_152_341]);
    // Pulled by digest: it has no tag.
    expect(list.find(({ digests }) => digests[0]?.includes('/plain@') === true)?.tags).toEqual([]);
    for (const { createdAtMs } of list) expect(createdAtMs).toBeGreaterThan(0);
  });

  it('the list with manifests says the same of them', () => {
    const byId = (file: string) => images(file).toSorted((a, b) => a.id.localeCompare(b.id));
    expect(byId('images-manifests-v1.55.json')).toEqual(byId('images-v1.55.json'));
  });

  it('an inspected image without Parent, GraphDriver and DockerVersion has layers, sizes and its arrival', () => {
    const details = v.parse(imageDetailsSchema, json('image-multi-1-v1.55.json'));
    const image = imageFromDetails(details);
    expect(image).toMatchObject({ id: multi, parentId: undefined });
    expect(image.layers).toHaveLength(2);
    expect(arrivalFromDetails(details)).toBe(Date.parse('2026-11-27T14:06:17.751Z'));
    const steps = v.parse(historySchema, json('history-multi-1-v1.55.json')) ?? [];
    const sizes = steps.map(({ Size }) => Size ?? 0);
    expect(layerSizes(sizes, 2, image.sizeBytes)).toEqual([2_007_040, 20_287_488]);
  });

  it('one of another platform only, without a date in the list: its own platform is asked for', async () => {
    const [listed] =
      v.parse(imageListSchema, [json('foreign-platform-only-images-manifests-v1.55.json')]) ?? [];
    if (listed === undefined) throw new Error('nothing was listed');
    const image = imageFromSummary(listed);
    expect(image).toMatchObject({ createdAtMs: undefined, labels: {} });
    const asked: unknown[] = [];
    const [completed] = await new ForeignImages().complete([image], {
      manifests: () => Promise.resolve([listed]),
      inspect: (_id, platform) => {
        asked.push(platform);
        return Promise.resolve(v.parse(imageDetailsSchema, json('foreign-platform-only-image-v1.51.json')));
      },
    });
    expect(asked).toEqual([{ architecture: 'arm64', os: 'linux' }]);
    expect(completed?.id).toBe(image.id);
  });
});

describe('containers', () => {
  const containers = (v.parse(containerListSchema, json('containers-v1.55.json')) ?? []).map((summary) =>
    containerFromSummary(summary, (name) =>
      name === 'localhost/mounted:1' ? { id: mounted, taggedAtMs: 1 } : undefined,
    ),
  );

  it('hold what they were made of, its manifest, and what they mount', () => {
    const [exited, created, running] = ['exited', 'created', 'running'].map((name) =>
      containers.find((container) => container.name === name),
    );
    expect(exited?.images).toEqual([run]);
    expect(created?.images).toEqual([multi, expect.stringMatching(/^sha256:51906b00/)]);
    expect(running?.images).toEqual([run, mounted, 'localhost/mounted:1']);
  });
});

describe('what is stored, in the shape before API 1.52 and in both at once', () => {
  it.each([
    ['1.51', 'system-df-v1.51.json'],
    ['1.52 of 29.0', '29.0.0-system-df-v1.52.json'],
    ['1.55', 'system-df-v1.55.json'],
  ])('%s: bytes of all images, and the build cache with its parents', (_api, file) => {
    const usage = v.parse(diskUsageSchema, json(file));
    expect(imagesBytesFrom(usage)).toBeGreaterThan(72_000_000);
    expect(imagesBytesFrom(usage)).toBe(usage.LayersSize);
    const records = cacheRecordsFrom(usage);
    expect(records).toHaveLength(5);
    const known = new Set(records.map(({ id }) => id));
    const parents = records.flatMap(({ parents: ids }) => ids);
    expect(parents).toHaveLength(2);
    for (const id of parents) expect(known.has(id)).toBe(true);
  });

  it.each(['29.0.0-system-df-v1.52.json', 'system-df-v1.55.json'])(
    '%s: without the old fields, as in a later API, it says the same',
    (file) => {
      const both = v.parse(diskUsageSchema, json(file));
      const { ImageUsage, BuildCacheUsage } = both;
      const later = { ImageUsage, BuildCacheUsage };
      expect(cacheRecordsFrom(later)).toEqual(cacheRecordsFrom(both));
      expect(imagesBytesFrom(later)).toBe(imagesBytesFrom(both));
    },
  );
});

describe('deletions', () => {
  it('say what was deleted', () => {
    const steps = v.parse(removalSchema, json('delete-id.json')) ?? [];
    expect(steps.flatMap(({ Deleted }) => Deleted ?? [])).toEqual([expect.stringMatching(/^sha256:/)]);
  });

  it('of a record with a child: nothing was deleted', () => {
    expect(v.parse(buildPruneSchema, json('prune-one-parent-record.json')).CachesDeleted ?? []).toEqual([]);
    expect(v.parse(buildPruneSchema, json('prune-one-record.json')).CachesDeleted).toHaveLength(1);
  });
});

describe('events', () => {
  const lines = text('events-v1.51.jsonl').trim().split('\n');
  const events = lines.flatMap((line): EngineEvent[] => {
    const event = eventFromMessage(v.parse(eventSchema, JSON.parse(line)));
    return event === undefined ? [] : [event];
  });

  it('a pull names the image by its reference, everything else by its ID', () => {
    const changed = events.flatMap((event) => (event.kind === 'image-changed' ? [event.image] : []));
    expect(changed.slice(0, 2)).toEqual([
      expect.stringMatching(/^127\.0\.0\.1:5929\/plain@sha256:/),
      '127.0.0.1:5929/multi:1',
    ]);
    for (const image of changed.slice(2)) expect(image).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('read as they arrive, they are the same, each with a key of its own', () => {
    const seen: EngineEvent[] = [];
    const reader = eventReader({ opened: () => undefined, event: (event) => seen.push(event) }, 'here');
    for (const line of lines) reader.line(line);
    expect(seen).toEqual(events);
    expect(new Set(seen.map(({ key }) => key)).size).toBe(seen.length);
    expect(new Set(seen.map(({ kind }) => kind))).toEqual(
      new Set([
        'image-changed',
        'image-removed',
        'container-created',
        'container-started',
        'container-stopped',
        'container-removed',
      ]),
    );
  });
});
