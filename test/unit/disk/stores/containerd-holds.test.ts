/** Who holds what in a containerd, beside what the engines of the tests show: another snapshotter, leases that are garbage. */
import { expect, test } from 'vitest';
import { holdsOf } from '../../../../src/disk/stores/containerd-holds.ts';
import { recordsOf } from '../../../../src/disk/stores/containerd-records.ts';
import type { Bucket } from '../../../../src/disk/stores/bolt-database.ts';

type Tree = { readonly [key: string]: string | Tree };

/** A bucket out of plain objects. */
function bucket(tree: Tree): Bucket {
  const values = new Map<string, Buffer>();
  const buckets = new Map<string, Bucket>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') values.set(key, Buffer.from(value));
    else buckets.set(key, bucket(value));
  }
  return { values, buckets };
}

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const [manifest, config, packed] = [digest('1'), digest('2'), digest('3')];
const container = 'c'.repeat(64);

/** One image of one layer, and what is built on it. */
function namespace(snapshotter: string, more: Tree, leases: Tree = {}): Bucket {
  return bucket({
    images: { 'app:1': { target: { digest: manifest } } },
    content: {
      blob: {
        [manifest]: {
          labels: {
            'containerd.io/gc.ref.content.config': config,
            'containerd.io/gc.ref.content.l.0': packed,
          },
        },
        [config]: { labels: { [`containerd.io/gc.ref.snapshot.${snapshotter}`]: 'layer' } },
        [packed]: {},
      },
    },
    snapshots: { [snapshotter]: { layer: { name: 'n/1/layer' }, ...more } },
    leases,
  });
}

const measured = {
  usages: new Map([['n/1/layer', { bytes: 1000, inodes: 3 }]]),
  blobs: new Map([manifest, config, packed].map((each) => [each, { bytes: 512, inodes: 1 }] as const)),
};
const targets = new Map([[manifest, [manifest]]]);
const holds = (space: Bucket): ReturnType<typeof holdsOf> =>
  holdsOf(recordsOf(space, Date.UTC(2026, 0, 1)), measured, targets);

test.each(['overlayfs', 'native', 'stargz'])('a container on the snapshotter %s holds its image', (name) => {
  const { containers } = holds(namespace(name, { [container]: { name: 'n/2/c', parent: 'layer' } }));
  expect(containers.map(({ id, holds: held }) => [id, held?.image])).toEqual([[container, manifest]]);
});

test('content of only one image is freed with it, shared content with the common base of its holders', () => {
  const alone = holds(namespace('overlayfs', {}));
  expect(alone.layers.get(manifest)).toMatchObject({ parentId: 'layer', bytes: 3 * 512, inodes: 3 });
  const record = { record: { content: { [packed]: '' }, snapshots: { overlayfs: { layer: '' } } } };
  const shared = holds(namespace('overlayfs', {}, record));
  expect(shared.layers.get(manifest)).toMatchObject({ bytes: 2 * 512 });
  expect(shared.layers.get('layer')).toMatchObject({ bytes: 1000 + 2 * 4096 + 512 });
  expect(shared.heldSpace.get('record')).toMatchObject({ top: 'layer', bytes: 0 });
});

test('a lease that has ended, and a mount whose lease is gone, hold nothing; any other unfinished work does', () => {
  const ended = {
    pull: {
      content: { [packed]: '' },
      labels: { 'containerd.io/gc.expire': '2025-01-01T00:00:00Z' },
    },
  };
  expect(holds(namespace('overlayfs', {}, ended)).layers.get(manifest)).toMatchObject({ bytes: 3 * 512 });
  const view = { 'record-view': { name: 'n/3/v', parent: 'layer' } };
  expect(holds(namespace('overlayfs', view)).heldLayers).toEqual([]);
  const unpacking = { 'extract-1 layer': { name: 'n/4/e', parent: 'layer' } };
  expect(holds(namespace('overlayfs', unpacking)).heldLayers).toEqual(['layer']);
});
