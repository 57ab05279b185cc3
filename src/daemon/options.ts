/** What the daemon is made from, and how one of its checks ends. */
import type { DeletionBudget } from '../core/plan/deletion-budget.ts';
import type { PlanRules } from '../core/plan/plan-rules.ts';
import type { ImageDisk } from '../disk/image-disk.ts';
import type { Engine } from '../engine/engine.ts';
import type { Reporter, SweepReport } from '../events/events.ts';
import type { Listener } from '../events/listener.ts';
import type { SweepCordon } from '../sweep/cordon-guard.ts';
import type { IsStillUnused } from '../sweep/remove/outcome.ts';
import type { RemovedNames } from '../sweep/remove/removed-names.ts';

export interface DaemonOptions {
  readonly engine: Engine;
  readonly disk: ImageDisk;
  readonly report: Reporter;
  readonly rules: PlanRules;
  /** Reads the file of KEEP_FILE again if it changed; true where other protections are in force now. */
  readonly rereadRules?: () => Promise<boolean>;
  /** The circuit breakers, and what they have counted; none where left out. */
  readonly budget?: DeletionBudget;
  readonly intervalSeconds: number;
  /** How often to read the filesystem's usage while waiting for the next check; 0 or left out: never. */
  readonly watchSeconds?: number;
  readonly delaySeconds: number;
  /** One engine request; also how long a sweep waits for an engine that went away. */
  readonly timeoutSeconds: number;
  readonly dryRun: boolean;
  /** Sweep although the images are on another filesystem. */
  readonly sweepOtherFilesystem?: boolean;
  /** Where the node is to be cordoned during a sweep. */
  readonly cordon?: SweepCordon | undefined;
  /** Whether the history misses nothing at the moment; unless it does, no image is deleted for being unused. */
  readonly isFollowing?: () => boolean;
  /** For `clean --unused-for` with a target: asked right before each deletion. */
  readonly isStillUnused?: IsStillUnused | undefined;
  /** How long no image may have arrived and no container started before that. */
  readonly quietSeconds?: number;
  /** Receives a snapshot after each check; undefined: none, and an idle check lists nothing. */
  readonly audience?: Listener | undefined;
  /** Names that an earlier run removed from images without finishing the deletion. */
  readonly removedNames?: RemovedNames | undefined;
  readonly stop: AbortSignal;
  readonly abandon: AbortSignal;
  /** How long an unanswered deletion is given before we look; 30 s unless a test says otherwise. */
  readonly settleMs?: number;
}

/** How a check ended; `sweep` is there when there was one. */
export type CheckResult =
  | { readonly outcome: 'below-high' }
  | { readonly outcome: 'skipped' }
  /** Over HIGH, but deleting images is known not to help. */
  | { readonly outcome: 'cannot-help' }
  | { readonly outcome: 'swept'; readonly sweep: SweepReport }
  | { readonly outcome: 'unavailable' }
  | { readonly outcome: 'stopped' };
