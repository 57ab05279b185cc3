/** The part of an axis that is worth its room: what was measured, and the thresholds. Pure. */
import { isCounted, percentAt, type Thresholds, type Usage } from '../../../../core/model/thresholds.ts';
import type { Sample } from '../data.ts';

/** All that is drawn, in the thresholds' unit. */
export function valuesOf(samples: readonly Sample[], isAbsolute: boolean): readonly number[] {
  return samples.flatMap(({ blocks, inodes, allocated }) =>
    isAbsolute ? (allocated ?? []) : [blocks, inodes ?? []].flat(),
  );
}

/** Thresholds as they are drawn: free bytes are a line of percent used, as the graph is. */
export function drawnThresholds({ type, high, low }: Thresholds, usage: Usage | undefined): Thresholds {
  if (type !== 'free' || usage === undefined) return { type, high, low };
  return { type: 'relative', high: percentAt(usage, type, high), low: percentAt(usage, type, low) };
}

/** From a little below the least to a little above the most; never beyond what there can be. */
export function axisRange(
  values: readonly number[],
  { type, high, low }: Thresholds,
): readonly [number, number] {
  const least = values.reduce((a, b) => Math.min(a, b), low);
  const most = values.reduce((a, b) => Math.max(a, b), high);
  if (isCounted(type)) {
    const margin = Math.max((most - least) * 0.1, most * 0.02, 1);
    return [Math.max(0, least - margin), most + margin];
  }
  // In steps of five percent: an axis that moves with every sample cannot be read.
  return [Math.max(0, Math.floor(least / 5 - 0.4) * 5), Math.min(100, Math.ceil(most / 5 + 0.4) * 5)];
}
