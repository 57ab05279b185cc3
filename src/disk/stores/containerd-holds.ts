/**
 * What holds what in a namespace of containerd, by the rules of its garbage collector (`core/metadata/gc.go`): a name
 * holds its target, content holds what its labels refer to, a snapshot its parent, a lease what is in it. Pure.
 *
 * An image's layers are the snapshots that its configuration refers to, and on top of them a made-up one with the
 * image's ID: content that only this image has, which is freed with it. Content of several holders is freed with
 * their topmost common layer; without one, nothing is promised: too little rather than too much.
 */
import type { StoredContainer } from './store.ts';
import type { ChainId, HeldSpace, ImageId, Layer } from '../../core/model/store.ts';
import type { Amount } from '../../core/model/thresholds.ts';
import { containerOf } from './container-names.ts';
import type { Lease, NamespaceRecords } from './containerd-records.ts';

export interface ContainerdStore {
  readonly images: ReadonlyMap<ImageId, readonly ChainId[]>;
  readonly layers: ReadonlyMap<ChainId, Layer>;
  /** The bases of other programs' containers, of pulls under way and of leftovers. */
  readonly heldLayers: readonly ChainId[];
  /** What Docker's containers and build-cache records hold, by their ID. */
  readonly heldSpace: ReadonlyMap<string, HeldSpace>;
  /** Containers whose files are based on an image, whether the engine lists them or not. */
  readonly containers: readonly StoredContainer[];
}

export interface Measured {
  /** What each committed snapshot takes, by its name in its snapshotter; one that is written in has no entry. */
  readonly usages: ReadonlyMap<string, Amount>;
  /** What each blob takes; one that another namespace also has is left out, because it is kept. */
  readonly blobs: ReadonlyMap<string, Amount>;
}

/** A snapshot has two folders around its files, the one it is in and `work`; each takes a block. */
const foldersAround: Amount = { bytes: 2 * 4096, inodes: 2 };

/** An image, or a lease that holds as one does. */
interface Holder {
  readonly id: string;
  /** From the bottom up. */
  readonly chain: readonly ChainId[];
  readonly blobs: ReadonlySet<string>;
  /** Other tops than the chain's: another platform's files. */
  readonly others: readonly ChainId[];
  /** Holds a snapshot that is being written in. */
  readonly writes: boolean;
}

interface Sum {
  bytes: number;
  inodes: number;
  exact: boolean;
}

/** @param targets what each image's names stand for, by image ID. */
export function holdsOf(
  records: NamespaceRecords,
  measured: Measured,
  targets: ReadonlyMap<ImageId, readonly string[]>,
): ContainerdStore {
  const { snapshots } = records;
  const images = [...targets].map(([id, digests]) => holder(id, digests, [], true, records, measured));
  const leases = byOwner(records.leases).map(({ id, content, snapshots: held, follows }) =>
    holder(id, content, held, follows, records, measured),
  );
  // A name that the engine does not call an image holds all the same.
  const known = new Set([...targets.values()].flat());
  const unknown = records.images
    .filter(({ target }) => !known.has(target))
    .map(({ name, target }) => holder(name, [target], [], true, records, measured));
  const layers = new Map<ChainId, Layer>();
  const users = new Map<ChainId, number>();
  const holders = [...images, ...leases, ...unknown];
  for (const { chain } of holders) for (const id of chain) users.set(id, (users.get(id) ?? 0) + 1);
  const { shared, own } = contentByPlace(holders, users, measured.blobs);
  for (const [id, { parent, name }] of snapshots) {
    const usage = measured.usages.get(name);
    if (usage === undefined) continue;
    const content = shared.get(id);
    layers.set(id, {
      id,
      parentId: parent,
      bytes: usage.bytes + foldersAround.bytes + (content?.bytes ?? 0),
      inodes: usage.inodes + foldersAround.inodes + (content?.inodes ?? 0),
      exact: content?.exact ?? true,
    });
  }
  const chains = new Map<ImageId, readonly ChainId[]>();
  for (const image of images) {
    const amount = own.get(image) ?? nothing();
    layers.set(image.id, { id: image.id, parentId: image.chain.at(-1), ...amount });
    chains.set(image.id, [...image.chain, image.id]);
  }
  const heldSpace = new Map<string, HeldSpace>();
  for (const lease of leases.filter((each) => !each.writes || isContainerId.test(each.id))) {
    const { bytes, inodes } = own.get(lease) ?? nothing();
    heldSpace.set(lease.id, { top: lease.chain.at(-1), bytes, inodes, exact: !lease.writes });
  }
  const named = [...images, ...leases.filter(({ id }) => heldSpace.has(id))];
  const heldLayers = heldByOthers(layers, records, holders, named);
  return {
    images: chains,
    layers,
    heldSpace,
    heldLayers,
    containers: containersOn(images, records, measured),
  };
}

/**
 * Containers by the files that they write in: each has a snapshot of its ID on that of its image (Docker has one of its own
 * in between). An engine that lists too few of them, or none, must not cost anybody an image.
 */
function containersOn(
  images: readonly Holder[],
  { snapshots }: NamespaceRecords,
  { usages }: Measured,
): readonly StoredContainer[] {
  const byTop = new Map<ChainId, string[]>();
  for (const { id, chain } of images) {
    const top = chain.at(-1);
    if (top !== undefined) byTop.set(top, [...(byTop.get(top) ?? []), id]);
  }
  const found: StoredContainer[] = [];
  for (const [id, { key, name, parent }] of snapshots) {
    const owner = containerOf(key);
    if (parent === undefined || owner === undefined || usages.has(name)) continue;
    const below = parent === `${id}-init` ? snapshots.get(parent)?.parent : parent;
    for (const image of byTop.get(below ?? '') ?? [])
      found.push({ id: key, folders: [], parentId: below, holds: { image, name: owner.called } });
  }
  return found;
}

