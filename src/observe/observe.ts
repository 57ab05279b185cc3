/** The world as one plain snapshot: the disk's usage, and the engine's store with its layers, at about the same moment. */
import {
  type Clean,
  containerStays,
  couldBeOldEnough,
  imagesOnly,
} from '../core/eligible/cache-and-containers.ts';
import { formatCount } from '../core/model/format.ts';
import { estimatedInodes } from '../core/forest/layer-table.ts';
import type { Container, HeldSpace, Image, ImageId, ImageStore } from '../core/model/store.ts';
import type { SpaceByKind } from '../core/model/space-kinds.ts';
import type { Usage } from '../core/model/thresholds.ts';
import { DiskError } from '../disk/filesystem/error.ts';
import type { ImageDisk } from '../disk/image-disk.ts';
import { withLayers } from '../disk/layer-facts.ts';
import type { Engine, ToldLayers } from '../engine/engine.ts';
import { forEachLimited } from '../system/concurrency.ts';

export interface Snapshot {
  readonly takenAtMs: number;
  readonly usage: Usage;
  readonly store: ImageStore;
  /** Where the layers' sizes are from, a sentence for people. */
  readonly layerSource: string;
}

/**
 * Two engine requests and two measurements, and what `clean` and layers that the disk does not know need beside.
 * @throws EngineError when the engine cannot be asked, DiskError when the path cannot be measured.
 */
export async function observe(
  engine: Engine,
  disk: ImageDisk,
  signal: AbortSignal,
  clean: Clean = imagesOnly,
): Promise<Snapshot> {
  const listed = await listStore(engine, disk, signal, clean);
  const { store, layerSource } = await addLayers(listed, engine, disk, signal, clean);
  return { takenAtMs: Date.now(), usage: await disk.usage(signal), store, layerSource };
}

/** Where the space of the filesystem is, or a sentence why that cannot be told. */
export type SpaceAnswer = { readonly space: SpaceByKind } | { readonly problem: string };

/** The account of the filesystem. Never throws for what may not be read: the rest of a look is worth having without it. */
export async function spaceAnswer(
  disk: ImageDisk,
  store: ImageStore,
  signal: AbortSignal,
): Promise<SpaceAnswer> {
  try {
    return { space: await disk.space(store, signal) };
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    return { problem: error.message };
  }
}

/**
 * The store's images, with the times at which they came here, and containers, without layers. Images first: an image that a container starts to use between
 * the two requests is then seen as used; the other way round it would be taken for unused. What else may go is asked
 * for only where `clean` names it.
 * @throws EngineError
 */
export async function listStore(
  engine: Engine,
  disk: ImageDisk,
  signal: AbortSignal,
  clean: Clean = imagesOnly,
): Promise<ImageStore> {
  const listedImages = await engine.listImages(signal);
  const listed = await engine.listContainers(signal);
  const containers = clean.stoppedContainers ? await withStopTimes(engine, listed, clean, signal) : listed;
  const appeared = await disk.appeared(
    listedImages.map(({ id }) => id),
    signal,
  );
  const images = await withArrivals(engine, listedImages, appeared, signal);
  if (!clean.buildCache) return { images, containers, layers: new Map() };
  return { images, containers, layers: new Map(), cacheRecords: await engine.listCacheRecords(signal) };
}

/** When each image came here: what the disk tells, else what the engine does. */
async function withArrivals(
  engine: Engine,
  images: readonly Image[],
  appeared: ReadonlyMap<ImageId, number>,
  signal: AbortSignal,
): Promise<readonly Image[]> {
  const told = new Map<ImageId, number | undefined>(appeared);
  if (engine.arrivedAtMs !== undefined) {
    const asked = images.filter(({ id }) => !told.has(id));
    await forEachLimited(asked, AT_ONCE, signal, async (image) => {
      told.set(image.id, await engine.arrivedAtMs?.(image, signal));
    });
  }
  return images.map((image) => ({ ...image, appearedAtMs: told.get(image.id) }));
}

/** When each container stopped that could go: the list does not tell, and only those old enough are asked about. */
async function withStopTimes(
  engine: Engine,
  containers: readonly Container[],
  clean: Clean,
  signal: AbortSignal,
): Promise<readonly Container[]> {
  const details = new Map<string, Partial<Container>>();
  const nowMs = Date.now();
  const asked = containers.filter((container) => couldBeOldEnough(container, clean, nowMs));
  await forEachLimited(asked, AT_ONCE, signal, async ({ id }) => {
    const now = await engine.inspectContainer(id, signal);
    if (now === undefined) return;
    const { stoppedAtMs, isRestarted, failedToStart } = now;
    details.set(id, { stoppedAtMs, isRestarted, failedToStart });
  });
  return containers.map((container) => ({ ...container, ...details.get(container.id) }));
}

