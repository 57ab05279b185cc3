/**
 * containerd's image store, as CRI and Docker's containerd image store use it, read-only and without a walk: when it commits
 * a snapshot (a layer's files), containerd measures what that takes and writes it down. The layout is that of containerd's
 * `core/snapshots/storage/bolt.go` and `plugins/content/local`, the same from 1.6 to 2.1:
 *
 *     io.containerd.metadata.v1.bolt/meta.db                   who has what, by namespace (containerd-records.ts)
 *     io.containerd.snapshotter.v1.<snapshotter>/metadata.db   v1/snapshots/<name>: kind, size and inodes
 *     io.containerd.content.v1.content/blobs/sha256/<hex>      configurations, and layers as they were pulled
 */
import { lstat } from 'node:fs/promises';
import type { ImageId } from '../../core/model/store.ts';
import type { Amount } from '../../core/model/thresholds.ts';
import { errnoOf } from '../../system/errno.ts';
import { isGone } from '../filesystem/error.ts';
import { forEachLimited } from '../../system/concurrency.ts';
import { BoltError, type Bucket, readBolt } from './bolt-database.ts';
import { type ContainerdStore, holdsOf } from './containerd-holds.ts';
import {
  contentOf,
  imagesOf,
  type NamedTarget,
  type NamespaceRecords,
  recordsOf,
} from './containerd-records.ts';

export type ContainerdStoreResult =
  | {
      readonly ok: true;
      readonly store: ContainerdStore;
    }
  | {
      readonly ok: false;
      /** `missing`: this is not containerd's folder. `other`: none of the engine's images is in its records. */
      readonly reason: 'missing' | 'unreadable' | 'other';
      /** A sentence for people. */
      readonly message: string;
    };

const isDigest = /^sha256:[0-9a-f]{64}$/;
const readsAtOnce = 16;
const committed = 3;

const metadata = 'io.containerd.metadata.v1.bolt/meta.db';

/** Reads the store below a containerd root; keeps the sizes of content, which never changes. One per path. */
export class ContainerdStoreReader {
  readonly #path: string;
  #root: string;
  #blobs: ReadonlyMap<string, Amount> = new Map();

  /** @param path a containerd root, or the data directory of a Docker that runs a containerd of its own. */
  constructor(path: string) {
    this.#path = path;
    this.#root = path;
  }

  /**
   * When each of the engine's images last got a name here, in epoch ms; empty where that cannot be told.
   * @param ids the engine's images: they tell which of containerd's namespaces is the engine's.
   */
  async appeared(ids: readonly ImageId[], signal: AbortSignal): Promise<ReadonlyMap<ImageId, number>> {
    const { all } = await this.#database(signal);
    return all === undefined ? new Map() : appearedOf(namespaceOf(all, ids)?.images ?? []);
  }

