/**
 * Images that nobody has used for longer than MAX_UNUSED_SECONDS go whatever the disk says. Pure. What was not seen is not
 * unused: only a history that covers that long says so, gaps in it do not count, and an image counts from when it came
 * here. What is in use or protected stays, like in every plan.
 */
import { formatDuration } from '../model/format.ts';
import type { ImageId, ImageStore } from '../model/store.ts';
import { clockAt, lastUse, type UsageHistory } from './history.ts';

/** How long the history has watched, gaps left out, in ms. */
export function watchedMs(history: UsageHistory, nowMs: number): number {
  return Math.max(0, clockAt(history, nowMs) - history.startedAtMs);
}

/** How much longer it must watch before it can say that an image was unused for so long; 0: it can. */
export function missingWatchMs(history: UsageHistory | undefined, maxUnusedMs: number, nowMs: number): number {
  return history === undefined ? maxUnusedMs : Math.max(0, maxUnusedMs - watchedMs(history, nowMs));
}

/**
 * How long an image is known not to have been used, in ms: never longer than the history has watched, or than the image
 * has been here. 0 for one that the history does not know.
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

/** The images of a store that have been unused for longer than that, each with its time; none before it is covered. */
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

/**
 * Whether it is worth looking at the store: some image that the history knows to be here could go. Costs no question to
 * the engine.
 */
export function idsUnusedFor(history: UsageHistory, maxUnusedMs: number, nowMs: number): readonly ImageId[] {
  if (missingWatchMs(history, maxUnusedMs, nowMs) > 0) return [];
  const ids: ImageId[] = [];
  for (const { id, present } of history.images.values())
    if (present && unusedMs(history, { id }, nowMs) >= maxUnusedMs) ids.push(id);
  return ids;
}

/** Why such an image goes, for people. */
export function unusedReason(ms: number, maxUnusedMs: number): string {
  return `unused for ${formatDuration(ms / 1000)}, longer than ${formatDuration(maxUnusedMs / 1000)} (max-unused)`;
}
