/**
 * Units of deletion: what can go on its own: an image, a build-cache record, a stopped container. A unit holds a chain of layers; what it frees depends on who else holds them (reclaim.ts).
 */
import { nothing } from '../model/amount.ts';
import {
  type ChainId,
  childrenOf,
  type Container,
  type Image,
  type ImageId,
  type ImageStore,
  isUnreferenced,
  references,
  nameOf,
} from '../model/store.ts';
import type { Amount } from '../model/thresholds.ts';

/** The engine's ID of the image, the container or the build-cache record. */
export type RemovableId = string;

export type UnitKind = 'image' | 'build-cache' | 'stopped-container';

export interface Removable {
  readonly id: RemovableId;
  readonly kind: UnitKind;
  /** What a person calls it: the first reference, else a short ID. */
  readonly name: string;
  /** An image's names, a record's description, a container's name. */
  readonly references: readonly string[];
  /** What the engine says that it takes, shared parts included: an upper bound of what deleting it frees. */
  readonly sizeBytes: number;
  /** An image without a tag ("dangling"), as `docker image prune` has it: at most its digest is a name. */
  readonly isUntagged: boolean;
  /** The layers that it holds, from the bottom up. A chain ID that the store does not know gets an estimated size. */
  readonly layers: readonly ChainId[];
  /** What goes with it and is nobody else's: a container's writable layer. Zero for an image. */
  readonly own: Amount;
  /** False where `own` is an estimate; true where left out. */
  readonly ownExact?: boolean;
  /** Units that must be gone before it: images built from it on this host, containers made from it, child records. */
  readonly dependents: readonly RemovableId[];
  /**
   * A nameless build step of other images: the engine deletes it with the last image that was built on it, so it holds
   * no layer of its own and is never a candidate.
   */
  readonly isStep: boolean;
}

/**
 * The chain of an image of which it is not known: one made-up layer of its own on top of what its classic-builder parent
 * stands on (a child always stands on all that its parent stands on).
 */
function madeUpChain(image: Image, byId: ReadonlyMap<ImageId, Image>): readonly ChainId[] {
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
 * @param held the containers that hold each image, as holders() finds them.
 * @param others units that may go beside images; a container among them (by its ID) becomes a dependent of its images.
 */
export function imageUnits(
  store: ImageStore,
  held: ReadonlyMap<ImageId, readonly Container[]>,
  others: readonly Removable[],
): Removable[] {
  const byId = new Map<ImageId, Image>();
  for (const image of store.images) byId.set(image.id, image);
  const children = childrenOf(store.images);
  const containers = new Set(others.filter((unit) => unit.kind === 'stopped-container').map(({ id }) => id));
  const isStep = (image: Image): boolean =>
    children.size > 0 && isUnreferenced(image) && children.has(image.id) && !held.has(image.id);
  const hasDependents = children.size > 0 || containers.size > 0;
  return [...byId.values()].map((image) => ({
    id: image.id,
    kind: 'image',
    name: nameOf(image),
    references: references(image),
    sizeBytes: image.sizeBytes,
    isUntagged: image.tags.length === 0,
    layers: image.layers ?? madeUpChain(image, byId),
    own: nothing,
    dependents: hasDependents ? dependentsOf(image) : nobody,
    isStep: isStep(image),
  }));

  function dependentsOf(image: Image): readonly RemovableId[] {
    const before = builtOn(image, children, isStep);
    const own = (held.get(image.id) ?? none).filter(({ id }) => containers.has(id));
    return own.length === 0 ? before : [...before, ...own.map(({ id }) => id)];
  }
}

/** Most images have none. */
const nobody: readonly RemovableId[] = [];
const none: readonly Container[] = [];

/** The images built on one, those built on its nameless steps in place of the steps. */
function builtOn(
  image: Image,
  children: ReadonlyMap<ImageId, readonly Image[]>,
  isStep: (image: Image) => boolean,
): readonly ImageId[] {
  const direct = children.get(image.id);
  if (direct === undefined) return nobody;
  const found: ImageId[] = [];
  const seen = new Set<ImageId>([image.id]);
  const pending = [...direct];
  for (let child = pending.pop(); child !== undefined; child = pending.pop()) {
    if (seen.has(child.id)) continue;
    seen.add(child.id);
    if (isStep(child)) pending.push(...(children.get(child.id) ?? []));
    else found.push(child.id);
  }
  return found;
}
