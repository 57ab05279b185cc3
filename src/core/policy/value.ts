/**
 * What is least worth its space goes first. Worth belongs to layers: what a layer saves is what getting it again costs
 * times how often it is wanted, by whichever image that stands on it, those included that have not been seen yet: each use
 * of any image counts for all layers below it, so a base that every new image uses is worth much even when none of its
 * present images is. Images are only what can be deleted; the selection (select/least-loss.ts) finds the set of images
 * whose layers are worth least.
 *
 * How often something is wanted is told by its own uses on several clocks (usage/record.ts), and by what the host has
 * taught about the likes of it (usage/lessons.ts). The constants were tuned with `npm run bench:policies` on seeds that
 * are not those of the published table (docs/policies.md).
 */
import { formatDuration } from '../format.ts';
import { clockAt, isLayerSuperseded, type LayerUsage, type UsageHistory } from '../usage/history.ts';
import { type Lessons, useClassOf } from '../usage/lessons.ts';
import { rateAt, type UseRecord } from '../usage/record.ts';
import { idleTimes, lastUsedText } from './lru.ts';
import type { PolicyContext, PolicyWorths, WorthPolicy } from './policy.ts';

const HOUR_MS = 3_600_000;

/** How much each clock of HALF_LIVES_MS says: uses of the last day, week, month. */
const CLOCK_WEIGHTS: readonly number[] = [0.3, 0.4, 0.3];
/** A version that a newer one has superseded is wanted this much less than its uses so far say. */
const SUPERSEDED = 0.2;
/** How much the lessons say beside its own uses; both are combined as logarithms. */
const LESSONS_WEIGHT = 0.3;
/** The lessons are asked for the chance of a use within this time. */
const HORIZON_MS = 24 * HOUR_MS;
/** An image built here costs a build, with the time of a person who waits for it: so many times as dear as a pull. */
const BUILD_COST = 5;
/** What a pull costs beside the bytes, as bytes: requests, unpacking, the start of a connection. */
const FIXED_COST_BYTES = 100_000;

/** Uses per millisecond that are to be expected. */
type Rate = (record: UseRecord, superseded: boolean) => number;

function expectedRate(history: UsageHistory, nowMs: number): Rate {
  const now = clockAt(history, nowMs);
  const lessons = withOpenIdleTimes(history, now);
  const learned = new Map<number, number>();
  const learnedRate = (record: UseRecord, superseded: boolean, idleMs: number): number => {
    // Idle times within a tenth of each other, and use counts of the same class, have the same answer.
    const idleClass = Math.round(8 * Math.log2(1 + idleMs / 60_000));
    const key = (idleClass * 8 + useClassOf(record.uses)) * 2 + Number(superseded);
    let rate = learned.get(key);
    if (rate === undefined) {
      rate = lessons.wantedWithin(record.uses, superseded, idleMs, HORIZON_MS) / HORIZON_MS;
      learned.set(key, rate);
    }
    return rate;
  };
  return (record, superseded) => {
    const idleMs = record.active > 0 ? 0 : Math.max(0, now - record.lastUsedMs);
    const own = CLOCK_WEIGHTS.reduce((sum, weight, clock) => sum + weight * rateAt(record, clock, now), 0);
    return (
      (own * (superseded ? SUPERSEDED : 1)) ** (1 - LESSONS_WEIGHT) *
      learnedRate(record, superseded, idleMs) ** LESSONS_WEIGHT
    );
  };
}

/** The lessons with the idle times that have not ended, so that what never comes back is not overlooked. */
function withOpenIdleTimes(history: UsageHistory, now: number): Lessons {
  return history.lessons.withOpen((tell) => {
    for (const layer of history.layers.values()) {
      const { uses, openSinceMs, lastUsedMs, active } = layer;
      if (active > 0 || uses === 0 || now <= openSinceMs) continue;
      tell(uses, isLayerSuperseded(layer), openSinceMs - lastUsedMs, now - lastUsedMs);
    }
  });
}

function costOf(layer: LayerUsage): number {
  return (layer.bytes + FIXED_COST_BYTES) * (layer.origin === 'built' ? BUILD_COST : 1);
}

function worths(context: PolicyContext): PolicyWorths {
  const { history, forest, nowMs } = context;
  const idle = idleTimes(context);
  // Of an image that the history does not know only the age is known.
  const byAge = (id: string, bytes: number): number => bytes / (idle(id) + HOUR_MS);
  if (history === undefined) return { unit: (unit) => byAge(unit.id, unit.sizeBytes) };
  const rate = expectedRate(history, nowMs);
  const bytesOf = new Map(forest.layerIds.map((id, at) => [id, forest.bytes[at] ?? 0]));
  return {
    unit: (unit) => (history.images.has(unit.id) ? 0 : byAge(unit.id, unit.sizeBytes)),
    layer: (id) => {
      const layer = history.layers.get(id);
      // A layer that came after the last event: as one that was never used.
      if (layer === undefined) return (bytesOf.get(id) ?? 0) / (30 * 24 * HOUR_MS);
      return costOf(layer) * rate(layer, isLayerSuperseded(layer));
    },
  };
}

export const value: WorthPolicy = {
  kind: 'worth',
  name: 'value',
  needsHistory: true,
  summary: 'what is least worth its space: by what getting it again costs and how often it is wanted',
  worths,
  reason: (unit, _, context) => {
    const { history, nowMs } = context;
    const used = lastUsedText(unit.id, context);
    const image = history?.images.get(unit.id);
    if (history === undefined || image === undefined || image.uses === 0) return used;
    const perMs = rateAt(image, 2, clockAt(history, nowMs));
    const wanted = perMs > 0 ? `, wanted every ${formatDuration(1 / perMs / 1000)}` : '';
    const built = image.origin === 'built' ? ', built here' : '';
    return `${used}${wanted}${image.superseded ? ', a newer version is here' : ''}${built}`;
  },
};
