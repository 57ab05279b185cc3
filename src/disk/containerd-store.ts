/**
 * containerd's image store as CRI uses it, read-only and without a walk: when it commits a snapshot (a layer's files),
 * containerd measures what that takes and writes it down. The layout is that of containerd's `core/metadata/buckets.go`,
 * `core/snapshots/storage/bolt.go` and `plugins/content/local`, the same from 1.6 to 2.1:
 *
 *     io.containerd.metadata.v1.bolt/meta.db   v1/k8s.io/images/<name>, …/snapshots/<snapshotter>/<chain ID>, …/content/blob
 *     io.containerd.snapshotter.v1.<snapshotter>/metadata.db   v1/snapshots/<name>: kind, size and inodes
 *     io.containerd.content.v1.content/blobs/sha256/<hex>      configurations, and layers as they were pulled
 */
import { lstat, readFile } from 'node:fs/promises';
import type { ChainId, ImageId, Layer } from '../core/store.ts';
import type { Amount } from '../core/thresholds.ts';
import { chainIds } from '../chain-id.ts';
import { errnoOf } from '../errno.ts';
import { forEachLimited } from '../limited.ts';
import { BoltError, type Bucket, readBolt } from './bolt.ts';
import { diffIdsOf } from './layer-database.ts';

export interface ContainerdStore {
  readonly images: ReadonlyMap<ImageId, readonly ChainId[]>;
  readonly layers: ReadonlyMap<ChainId, Layer>;
  /** What containers, pulls under way and leftovers stand on. */
  readonly heldLayers: readonly ChainId[];
  /** When each image last got a name here, in epoch ms. */
  readonly appeared: ReadonlyMap<ImageId, number>;
}

export type ContainerdStoreResult =
  | { readonly ok: true; readonly store: ContainerdStore }
  /** `missing`: this is no containerd's folder. The message is a sentence for people. */
  | { readonly ok: false; readonly reason: 'missing' | 'unreadable'; readonly message: string };

/** The namespace that the CRI plug-in works in; other namespaces have snapshots of their own. */
const namespace = 'k8s.io';
const isDigest = /^sha256:[0-9a-f]{64}$/;
const readsAtOnce = 16;
/** A snapshot has two folders around its files, the one it is in and `work`; each takes a block. */
const foldersAround: Amount = { bytes: 2 * 4096, inodes: 2 };
const committed = 3;

/** Reads the store below a containerd root; keeps the images' layers, which never change. One per root. */
export class ContainerdStoreReader {
  readonly #root: string;
  readonly #diffIds = new Map<ImageId, readonly string[]>();

  constructor(root: string) {
    this.#root = root;
  }

