/**
 * The usage history: a value in memory, changed by events (events.ts), kept as plain data (serialise.ts). Nothing
 * here knows the source of events; the daemon feeds it from the engine, the simulator from a trace.
 */
import type { ChainId, ImageId } from '../model/store.ts';
import { ReturnRates } from './return-rates.ts';
import { closeIdle, newRecord, type UseRecord } from './use-record.ts';
import { countIn, type VersionStanding, standingOf } from './version-standing.ts';

/** Built here: no registry has it, so losing it costs a build instead of a pull. */
export type Origin = 'pulled' | 'built';

export interface LayerUsage extends UseRecord {
  readonly id: ChainId;
  /** Its parent. */
  readonly parent: LayerUsage | undefined;
  bytes: number;
  /** Known images that have it, and whether each is the newest version; see version-standing.ts. */
  images: number;
  newest: number;
  older: number;
  origin: Origin;
}

export interface ImageUsage extends UseRecord {
  readonly id: ImageId;
  /** Repositories that it is or was a version of. */
  repositories: string[];
  origin: Origin;
  /** It is in the store; false when it was seen deleted. */
  present: boolean;
  /** Among the versions of its repositories. */
  standing: VersionStanding;
  top: LayerUsage | undefined;
}

export interface RepositoryUsage extends UseRecord {
  readonly name: string;
  /** Known images of it, in the order of their appearance, the newest last. */
  images: ImageId[];
}

export interface HistoryLimits {
  /** Images remembered at most. Those gone from the store are forgotten first, the longest unused first. */
  readonly maxImages: number;
}

/** Some 25 MB of memory and 10 MB of a state file, with eight layers an image. */
export const defaultLimits: HistoryLimits = { maxImages: 10_000 };

export interface UsageHistory {
  readonly limits: HistoryLimits;
  /** When it began, by the host's clock, epoch ms. */
  readonly startedAtMs: number;
  /**
   * The history's clock is the host's plus this. It stands still in gaps, where nothing was seen ("not seen" is not
   * "not used"), and continues when the host's clock is set back.
   */
  offsetMs: number;
  /** The latest time seen, on the history's clock. */
  latestMs: number;
  /**
   * When an image last arrived, a use last began, or nothing could be seen; on the history's clock. Not kept in the
   * state.
   */
  busyAtMs: number;
  readonly images: Map<ImageId, ImageUsage>;
  readonly layers: Map<ChainId, LayerUsage>;
  readonly repositories: Map<string, RepositoryUsage>;
  /** Containers in use: their image, by container ID. */
  readonly containers: Map<string, ImageId>;
  readonly lessons: ReturnRates;
}

export function newHistory(startedAtMs: number, limits: HistoryLimits = defaultLimits): UsageHistory {
  return {
    limits,
    startedAtMs,
    offsetMs: 0,
    latestMs: startedAtMs,
    busyAtMs: startedAtMs,
    images: new Map(),
    layers: new Map(),
    repositories: new Map(),
    containers: new Map(),
    lessons: new ReturnRates(),
  };
}

/** A time of the host on the history's clock, without changing anything; never before the latest event. */
export function clockAt(history: UsageHistory, atMs: number): number {
  return Math.max(history.latestMs, atMs + history.offsetMs);
}

export interface LastUse {
  /** How long it has not been used, in ms, gaps left out; 0 while it is in use. */
  readonly idleMs: number;
  /** False where no use was ever seen: idle since it appeared (or, at the first start, since it was built). */
  readonly wasUsed: boolean;
}

/** When an image was last used; undefined for one that the history does not know. */
export function lastUse(history: UsageHistory, id: ImageId, nowMs: number): LastUse | undefined {
  const image = history.images.get(id);
  if (image === undefined) return undefined;
  const idleMs = image.active > 0 ? 0 : Math.max(0, clockAt(history, nowMs) - image.lastUsedMs);
  return { idleMs, wasUsed: image.uses > 0 };
}

/** The layers of an image, from the top down. */
export function* chainFrom(top: LayerUsage | undefined): Generator<LayerUsage> {
  for (let layer = top; layer !== undefined; layer = layer.parent) yield layer;
}

/** Says how an image stands now, and its layers with it. */
export function setStanding(
  history: UsageHistory,
  image: ImageUsage,
  standing: VersionStanding,
  atMs: number,
): void {
  if (image.standing === standing) return;
  for (const layer of chainFrom(image.top)) {
    const before = standingOf(layer);
    countIn(layer, image.standing, -1);
    countIn(layer, standing, 1);
    if (standingOf(layer) !== before) closeIdle(layer, atMs, before, history.lessons);
  }
  image.standing = standing;
}

/** An idle time is updated when it has grown by this share. */
const TOLD_PARTS = 8;

/** Records the lessons of idle times under way that are much longer than when last recorded. */
export function tellIdleTimes(history: UsageHistory, atMs: number): void {
  for (const layer of history.layers.values()) {
    if (atMs - layer.openSinceMs < (atMs - layer.lastUsedMs) / TOLD_PARTS) continue;
    closeIdle(layer, atMs, standingOf(layer), history.lessons);
  }
}

/** Forgets the longest unused of the images that are gone, then of all, until the limits are kept. */
export function prune(history: UsageHistory): void {
  const { images, limits } = history;
  if (images.size <= limits.maxImages) return;
  const spare = [...images.values()]
    .filter((image) => image.active === 0)
    .sort(
      (a, b) =>
        Number(a.present) - Number(b.present) || a.lastUsedMs - b.lastUsedMs || (a.id < b.id ? -1 : 1),
    );
  // A tenth more than needed, so that this is not done at every new image.
  const excess = images.size - Math.floor(limits.maxImages * 0.9);
  for (const image of spare.slice(0, excess)) forget(history, image);
}

function forget(history: UsageHistory, image: ImageUsage): void {
  release(history, image);
  for (const name of image.repositories) {
    const repository = history.repositories.get(name);
    if (repository === undefined) continue;
    repository.images = repository.images.filter((id) => id !== image.id);
    if (repository.images.length === 0) history.repositories.delete(name);
  }
  history.images.delete(image.id);
}

/** Takes an image off its layers; those on which no known image stands are forgotten. */
export function release(history: UsageHistory, image: ImageUsage): void {
  for (const layer of chainFrom(image.top)) {
    countIn(layer, image.standing, -1);
    layer.active = Math.max(0, layer.active - image.active);
    if (layer.images > 0) continue;
    closeIdle(layer, history.latestMs, image.standing, history.lessons);
    history.layers.delete(layer.id);
  }
  image.top = undefined;
}

/** Puts an image on its layers, making records for those that are new. */
export function settle(
  history: UsageHistory,
  image: ImageUsage,
  chain: readonly { readonly id: ChainId; readonly bytes: number }[],
  atMs: number,
): void {
  let parent: LayerUsage | undefined;
  for (const { id, bytes } of chain) {
    let layer = history.layers.get(id);
    if (layer === undefined) {
      layer = { ...newRecord(atMs), id, parent, bytes, images: 0, newest: 0, older: 0, origin: image.origin };
      history.layers.set(id, layer);
    }
    if (bytes > 0) layer.bytes = bytes;
    // One pulled image is enough: the registry has the layer.
    if (image.origin === 'pulled') layer.origin = 'pulled';
    countIn(layer, image.standing, 1);
    layer.active += image.active;
    parent = layer;
  }
  image.top = parent;
}
