import { clockAt, isLayerSuperseded } from '../usage/history.ts';
import type { Lessons } from '../usage/lessons.ts';
import { countAt, rateAt, type UseRecord } from '../usage/record.ts';
import type { PolicyContext, PolicyWorths, WorthPolicy } from './policy.ts';
import { idleTimes, lastUsedText } from './lru.ts';

const K = (globalThis as any).KNOBS ?? {};
const H = 3_600_000;

function wantedRate(
  record: UseRecord,
  superseded: boolean,
  lessons: Lessons,
  now: number,
  memo: Map<number, number>,
): number {
  const idle = record.active > 0 ? 0 : Math.max(0, now - record.lastUsedMs);
  const horizon = (K.horizon ?? 24) * H;
  const key =
    (superseded ? 1e6 : 0) +
    Math.min(6, Math.ceil(Math.log2(Math.max(1, record.uses)))) * 1e4 +
    Math.round(4 * Math.log2(1 + idle / 60000));
  let learned = memo.get(key);
  if (learned === undefined)
    memo.set(
      key,
      (learned = lessons.wantedWithin(Math.max(1, record.uses), superseded, idle, horizon) / horizon),
    );
  let rate = 0;
  const w = K.weights ?? [0.3, 0.4, 0.3];
  for (let i = 0; i < 3; i++) rate += w[i] * (K.corr ? rateAt(record, i, now) : countAt(record, i, now) / [1, 7, 30][i]! / 86_400_000);
  if (superseded) rate *= K.sup ?? 0.2;
  const age = 1 / (idle + (K.ageAdd ?? 1) * H);
  const b = K.blend ?? [1, 1, 0];
  return Math.exp(
    (b[0] * Math.log(learned + 1e-15) +
      b[1] * Math.log(rate + 1e-15) +
      b[2] * Math.log(age * (superseded ? (K.sup ?? 0.2) : 1))) /
      (b[0] + b[1] + b[2]),
  );
}

function worths(context: PolicyContext): PolicyWorths {
  const { history } = context;
  if (history === undefined) {
    const idle = idleTimes(context);
    return { unit: (u) => u.sizeBytes / (idle(u.id) + H) };
  }
  const now = clockAt(history, context.nowMs);
  const lessons = history.lessons.copy();
  const memo = new Map<number, number>();
  for (const layer of history.layers.values()) {
    if (layer.active === 0 && layer.uses > 0 && now > layer.openSinceMs)
      lessons.idled(
        layer.uses,
        isLayerSuperseded(layer),
        layer.openSinceMs - layer.lastUsedMs,
        now - layer.lastUsedMs,
      );
  }
  return {
    unit: () => 0,
    layer: (id) => {
      const layer = history.layers.get(id);
      if (layer === undefined) return 0;
      return (
        layer.bytes *
        (layer.origin === 'built' ? 5 : 1) *
        wantedRate(layer, isLayerSuperseded(layer), lessons, now, memo)
      );
    },
  };
}

export const value: WorthPolicy = {
  kind: 'worth',
  name: 'value',
  summary: 'what is least worth its space: by what getting it again costs and how often it is wanted',
  worths,
  reason: (unit, _, context) => lastUsedText(unit.id, context),
};
