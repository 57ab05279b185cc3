/** Why an image is kept. The one place that decides what a sweep may touch; in doubt an image is in use. */
import { noProtections, protectedImages, type ProtectionCode, type Protections } from './rules.ts';
import {
  childrenOf,
  type Container,
  holders,
  type Image,
  type ImageId,
  type ImageStore,
  isUnreferenced,
  nameOf,
  references,
} from '../model/store.ts';
import type { Removable, UnitKind } from '../forest/removable.ts';

/**
 * - `in-use`: a container in any state holds it. Deleting the image of a stopped container frees nothing (the
 *   container holds its layers) and leaves a container that cannot be started again elsewhere.
 * - `child-stays`: an image that the classic builder made from it is kept, so the engine would refuse.
 * - `intermediate`: an untagged step of a classic build; the engine deletes it with the last image built on it.
 * - `static-pod`: the same, by a container of a static pod.
 * - `pinned`, `sandbox-image`, `elsewhere`: the engine itself needs it, or cannot delete it; see store.ts.
 * - `keep-label`, `keep-pattern`, `min-age`, `keep-last`, `used-lately`: people protect it; see rules.ts.
 * - `frees-nothing`, `not-needed`: deletable, but not worth it or not needed.
 * - `managed`, `stopped-recently`, `never-started`: a container that somebody may restart, inspect or start.
 * - `not-cleaned`: the setting does not name its kind.
 * - `refused`: the engine or a check right before the deletion kept it in this sweep.
 */
export type KeepCode =
  | 'in-use'
  | 'static-pod'
  | 'child-stays'
  | 'intermediate'
  | 'frees-nothing'
  | 'not-needed'
  | 'managed'
  | 'stopped-recently'
  | 'never-started'
  | 'not-cleaned'
  | 'refused'
  | ProtectionCode;

/** Kept, and yet nothing stands against their going. */
export const mayGo: ReadonlySet<KeepCode> = new Set(['not-needed', 'frees-nothing']);

export interface Kept {
  readonly kind: UnitKind;
  /** The engine's ID of the image, the build-cache record or the container. */
  readonly id: string;
  /** An image's names, a record's description, a container's name. */
  readonly references: readonly string[];
  readonly sizeBytes: number;
  readonly code: KeepCode;
  /** One line for people. */
  readonly reason: string;
}

export interface SortedOut {
  /** May be deleted. Every descendant of a candidate is a candidate or an intermediate step between candidates. */
  readonly candidates: readonly Image[];
  readonly kept: readonly Kept[];
}

/** Builds the record of a kept image. */
export function keep(image: Image, code: KeepCode, reason: string): Kept {
  return {
    kind: 'image',
    id: image.id,
    references: references(image),
    sizeBytes: image.sizeBytes,
    code,
    reason,
  };
}

/** The same for anything deletable. */
export function keepUnit(
  { kind, id, references, sizeBytes }: Removable,
  code: KeepCode,
  reason: string,
): Kept {
  return { kind, id, references, sizeBytes, code, reason };
}

/**
 * Separates deletable images from kept ones.
 * @param refused images that an earlier step of the same sweep found undeletable, with the reason.
 * @param protections what people protect, and the time for its ages.
 * @param held the store's holders(), where they are known already.
 */
