/** What `plan --json` and `status --json` share, and with them the pages of the HTTP server. */
import type { View } from '../../events/listener.ts';
import { level, percentUsed, type Usage } from '../../core/model/thresholds.ts';
import type { Thresholds } from '../../core/model/thresholds.ts';
import type { WindowState } from '../../core/model/window.ts';

/** What a snapshot shows besides the space by kind. */
export type Look = Pick<View, 'engine' | 'snapshot' | 'dataRoot'>;

/** The usage: the level in its unit, and every gauge behind it. */
export function usageJson(usage: Usage, type: Thresholds['type']) {
  const { value, resource } = level(usage, type);
  return {
    path: usage.path,
    used: value,
    unit: type === 'relative' ? 'percent' : 'bytes',
    resource,
    bytes: { ...usage.bytes, percentUsed: percentUsed(usage.bytes) },
    inodes: usage.inodes === undefined ? null : { ...usage.inodes, percentUsed: percentUsed(usage.inodes) },
    allocated: usage.allocated ?? null,
  };
}

/** Where the sizes of layers are from, and whether the path is the right one. */
export function sourceJson({ snapshot, dataRoot }: Look) {
  return { layerSource: snapshot.layerSource, dataRoot: dataRoot ?? null };
}

/** When sweeps may begin; null: at any time. */
export function windowJson(state: WindowState | undefined) {
  if (state === undefined) return null;
  const { text, timeZone, open, changesAtMs } = state;
  return {
    hours: text,
    timeZone,
    open,
    changesAt: changesAtMs === undefined ? null : new Date(changesAtMs).toISOString(),
  };
}
