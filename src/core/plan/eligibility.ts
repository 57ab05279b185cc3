/**
 * A store sorted out: what may go, what stays and why, and the forest of layers that both stand in. Made once for a plan,
 * which carries it to everything that shows, sums up or replays that plan.
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
  /** What people protect besides images with the label; nothing where left out. */
  readonly protections?: Protections;
  /** What may go at all; images only where left out. */
  readonly clean?: Clean;
  /** What an earlier step of the same sweep found undeletable, by ID, with the reason. */
  readonly refused?: ReadonlyMap<RemovableId, string> | undefined;
  /** The store's holders(), where they are known already and nothing but images may go. */
  readonly held?: ReadonlyMap<ImageId, readonly Container[]>;
}

export class Eligibility {
  /** The store, in which build steps that stay hold their layers. */
  readonly store: ImageStore;
  /** Images that may go. */
  readonly images: readonly Image[];
  /** Build-cache records and containers that may go. */
  readonly others: readonly Removable[];
  /** What may not, in no order. */
  readonly kept: readonly Kept[];
  /** Nameless build steps that stay on their own account. */
  readonly steps: readonly Image[];
  readonly #held: EligibilityInput['held'];
  #forest: Forest | undefined;

  constructor(input: EligibilityInput) {
    const { store, nowMs, clean = imagesOnly, refused } = input;
    const cleanable = sortOutCleanable(store, clean, nowMs, refused);
    // Containers that may go themselves hold nothing.
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

  /** The layers of the store with all that stands on them; built when it is first asked for. */
  get forest(): Forest {
    return (this.#forest ??= forestOf(this.store, this.others, this.#held));
  }

  /** All that may go. */
  get candidates(): readonly Removable[] {
    const ids = new Set(this.images.map(({ id }) => id));
    const images = this.forest.units.filter(({ kind, id }) => kind === 'image' && ids.has(id));
    return [...images, ...this.others];
  }
}
