/** Time and waiting, in one place. */
import { setTimeout as delay } from 'node:timers/promises';

/** Resolves after the time, or at once when the signal fires: the caller checks the signal next. Never rejects. */
export async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  // A timer of nothing takes a millisecond, a third of the time in which an engine deletes a small image.
  if (milliseconds <= 0) return;
  try {
    await delay(milliseconds, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/**
 * Whether a signal has fired by now; a call, because the compiler takes a property read before an `await` for
 * constant.
 */
export function hasFired(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Waiting times that double from `firstMs` up to `limitMs`, for trying again. */
export function* backoff(firstMs = 1_000, limitMs = 30_000): Generator<number, never> {
  for (let waitMs = firstMs; ; waitMs = Math.min(waitMs * 2, limitMs)) yield waitMs;
}