/**
 * Adds what the disk knows of the layers, read after the engine's lists: a layer that comes in between is then one that
 * nobody has, which is safe; the other way round an image would stand on layers that are not there. What the disk does
 * not know the engine is asked about, once an image, and once a stopped container that may go.
 * @throws EngineError, DiskError
 */
export async function addLayers(
  listed: ImageStore,
  engine: Engine,
  disk: ImageDisk,
  signal: AbortSignal,
  clean: Clean = imagesOnly,
): Promise<{ readonly store: ImageStore; readonly layerSource: string }> {
  const facts = await disk.layers(
    listed.images.map(({ id }) => id),
    signal,
  );
  const store = await withToldContainers(withLayers(listed, facts), engine, disk, signal, clean);
  const unknown = store.images.filter((image) => image.layers === undefined);
  if (unknown.length === 0) return { store, layerSource: facts.source };
  const told = new Map<ImageId, ToldLayers>();
  await forEachLimited(unknown, AT_ONCE, signal, async ({ id }) => {
    const layers = await engine.imageLayers(id, signal);
    if (layers !== undefined) told.set(id, layers);
  });
  const onDisk = store.images.length - unknown.length;
  const layerSource =
    onDisk === 0
      ? sourceOfNone(facts.source)
      : `${facts.source}; ${formatCount(unknown.length, 'image')} estimated from the sizes that the engine gives`;
  return { store: withToldLayers(store, told), layerSource };
}

/** Records on the disk that name none of the engine's images, as those of another namespace of containerd, tell nothing of them. */
function sourceOfNone(source: string): string {
  return source.startsWith('estimated')
    ? source
    : 'estimated from the sizes that the engine gives: the records on the disk are not of its images';
}

/** Adds the sizes of stopped containers that may go and of which the disk does not tell: the engine's figures. */
async function withToldContainers(
  store: ImageStore,
  engine: Engine,
  disk: ImageDisk,
  signal: AbortSignal,
  clean: Clean,
): Promise<ImageStore> {
  if (!clean.stoppedContainers || engine.containerSize === undefined) return store;
  const nowMs = Date.now();
  const isTold = ({ id }: Container): boolean => {
    const space = store.heldSpace?.get(id);
    // A store may tell what a container stands on, and nothing of what it wrote.
    return space !== undefined && (space.exact || space.bytes > 0);
  };
  const asked = store.containers.filter(
    (container) => !isTold(container) && containerStays(container, clean, nowMs) === undefined,
  );
  if (asked.length === 0) return store;
  const copiesAreFree = await disk.sharesCopies(signal);
  const heldSpace = new Map<string, HeldSpace>(store.heldSpace);
  await forEachLimited(asked, AT_ONCE, signal, async (container) => {
    const told = await engine.containerSize?.(container, signal);
    if (told === undefined) return;
    // Engines do not agree on whether the container's size with its image is that of both; the image's is in the list.
    const copies = copiesAreFree ? 0 : told.imageCopies * imageBytes(container, store);
    const bytes = told.writtenBytes + copies;
    const inodes = bytes > 0 ? estimatedInodes(bytes) : 0;
    heldSpace.set(container.id, { top: heldSpace.get(container.id)?.top, bytes, inodes, exact: false });
  });
  return { ...store, heldSpace };
}

/** The size of the image that a container was made from. */
function imageBytes(container: Container, store: ImageStore): number {
  const ids = new Set(container.images);
  return store.images.find(({ id }) => ids.has(id))?.sizeBytes ?? 0;
}

/** Adds layers that the engine told; what is known already stays. */
function withToldLayers(store: ImageStore, told: ReadonlyMap<ImageId, ToldLayers>): ImageStore {
  const layers = new Map(store.layers);
  const sizeOf = new Map(store.images.map(({ id, sizeBytes }) => [id, sizeBytes]));
  for (const [image, { chain, sizes }] of told) {
    // An engine that keeps layers packed as well counts them twice in an image's size and once in its history.
    const unpacked = (sizes ?? []).reduce((sum, bytes) => sum + bytes, 0);
    const times = unpacked === 0 ? 1 : Math.max(1, (sizeOf.get(image) ?? 0) / unpacked);
    chain.forEach((id, at) => {
      const bytes = sizes?.[at];
      if (bytes === undefined || layers.has(id)) return;
      layers.set(id, {
        id,
        parentId: chain[at - 1],
        bytes: Math.round(bytes * times),
        inodes: 0,
        exact: false,
      });
    });
  }
  const images = store.images.map((image) => {
    const known = told.get(image.id);
    return known === undefined ? image : { ...image, layers: known.chain };
  });
  return { ...store, images, layers };
}

/** Questions to the engine under way at a time: it has other work. */
const AT_ONCE = 4;
