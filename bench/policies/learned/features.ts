/** All that a usage history tells of a layer, as numbers for a machine to learn from. */
import {
  chainFrom,
  clockAt,
  type LayerUsage,
  type UsageHistory,
} from '../../../src/core/use-history/history.ts';
import { HALF_LIVES_MS, rateAt, type UseRecord } from '../../../src/core/use-history/use-record.ts';
import { standingOf } from '../../../src/core/use-history/version-standing.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What came upon a layer: when the newest image did, how many did, and which of them was used last. */
interface Upon {
  newestMs: number;
  images: number;
  lastUsedMs: number;
  repository: string | undefined;
}

/**
 * The features of a layer that is not in use.
 * @param horizonMs within which it is asked whether the layer will be wanted.
 */
export function featuresOf(
  history: UsageHistory,
  nowMs: number,
  horizonMs: number,
): (layer: LayerUsage) => readonly number[] {
  const now = clockAt(history, nowMs);
  const upon = whatCameUpon(history);
  return (layer) => {
    const chain = [...chainFrom(layer)];
    const root = upon.get(chain.at(-1)?.id ?? '');
    const own = upon.get(layer.id);
    const name = own?.repository;
    const repository = name === undefined ? undefined : history.repositories.get(name);
    const versionsMs = (repository?.images ?? []).flatMap((id) => history.images.get(id)?.firstSeenMs ?? []);
    const firstMs = versionsMs[0] ?? now;
    const newestMs = versionsMs.at(-1) ?? now;
    return [
      ...recordFeatures(layer, now),
      ...recordFeatures(repository ?? layer, now),
      standingOf(layer),
      layer.images,
      own?.images ?? 0,
      hours(now - (own?.newestMs ?? now)),
      root?.images ?? 0,
      hours(now - (root?.newestMs ?? now)),
      versionsMs.length,
      hours(now - newestMs),
      versionsMs.length > 1 ? hours((newestMs - firstMs) / (versionsMs.length - 1)) : -1,
      chain.length,
      Math.log(layer.bytes + 1),
      hours(horizonMs),
    ];
  };
}

function recordFeatures(record: UseRecord, now: number): readonly number[] {
  const idleMs = record.active > 0 ? 0 : now - record.lastUsedMs;
  const [last, before] = [record.gapsMs.at(-1), record.gapsMs.at(-2)];
  const mean = record.gapsMs.reduce((sum, gap) => sum + gap, 0) / record.gapsMs.length;
  return [
    hours(idleMs),
    Math.log(record.uses + 1),
    ...HALF_LIVES_MS.map((_, clock) => Math.log(rateAt(record, clock, now) * DAY_MS + 1e-4)),
    ...HALF_LIVES_MS.map((_, clock) => record.counts[clock] ?? 0),
    hours(now - record.firstSeenMs),
    hours(record.lastUsedMs - record.firstSeenMs),
    last === undefined ? -1 : hours(last),
    before === undefined ? -1 : hours(before),
    Number.isNaN(mean) ? -1 : hours(mean),
    // How near it is to the same hour of another week, for what comes back every week.
    Math.min(...[last, before].map((gap) => Math.abs((((gap ?? 0) + idleMs) / (7 * DAY_MS)) % 1))),
  ];
}

/** On a logarithmic scale, as far as trees care: an hour more matters much to an hour and little to a month. */
function hours(ms: number): number {
  return Math.log(Math.max(0, ms) / HOUR_MS + 0.1);
}

function whatCameUpon(history: UsageHistory): ReadonlyMap<string, Upon> {
  const upon = new Map<string, Upon>();
  for (const image of history.images.values()) {
    for (const { id } of chainFrom(image.top)) {
      const known = upon.get(id) ?? { newestMs: 0, images: 0, lastUsedMs: -1, repository: undefined };
      known.images += 1;
      known.newestMs = Math.max(known.newestMs, image.firstSeenMs);
      if (image.lastUsedMs > known.lastUsedMs) {
        known.lastUsedMs = image.lastUsedMs;
        known.repository = image.repositories.at(-1);
      }
      upon.set(id, known);
    }
  }
  return upon;
}
