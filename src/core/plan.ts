/**
 * From a snapshot to a plan: which images a sweep would delete, in order, each with its reason; and every image that
 * stays, with its reason. The same value is shown by `plan`, carried out by the sweep and replayed by the simulator.
 */
import { formatBytes } from './format.ts';
import { type Kept, keep, sortOut } from './protection.ts';
import { type Image, type ImageId, type ImageStore, isUnreferenced, references } from './store.ts';
import {
  type Amount,
  amountToFree,
  isBelowLow,
  isTriggered,
  type Thresholds,
  type Usage,
  usageAfter,
} from './thresholds.ts';

export interface Victim {
  readonly kind: 'image';
  readonly id: ImageId;
  readonly references: readonly string[];
  readonly sizeBytes: number;
  /** What its deletion is predicted to free at its place in the order. */
  readonly predicted: Amount;
  /** One line for people. */
  readonly reason: string;
}

export interface Plan {
  /** Usage has reached HIGH, so that the daemon would sweep now. */
  readonly triggered: boolean;
  /** What must go until usage is below LOW. */
  readonly toFree: Amount;
  readonly victims: readonly Victim[];
  readonly kept: readonly Kept[];
  readonly predicted: {
    readonly freed: Amount;
    readonly usageAfter: Usage;
    readonly reachesLow: boolean;
  };
}

/**
 * Decides what a sweep that starts now would delete to bring usage below LOW. Also when HIGH is not reached, so
 * that people can look ahead; `triggered` tells whether the daemon would start.
 * @param refused images that an earlier step of the same sweep found undeletable, with the reason.
 */
export function makePlan(
  store: ImageStore,
  usage: Usage,
  thresholds: Thresholds,
  refused: ReadonlyMap<ImageId, string> = new Map(),
): Plan {
  const { candidates, kept } = sortOut(store, refused);
  const victims: Victim[] = [];
  const notNeeded: Kept[] = [];
  let freed: Amount = { bytes: 0, inodes: 0 };
  let after = usage;

  for (const image of biggestFirst(candidates, store.images)) {
    if (isBelowLow(after, thresholds)) {
      notNeeded.push(keep(image, 'not-needed', 'unused, but usage is below the low threshold without it'));
      continue;
    }
    const predicted = { bytes: image.sizeBytes, inodes: 0 };
    victims.push({
      kind: 'image',
      id: image.id,
      references: references(image),
      sizeBytes: image.sizeBytes,
      predicted,
      reason: isUnreferenced(image)
        ? `unused and without a name, ${formatBytes(image.sizeBytes)}`
        : `unused, ${formatBytes(image.sizeBytes)}`,
    });
    freed = { bytes: freed.bytes + predicted.bytes, inodes: freed.inodes + predicted.inodes };
    after = usageAfter(usage, freed);
  }
  return {
    triggered: isTriggered(usage, thresholds),
    toFree: amountToFree(usage, thresholds),
    victims,
    kept: [...kept, ...notNeeded],
    predicted: { freed, usageAfter: after, reachesLow: isBelowLow(after, thresholds) },
  };
}

/**
 * Nameless images first, then by size, the biggest first; but never an image before those built on it, also where
 * nameless build steps lie between them. Ties go by ID, so that the same snapshot always gives the same order.
 * @param images the whole store, for the steps in between.
 */
export function biggestFirst(candidates: readonly Image[], images: readonly Image[]): readonly Image[] {
  const ancestorOf = nearestCandidates(candidates, images);
  const waitsFor = new Map<ImageId, number>();
  for (const ancestor of ancestorOf.values()) waitsFor.set(ancestor, (waitsFor.get(ancestor) ?? 0) + 1);
  const open = [...candidates].sort(
    (a, b) =>
      Number(isUnreferenced(b)) - Number(isUnreferenced(a)) ||
      b.sizeBytes - a.sizeBytes ||
      (a.id < b.id ? -1 : 1),
  );
  const order: Image[] = [];
  while (open.length > 0) {
    const next = open.findIndex((image) => (waitsFor.get(image.id) ?? 0) === 0);
    const [image] = next < 0 ? [] : open.splice(next, 1);
    // A cycle of parents cannot exist; should an engine claim one, nothing of it is touched.
    if (image === undefined) break;
    order.push(image);
    const ancestor = ancestorOf.get(image.id);
    if (ancestor !== undefined) waitsFor.set(ancestor, (waitsFor.get(ancestor) ?? 0) - 1);
  }
  return order;
}

/** For each candidate the nearest candidate among its parents, by ID. */
function nearestCandidates(
  candidates: readonly Image[],
  images: readonly Image[],
): ReadonlyMap<ImageId, ImageId> {
  const isCandidate = new Set(candidates.map((image) => image.id));
  const byId = new Map(images.map((image) => [image.id, image]));
  const nearest = new Map<ImageId, ImageId>();
  for (const image of candidates) {
    let parentId = image.parentId;
    // The number of images bounds the walk should an engine claim a cycle.
    for (let steps = 0; parentId !== undefined && steps < images.length; steps += 1) {
      if (isCandidate.has(parentId)) {
        nearest.set(image.id, parentId);
        break;
      }
      parentId = byId.get(parentId)?.parentId;
    }
  }
  return nearest;
}
