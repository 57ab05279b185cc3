/** What the daemon is made from, and how one of its checks ends. */
import type { Clean } from '../core/eligible/cache-and-containers.ts';
import type { Protections } from '../core/eligible/rules.ts';
import type { DeletionBudget } from '../core/deletion-budget.ts';
import type { Thresholds } from '../core/model/thresholds.ts';
import type { Window } from '../core/model/window.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { UsageHistory } from '../core/use-history/history.ts';
import type { ImageDisk } from '../disk/image-disk.ts';
import type { Engine } from '../engine/engine.ts';
import type { Reporter, SweepReport } from '../events/events.ts';
import type { Listener } from '../events/listener.ts';
import type { SweepCordon } from '../sweep/cordon-guard.ts';
import type { RemovedNames } from '../sweep/remove/removed-names.ts';

export interface DaemonOptions {
  readonly engine: Engine;
  readonly disk: ImageDisk;
  readonly report: Reporter;
  readonly thresholds: Thresholds;
  readonly policy: Policy;
  /** What is known of the use of images, now. */
  readonly history?: (() => UsageHistory | undefined) | undefined;
  /** Those in force, which change with the file of KEEP_FILE. */
  readonly protections: Protections;
  /** Reads that file again if it changed; true where other protections are in force now. */
  readonly rereadRules?: () => Promise<boolean>;
  readonly clean: Clean;
  /** The circuit breakers, and what they have counted; none where left out. */
  readonly budget?: DeletionBudget;
  readonly intervalSeconds: number;
  /** Between two looks at the filesystem while waiting for the next check; 0 or left out: none. */
  readonly watchSeconds?: number;
  readonly delaySeconds: number;
  /** One engine request; also how long a sweep waits for an engine that went away. */
  readonly timeoutSeconds: number;
  readonly dryRun: boolean;
  /** Sweep although the images are on another filesystem. */
  readonly sweepOtherFilesystem?: boolean;
  /** Where the node is to be cordoned during a sweep. */
  readonly cordon?: SweepCordon | undefined;
  /** Usage from which a sweep does not wait for the cordon, in the thresholds' unit. */
  readonly criticalLevel?: number | undefined;
  /** Usage from which single images go without a cordon, in the thresholds' unit; needs the history. */
  readonly softLevel?: number | undefined;
  /** When deletions may begin below the critical level; undefined: at any time. */
  readonly window?: Window | undefined;
  /** How long nothing may have come or begun before they do. */
  readonly quietSeconds?: number;
  /** Who is shown the world after each check; undefined: nobody, and an idle check lists nothing. */
  readonly audience?: Listener | undefined;
  /** What an earlier life took off images and did not come to an end with. */
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
