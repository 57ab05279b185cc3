/** Which layers an image has and how large they are, with as few questions to the engine as possible. */
import type { ChainId, Image, ImageId, Layer } from '../core/model/store.ts';
import { chainFrom, type UsageHistory } from '../core/use-history/history.ts';
import { type Engine, EngineError } from '../engine/engine.ts';

/** Layers measured on the disk, as far as known; may be asked at any time, must not wait. */
export type MeasuredLayers = () => ReadonlyMap<ChainId, Layer>;

export class LayerFinder {
  readonly #engine: Engine;
  readonly #history: UsageHistory;
  readonly #measured: MeasuredLayers;
  /** Images whose layers the engine does not report. */
  readonly #untold = new Set<ImageId>();

  constructor(engine: Engine, history: UsageHistory, measured: MeasuredLayers) {
    this.#engine = engine;
    this.#history = history;
    this.#measured = measured;
  }

  /** The image with its layers, if the engine reports them. At most one request, once per image. */
  async withLayers(image: Image, signal: AbortSignal): Promise<Image> {
    if (image.layers !== undefined || this.#untold.has(image.id)) return image;
    const known = this.#chainOf(image.id);
    if (known?.every((layer) => !layer.startsWith('layers-of:')) === true) return { ...image, layers: known };
    const details = await whatIsThere(() => this.#engine.inspectImage(image.id, signal));
    if (details?.layers === undefined) this.#untold.add(image.id);
    return { ...image, layers: details?.layers };
  }

  /** The sizes of an image's layers. Asks at most one question, and none where all are known. */
  async sizes(image: Image, signal: AbortSignal): Promise<ReadonlyMap<ChainId, Layer>> {
    const chain = image.layers ?? [];
    const layers = this.#knownSizes(chain);
    if (layers.size === chain.length) return layers;
    const told = await whatIsThere(() => this.#engine.layerSizes?.({ ...image, layers: chain }, signal));
    // Unknown sizes: the rest of the total, in equal parts.
    const known = chain.reduce((sum, id) => sum + (layers.get(id)?.bytes ?? 0), 0);
    const part = Math.max(0, image.sizeBytes - known) / (chain.length - layers.size);
    chain.forEach((id, index) => {
      if (layers.has(id)) return;
      const bytes = told?.[index] ?? Math.round(part);
      layers.set(id, { id, parentId: chain[index - 1], bytes, inodes: 0, exact: false });
    });
    return layers;
  }

  /**
   * The layers of an image and their sizes, as known now, from the bottom up; undefined when the image is unknown.
   * Layers that the engine does not report are one made-up layer, as in the history.
   */
  layersOf(id: ImageId): readonly Layer[] | undefined {
    const chain = this.#chainOf(id);
    const known = chain && this.#knownSizes(chain);
    return chain?.flatMap((each) => known?.get(each) ?? []);
  }

  #chainOf(id: ImageId): readonly ChainId[] | undefined {
    const image = this.#history.images.get(id);
    return image && [...chainFrom(image.top)].map((layer) => layer.id).reverse();
  }

  /** Forgets what it knows of images that are gone. */
  keepOnly(present: ReadonlySet<ImageId>): void {
    for (const id of this.#untold) if (!present.has(id)) this.#untold.delete(id);
  }

  #knownSizes(chain: readonly ChainId[]): Map<ChainId, Layer> {
    const measured = this.#measured();
    const sizes = new Map<ChainId, Layer>();
    chain.forEach((id, index) => {
      const remembered = this.#history.layers.get(id);
      const layer =
        measured.get(id) ??
        (remembered && {
          id,
          parentId: chain[index - 1],
          bytes: remembered.bytes,
          inodes: 0,
          exact: false,
        });
      if (layer !== undefined) sizes.set(id, layer);
    });
    return sizes;
  }
}

/**
 * What the engine answers; undefined when it has no answer (a broken image, an invalid name, a request that
 * a socket proxy forbids). @throws EngineError when the engine is away.
 */
export async function whatIsThere<T>(ask: () => Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof EngineError && (error.code === 'failed' || error.code === 'denied'))
      return undefined;
    throw error;
  }
}
