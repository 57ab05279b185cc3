/** `status --json` and `/api/status.json`. */
import type { Forecast } from '../../core/model/forecast.ts';
import type { Forest } from '../../core/forest/forest.ts';
import { shareOf } from '../../core/forest/reclaim.ts';
import { holders, type Image } from '../../core/model/store.ts';
import { isTriggered, type Thresholds } from '../../core/model/thresholds.ts';
import type { SpaceAnswer } from '../../observe/observer.ts';
import type { UnusedSummary } from '../../core/model/unused.ts';
import type { WindowState } from '../../core/model/window.ts';
import { type Look, sourceJson, usageJson, windowJson } from './look.ts';

/** What `status` shows. */
export interface SeenStatus {
  readonly seen: Look;
  readonly answer: SpaceAnswer;
  /** Of the store that was seen. */
  readonly forest: Forest;
  readonly thresholds: Thresholds;
  readonly forecast: Forecast | undefined;
  /** Undefined: sweeps may begin at any time. */
  readonly window?: WindowState | undefined;
  /** Undefined: no image is deleted for being unused. */
  readonly unused?: UnusedSummary | undefined;
}

export function statusJson({ seen, answer, forest, thresholds, forecast, window, unused }: SeenStatus) {
  const { engine, snapshot } = seen;
  const held = holders(snapshot.store);
  return {
    engine,
    usage: usageJson(snapshot.usage, thresholds.type),
    thresholds,
    triggered: isTriggered(snapshot.usage, thresholds),
    window: windowJson(window),
    unused: unused ?? null,
    forecast: forecast ?? null,
    ...sourceJson(seen),
    space: 'space' in answer ? answer.space : null,
    spaceProblem: 'problem' in answer ? answer.problem : null,
    images: bySize(snapshot.store.images).map((image) => {
      const { unique, shared } = shareOf(forest, image.id);
      return {
        id: image.id,
        tags: image.tags,
        digests: image.digests,
        parentId: image.parentId ?? null,
        sizeBytes: image.sizeBytes,
        uniqueBytes: unique.bytes,
        uniqueInodes: unique.inodes,
        sharedBytes: shared.bytes,
        sharedInodes: shared.inodes,
        exact: unique.exact && shared.exact,
        createdAt: isoTime(image.createdAtMs),
        appearedAt: isoTime(image.appearedAtMs),
        ageSeconds: ageSeconds(image, snapshot.takenAtMs) ?? null,
        inUse: held.has(image.id),
        usedBy: (held.get(image.id) ?? []).map(({ id, name, state }) => ({ id, name, state })),
      };
    }),
  };
}

export type StatusJson = ReturnType<typeof statusJson>;

export function bySize(images: readonly Image[]): readonly Image[] {
  return [...images].sort((a, b) => b.sizeBytes - a.sizeBytes || (a.id < b.id ? -1 : 1));
}

function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

export function ageSeconds(image: Image, nowMs: number): number | undefined {
  return image.createdAtMs === undefined ? undefined : Math.max(0, (nowMs - image.createdAtMs) / 1000);
}
