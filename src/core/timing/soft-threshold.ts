/**
 * The rules of gentle mode: when the engine is quiet, and what one step deletes. Between the soft threshold and HIGH
 * single images are deleted without a cordon; see docs/policies.md.
 */
import type { Freed } from '../forest/reclaim.ts';
import { clockAt, type UsageHistory } from '../use-history/history.ts';

/** How long the engine must have been quiet, unless somebody says otherwise. */
export const DEFAULT_QUIET_SECONDS = 120;

/**
 * How long no image has arrived (pulled, loaded, built) and no container has begun to use one. Time in which nothing could
 * be seen does not count.
 */
export function isQuiet(history: UsageHistory, nowMs: number, quietMs: number): boolean {
  return clockAt(history, nowMs) - history.busyAtMs >= quietMs;
}

/** The first of a plan's victims; where it frees nothing alone, all victims up to the one that frees its space. */
export function firstStep<T extends { readonly predicted: Freed }>(victims: readonly T[]): readonly T[] {
  const at = victims.findIndex(({ predicted }) => predicted.bytes > 0 || predicted.inodes > 0);
  return victims.slice(0, at + 1);
}
