/**
 * How long images are known to have been unused, for MAX_UNUSED_SECONDS. Pure. "Not seen" is not "not used": only a history
 * that covers that long can say so, its gaps do not count, and an image's time begins when it arrived.
 */
import { formatDuration } from '../model/format.ts';
import type { ImageId, ImageStore } from '../model/store.ts';
import { clockAt, lastUse, type UsageHistory } from './history.ts';

/** How long image use was tracked, gaps left out, in ms. */
function watchedMs(history: UsageHistory, nowMs: number): number {
  return Math.max(0, clockAt(history, nowMs) - history.startedAtMs);
}

/** How much longer it must be tracked before an image can have been unused for that long; 0: long enough. */
export function missingWatchMs(
  history: UsageHistory | undefined,
  maxUnusedMs: number,
  nowMs: number,
): number {
  return history === undefined ? maxUnusedMs : Math.max(0, maxUnusedMs - watchedMs(history, nowMs));
}

/**
 * How long an image is known to have been unused, in ms: at most as long as use was tracked, and as the image has been
 * here. 0 for an image that the history does not know.
 */
export function unusedMs(
  history: UsageHistory,
  image: { readonly id: ImageId; readonly appearedAtMs?: number | undefined },
  nowMs: number,
): number {
  const seen = lastUse(history, image.id, nowMs);
  if (seen === undefined) return 0;
  const hereMs = image.appearedAtMs === undefined ? Infinity : Math.max(0, nowMs - image.appearedAtMs);
  return Math.min(seen.idleMs, watchedMs(history, nowMs), hereMs);
}

/** The images of a store that were unused for at least that long, each with its time; none before that long was tracked. */
export function unusedFor(
  store: ImageStore,
  history: UsageHistory | undefined,
  maxUnusedMs: number,
  nowMs: number,
): ReadonlyMap<ImageId, number> {
  const found = new Map<ImageId, number>();
  if (history === undefined || missingWatchMs(history, maxUnusedMs, nowMs) > 0) return found;
  for (const image of store.images) {
    const ms = unusedMs(history, image, nowMs);
    if (ms >= maxUnusedMs) found.set(image.id, ms);
  }
  return found;
}

/** The same by the history alone, without a request to the engine: whether listing the store is worthwhile. */
export function idsUnusedFor(history: UsageHistory, maxUnusedMs: number, nowMs: number): readonly ImageId[] {
  if (missingWatchMs(history, maxUnusedMs, nowMs) > 0) return [];
  const ids: ImageId[] = [];
  for (const { id, present } of history.images.values())
    if (present && unusedMs(history, { id }, nowMs) >= maxUnusedMs) ids.push(id);
  return ids;
}

/** Why such an image is deleted, for people. */
export function unusedReason(ms: number, maxUnusedMs: number): string {
  return `unused for ${formatDuration(ms / 1000)}, longer than ${formatDuration(maxUnusedMs / 1000)}`;
}
