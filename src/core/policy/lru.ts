/**
 * Least recently used first: what kubelet and docuum do. An image never seen in use counts as used when it arrived on
 * this host, else when it was built. Build-cache records and containers carry the time of their last use.
 */
import { formatDuration } from '../model/format.ts';
import type { ImageStore } from '../model/store.ts';
import { lastUse } from '../use-history/history.ts';
import type { OrderPolicy, PolicyContext } from './policy.ts';

/** From the store itself: the history knows only images, and not those newer than its last event. */
interface Told {
  /** Epoch ms; undefined where nothing is known. */
  readonly atMs: number | undefined;
  readonly what: 'last used' | 'arrived' | 'made';
}

/** Kept with the store, for the reason of each victim asks again. */
const toldOf = new WeakMap<ImageStore, ReadonlyMap<string, Told>>();

function toldBy(store: ImageStore): ReadonlyMap<string, Told> {
  const known = toldOf.get(store);
  if (known !== undefined) return known;
  const told = new Map<string, Told>();
  const learn = (
    id: string,
    atMs: number | undefined,
    what: Told['what'],
    madeAtMs: number | undefined,
  ): void => {
    told.set(id, atMs === undefined ? { atMs: madeAtMs, what: 'made' } : { atMs, what });
  };
  for (const image of store.images) learn(image.id, image.appearedAtMs, 'arrived', image.createdAtMs);
  for (const container of store.containers)
    learn(container.id, container.stoppedAtMs, 'last used', container.createdAtMs);
  for (const record of store.cacheRecords ?? [])
    learn(record.id, record.lastUsedAtMs, 'last used', record.createdAtMs);
  toldOf.set(store, told);
  return told;
}

export interface Idle {
  readonly ms: number;
  /** Since what: `seen` by the history, which knows of no use. */
  readonly since: Told['what'] | 'seen';
}

/** Since when something has not been used; what never was, since it arrived on this host. Unknown counts as used now. */
export function idleOf(
  { store, history, nowMs }: Pick<PolicyContext, 'store' | 'history' | 'nowMs'>,
  id: string,
): Idle {
  const told = toldBy(store).get(id);
  const seen = history && lastUse(history, id, nowMs);
  if (seen?.wasUsed === true) return { ms: seen.idleMs, since: 'last used' };
  const ms = Math.max(0, nowMs - (told?.atMs ?? nowMs));
  // At its first start the history takes an image's age for the time since it was made, if it knows no better.
  if (told?.atMs === undefined || (seen !== undefined && seen.idleMs < ms))
    return { ms: seen?.idleMs ?? 0, since: 'seen' };
  return { ms, since: told.what };
}

/** How long each has not been used, in ms. */
export function idleTimes(context: PolicyContext): (id: string) => number {
  return (id) => idleOf(context, id).ms;
}

/** `last used 9 d ago`; `not seen in use, arrived 3 d ago` where no use is known. */
export function lastUsedText(id: string, context: PolicyContext): string {
  const { ms, since } = idleOf(context, id);
  const time = formatDuration(ms / 1000);
  switch (since) {
    case 'last used':
      return `last used ${time} ago`;
    case 'seen':
      return `not seen in use for ${time}`;
    case 'arrived':
    case 'made':
      return `not seen in use, ${since} ${time} ago`;
  }
}

export const lru: OrderPolicy = {
  kind: 'order',
  name: 'lru',
  needsHistory: true,
  summary: 'the least recently used; of equals untagged images, then the biggest',
  order: (context) => {
    const idle = idleTimes(context);
    return context.candidates
      .map((unit) => ({ unit, idleMs: idle(unit.id) }))
      .sort(
        (a, b) =>
          b.idleMs - a.idleMs ||
          Number(b.unit.isUntagged) - Number(a.unit.isUntagged) ||
          b.unit.sizeBytes - a.unit.sizeBytes ||
          (a.unit.id < b.unit.id ? -1 : 1),
      )
      .map(({ unit }) => unit);
  },
  reason: (unit, _, context) => lastUsedText(unit.id, context),
};
