/** What the daemon serves, as the page holds it. */
import type { SpaceByKind } from '../../../core/space-kinds.ts';
import type { Gauge, Thresholds, Usage } from '../../../core/thresholds.ts';
import type { LayersJson } from '../../json/layers.ts';

export interface Status {
  readonly engine: { readonly name: string; readonly version: string; readonly endpoint: string };
  readonly usage: {
    readonly path: string;
    readonly bytes: Gauge;
    readonly inodes: Gauge | null;
    readonly allocated: Usage['allocated'] | null;
  };
  readonly thresholds: Thresholds;
  readonly layerSource: string;
  readonly dataRoot: { readonly message: string } | null;
  readonly space: SpaceByKind | null;
  readonly spaceProblem: string | null;
  readonly images: readonly {
    readonly id: string;
    readonly usedBy: readonly { readonly name: string; readonly state: string }[];
  }[];
}

export type Layers = LayersJson;
export type Unit = LayersJson['units'][number];
export type SegmentJson = LayersJson['segments'][number];

export interface Sample {
  readonly atMs: number;
  readonly blocks: number;
  readonly inodes: number | null;
  readonly allocated: number | null;
}

export interface SweepDone {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly dryRun: boolean;
  readonly deletedImages: number;
  readonly deletedCacheRecords: number;
  readonly deletedContainers: number;
  readonly failedDeletions: number;
  readonly freedBytes: number;
  readonly predictedBytes: number;
  readonly usedBefore: number;
  readonly usedAfter: number;
  readonly thresholdType: Thresholds['type'];
  readonly reachedLow: boolean;
  readonly stoppedBecause: string;
  readonly remaining: readonly string[];
}

export interface Step {
  readonly atMs: number;
  readonly outcome: string;
  readonly id: string;
  readonly name: string;
  readonly freedBytes: number | null;
  readonly predictedBytes: number | null;
  readonly reason: string | null;
}

export interface SweepUnderWay {
  readonly startedAtMs: number;
  readonly dryRun: boolean;
  readonly usedBefore: number;
  readonly toFree: { readonly bytes: number; readonly inodes: number };
  freedBytes: number;
  freedInodes: number;
  predictedBytes: number;
  deleted: number;
  readonly steps: Step[];
}

export interface Activity {
  readonly version: string;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly intervalSeconds: number;
  readonly dryRun: boolean;
  readonly policy: string;
  readonly problem: string | null;
  readonly view: number;
  readonly thresholds: Thresholds;
  readonly checkedAtMs: number | null;
  readonly cordoned: boolean;
  readonly sweep: SweepUnderWay | null;
  readonly sweeps: readonly SweepDone[];
  readonly samples: readonly Sample[];
}

/** An event of the daemon, as in its log, or one of the page's own (`hello`, `view`). */
export interface LiveEvent {
  readonly event: string;
  readonly atMs?: number;
  readonly usage?: Usage;
  readonly [field: string]: unknown;
}

/** JSON of a path beside the page. @throws Error with the server's words. */
export async function load<T>(path: string): Promise<T> {
  const response = await fetch(path, { cache: 'no-cache', signal: AbortSignal.timeout(20_000) });
  const value = (await response.json()) as T & { readonly problem?: string };
  if (!response.ok) throw new Error(value.problem ?? `${path}: ${response.status}`);
  return value;
}
