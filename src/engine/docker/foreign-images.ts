/**
 * Images of which only other platforms than the host's are here, on Docker's containerd store: the list then has
 * neither their labels nor their date, so a protecting label would be missed. With the platform in the request the
 * engine reports both.
 */
import type { Image, ImageId } from '../../core/model/store.ts';
import { RecentMap } from './recent-map.ts';
import type { ImageDetails, ImageSummary, Platform } from './schemas.ts';
import { imageFromDetails } from './translate.ts';

/** `manifests` in the list since API 1.47, `platform` in an image's inspection since 1.49. */
export const FIRST_PLATFORMS = '1.49';

export interface ForeignQuestions {
  /** The list with what each image consists of. */
  readonly manifests: () => Promise<readonly ImageSummary[]>;
  readonly inspect: (id: ImageId, platform: Platform) => Promise<ImageDetails | undefined>;
}

/** An image by the inspection of its own platform. */
type Told = Pick<Image, 'labels' | 'createdAtMs'>;

export class ForeignImages {
  readonly #told = new RecentMap<ImageId, Told | undefined>();

  /** Completes a list; at most one more list, and one request per image that it does not cover. @throws EngineError */
  async complete(images: readonly Image[], questions: ForeignQuestions): Promise<readonly Image[]> {
    const silent = images.filter(isSilent);
    const unknown = new Set(silent.map(({ id }) => id).filter((id) => !this.#told.has(id)));
    if (unknown.size > 0) await this.#ask(unknown, questions);
    if (silent.length === 0) return images;
    return images.map((image) => (isSilent(image) ? { ...image, ...this.#told.get(image.id) } : image));
  }

  async #ask(ids: ReadonlySet<ImageId>, { manifests, inspect }: ForeignQuestions): Promise<void> {
    for (const { Id, Manifests } of await manifests()) {
      if (!ids.has(Id)) continue;
      const here = Manifests?.find(({ Kind, Available }) => Kind === 'image' && Available === true);
      const platform = here?.ImageData?.Platform ?? undefined;
      const details = platform === undefined ? undefined : await inspect(Id, platform);
      this.#told.set(Id, details && toldBy(imageFromDetails(details)));
    }
  }
}

function toldBy({ labels, createdAtMs }: Image): Told {
  return { labels, createdAtMs };
}

/** Neither a date nor a label: what the engine says of an image whose configuration is not for this host. */
function isSilent({ createdAtMs, labels }: Image): boolean {
  return createdAtMs === undefined && Object.keys(labels).length === 0;
}
