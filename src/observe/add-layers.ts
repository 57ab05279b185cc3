/** The layers of images that the disk does not know: the engine is asked, as rarely as possible. */
import { formatCount } from '../core/model/format.ts';
import type { ChainId, Image, ImageStore, Layer } from '../core/model/store.ts';
import type { Engine } from '../engine/engine.ts';
import { AT_ONCE, forEachLimited } from '../system/concurrency.ts';

type Chained = Image & { readonly layers: readonly ChainId[] };

/**
 * Asks once per image with unknown layers. Sizes are asked for as few images as give those of all shared layers: the
 * rest of an image's size is its own.
 * @param source where those that are known are from, a sentence for people.
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
  const chains = new Map<Image, readonly ChainId[] | undefined>();
  await forEachLimited(unknown, AT_ONCE, signal, async (image) => {
    chains.set(image, await engine.layersOf(image.id, signal));
  });
  const images = store.images.map((image) => ({ ...image, layers: image.layers ?? chains.get(image) }));
  const layers = new Map(store.layers);
  if (engine.layerSizes !== undefined) await addSizes(images.filter(isChained), layers, engine, signal);
  const onDisk = store.images.length - unknown.length;
  const layerSource =
    onDisk === 0
      ? sourceOfNone(source)
      : `${source}; ${formatCount(unknown.length, 'image')} estimated from the sizes that the engine gives`;
  return { store: { ...store, images, layers }, layerSource };
}

/**
 * Records on the disk that name none of the engine's images, such as those of another containerd namespace, are of no
 * use.
 */
function sourceOfNone(source: string): string {
  return source.startsWith('estimated')
    ? source
    : 'estimated from the sizes that the engine gives: the records on the disk are not of its images';
}

function isChained(image: Image): image is Chained {
  return image.layers !== undefined;
}

/** @param layers those that are measured; gets the others. */
async function addSizes(
  images: readonly Chained[],
  layers: Map<ChainId, Layer>,
  engine: Engine,
  signal: AbortSignal,
): Promise<void> {
  const shared = sharedLayers(images);
  // Measured and reported sizes do not add up to the engine's size of an image.
  const isMeasured = new Set(images.filter((image) => image.layers.some((id) => layers.has(id))));
  const missingOf = (image: Chained): readonly ChainId[] =>
    image.layers.filter((id) => !layers.has(id) && (shared.has(id) || isMeasured.has(image)));
  const asked = new Set<Chained>();
  for (;;) {
    const round = tellersOf(images, asked, missingOf);
    if (round.length === 0) break;
    await forEachLimited(round, AT_ONCE, signal, async (image) => {
      asked.add(image);
      const sizes = await engine.layerSizes?.(image, signal);
      if (sizes !== undefined) addTold(image, sizes, layers);
    });
  }
  for (const image of images)
    if (!isMeasured.has(image) && missingOf(image).length === 0) addRest(image, layers);
}

/** The layers that more than one image has. */
function sharedLayers(images: readonly Chained[]): ReadonlySet<ChainId> {
  const seen = new Set<ChainId>();
  const shared = new Set<ChainId>();
  for (const { layers } of images)
    for (const id of layers) {
      if (seen.has(id)) shared.add(id);
      seen.add(id);
    }
  return shared;
}

/**
 * Images that together have all layers that are missing, those with the most of them first; none that was asked before: its
 * answer was none.
 */
function tellersOf(
  images: readonly Chained[],
  asked: ReadonlySet<Chained>,
  missingOf: (image: Chained) => readonly ChainId[],
): readonly Chained[] {
  const expected = new Set<ChainId>();
  return images
    .filter((image) => !asked.has(image))
    .map((image) => ({ image, missing: missingOf(image) }))
    .sort((a, b) => b.missing.length - a.missing.length)
    .filter(({ missing }) => {
      const more = missing.filter((id) => !expected.has(id));
      for (const id of more) expected.add(id);
      return more.length > 0;
    })
    .map(({ image }) => image);
}

function addTold(
  { layers: chain, sizeBytes }: Chained,
  sizes: readonly number[],
  layers: Map<ChainId, Layer>,
): void {
  // An engine that keeps layers packed as well counts them twice in an image's size and once in its history.
  const unpacked = sizes.reduce((sum, bytes) => sum + bytes, 0);
  const times = unpacked === 0 ? 1 : Math.max(1, sizeBytes / unpacked);
  chain.forEach((id, at) => {
    const bytes = sizes[at];
    if (bytes !== undefined && !layers.has(id)) add(chain, at, Math.round(bytes * times), layers);
  });
}

/** What the image takes beside its known layers, at the topmost of those that it has alone. */
function addRest({ layers: chain, sizeBytes }: Chained, layers: Map<ChainId, Layer>): void {
  const known = chain.reduce((sum, id) => sum + (layers.get(id)?.bytes ?? 0), 0);
  let rest = Math.max(0, sizeBytes - known);
  for (let at = chain.length - 1; at >= 0; at -= 1) {
    const id = chain[at];
    if (id === undefined || layers.has(id)) continue;
    add(chain, at, rest, layers);
    rest = 0;
  }
}

function add(chain: readonly ChainId[], at: number, bytes: number, layers: Map<ChainId, Layer>): void {
  const id = chain[at];
  if (id !== undefined) layers.set(id, { id, parentId: chain[at - 1], bytes, inodes: 0, exact: false });
}