  /** The store as it is now. Never throws but for an abort: what is wrong is in the result. */
  async read(ids: readonly ImageId[], signal: AbortSignal): Promise<ContainerdStoreResult> {
    const database = await this.#database(signal);
    if (database.problem !== undefined) return database.problem;
    const { all } = database;
    const found = namespaceOf(all, ids);
    // Docker's classic store beside a containerd that it started for its containers.
    if (found === undefined && this.#root !== this.#path) return missing(this.#path);
    if (found === undefined)
      return {
        ok: false,
        reason: 'other',
        message: `none of the engine’s images is in the records of ${this.#root}.`,
      };
    try {
      const records = recordsOf(found.bucket, Date.now());
      const usages = new Map<string, Amount>();
      for (const name of new Set([...records.snapshots.values()].map(({ snapshotter }) => snapshotter)))
        for (const [snapshot, usage] of await this.#usages(name, signal)) usages.set(snapshot, usage);
      const blobs = await this.#measure(all, found.bucket, records, signal);
      return { ok: true, store: holdsOf(records, { usages, blobs }, targetsOf(found.images, records)) };
    } catch (error) {
      return problemOf(this.#root, error, signal);
    }
  }

  async #database(
    signal: AbortSignal,
  ): Promise<
    { readonly all: Bucket; readonly problem?: never } | { readonly all?: never; readonly problem: Problem }
  > {
    // dockerd keeps its own containerd's root there (moby's `cmd/dockerd`).
    for (const root of [this.#path, `${this.#path}/containerd/daemon`]) {
      this.#root = root;
      try {
        return { all: await readBolt(`${root}/${metadata}`, signal) };
      } catch (error) {
        const problem = problemOf(root, error, signal);
        if (problem.reason !== 'missing') return { problem };
      }
    }
    return { problem: missing(this.#path) };
  }

  /** What each committed snapshot of a snapshotter takes, by its name there. */
  async #usages(snapshotter: string, signal: AbortSignal): Promise<ReadonlyMap<string, Amount>> {
    const path = `${this.#root}/io.containerd.snapshotter.v1.${snapshotter}/metadata.db`;
    const database = await readBolt(path, signal);
    const found = new Map<string, Amount>();
    for (const [name, { values }] of database.buckets.get('v1')?.buckets.get('snapshots')?.buckets ?? []) {
      if (values.get('kind')?.[0] !== committed) continue;
      const bytes = varint(values.get('size'));
      const inodes = varint(values.get('inodes'));
      if (bytes !== undefined && inodes !== undefined) found.set(name, { bytes, inodes });
    }
    return found;
  }

  /** What each blob of a namespace takes; one that another namespace also has is left out, because it is kept. */
  async #measure(
    all: Bucket,
    own: Bucket,
    { blobs }: NamespaceRecords,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Amount>> {
    const elsewhere = new Set<string>();
    for (const namespace of all.buckets.get('v1')?.buckets.values() ?? [])
      if (namespace !== own) for (const digest of contentOf(namespace)) elsewhere.add(digest);
    const measured = new Map<string, Amount>();
    await forEachLimited([...blobs.keys()], readsAtOnce, signal, async (digest) => {
      const known = this.#blobs.get(digest);
      if (known !== undefined) measured.set(digest, known);
      else if (isDigest.test(digest)) {
        try {
          const { blocks } = await lstat(this.#blobPath(digest));
          measured.set(digest, { bytes: blocks * 512, inodes: 1 });
        } catch (error) {
          // Going away right now, or not to be read: then it frees nothing that could be promised.
          if (errnoOf(error) === undefined) throw error;
        }
      }
    });
    this.#blobs = measured;
    return new Map([...measured].filter(([digest]) => !elsewhere.has(digest)));
  }

  #blobPath(digest: string): string {
    return `${this.#root}/io.containerd.content.v1.content/blobs/sha256/${digest.slice('sha256:'.length)}`;
  }
}

type Problem = Extract<ContainerdStoreResult, { readonly ok: false }>;

/** @throws anything but system errors and damage; the signal's reason when aborted. */
function problemOf(root: string, error: unknown, signal: AbortSignal): Problem {
  signal.throwIfAborted();
  if (isGone(error)) return missing(root);
  if (errnoOf(error) === undefined && !(error instanceof BoltError)) throw error;
  const why = error instanceof Error ? error.message : String(error);
  return { ok: false, reason: 'unreadable', message: `${root}/${metadata} cannot be used: ${why}` };
}

function missing(root: string): Problem {
  return { ok: false, reason: 'missing', message: `${root}/${metadata} does not exist.` };
}

/** The namespace that has most of an engine's images: CRI's is `k8s.io`, Docker's `moby`, both can be set. */
function namespaceOf(
  all: Bucket,
  ids: readonly ImageId[],
): { readonly bucket: Bucket; readonly images: readonly NamedTarget[] } | undefined {
  const wanted = new Set(ids);
  let best: { bucket: Bucket; images: readonly NamedTarget[]; count: number } | undefined;
  for (const bucket of all.buckets.get('v1')?.buckets.values() ?? []) {
    const images = imagesOf(bucket);
    const found = new Set(
      images.flatMap(({ name, target }) => [name, target]).filter((id) => wanted.has(id)),
    );
    if (found.size > (best?.count ?? 0)) best = { bucket, images, count: found.size };
  }
  return best;
}

/**
 * What each image is, by its ID. CRI's have a name that is the digest of their configuration, and other names with it;
 * Docker's ID is the digest that the names stand for.
 */
function targetsOf(
  images: readonly NamedTarget[],
  { blobs }: NamespaceRecords,
): ReadonlyMap<ImageId, readonly string[]> {
  const found = new Map<ImageId, readonly string[]>();
  const isCri = images.some(({ name }) => isDigest.test(name));
  if (!isCri) {
    for (const { target } of images) if (isDigest.test(target)) found.set(target, [target]);
    return found;
  }
  for (const { name, target } of images) if (isDigest.test(name)) found.set(name, [target]);
  // The same configuration below another manifest or index: a name of the same image.
  for (const { target } of images) {
    const reached = new Set([target]);
    for (const digest of reached) for (const next of blobs.get(digest)?.content ?? []) reached.add(next);
    for (const digest of reached) {
      const targets = found.get(digest);
      if (targets !== undefined && !targets.includes(target)) found.set(digest, [...targets, target]);
    }
  }
  return found;
}

function appearedOf(images: readonly NamedTarget[]): ReadonlyMap<ImageId, number> {
  const latest = new Map<string, number>();
  for (const { target, namedAtMs } of images)
    latest.set(target, Math.max(latest.get(target) ?? 0, namedAtMs));
  const found = new Map<ImageId, number>();
  for (const { name, target } of images) {
    const at = latest.get(target) ?? 0;
    if (at > 0) found.set(target, at);
    if (at > 0 && isDigest.test(name)) found.set(name, at);
  }
  return found;
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
