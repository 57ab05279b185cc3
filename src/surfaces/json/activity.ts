/** `/api/activity.json`, what the daemon has been doing: the server writes it, the page reads it. Types only. */
import type { Forecast } from '../../core/model/forecast.ts';
import type { Thresholds } from '../../core/model/thresholds.ts';
import type { SweepReport } from '../../events/events.ts';

/** The disk's usage at one moment. */
export interface Sample {
  readonly atMs: number;
  /** Percent not available. */
  readonly blocks: number;
  /** Percent; null on a filesystem without an inode count. */
  readonly inodes: number | null;
  /** Allocated below the path; null in relative mode. */
  readonly allocated: number | null;
}

export interface SweepDone extends SweepReport {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** What happened to one victim. */
export interface Step {
  readonly atMs: number;
  readonly outcome: string;
  readonly id: string;
  readonly name: string;
  readonly freedBytes: number | null;
  readonly predictedBytes: number | null;
  /** Why it went, or why it did not. */
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
  /** The newest. */
  readonly steps: Step[];
}

/** What is derived from events. */
export interface Doings {
  readonly thresholds: Thresholds;
  /** null before the first check. */
  readonly checkedAtMs: number | null;
  readonly cordoned: boolean;
  /** When the filesystem will be full; null where that cannot be known. */
  readonly forecast: Forecast | null;
  readonly sweep: SweepUnderWay | null;
  /** The newest first. */
  readonly sweeps: readonly SweepDone[];
  /** The oldest first. */
  readonly samples: readonly Sample[];
}

export interface ActivityJson extends Doings {
  /** The daemon's. */
  readonly version: string;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly intervalSeconds: number;
  readonly dryRun: boolean;
  readonly policy: string;
  /** Why nothing can be done at the moment; null when it can. */
  readonly problem: string | null;
  /** The version of what was seen last; 0 before anything was. */
  readonly view: number;
}
