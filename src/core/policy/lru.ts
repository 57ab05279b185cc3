/**
 * Least recently used first: what kubelet and docuum do. What the history does not know counts as used when it was
 * created, and where that is not known as used now.
 */
import { formatDuration } from '../format.ts';
import type { ImageId, ImageStore } from '../store.ts';
import { lastUse } from '../usage/history.ts';
import type { OrderPolicy, PolicyContext } from './policy.ts';

/** Kept with the store, for the reason of each victim asks again. */
const timesOf = new WeakMap<ImageStore, ReadonlyMap<ImageId, number | undefined>>();

function createdTimes(store: ImageStore): ReadonlyMap<ImageId, number | undefined> {
  let times = timesOf.get(store);
  if (times === undefined) {
    const created = new Map<ImageId, number | undefined>();
    for (const { id, createdAtMs } of store.images) created.set(id, createdAtMs);
    timesOf.set(store, created);
    times = created;
  }
  return times;
}

/** How long each image has not been used, in ms. */
export function idleTimes(context: PolicyContext): (id: string) => number {
  const { store, history, nowMs } = context;
  return (id) =>
    (history && lastUse(history, id, nowMs)?.idleMs) ??
    Math.max(0, nowMs - (createdTimes(store).get(id) ?? nowMs));
}

/** `last used 9 d ago`; `never seen used, here for 3 d` where no use was seen. */
export function lastUsedText(id: string, context: PolicyContext): string {
  const last = context.history && lastUse(context.history, id, context.nowMs);
  const idle = formatDuration((last?.idleMs ?? idleTimes(context)(id)) / 1000);
  return last?.wasUsed === true ? `last used ${idle} ago` : `not seen in use for ${idle}`;
}

export const lru: OrderPolicy = {
  kind: 'order',
  name: 'lru',
  needsHistory: true,
  summary: 'the least recently used first; the biggest first among those used at the same time',
  order: (context) => {
    const idle = idleTimes(context);
    return context.candidates
      .map((unit) => ({ unit, idleMs: idle(unit.id) }))
      .sort(
        (a, b) =>
          b.idleMs - a.idleMs || b.unit.sizeBytes - a.unit.sizeBytes || (a.unit.id < b.unit.id ? -1 : 1),
      )
      .map(({ unit }) => unit);
  },
  reason: (unit, _, context) => lastUsedText(unit.id, context),
};
