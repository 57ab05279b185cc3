/**
 * The mark to measure against: an offline choice that knows the whole trace. What is used furthest in the future is deleted first, by layers:
 * a layer is worth its bytes divided by the time until any image that stands on it is used, and the daemon's own
 * selection finds the images whose layers are worth least. Strong, but not a proven optimum: finding that is as hard as
 * packing, also without shared layers, and here the choice of a batch changes what later batches must free.
 */
import type { WorthPolicy } from '../../core/policy/policy.ts';
import { type ChooserMaker, plannedVictims } from '../replay/chooser.ts';
import type { VirtualStore } from '../replay/virtual-store.ts';

const name = 'clairvoyant';
const summary =
  'mark: knows the future, what is needed latest is deleted first (strong, not a proven optimum)';

export const clairvoyant: ChooserMaker = {
  name,
  summary,
  isReference: true,
  make: (store) => {
    const future = new Future(store);
    return (moment) => {
      const wantedAtMs = future.layersWantedAt(moment.nextUse);
      const policy: WorthPolicy = {
        ...{ kind: 'worth', name, summary, reason: () => 'wanted latest' },
        worths: () => ({
          unit: () => 0,
          layer: (id) => {
            const layer = wantedAtMs.get(id);
            return layer === undefined ? 0 : layer.bytes / Math.max(1, layer.atMs - moment.nowMs);
          },
        }),
      };
      return plannedVictims(policy, moment);
    };
  },
};

/** When each layer is next wanted, walking the trace once. */
class Future {
  readonly #store: VirtualStore;
  /** The uses of each image, one after another in one list, and where in it each image is. */
  readonly #uses: Int32Array;
  readonly #at: Int32Array;
  readonly #end: Int32Array;

  constructor(store: VirtualStore) {
    this.#store = store;
    const { imageOf, images } = store.trace;
    this.#at = new Int32Array(images.length);
    this.#end = new Int32Array(images.length);
    this.#uses = new Int32Array(imageOf.length);
    for (const image of imageOf) this.#end[image] = (this.#end[image] ?? 0) + 1;
    let sum = 0;
    for (let image = 0; image < images.length; image++) {
      this.#at[image] = sum;
      sum += this.#end[image] ?? 0;
      this.#end[image] = this.#at[image] ?? 0;
    }
    imageOf.forEach((image, use) => {
      const place = this.#end[image] ?? 0;
      this.#uses[place] = use;
      this.#end[image] = place + 1;
    });
  }

  /** By chain ID: the first time after a use at which an image on it is used, and its bytes. Left out: never again. */
  layersWantedAt(nextUse: number): ReadonlyMap<string, { readonly atMs: number; readonly bytes: number }> {
    const { chains, layers, startsMs, images } = this.#store.trace;
    const firstMs = new Float64Array(layers.length).fill(Infinity);
    for (let image = 0; image < images.length; image++) {
      let at = this.#at[image] ?? 0;
      const end = this.#end[image] ?? 0;
      while (at < end && (this.#uses[at] ?? 0) < nextUse) at += 1;
      this.#at[image] = at;
      if (at === end) continue;
      const atMs = startsMs[this.#uses[at] ?? 0] ?? Infinity;
      for (const layer of chains[image] ?? []) firstMs[layer] = Math.min(firstMs[layer] ?? Infinity, atMs);
    }
    const wanted = new Map<string, { atMs: number; bytes: number }>();
    layers.forEach((layer, index) => {
      const atMs = firstMs[index] ?? Infinity;
      if (atMs < Infinity) wanted.set(layer.id, { atMs, bytes: layer.bytes });
    });
    return wanted;
  }
}
