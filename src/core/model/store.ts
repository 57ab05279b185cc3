/**
 * The model of an image store: what an engine holds, as plain data.
 * Engines and disks fill it in; everything in core/ only reads it.
 */
import { append } from './lists.ts';

/** An image's identity as the engine gives it, e.g. `sha256:…`. */
export type ImageId = string;

/**
 * A layer's identity: the digest over the diff IDs from the bottom up to this layer (OCI image specification,
 * "Layer ChainID"). Two images that share a chain ID share that layer and all below it.
 */
export type ChainId = string;

/** One layer of the forest. Immutable once it exists. */
export interface Layer {
  readonly id: ChainId;
  /** Its parent; undefined for a bottom layer. */
  readonly parentId: ChainId | undefined;
  /** Bytes allocated on disk by this layer alone (blocks, not file sizes, where `exact`). */
  readonly bytes: number;
  /** Inodes used by this layer alone. */
  readonly inodes: number;
  /** True when measured on the disk, false when estimated from sizes that the engine reports. */
  readonly exact: boolean;
}

export interface Image {
  readonly id: ImageId;
  /** `repository:tag` names, without the engine's `<none>` placeholders. */
  readonly tags: readonly string[];
  /** `repository@sha256:…` names, without the engine's `<none>` placeholders. */
  readonly digests: readonly string[];
  /** The image that the classic builder made this one from, on this host. */
  readonly parentId: ImageId | undefined;
  /** The engine's figure: the sum of all its layers, shared ones included, in bytes. */
  readonly sizeBytes: number;
  /** When the image was built (not when it arrived). Undefined where the engine does not say. */
  readonly createdAtMs: number | undefined;
  /**
   * When it last arrived on this host: pulled, built or given a name. Undefined or left out where the disk does not
   * show it.
   */
  readonly appearedAtMs?: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** Its layers from the bottom up; undefined where not (yet) known. */
  readonly layers: readonly ChainId[] | undefined;
  /** Set where the engine needs the image for itself, whether a container uses it or not, or cannot delete it. */
  readonly engineNeeds?: EngineNeed | undefined;
}

/**
 * - `elsewhere`: the engine lists it from another store than the one that is cleaned (a read-only one beside it).
 * - `pinned`: the engine was told to keep it from every garbage collection (CRI).
 * - `sandbox-image`: every pod needs it (the "pause" image).
 */
export interface EngineNeed {
  readonly code: 'elsewhere' | 'pinned' | 'sandbox-image';
  /** One line for people. */
  readonly reason: string;
}

export interface Container {
  readonly id: string;
  readonly name: string;
  /** Every image it holds: the one it was made from, and images it mounts. IDs and, where no ID is known, names. */
  readonly images: readonly string[];
  /**
   * Names of images that it mounts, of which it is not known which image was meant: the name was given to another one, or
   * taken away, after the container was made. Left out where there is none.
   */
  readonly mayMount?: readonly string[];
  /**
   * created, running, paused, restarting, removing, exited, dead, or what a later engine says; `external`: another
   * program's on the same store. All of them hold.
   */
  readonly state: string;
  readonly createdAtMs: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** When it stopped; left out where that was not asked or it never ran. */
  readonly stoppedAtMs?: number | undefined;
  /** The engine starts it again when the engine itself starts (restart policy); left out where that was not asked. */
  readonly isRestarted?: boolean | undefined;
  /** Its last start failed or it ended with an error; left out where that was not asked. */
  readonly failedToStart?: boolean | undefined;
  /** The static pod that it belongs to: kubelet runs those from files, also without an API server. */
  readonly staticPod?: string | undefined;
}

/** A record of the engine's build cache. */
export interface CacheRecord {
  readonly id: string;
  /** What BuildKit says of it, e.g. `mount / from exec /bin/sh -c make`. */
  readonly description: string;
  /** The engine's figure; of a record that shares its layer with an image, that layer. */
  readonly sizeBytes: number;
  /** A build holds it. */
  readonly inUse: boolean;
  /** The records that it was made from: they cannot be deleted before it. */
  readonly parents: readonly string[];
  readonly createdAtMs: number | undefined;
  readonly lastUsedAtMs: number | undefined;
}

/** Layers held on disk by something other than an image. */
export interface HeldSpace {
  /** The topmost layer that it holds, with all below it. */
  readonly top: ChainId | undefined;
  /** What belongs to it alone and is freed with it. */
  readonly bytes: number;
  readonly inodes: number;
  /** True when measured on the disk. */
  readonly exact: boolean;
}

