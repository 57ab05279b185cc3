/**
 * What the build cache holds: BuildKit inside Docker holds the layers that its snapshots became or were made from, as an
 * image would. From two of its databases (moby's `builder/builder-next/adapters/snapshot`):
 *
 *     buildkit/snapshots.db        a bucket a snapshot: `chainid` (its layer), `committed` (the folder written in), …
 *     buildkit/containerdmeta.db   v1/<namespace>/leases/<record>/snapshots/<snapshotter>/<snapshot>
 *
 * Only leased snapshots count: a released one whose layer an image has too stays in `snapshots.db` forever.
 */
import { readFile } from 'node:fs/promises';
import type { ChainId } from '../../core/model/store.ts';
import { BoltError, type Bucket, readBolt } from './bolt-database.ts';
import { errnoOf } from '../../system/errno.ts';
import { isGone, unreadablePath } from '../filesystem/error.ts';

/** One snapshot of the build cache. */
export interface BuildSnapshot {
  /** Its topmost layer; undefined where it is not a layer (yet): its files are in `folder` alone. */
  readonly chainId: ChainId | undefined;
  /** The name of its folder in the layers folder, where it has one of its own. */
  readonly folder: string;
}

export interface BuildSnapshots {
  /** By lease, which has the ID of the build-cache record. */
  readonly byRecord: ReadonlyMap<string, readonly BuildSnapshot[]>;
  /** False where the databases could not be followed: then every chain ID that occurs in them counts as held. */
  readonly isExact: boolean;
}

const chainPattern = /sha256:[0-9a-f]{64}/g;
const isChainId = /^sha256:[0-9a-f]{64}$/;

/**
 * @param root the data directory.
 * @throws DiskError when a database is there and may not be read; the signal's reason when aborted.
 */
export async function readBuildSnapshots(root: string, signal: AbortSignal): Promise<BuildSnapshots> {
  const snapshotsPath = `${root}/buildkit/snapshots.db`;
  // Leases first: a snapshot is in its database before it is used for a record.
  const leases = await whenThere(`${root}/buildkit/containerdmeta.db`, signal, (path) =>
    readBolt(path, signal),
  );
  const snapshots = await whenThere(snapshotsPath, signal, (path) => readBolt(path, signal));
  // there has been no build with BuildKit here.
  if (snapshots === 'missing') return { byRecord: new Map(), isExact: true };
  if (snapshots === 'damaged') {
    const text = await whenThere(snapshotsPath, signal, (path) => readFile(path, { signal }));
    return { byRecord: mentioned(Buffer.isBuffer(text) ? text : Buffer.alloc(0)), isExact: false };
  }
  if (leases === 'missing' || leases === 'damaged') {
    const all = [...snapshots.buckets.keys()].map((key) => [key, [snapshotOf(snapshots, key)]] as const);
    return { byRecord: new Map(all), isExact: false };
  }
  return { byRecord: leased(leases, snapshots), isExact: true };
}

async function whenThere<T>(
  path: string,
  signal: AbortSignal,
  read: (path: string) => Promise<T>,
): Promise<T | 'missing' | 'damaged'> {
  try {
    return await read(path);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BoltError) return 'damaged';
    if (isGone(error)) return 'missing';
    throw unreadablePath(path, errnoOf(error), error);
  }
}

function leased(leases: Bucket, snapshots: Bucket): ReadonlyMap<string, readonly BuildSnapshot[]> {
  const found = new Map<string, readonly BuildSnapshot[]>();
  for (const namespace of leases.buckets.get('v1')?.buckets.values() ?? []) {
    for (const [record, lease] of namespace.buckets.get('leases')?.buckets ?? []) {
      const leased = lease.buckets.get('snapshots');
      // A lease of a build's history (`ref_…`, since Docker 29) holds content only, and is no record.
      if (leased === undefined) continue;
      const keys = [...leased.buckets.values()].flatMap((snapshotter) => [...snapshotter.values.keys()]);
      found.set(
        record,
        keys.map((key) => snapshotOf(snapshots, key)),
      );
    }
  }
  return found;
}

function snapshotOf(snapshots: Bucket, key: string): BuildSnapshot {
  const values = snapshots.buckets.get(key)?.values;
  const own = isChainId.test(key) ? key : undefined;
  return {
    chainId: values?.get('chainid')?.toString('utf8') ?? own,
    folder: values?.get('committed')?.toString('utf8') ?? key,
  };
}

/** The rule where pages cannot be followed: what is mentioned is held. Too much rather than too little. */
function mentioned(data: Buffer): ReadonlyMap<string, readonly BuildSnapshot[]> {
  const chains = new Set(data.toString('latin1').match(chainPattern) ?? []);
  return new Map([...chains].map((chainId) => [chainId, [{ chainId, folder: chainId }]]));
}
