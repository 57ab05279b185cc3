/** The events that change a usage history, and what each changes. All are idempotent as far as they can be. */
import {
  type ChainId,
  type Image,
  type ImageId,
  type Layer,
  references,
  repositoryOf,
} from '../model/store.ts';
import {
  chainFrom,
  type ImageUsage,
  prune,
  release,
  type RepositoryUsage,
  setStanding,
  settle,
  tellIdleTimes,
  type UsageHistory,
} from './history.ts';
import {
  beginUse,
  endUse,
  inheritUses,
  lastingCount,
  newRecord,
  seenInUse,
  type UseRecord,
} from './use-record.ts';
import { VersionStanding, standingOf } from './version-standing.ts';

/** An image as the engine lists it, and the sizes of layers as far as known. */
export interface SeenImage {
  readonly image: Image;
  readonly layers: ReadonlyMap<ChainId, Layer>;
}

/**
 * Times are epoch ms by the host's clock. They may repeat and decrease: within MAX_DISORDER_MS that means events out
 * of order, beyond it a clock that was set back.
 */
export type UsageEvent =
  /** Pulled, loaded, built, tagged or untagged: it is in the store, with these names. Counts as used when it appeared. */
  | ({ readonly kind: 'appeared'; readonly atMs: number } & SeenImage)
  /** It was removed from the store. Its history is kept. */
  | { readonly kind: 'removed'; readonly atMs: number; readonly imageId: ImageId }
  /** A container began to use an image, or, if the container is known, still does. */
  | {
      readonly kind: 'use-began';
      readonly atMs: number;
      readonly containerId: string;
      readonly imageId: ImageId;
    }
  /** A container no longer uses its image; unknown ones are ignored. */
  | { readonly kind: 'use-ended'; readonly atMs: number; readonly containerId: string }
  /**
   * All images and all containers that use one, at this time: what is missing was removed, what is new has arrived.
   * For the first start (`isFirst`: unknown images count as last used when they were created), for every check, and
   * after gaps.
   */
  | {
      readonly kind: 'listed';
      readonly atMs: number;
      readonly isFirst: boolean;
      readonly images: readonly Image[];
      readonly layers: ReadonlyMap<ChainId, Layer>;
      /** Image ID by container ID. */
      readonly containers: ReadonlyMap<string, ImageId>;
    }
  /** Nothing was seen in this time: the history's clock stands still for it. Send it before what is seen afterwards. */
  | { readonly kind: 'gap'; readonly fromMs: number; readonly toMs: number };

/** Events may be this much out of order. */
const MAX_DISORDER_MS = 60_000;

/** What was learned loses half of its weight in this time. */
const LESSONS_HALF_LIFE_MS = 90 * 86_400_000;
const FADE_EVERY_MS = 86_400_000;
/** How often open idle times enter the return rates, so that layers that never return are counted. */
const TELL_EVERY_MS = 3_600_000;

/** Changes a history (in place) by an event. */
export function applyEvent(history: UsageHistory, event: UsageEvent): void {
  if (event.kind === 'gap') {
    const from = Math.max(event.fromMs + history.offsetMs, history.latestMs);
    history.offsetMs -= Math.max(0, event.toMs + history.offsetMs - from);
    history.busyAtMs = Math.max(history.busyAtMs, from);
    return;
  }
  const now = advance(history, event.atMs);
  switch (event.kind) {
    case 'appeared':
      appeared(history, event.image, event.layers, now, now);
      break;
    case 'removed': {
      const image = history.images.get(event.imageId);
      if (image !== undefined) image.present = false;
      break;
    }
    case 'use-began':
      began(history, event.containerId, event.imageId, now);
      break;
    case 'use-ended':
      ended(history, event.containerId, now);
      break;
    case 'listed':
      listed(history, event, now);
      break;
  }
  prune(history);
}

/** Moves the history's clock. @returns the event's time on it. */
function advance(history: UsageHistory, atMs: number): number {
  const behind = history.latestMs - (atMs + history.offsetMs);
  if (behind > MAX_DISORDER_MS) history.offsetMs += behind;
  const now = Math.max(history.latestMs, atMs + history.offsetMs);
  const passed = (everyMs: number): number =>
    Math.floor(now / everyMs) - Math.floor(history.latestMs / everyMs);
  if (passed(TELL_EVERY_MS) > 0) tellIdleTimes(history, now);
  const days = passed(FADE_EVERY_MS);
  if (days > 0) history.lessons.fade(2 ** ((-days * FADE_EVERY_MS) / LESSONS_HALF_LIFE_MS));
  history.latestMs = now;
  return now;
}