/** A snapshot of the store at one moment. */
export interface ImageStore {
  readonly images: readonly Image[];
  readonly containers: readonly Container[];
  /** Known layers by chain ID; empty where nothing is known of layers. */
  readonly layers: ReadonlyMap<ChainId, Layer>;
  /**
   * Layers that something without a name holds, each with all below it: a pull that is not finished, leftovers (a layer
   * that no image refers to still holds its parents in Docker's layer store). Left out where nothing is known of it.
   */
  readonly heldLayers?: readonly ChainId[];
  /** What containers and build-cache records hold, by their ID, also those that no list names. Left out likewise. */
  readonly heldSpace?: ReadonlyMap<string, HeldSpace>;
  /** The build cache; left out where it was not asked for. */
  readonly cacheRecords?: readonly CacheRecord[];
}

/** All names of an image: tags, then digests. */
export function references({ tags, digests }: Image): readonly string[] {
  if (digests.length === 0) return tags;
  return tags.length === 0 ? digests : [...tags, ...digests];
}

/** A name for people: the first reference, else the shortened ID. */
export function nameOf(image: Pick<Image, 'id' | 'tags' | 'digests'>): string {
  return image.tags[0] ?? image.digests[0] ?? shortId(image.id);
}

/** The 12 hexadecimal digits that engines show. */
export function shortId(id: ImageId): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}

/** Neither a tag nor a digest: nothing can ask for it by name. */
export function isUnreferenced(image: Image): boolean {
  return image.tags.length === 0 && image.digests.length === 0;
}

/** Each image's direct children: those the classic builder made from it. Children of unknown images are left out. */
export function childrenOf(images: readonly Image[]): ReadonlyMap<ImageId, readonly Image[]> {
  const children = new Map<ImageId, Image[]>();
  // BuildKit's images have no parents: most stores have none.
  if (images.every((image) => image.parentId === undefined)) return children;
  const known = new Set(images.map((image) => image.id));
  for (const image of images) {
    if (image.parentId === undefined || !known.has(image.parentId) || image.parentId === image.id) continue;
    append(children, image.parentId, image);
  }
  return children;
}

/** The containers that hold each image, by image ID; a container that names an image by a reference counts too. */
export function holders(store: ImageStore): ReadonlyMap<ImageId, readonly Container[]> {
  if (store.containers.length === 0) return new Map();
  const idByName = idsByName(store);
  const held = new Map<ImageId, Container[]>();
  for (const container of store.containers) {
    const ids = [
      ...container.images.map((name) => idByName.get(name) ?? name),
      ...maybeMounted(container, store),
    ];
    for (const id of new Set(ids)) append(held, id, container);
  }
  return held;
}

/**
 * Images that a container may mount by a name that they no longer have: those without a tag, which lost theirs to another
 * image, and all of the name's repository.
 */
function maybeMounted({ mayMount = [] }: Container, { images }: ImageStore): readonly ImageId[] {
  if (mayMount.length === 0) return [];
  const repositories = new Set(mayMount.map(repositoryOf));
  const isMeant = (image: Image): boolean =>
    image.tags.length === 0 || references(image).some((name) => repositories.has(repositoryOf(name)));
  return images.filter(isMeant).map(({ id }) => id);
}

/** `registry:5000/a/b:tag@sha256:…` → `registry:5000/a/b`. */
export function repositoryOf(reference: string): string {
  const [name = ''] = reference.split('@');
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}

/** Image IDs by name, for the names that containers hold. */
function idsByName(store: ImageStore): ReadonlyMap<string, ImageId> {
  const wanted = new Set(store.containers.flatMap(({ images }) => images));
  const ids = new Map<string, ImageId>();
  for (const { id, tags, digests } of store.images) {
    if (wanted.has(id)) ids.set(id, id);
    for (const name of tags) if (wanted.has(name)) ids.set(name, id);
    for (const name of digests) if (wanted.has(name)) ids.set(name, id);
  }
  return ids;
}

/** The store without images, containers and build-cache records that are gone; layers are left as they are. */
export function storeWithout(store: ImageStore, gone: ReadonlySet<string>): ImageStore {
  if (gone.size === 0) return store;
  const stays = ({ id }: { readonly id: string }): boolean => !gone.has(id);
  return {
    ...store,
    images: store.images.filter(stays),
    containers: store.containers.filter(stays),
    ...(store.cacheRecords && { cacheRecords: store.cacheRecords.filter(stays) }),
  };
}
