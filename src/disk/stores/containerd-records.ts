/**
 * containerd's metadata of one namespace, as plain records. The layout is that of containerd's
 * `core/metadata/buckets.go`, the same from 1.6 to 2.1:
 *
 *     v1/<namespace>/images/<name>/target        the manifest or index that the name stands for
 *     v1/<namespace>/content/blob/<digest>       labels `containerd.io/gc.ref.…`: what must stay with it
 *     v1/<namespace>/snapshots/<snapshotter>/<key>
 *     v1/<namespace>/leases/<id>/{content,snapshots/<snapshotter>}
 */
import type { Bucket } from './bolt-database.ts';

/** A name, and the digest of the manifest or index that it stands for. */
export interface NamedTarget {
  readonly name: string;
  readonly target: string;
  /** When it last got this name, in epoch ms; 0 if unknown. */
  readonly namedAtMs: number;
}

/** What something refers to: content by digest, snapshots by key. */
export interface References {
  readonly content: readonly string[];
  readonly snapshots: readonly string[];
}

export interface SnapshotRecord {
  /** Its key in this namespace, without the snapshotter's name. */
  readonly key: string;
  readonly parent: string | undefined;
  /** Its name in the snapshotter's own database. */
  readonly name: string;
  readonly snapshotter: string;
}

/** Somebody who holds things without a name: a record of the build cache, a container, a pull under way. */
export interface Lease extends References {
  readonly id: string;
  /** Holds also what its content refers to. */
  readonly follows: boolean;
}

export interface NamespaceRecords {
  readonly images: readonly NamedTarget[];
  readonly blobs: ReadonlyMap<string, References>;
  readonly snapshots: ReadonlyMap<string, SnapshotRecord>;
  readonly leases: readonly Lease[];
}

const contentLabel = 'containerd.io/gc.ref.content';
const snapshotLabel = 'containerd.io/gc.ref.snapshot.';

/** The names of a namespace's images, without the rest. */
export function imagesOf(namespace: Bucket): readonly NamedTarget[] {
  return [...(namespace.buckets.get('images')?.buckets ?? [])].map(([name, record]) => ({
    name,
    target: text(record.buckets.get('target')?.values.get('digest')) ?? '',
    namedAtMs: Math.max(
      0,
      ...['createdat', 'updatedat'].flatMap((key) => goTime(record.values.get(key)) ?? []),
    ),
  }));
}

/** The digests of a namespace's content: namespaces share the files. */
export function contentOf(namespace: Bucket): Iterable<string> {
  return namespace.buckets.get('content')?.buckets.get('blob')?.buckets.keys() ?? [];
}

/** @param nowMs leases that ended before it hold nothing (containerd's `leases` and its `gc.expire` label). */
export function recordsOf(namespace: Bucket, nowMs: number): NamespaceRecords {
  const blobs = new Map<string, References>();
  for (const [digest, blob] of namespace.buckets.get('content')?.buckets.get('blob')?.buckets ?? [])
    blobs.set(digest, referencesIn(blob.buckets.get('labels')));
  const snapshots = new Map<string, SnapshotRecord>();
  for (const [snapshotter, { buckets }] of namespace.buckets.get('snapshots')?.buckets ?? []) {
    for (const [key, { values }] of buckets) {
      const parent = text(values.get('parent'));
      snapshots.set(keyOf(snapshotter, key), {
        key,
        parent: parent === undefined ? undefined : keyOf(snapshotter, parent),
        name: text(values.get('name')) ?? '',
        snapshotter,
      });
    }
  }
  const leases: Lease[] = [];
  for (const [id, lease] of namespace.buckets.get('leases')?.buckets ?? []) {
    const labels = lease.buckets.get('labels')?.values;
    const ends = Date.parse(text(labels?.get('containerd.io/gc.expire')) ?? '');
    if (ends < nowMs) continue;
    const held = [...(lease.buckets.get('snapshots')?.buckets ?? [])];
    leases.push({
      id,
      content: [...(lease.buckets.get('content')?.values.keys() ?? [])],
      snapshots: held.flatMap(([snapshotter, { values }]) =>
        [...values.keys()].map((key) => keyOf(snapshotter, key)),
      ),
      follows: labels?.has('containerd.io/gc.flat') !== true,
    });
  }
  return { images: imagesOf(namespace), blobs, snapshots, leases };
}

function referencesIn(labels: Bucket | undefined): References {
  const content: string[] = [];
  const snapshots: string[] = [];
  for (const [label, value] of labels?.values ?? []) {
    if (label.startsWith(contentLabel)) content.push(value.toString('utf8'));
    else if (label.startsWith(snapshotLabel)) {
      const [snapshotter = ''] = label.slice(snapshotLabel.length).split('/');
      snapshots.push(keyOf(snapshotter, value.toString('utf8')));
    }
  }
  return { content, snapshots };
}

/** A snapshot's key, apart from that of another snapshotter with the same layer. */
function keyOf(snapshotter: string, key: string): string {
  // The one of nearly every store: its keys are the layers' chain IDs, which the simulator knows layers by.
  return snapshotter === 'overlayfs' ? key : `${snapshotter}/${key}`;
}

function text(data: Buffer | undefined): string | undefined {
  return data === undefined || data.length === 0 ? undefined : data.toString('utf8');
}

/** Go's `time.Time.MarshalBinary`: a version, seconds since the year 1, nanoseconds, the zone. */
function goTime(data: Buffer | undefined): number | undefined {
  if (data === undefined || data.length < 15 || (data[0] !== 1 && data[0] !== 2)) return undefined;
  const seconds = Number(data.readBigInt64BE(1)) - 62_135_596_800;
  return seconds > 0 ? seconds * 1000 + Math.floor(data.readUInt32BE(9) / 1e6) : undefined;
}
