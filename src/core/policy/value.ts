/**
 * What is least worth its space is deleted first. Worth belongs to layers: the cost to get a layer again times its
 * expected uses, by any image with it, future ones included. Each use of an image counts for all its layers, so a
 * base that every new image uses is worth much even when none of its present images is. Images are only what can be
 * deleted; the selection (select/least-loss/least-loss.ts) finds the set of images whose layers are worth least.
 *
 * Expected uses (use-history/use-record.ts: from its own uses; the newest of a repository inherits those of earlier
 * versions) are corrected by the return rates of similar layers on this host (use-history/return-rates.ts). The
 * constants were tuned with `npm run bench policies` on seeds that are not those of the published table
 * (docs/policies.md).
 */
import { formatDuration } from '../model/format.ts';
import { clockAt, type LayerUsage, type UsageHistory } from '../use-history/history.ts';
import { endOfAge } from '../use-history/return-rates.ts';
import { expectedUses, HALF_LIVES_MS, rateAt } from '../use-history/use-record.ts';
import { VersionStanding, standingOf } from '../use-history/version-standing.ts';
import { idleTimes, lastUsedText } from './lru.ts';
import type { PolicyContext, PolicyWorths, WorthPolicy } from './policy.ts';
import { turnoverMs } from './turnover.ts';

const HOUR_MS = 3_600_000;

/** An image built here costs a build and the time of a person who waits for it: this many times the cost of a pull. */
const BUILD_COST = 5;
/** What a pull costs beside the bytes, as bytes: requests, unpacking, the start of a connection. */
const FIXED_COST_BYTES = 100_000;
/** The horizon against the turnover: a little better than once the turnover on the tuning seeds. */
const HORIZON_TURNOVERS = 2;
/** The clock that distinguishes lasting from passing popularity. */
const SLOWEST = HALF_LIVES_MS.length - 1;

/**
 * Expected uses of a layer per millisecond, up to the horizon: when another sweep would delete it anyway, because
 * later uses do not matter for this one.
 */
function wantedRate(history: UsageHistory, nowMs: number, horizonMs: number): (layer: LayerUsage) => number {
  const now = clockAt(history, nowMs);
  return (layer) => {
    const standing = standingOf(layer);
    const idleMs = layer.active > 0 ? 0 : Math.max(0, now - layer.lastUsedMs);
    const untilMs = idleMs + horizonMs;
    const correction = history.lessons.corrections(layer, standing);
    let wanted = 0;
    for (let at = idleMs; at < untilMs;) {
      const end = Math.min(untilMs, endOfAge(at));
      wanted += expectedUses(layer, at, end) * correction((at + end) / 2);
      at = end;
    }
    return wanted / horizonMs;
  };
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
  const rate = wantedRate(history, nowMs, HORIZON_TURNOVERS * turnoverMs(context));
  return {
    unit: (unit) => (history.images.has(unit.id) ? 0 : byAge(unit.id, unit.sizeBytes)),
    layer: (id, index) => {
      const layer = history.layers.get(id);
      // A layer newer than the last event counts as never used.
      if (layer === undefined) return (forest.bytes[index] ?? 0) / (30 * 24 * HOUR_MS);
      return costOf(layer) * rate(layer);
    },
  };
}

export const value: WorthPolicy = {
  kind: 'worth',
  name: 'value',
  needsHistory: true,
  summary: 'those least worth their space: cost to get again × how often they are used',
  worths,
  reason: (unit, _, context) => {
    const { history, nowMs } = context;
    const used = lastUsedText(unit.id, context);
    const image = history?.images.get(unit.id);
    if (history === undefined || image === undefined || image.uses === 0) return used;
    const perMs = rateAt(image, SLOWEST, clockAt(history, nowMs));
    const wanted = perMs > 0 ? `, expected use every ${formatDuration(1 / perMs / 1000)}` : '';
    const built = image.origin === 'built' ? ', built here' : '';
    return `${used}${wanted}${image.standing !== VersionStanding.newest ? ', a newer version exists' : ''}${built}`;
  },
};
