/** Random forests for property tests, and the brute-force answers that the real ones are compared with. */
import fc from 'fast-check';
import { forestOf } from '../../../src/core/forest/forest.ts';
import type { Forest } from '../../../src/core/forest/forest.ts';
import { sortOut } from '../../../src/core/eligible/images.ts';
import { childrenOf, holders, isUnreferenced } from '../../../src/core/model/store.ts';
import type { ChainId, Image, ImageId, ImageStore, Layer } from '../../../src/core/model/store.ts';
import type { Amount } from '../../../src/core/model/thresholds.ts';
import { container, image } from './arbitraries.ts';

/** Layers given as `name: [parent, bytes, inodes]`, `-` for a bottom layer. */
export function layersOf(
  spec: Readonly<Record<string, readonly [string, number, number]>>,
): ReadonlyMap<ChainId, Layer> {
  return new Map(
    Object.entries(spec).map(([id, [parent, bytes, inodes]]) => [
      id,
      { id, parentId: parent === '-' ? undefined : parent, bytes, inodes, exact: true },
    ]),
  );
}

/** The chain that ends in a layer, from the bottom up. */
export function chain(layers: ReadonlyMap<ChainId, Layer>, top: ChainId): ChainId[] {
  const ids: ChainId[] = [];
  for (let at = layers.get(top); at !== undefined; at = layers.get(at.parentId ?? '')) ids.unshift(at.id);
  return ids;
}

export interface Case {
  readonly store: ImageStore;
  readonly forest: Forest;
  readonly candidates: readonly ImageId[];
}

export function caseOf(store: ImageStore): Case {
  return { store, forest: forestOf(store), candidates: sortOut(store).candidates.map(({ id }) => id) };
}

/** True in all but one of this many cases; unlike the library's numbers, not biased to the edges. */
function often(cases: number): fc.Arbitrary<boolean> {
  return fc.oneof(
    { weight: cases - 1, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  );
}

function evenly(max: number): fc.Arbitrary<number> {
  return fc.noBias(fc.nat(max));
}

/**
 * Stores with shared chains, equal chains, images in the middle of others' chains, untagged build steps, containers
 * and held layers. A classic-builder parent has a part of its child's chain, as on a real engine.
 */
export function arbitraryForest(maxImages: number, maxLayers = 20): fc.Arbitrary<Case> {
  const layer = fc.record({
    parent: fc.nat(),
    isBottom: fc.boolean(),
    bytes: fc.oneof(fc.constant(0), evenly(50), evenly(50)),
    inodes: evenly(9),
  });
  const spec = fc.record({
    top: fc.nat(),
    hasLayers: often(12),
    isNamed: often(4),
    parent: fc.option(fc.nat(), { nil: undefined, freq: 2 }),
    isFree: often(12),
  });
  return fc
    .record({
      layers: fc.array(layer, { minLength: 1, maxLength: maxLayers, size: 'max' }),
      images: fc.array(spec, { minLength: 1, maxLength: maxImages, size: 'max' }),
      held: fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.tuple(fc.nat()) }),
    })
    .map(({ layers: specs, images: imageSpecs, held }) => {
      const layers = layersOf(
        Object.fromEntries(
          specs.map(({ parent, isBottom, bytes, inodes }, at) => [
            `layer${at}`,
            [at === 0 || isBottom ? '-' : `layer${parent % at}`, bytes, inodes],
          ]),
        ),
      );
      const images: Image[] = [];
      imageSpecs.forEach(({ top, hasLayers, isNamed, parent }, at) => {
        const own = !hasLayers ? [] : chain(layers, `layer${top % layers.size}`);
        const possible = images.filter((other) => other.layers?.every((id, place) => own[place] === id));
        images.push(
          image(`image${at.toString().padStart(3, '0')}`, {
            layers: own,
            sizeBytes: own.reduce((sum, id) => sum + (layers.get(id)?.bytes ?? 0), 0),
            parentId: parent === undefined ? undefined : possible[parent % possible.length]?.id,
            ...(!isNamed && { tags: [] }),
          }),
        );
      });
      return caseOf({
        images,
        containers: images.flatMap((each, at) =>
          imageSpecs[at]?.isFree === false ? [container(`container${at}`, [each.id])] : [],
        ),
        layers,
        heldLayers: held.map((at) => `layer${at % layers.size}`),
      });
    });
}