  /** The store as it is now. Never throws but for an abort: what is wrong is in the result. */
  async read(signal: AbortSignal): Promise<ContainerdStoreResult> {
    const path = `${this.#root}/io.containerd.metadata.v1.bolt/meta.db`;
    let all: Bucket | undefined;
    const usages = new Map<string, Usage>();
    try {
      all = (await readBolt(path, signal)).buckets.get('v1');
      for (const name of space(all, namespace, 'snapshots')?.buckets.keys() ?? []) {
        for (const [snapshot, usage] of await this.#usages(name, signal)) usages.set(snapshot, usage);
      }
    } catch (error) {
      signal.throwIfAborted();
      const errno = errnoOf(error);
      if (errno === 'ENOENT' || errno === 'ENOTDIR')
        return { ok: false, reason: 'missing', message: `${path} does not exist.` };
      if (errno === undefined && !(error instanceof BoltError)) throw error;
      const why = error instanceof Error ? error.message : String(error);
      return { ok: false, reason: 'unreadable', message: `${path} cannot be used: ${why}` };
    }
    const images = space(all, namespace, 'images');
    await this.#learnImages(
      [...(images?.buckets.keys() ?? [])].filter((name) => isDigest.test(name)),
      signal,
    );
    const chains = new Map([...this.#diffIds].map(([id, diffIds]) => [id, chainIds(diffIds)] as const));
    const blobs = await this.#blobs(all, signal);
    const { layers, heldLayers } = layersOf(all, usages, this.#diffIds, chains, blobs);
    return { ok: true, store: { images: chains, layers, heldLayers, appeared: appearedOf(images) } };
  }

  /** What each committed snapshot of a snapshotter takes, by its name there. */
  async #usages(snapshotter: string, signal: AbortSignal): Promise<ReadonlyMap<string, Usage>> {
    const path = `${this.#root}/io.containerd.snapshotter.v1.${snapshotter}/metadata.db`;
    const database = await readBolt(path, signal);
    const found = new Map<string, Usage>();
    for (const [name, { values }] of database.buckets.get('v1')?.buckets.get('snapshots')?.buckets ?? []) {
      if (values.get('kind')?.[0] !== committed) continue;
      const bytes = varint(values.get('size'));
      const inodes = varint(values.get('inodes'));
      if (bytes !== undefined && inodes !== undefined) found.set(name, { bytes, inodes });
    }
    return found;
  }

  async #learnImages(ids: readonly ImageId[], signal: AbortSignal): Promise<void> {
    const present = new Set(ids);
    for (const id of this.#diffIds.keys()) if (!present.has(id)) this.#diffIds.delete(id);
    const fresh = ids.filter((id) => !this.#diffIds.has(id));
    await forEachLimited(fresh, readsAtOnce, signal, async (id) => {
      try {
        const diffIds = diffIdsOf(await readFile(this.#blobPath(id), 'utf8'));
        if (diffIds !== undefined) this.#diffIds.set(id, diffIds);
      } catch (error) {
        // Going away right now, or not to be read: the engine is asked about it.
        if (errnoOf(error) === undefined) throw error;
      }
    });
  }

  /** What the content of each layer takes as it was pulled, by diff ID; content that other namespaces hold stays. */
  async #blobs(all: Bucket | undefined, signal: AbortSignal): Promise<ReadonlyMap<string, Amount>> {
    const elsewhere = new Set<string>();
    for (const name of all?.buckets.keys() ?? []) {
      if (name === namespace) continue;
      for (const digest of space(all, name, 'content')?.buckets.get('blob')?.buckets.keys() ?? [])
        elsewhere.add(digest);
    }
    const own = space(all, namespace, 'content')?.buckets.get('blob')?.buckets ?? new Map<string, Bucket>();
    const found = new Map<string, Amount>();
    const wanted = [...own].filter(([digest]) => isDigest.test(digest) && !elsewhere.has(digest));
    await forEachLimited(wanted, readsAtOnce, signal, async ([digest, blob]) => {
      // An uncompressed layer's own digest is its diff ID.
      const label = blob.buckets.get('labels')?.values.get('containerd.io/uncompressed');
      try {
        const stats = await lstat(this.#blobPath(digest));
        const diffId = label?.toString('utf8') ?? digest;
        const known = found.get(diffId);
        const bytes = stats.blocks * 512 + (known?.bytes ?? 0);
        found.set(diffId, { bytes, inodes: 1 + (known?.inodes ?? 0) });
      } catch (error) {
        if (errnoOf(error) === undefined) throw error;
      }
    });
    return found;
  }

  #blobPath(digest: string): string {
    return `${this.#root}/io.containerd.content.v1.content/blobs/sha256/${digest.slice('sha256:'.length)}`;
  }
}

type Usage = Amount;

function space(all: Bucket | undefined, name: string, kind: string): Bucket | undefined {
  return all?.buckets.get(name)?.buckets.get(kind);
}

function layersOf(
  all: Bucket | undefined,
  usages: ReadonlyMap<string, Usage>,
  diffIds: ReadonlyMap<ImageId, readonly string[]>,
  chains: ReadonlyMap<ImageId, readonly ChainId[]>,
  blobs: ReadonlyMap<string, Amount>,
): Pick<ContainerdStore, 'layers' | 'heldLayers'> {
  // Content is kept once, also where one set of files is a layer on several others.
  const users = new Map<string, Set<ChainId>>();
  for (const [image, ids] of diffIds) {
    ids.forEach((diffId, at) => {
      const chain = chains.get(image)?.[at];
      if (chain === undefined) return;
      const set = users.get(diffId) ?? new Set();
      users.set(diffId, set.add(chain));
    });
  }
  const content = new Map<ChainId, { readonly amount: Amount; readonly isAlone: boolean }>();
  for (const [diffId, set] of users) {
    const [first] = set;
    const amount = blobs.get(diffId);
    if (first !== undefined && amount !== undefined) content.set(first, { amount, isAlone: set.size === 1 });
  }
  const layers = new Map<ChainId, Layer>();
  const held = new Set<ChainId>();
  const ofImages = new Set([...chains.values()].flat());
  for (const snapshotter of space(all, namespace, 'snapshots')?.buckets.values() ?? []) {
    for (const [key, { values }] of snapshotter.buckets) {
      const parentId = values.get('parent')?.toString('utf8') || undefined;
      const usage = usages.get(values.get('name')?.toString('utf8') ?? '');
      if (usage === undefined) {
        // Written in: a container's, or a layer in the making.
        if (parentId !== undefined) held.add(parentId);
        continue;
      }
      const extra = content.get(key);
      const bytes = usage.bytes + foldersAround.bytes + (extra?.amount.bytes ?? 0);
      const inodes = usage.inodes + foldersAround.inodes + (extra?.amount.inodes ?? 0);
      layers.set(key, { id: key, parentId, bytes, inodes, exact: extra?.isAlone !== false });
      if (!ofImages.has(key)) held.add(key);
    }
  }
  return { layers, heldLayers: [...held] };
}

/** The image's own record has its ID for a name; its other names point at the same manifest. */
function appearedOf(images: Bucket | undefined): ReadonlyMap<ImageId, number> {
  const latest = new Map<string, number>();
  const targetOf = new Map<ImageId, string>();
  for (const [name, record] of images?.buckets ?? []) {
    const target = record.buckets.get('target')?.values.get('digest')?.toString('utf8') ?? '';
    if (isDigest.test(name)) targetOf.set(name, target);
    const times = ['createdat', 'updatedat'].flatMap((key) => goTime(record.values.get(key)) ?? []);
    latest.set(target, Math.max(latest.get(target) ?? 0, ...times));
  }
  const found = new Map<ImageId, number>();
  for (const [id, target] of targetOf) {
    const at = latest.get(target) ?? 0;
    if (at > 0) found.set(id, at);
  }
  return found;
}

/** Go's `time.Time.MarshalBinary`: a version, seconds since the year 1, nanoseconds, the zone. */
function goTime(data: Buffer | undefined): number | undefined {
  if (data === undefined || data.length < 15 || (data[0] !== 1 && data[0] !== 2)) return undefined;
  const seconds = Number(data.readBigInt64BE(1)) - 62_135_596_800;
  return seconds > 0 ? seconds * 1000 + Math.floor(data.readUInt32BE(9) / 1e6) : undefined;
}

/** Go's `binary.Varint`, of a number that is not negative; undefined for any other. */
function varint(data: Buffer | undefined): number | undefined {
  if (data === undefined) return undefined;
  let value = 0n;
  for (let at = 0; at < Math.min(data.length, 10); at++) {
    const byte = data[at] ?? 0;
    value |= BigInt(byte & 0x7f) << BigInt(7 * at);
    // The last bit is the sign.
    if (byte < 0x80) return (value & 1n) === 0n ? Number(value >> 1n) : undefined;
  }
  return undefined;
}