export function sortOut(
  store: ImageStore,
  refused: ReadonlyMap<ImageId, string> = new Map(),
  protections: Protections & { readonly nowMs: number } = { ...noProtections, nowMs: 0 },
  held = holders(store),
): SortedOut {
  const protectedByRule = protectedImages(store.images, protections, protections.nowMs);
  const children = childrenOf(store.images);
  const kept = new Map<ImageId, Kept>();

  const keepByItself = (image: Image): void => {
    const containers = held.get(image.id);
    const refusal = refused.get(image.id);
    const protection = protectedByRule.get(image.id);
    if (containers?.[0] !== undefined) {
      kept.set(image.id, keepUsed(image, containers[0], containers));
    } else if (refusal !== undefined) {
      kept.set(image.id, keep(image, 'refused', refusal));
    } else if (protection !== undefined) {
      kept.set(image.id, keep(image, protection.code, protection.reason));
    }
  };
  if (held.size + refused.size + protectedByRule.size > 0) store.images.forEach(keepByItself);
  keepAncestors(store.images, kept);

  const keepStep = (image: Image): void => {
    const child = children.get(image.id)?.[0];
    if (child === undefined || kept.has(image.id) || !isUnreferenced(image)) return;
    const reason = `a build step of ${nameOf(child)}; deleted with the last image built on it`;
    kept.set(image.id, keep(image, 'intermediate', reason));
  };
  if (children.size > 0) store.images.forEach(keepStep);
  const candidates = kept.size === 0 ? store.images : store.images.filter((image) => !kept.has(image.id));
  return { candidates, kept: [...kept.values()] };
}

function keepUsed(image: Image, first: Container, containers: readonly Container[]): Kept {
  const ofStatic = containers.find(({ staticPod }) => staticPod !== undefined);
  const { name, state, staticPod } = ofStatic ?? first;
  const others = containers.length > 1 ? ` and ${containers.length - 1} more` : '';
  const whose = staticPod === undefined ? '' : ` of the static pod ${staticPod}`;
  const code = staticPod === undefined ? 'in-use' : 'static-pod';
  const isMaybe = (ofStatic ?? first).mayMount !== undefined && !isNamed(image, ofStatic ?? first);
  const how = isMaybe ? 'may be mounted by' : 'used by';
  const why = isMaybe
    ? `: ${(ofStatic ?? first).mayMount?.join(', ')} may have been moved after it was created`
    : '';
  return keep(image, code, `${how} container ${name} (${state})${whose}${others}${why}`);
}

function isNamed(image: Image, { images }: Container): boolean {
  return images.includes(image.id) || references(image).some((name) => images.includes(name));
}

/** An image with a kept child is kept too, down to the first parent. */
function keepAncestors(images: readonly Image[], kept: Map<ImageId, Kept>): void {
  if (kept.size === 0 || images.every((image) => image.parentId === undefined)) return;
  const byId = new Map(images.map((image) => [image.id, image]));
  for (const id of [...kept.keys()]) {
    let child = byId.get(id);
    while (child?.parentId !== undefined) {
      const parent = byId.get(child.parentId);
      if (parent === undefined || kept.has(parent.id)) break;
      kept.set(parent.id, keep(parent, 'child-stays', `${nameOf(child)}, which was built on it, is kept`));
      child = parent;
    }
  }
}

/**
 * The untagged build steps that are protected themselves, so that the engine must not delete them with the last image
 * built on them.
 */
export function stepsThatStay(store: ImageStore, kept: readonly Kept[]): readonly Image[] {
  if (kept.length === 0) return [];
  const parents = childrenOf(store.images);
  if (parents.size === 0) return [];
  const byReason = new Set(kept.filter(({ code }) => code !== 'intermediate').map(({ id }) => id));
  return store.images.filter(
    (image) => isUnreferenced(image) && byReason.has(image.id) && parents.has(image.id),
  );
}

/** True when one of these is among the images that an image was built from. */
export function isBuiltOn(
  image: Image,
  ancestors: readonly Image[],
  byId: ReadonlyMap<ImageId, Image>,
): boolean {
  if (ancestors.length === 0) return false;
  const wanted = new Set(ancestors.map(({ id }) => id));
  // `seen` guards against a damaged store in which an image descends from itself.
  const seen = new Set<ImageId>();
  for (let at = image.parentId; at !== undefined && !seen.has(at); at = byId.get(at)?.parentId) {
    if (wanted.has(at)) return true;
    seen.add(at);
  }
  return false;
}