function appeared(
  history: UsageHistory,
  image: Image,
  layers: ReadonlyMap<ChainId, Layer>,
  usedAtMs: number,
  now: number,
): void {
  let known = history.images.get(image.id);
  const origin = image.digests.length > 0 ? 'pulled' : 'built';
  if (known === undefined) {
    known = {
      ...newRecord(usedAtMs),
      id: image.id,
      repositories: [],
      origin,
      present: true,
      standing: VersionStanding.newest,
      top: undefined,
    };
    history.images.set(image.id, known);
    history.busyAtMs = now;
  } else if (!known.present) {
    known.present = true;
    history.busyAtMs = now;
    seenInUse(known, usedAtMs);
  }
  // Pushed since: a registry has it now. Never the other way: losing the digest's name does not lose the registry.
  if (origin === 'pulled') known.origin = origin;
  // Layers that the engine does not report are one made-up layer, named as removable.ts does.
  const chain = image.layers ?? [`layers-of:${image.id}`];
  if (known.top?.id !== chain.at(-1)) {
    release(history, known);
    settle(
      history,
      known,
      chain.map((id) => ({
        id,
        bytes: image.layers === undefined ? image.sizeBytes : (layers.get(id)?.bytes ?? 0),
      })),
      usedAtMs,
    );
  }
  joinRepositories(history, known, image, now);
}

function joinRepositories(history: UsageHistory, image: ImageUsage, seen: Image, now: number): void {
  let popular: RepositoryUsage | undefined;
  for (const reference of references(seen)) {
    const name = repositoryOf(reference);
    if (image.repositories.includes(name)) continue;
    let repository = history.repositories.get(name);
    if (repository === undefined) {
      repository = { ...newRecord(image.lastUsedMs), name, images: [] };
      history.repositories.set(name, repository);
    }
    for (const id of repository.images) {
      const older = history.images.get(id);
      if (older === undefined) continue;
      setStanding(history, older, older.active > 0 ? VersionStanding.older : VersionStanding.superseded, now);
    }
    repository.images.push(image.id);
    image.repositories.push(name);
    if (popular === undefined || lastingCount(repository) > lastingCount(popular)) popular = repository;
  }
  if (popular === undefined || popular.uses === 0) return;
  // A new version: it will be wanted about as often as those before it.
  for (const layer of chainFrom(image.top))
    if (layer.uses === 0 && layer.images === 1) inheritUses(layer, popular, now);
}

function began(history: UsageHistory, containerId: string, imageId: ImageId, now: number): void {
  const current = history.containers.get(containerId);
  if (current === imageId) {
    const image = history.images.get(imageId);
    if (image !== undefined) forEachRecord(history, image, seenInUse, now);
    return;
  }
  if (current !== undefined) ended(history, containerId, now);
  const image = history.images.get(imageId);
  if (image === undefined) return;
  history.containers.set(containerId, imageId);
  history.busyAtMs = now;
  // Called for each use of a replay, so a loop: a generator is slower.
  for (let layer = image.top; layer !== undefined; layer = layer.parent)
    beginUse(layer, now, standingOf(layer), history.lessons);
  beginUse(image, now, image.standing, silent);
  // Asked for again although there is a newer one: it lives on beside it.
  if (image.standing === VersionStanding.superseded) setStanding(history, image, VersionStanding.older, now);
  for (const name of image.repositories) {
    const repository = history.repositories.get(name);
    if (repository !== undefined) beginUse(repository, now, VersionStanding.newest, silent);
  }
}

/** Only layers teach; images and repositories would only repeat the same. */
const silent = { returned: () => undefined, idled: () => undefined };

function ended(history: UsageHistory, containerId: string, now: number): void {
  const imageId = history.containers.get(containerId);
  if (imageId === undefined) return;
  history.containers.delete(containerId);
  const image = history.images.get(imageId);
  if (image !== undefined) forEachRecord(history, image, endUse, now);
}

/** Applies a time to an image, its layers and its repositories. */
function forEachRecord(
  history: UsageHistory,
  image: ImageUsage,
  tell: (record: UseRecord, atMs: number) => void,
  atMs: number,
): void {
  tell(image, atMs);
  for (let layer = image.top; layer !== undefined; layer = layer.parent) tell(layer, atMs);
  for (const name of image.repositories) {
    const repository = history.repositories.get(name);
    if (repository !== undefined) tell(repository, atMs);
  }
}

function listed(history: UsageHistory, event: Extract<UsageEvent, { kind: 'listed' }>, now: number): void {
  // The oldest first, so that the newest version of a repository is the one that supersedes the others.
  const byAge = [...event.images].sort((a, b) => (a.createdAtMs ?? 0) - (b.createdAtMs ?? 0));
  for (const image of byAge) {
    const came = image.appearedAtMs ?? image.createdAtMs ?? event.atMs;
    appeared(history, image, event.layers, event.isFirst ? Math.min(now, came + history.offsetMs) : now, now);
  }
  const present = new Set(event.images.map((image) => image.id));
  for (const image of history.images.values()) if (!present.has(image.id)) image.present = false;
  for (const containerId of [...history.containers.keys()]) {
    if (!event.containers.has(containerId)) ended(history, containerId, now);
  }
  for (const [containerId, imageId] of event.containers) began(history, containerId, imageId, now);
}