/**
 * What deleting sets of candidates frees, straight from the definition: a layer is freed when all that name it are
 * gone.
 */
export class BruteForce {
  readonly #layers: { readonly layer: Layer; readonly users: number }[] = [];
  readonly #needs: { readonly candidate: number; readonly dependents: number }[] = [];
  readonly #candidates: readonly ImageId[];

  constructor({ store, candidates }: Case) {
    this.#candidates = candidates;
    const bit = new Map(candidates.map((id, at) => [id, 1 << at]));
    const children = childrenOf(store.images);
    const held = holders(store);
    /** The candidates that must be gone before an image is; undefined where it never is. */
    const usersOf = (of: Image): number | undefined => {
      const self = bit.get(of.id);
      if (self !== undefined) return self;
      if (!isUnreferenced(of) || held.has(of.id) || !children.has(of.id)) return undefined;
      return union((children.get(of.id) ?? []).map(usersOf));
    };
    for (const layer of store.layers.values()) {
      const users = union(store.images.filter((each) => each.layers?.includes(layer.id)).map(usersOf));
      const isHeld = (store.heldLayers ?? []).some((id) => chain(store.layers, id).includes(layer.id));
      if (users !== undefined && users !== 0 && !isHeld) this.#layers.push({ layer, users });
    }
    candidates.forEach((id, at) => {
      const dependents = union((children.get(id) ?? []).map(usersOf)) ?? 0;
      this.#needs.push({ candidate: 1 << at, dependents });
    });
  }

  /** What a set of candidates (a bit each) frees. */
  freed(set: number): Amount {
    const sum = { bytes: 0, inodes: 0 };
    for (const { layer, users } of this.#layers) {
      if ((users & set) !== users) continue;
      sum.bytes += layer.bytes;
      sum.inodes += layer.inodes;
    }
    return sum;
  }

  isAllowed(set: number): boolean {
    return this.#needs.every(
      ({ candidate, dependents }) => (set & candidate) === 0 || (set & dependents) === dependents,
    );
  }

  bitsOf(ids: readonly ImageId[]): number {
    return ids.reduce((bits, id) => bits | (1 << this.#candidates.indexOf(id)), 0);
  }

  get all(): number {
    return (1 << this.#candidates.length) - 1;
  }

  /** The least cost of a set that reaches the goal; Infinity where none does. */
  leastCost(goal: Amount, cost: (set: number, freed: readonly Layer[]) => number): number {
    let least = Infinity;
    for (let set = 0; set <= this.all; set++) {
      const layers = this.#layers.filter(({ users }) => (users & set) === users).map(({ layer }) => layer);
      const bytes = layers.reduce((sum, layer) => sum + layer.bytes, 0);
      const inodes = layers.reduce((sum, layer) => sum + layer.inodes, 0);
      if (bytes >= goal.bytes && inodes >= goal.inodes && this.isAllowed(set)) {
        least = Math.min(least, cost(set, layers));
      }
    }
    return least;
  }
}

function union(masks: readonly (number | undefined)[]): number | undefined {
  return masks.reduce<number | undefined>(
    (all, mask) => (all === undefined || mask === undefined ? undefined : all | mask),
    0,
  );
}

/** A goal as parts of what can be freed at most; over 1, it is out of reach. */
export const arbitraryGoalParts = fc.record({
  bytes: fc.oneof(evenly(110), evenly(110), fc.constant(0)).map((percent) => percent / 100),
  inodes: fc.oneof(evenly(110), fc.constant(0)).map((percent) => percent / 100),
});

export function goalOf(parts: Amount, most: Amount): Amount {
  return { bytes: Math.ceil(parts.bytes * most.bytes), inodes: Math.ceil(parts.inodes * most.inodes) };
}
