/** The layers of images of which the disk does not tell: the engine is asked. */
import { formatCount } from '../core/model/format.ts';
import type { ImageId, ImageStore } from '../core/model/store.ts';
import type { Engine, ToldLayers } from '../engine/engine.ts';
import { AT_ONCE, forEachLimited } from '../system/concurrency.ts';

/**
 * Asks once an image whose layers are not known. @param source where those that are known are from, a sentence for people.
 * @throws EngineError
 */
export async function withToldLayers(
  store: ImageStore,
  source: string,
  engine: Engine,
  signal: AbortSignal,
): Promise<{ readonly store: ImageStore; readonly layerSource: string }> {
  const unknown = store.images.filter((image) => image.layers === undefined);
  if (unknown.length === 0) return { store, layerSource: source };
  const told = new Map<ImageId, ToldLayers>();
  await forEachLimited(unknown, AT_ONCE, signal, async ({ id }) => {
    const layers = await engine.imageLayers(id, signal);
    if (layers !== undefined) told.set(id, layers);
  });
  const onDisk = store.images.length - unknown.length;
  const layerSource =
    onDisk === 0
      ? sourceOfNone(source)
      : `${source}; ${formatCount(unknown.length, 'image')} estimated from the sizes that the engine gives`;
  return { store: addLayers(store, told), layerSource };
}

/** Records on the disk that name none of the engine's images, as those of another namespace of containerd, tell nothing of them. */
function sourceOfNone(source: string): string {
  return source.startsWith('estimated')
    ? source
    : 'estimated from the sizes that the engine gives: the records on the disk are not of its images';
}

/** Adds layers reported by the engine; known ones are kept. */
function addLayers(store: ImageStore, told: ReadonlyMap<ImageId, ToldLayers>): ImageStore {
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
