/**
 * Units of deletion: what can go on its own. Today an image; a build-cache record and a stopped container are units of
 * the same shape. A unit holds a chain of layers; what it frees depends on who else holds them (space.ts).
 */
import { childrenOf, holders, isUnreferenced, references } from './store.ts';
import type { ChainId, Image, ImageId, ImageStore } from './store.ts';
import type { Amount } from './thresholds.ts';

/** The engine's ID of the image, the container or the build-cache record. */
export type UnitId = string;

export type UnitKind = 'image' | 'build-cache' | 'stopped-container';

export interface Unit {
  readonly id: UnitId;
  readonly kind: UnitKind;
  /** What a person calls it: the first reference, else a short ID. */
  readonly name: string;
  /** What the engine says that it takes, shared parts included: an upper bound of what deleting it frees. */
  readonly sizeBytes: number;
  /** Nothing can ask for it by name. */
  readonly unreferenced: boolean;
  /** The layers that it holds, from the bottom up. A chain ID that the store does not know gets an estimated size. */
  readonly layers: readonly ChainId[];
  /** What goes with it and is nobody else's: a container's writable layer. Zero for an image. */
  readonly own: Amount;
  /** Units that must be gone before it: images built from it on this host, containers made from it, child records. */
  readonly dependents: readonly UnitId[];
}

/** A digest cut to the twelve digits that Docker shows; anything else as it is. */
export function shortId(id: string): string {
  const hex = id.startsWith('sha256:') ? id.slice(7) : id;
  return /^[0-9a-f]{13,}$/.test(hex) ? hex.slice(0, 12) : hex;
}

const nothing: Amount = { bytes: 0, inodes: 0 };

/**
 * The chain of an image; where it is not known, one made-up layer of its own on top of what its classic-builder parent
 * stands on (a child always stands on all that its parent stands on).
 */
function chainOf(image: Image, byId: ReadonlyMap<ImageId, Image>): readonly ChainId[] {
  if (image.layers !== undefined) return image.layers;
  const madeUp: ChainId[] = [];
  const seen = new Set<ImageId>();
  let at: Image | undefined = image;
  // `seen` guards against a damaged store in which an image descends from itself.
  while (at !== undefined && at.layers === undefined && !seen.has(at.id)) {
    seen.add(at.id);
    madeUp.push(`layers-of:${at.id}`);
    at = at.parentId === undefined ? undefined : byId.get(at.parentId);
  }
  return [...(at?.layers ?? []), ...madeUp.reverse()];
}

/**
 * A unit for each image of the store.
 * @param others units that may go beside images; a container among them (by its ID) becomes a dependent of its images.
 */
export function imageUnits(store: ImageStore, others: readonly Unit[] = []): Unit[] {
  const byId = new Map(store.images.map((image) => [image.id, image]));
  const children = childrenOf(store.images);
  const containers = new Set(others.filter((unit) => unit.kind === 'stopped-container').map(({ id }) => id));
  const held = containers.size === 0 ? undefined : holders(store);
  return [...byId.values()].map((image) => ({
    id: image.id,
    kind: 'image',
    name: references(image)[0] ?? shortId(image.id),
    sizeBytes: image.sizeBytes,
    unreferenced: isUnreferenced(image),
    layers: chainOf(image, byId),
    own: nothing,
    dependents: [
      ...(children.get(image.id) ?? []).map((child) => child.id),
      ...(held?.get(image.id) ?? []).map((container) => container.id).filter((id) => containers.has(id)),
    ],
  }));
}
