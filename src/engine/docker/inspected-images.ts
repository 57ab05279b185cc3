/**
 * What only an image's inspection has and does not change while the image keeps its names: when it arrived on this
 * host, and its layers. Each image is asked about once.
 */
import type { ChainId, Image, ImageId } from '../../core/model/store.ts';
import { EngineError } from '../engine.ts';
import { RecentMap } from './recent-map.ts';
import type { ImageDetails } from './schemas.ts';
import { arrivalFromDetails, imageFromDetails } from './translate.ts';

interface Known {
  /** Its tags: a new one makes it arrive again. */
  readonly tags: string;
  readonly arrivedAtMs: number | undefined;
  readonly layers: readonly ChainId[] | undefined;
  readonly sizeBytes: number;
}

export class InspectedImages {
  readonly #known = new RecentMap<ImageId, Known>();

  /** Layers and size, where the image was asked about before. */
  find(id: ImageId): Pick<Known, 'layers' | 'sizeBytes'> | undefined {
    const known = this.#known.get(id);
    return known?.layers === undefined ? undefined : known;
  }

  /**
   * @param ask the engine's answer; undefined when the image is gone.
   * @returns epoch ms; undefined if the engine does not say.
   * @throws EngineError when the engine is away.
   */
  async arrivalOf(image: Image, ask: () => Promise<ImageDetails | undefined>): Promise<number | undefined> {
    const known = this.#known.get(image.id);
    if (known?.tags === tagsOf(image)) return known.arrivedAtMs;
    const details = await answerOf(ask);
    const arrivedAtMs = details && arrivalFromDetails(details);
    const inspected = details && imageFromDetails(details);
    this.#known.set(image.id, {
      tags: tagsOf(image),
      arrivedAtMs,
      layers: inspected?.layers,
      sizeBytes: inspected?.sizeBytes ?? 0,
    });
    return arrivedAtMs;
  }

  /** Takes over what was asked for another reason. */
  learn(image: Image, details: ImageDetails): void {
    this.#known.set(image.id, {
      tags: tagsOf(image),
      arrivedAtMs: arrivalFromDetails(details),
      layers: image.layers,
      sizeBytes: image.sizeBytes,
    });
  }
}

function tagsOf({ tags }: Image): string {
  return [...tags].sort().join(' ');
}

/** A broken image, or a request that a socket proxy forbids, must not make the whole engine unusable. */
async function answerOf<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof EngineError && (error.code === 'failed' || error.code === 'denied'))
      return undefined;
    throw error;
  }
}