/** Docker gives a container's lease the container's ID; what the container wrote is only known to the engine. */
const isContainerId = /^[0-9a-f]{64}$/;

/** Tops of those without a name of ours, parents of snapshots being written outside of leases, and leftovers. */
function heldByOthers(
  layers: ReadonlyMap<ChainId, Layer>,
  { snapshots, leases }: NamespaceRecords,
  holders: readonly Holder[],
  named: readonly Holder[],
): readonly ChainId[] {
  const ours = new Set(named);
  const held = new Set<ChainId>();
  const reached = new Set<ChainId>();
  for (const each of holders) {
    if (!ours.has(each)) for (const top of [...each.chain.slice(-1), ...each.others]) held.add(top);
    for (const id of each.chain) reached.add(id);
    for (const top of each.others) reached.add(top);
  }
  // An image of several platforms: which files it frees is known for the deepest only.
  for (const { others } of named) for (const top of others) held.add(top);
  const leased = new Set(leases.flatMap((lease) => lease.snapshots));
  for (const [id, { parent }] of snapshots) {
    if (layers.has(id)) {
      if (!reached.has(id)) held.add(id);
      // A mount of BuildKit's whose lease is gone is garbage that containerd has not collected yet.
    } else if (parent !== undefined && !leased.has(id) && !id.endsWith('-view')) held.add(parent);
  }
  return [...held];
}

function holder(
  id: string,
  content: readonly string[],
  held: readonly string[],
  follows: boolean,
  { blobs, snapshots }: NamespaceRecords,
  { usages }: Measured,
): Holder {
  const reached = new Set(content);
  const tops = new Set(held);
  if (follows) {
    // A set grows while it is gone through.
    for (const digest of reached) {
      const references = blobs.get(digest);
      for (const next of references?.content ?? []) reached.add(next);
      for (const key of references?.snapshots ?? []) tops.add(key);
    }
  }
  const chains = [...tops].map((top) => chainTo(top));
  const [chain = [], ...others] = chains.toSorted((one, other) => other.length - one.length);
  const inChain = new Set(chain);
  return {
    id,
    chain,
    blobs: reached,
    others: others.flatMap((other) => other.slice(-1)).filter((top) => !inChain.has(top)),
    writes: held.some((key) => !usages.has(snapshots.get(key)?.name ?? '')),
  };

  /** Of snapshots that are written in, the chain begins at the one below. */
  function chainTo(top: string): readonly ChainId[] {
    const down: ChainId[] = [];
    for (
      let at = snapshots.get(top), key = top;
      at !== undefined;
      key = at.parent ?? '', at = snapshots.get(key)
    ) {
      if (down.length > snapshots.size) break;
      if (usages.has(at.name)) down.push(key);
    }
    return down.reverse();
  }
}

/**
 * BuildKit holds beside a record's own lease `<record>-variants` (the same content packed in other ways) and
 * `<record>-view` (a mount of it), and releases all of them with the record (moby's `cache/refs.go`).
 */
function byOwner(leases: readonly Lease[]): readonly Lease[] {
  const merged = new Map<string, Lease>();
  for (const lease of leases) {
    const id = lease.id.replace(/-(variants|view)$/, '');
    const before = merged.get(id);
    const mounted = lease.id.endsWith('-view');
    merged.set(id, {
      id,
      content: [...(before?.content ?? []), ...lease.content],
      snapshots: [...(before?.snapshots ?? []), ...(mounted ? [] : lease.snapshots)],
      follows: (before?.follows ?? false) || (lease.follows && !mounted),
    });
  }
  return [...merged.values()];
}

function nothing(): Sum {
  return { bytes: 0, inodes: 0, exact: true };
}

/** What frees content: a layer, or its only holder. */
function contentByPlace(
  holders: readonly Holder[],
  users: ReadonlyMap<ChainId, number>,
  amounts: ReadonlyMap<string, Amount>,
): { readonly shared: ReadonlyMap<ChainId, Sum>; readonly own: ReadonlyMap<Holder, Sum> } {
  const places = new Map<string, { first: Holder; common: number; count: number }>();
  for (const holding of holders) {
    for (const digest of holding.blobs) {
      if (!amounts.has(digest)) continue;
      const place = places.get(digest);
      if (place === undefined) {
        places.set(digest, { first: holding, common: holding.chain.length, count: 1 });
        continue;
      }
      place.count++;
      const { chain } = place.first;
      let common = 0;
      while (common < place.common && chain[common] === holding.chain[common]) common++;
      place.common = common;
    }
  }
  const shared = new Map<ChainId, Sum>();
  const own = new Map<Holder, Sum>();
  for (const [digest, { first, common, count }] of places) {
    const amount = amounts.get(digest);
    if (amount === undefined) continue;
    if (count === 1) {
      const sum = own.get(first) ?? nothing();
      own.set(first, sum);
      sum.bytes += amount.bytes;
      sum.inodes += amount.inodes;
      continue;
    }
    const layer = first.chain[common - 1];
    if (layer === undefined) continue;
    const sum = shared.get(layer) ?? nothing();
    shared.set(layer, sum);
    sum.bytes += amount.bytes;
    sum.inodes += amount.inodes;
    sum.exact &&= users.get(layer) === count;
  }
  return { shared, own };
}
