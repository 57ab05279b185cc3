/** The world as one plain snapshot: the disk's usage, and the engine's store with its layers, at about the same moment. */
import type { ImageStore } from './core/store.ts';
import type { Usage } from './core/thresholds.ts';
import { type ImageDisk, withLayers } from './disk/image-disk.ts';
import type { Engine } from './engine/engine.ts';

export interface Snapshot {
  readonly takenAtMs: number;
  readonly usage: Usage;
  readonly store: ImageStore;
  /** Where the layers' sizes are from, a sentence for people. */
  readonly layerSource: string;
}

/**
 * Two engine requests and two measurements.
 * @throws EngineError when the engine cannot be asked, DiskError when the path cannot be measured.
 */
export async function observe(engine: Engine, disk: ImageDisk, signal: AbortSignal): Promise<Snapshot> {
  const listed = await listStore(engine, disk, signal);
  const { store, layerSource } = await addLayers(listed, disk, signal);
  return { takenAtMs: Date.now(), usage: await disk.usage(signal), store, layerSource };
}

/**
 * The store's images, with the times at which they came here, and containers, without layers. Images first: an image that a container starts to use between
 * the two requests is then seen as used; the other way round it would be taken for unused.
 * @throws EngineError
 */
export async function listStore(engine: Engine, disk: ImageDisk, signal: AbortSignal): Promise<ImageStore> {
  const listed = await engine.listImages(signal);
  const containers = await engine.listContainers(signal);
  const appeared = await disk.appeared(signal);
  const images = listed.map((image) => ({ ...image, appearedAtMs: appeared.get(image.id) }));
  return { images, containers, layers: new Map() };
}

/**
 * Adds what the disk knows of the layers, read after the engine's lists: a layer that comes in between is then one that
 * nobody has, which is safe; the other way round an image would stand on layers that are not there.
 * @throws DiskError
 */
export async function addLayers(
  store: ImageStore,
  disk: ImageDisk,
  signal: AbortSignal,
): Promise<{ readonly store: ImageStore; readonly layerSource: string }> {
  const facts = await disk.layers(signal);
  return { store: withLayers(store, facts), layerSource: facts.source };
}
