/**
 * A store sorted: what is deletable, what is kept and why, and the forest of layers of both. Made once per plan, and
 * used by everything that shows, sums up or replays it.
 */
import { type Clean, imagesOnly, sortOutCleanable } from '../eligible/cache-and-containers.ts';
import { type Kept, keep, sortOut, stepsThatStay } from '../eligible/images.ts';
import { noProtections, type Protections } from '../eligible/rules.ts';
import { type Forest, forestOf } from '../forest/forest.ts';
import type { Removable, RemovableId } from '../forest/removable.ts';
import { type Container, holders, type Image, type ImageId, type ImageStore } from '../model/store.ts';

export interface EligibilityInput {
  readonly store: ImageStore;
  readonly nowMs: number;
  /** What people protect besides images with the label; nothing if left out. */
  readonly protections?: Protections;
  /** What may be deleted at all; images only if left out. */
  readonly clean?: Clean;
  /** What an earlier step of the same sweep found undeletable, by ID, with the reason. */
  readonly refused?: ReadonlyMap<RemovableId, string> | undefined;
  /** The store's holders(), if known already and only images are deletable. */
  readonly held?: ReadonlyMap<ImageId, readonly Container[]>;
}

export class Eligibility {
  /** The store, in which kept build steps hold their layers. */
  readonly store: ImageStore;
  /** Deletable images. */
  readonly images: readonly Image[];
  /** Deletable build-cache records and containers. */
  readonly others: readonly Removable[];
  /** What may not, in no order. */
  readonly kept: readonly Kept[];
  /** Untagged build steps that are protected themselves. */
  readonly steps: readonly Image[];
  readonly #held: EligibilityInput['held'];
  #forest: Forest | undefined;

  constructor(input: EligibilityInput) {
    const { store, nowMs, clean = imagesOnly, refused } = input;
    const cleanable = sortOutCleanable(store, clean, nowMs, refused);
    // Deletable containers hold nothing.
    const leaving = new Set(cleanable.units.map(({ id }) => id));
    const staying =
      leaving.size === 0
        ? store
        : { ...store, containers: store.containers.filter(({ id }) => !leaving.has(id)) };
    const rules = { ...(input.protections ?? noProtections), nowMs };
    const { candidates, kept } = sortOut(staying, refused, rules, input.held ?? holders(staying));
    const spared = clean.images
      ? []
      : candidates.map((image) => keep(image, 'not-cleaned', 'unused, but CLEAN does not include images'));
    this.images = clean.images ? candidates : [];
    this.others = cleanable.units;
    this.kept = [...kept, ...spared, ...cleanable.kept];
    this.steps = stepsThatStay(store, [...kept, ...spared]);
    const heldBySteps = this.steps.flatMap((step) => step.layers?.at(-1) ?? []);
    this.store =
      heldBySteps.length === 0
        ? store
        : { ...store, heldLayers: [...(store.heldLayers ?? []), ...heldBySteps] };
    this.#held = input.held;
  }

  /** The layers of the store with everything on them; built on first use. */
  get forest(): Forest {
    return (this.#forest ??= forestOf(this.store, this.others, this.#held));
  }

  /** Everything deletable. */
  get candidates(): readonly Removable[] {
    const ids = new Set(this.images.map(({ id }) => id));
    const images = this.forest.units.filter(({ kind, id }) => kind === 'image' && ids.has(id));
    return [...images, ...this.others];
  }
}
