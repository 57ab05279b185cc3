/** Work on many things, only a few at a time. */

/** Questions to the engine under way at a time: it has other work. */
export const AT_ONCE = 4;

/**
 * Calls `work` for every item, at most `limit` at once.
 * @throws the first error of `work`, after the calls under way have ended; the signal's reason when aborted.
 */
export async function forEachLimited<T>(
  items: readonly T[],
  limit: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (const item of iterator) {
      signal.throwIfAborted();
      await work(item);
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, lane));
  for (const result of lanes) if (result.status === 'rejected') throw result.reason;
  signal.throwIfAborted();
}
