/**
 * Everything the daemon tells the world, one type an event. Surfaces (log, metrics, page, Kubernetes) are Reporters;
 * nothing else writes. The names are stable: docs/events.md lists them.
 */
import type { LimitName } from '../core/deletion-budget.ts';
import type { Gain } from '../core/model/gain.ts';
import type { Amount, Thresholds, Usage } from '../core/model/thresholds.ts';
import type { RemovableId } from '../core/forest/removable.ts';

/** What is deleted: each has its events of the same kinds. */
export type Subject = 'image' | 'cache-record' | 'container';

/** Why a sweep ended. */
export type StopReason =
  /** Usage is below LOW. */
  | 'reached-low'
  /** No candidate is left. */
  | 'no-candidates'
  /** Several deletions in a row freed next to nothing. */
  | 'ineffective'
  /** The engine failed at each deletion, or gave no space back after an error of its own. */
  | 'deletions-failed'
  /** The engine, or what guards it, refuses deletions as such. */
  | 'denied'
  /** As many were deleted as one sweep may. */
  | 'deletion-limit'
  /** As much was freed as deletions of an hour may free. */
  | 'freed-limit'
  /** The engine went away, or did not come to an end with a deletion, for longer than a sweep waits. */
  | 'engine-unavailable'
  /** The path could not be measured any more. */
  | 'path-unavailable'
  /** The node was cordoned for as long as it may be. */
  | 'cordon-time-limit'
  /** The right to sweep at the same time as other nodes was lost. */
  | 'slot-lost'
  /** SIGTERM or SIGINT. */
  | 'stopped'
  /** Nothing is deleted in a dry run. */
  | 'dry-run';

/** What a usage calls for; `gentle-step`: at the soft threshold, where one is set. */
export type Due = 'nothing' | 'gentle-step' | 'sweep';

/** `freed…` and `grown…`: measured on the filesystem, from before the first deletion to after the last. */
export interface SweepReport extends Gain {
  readonly dryRun: boolean;
  readonly deletedImages: number;
  readonly deletedCacheRecords: number;
  readonly deletedContainers: number;
  /** Deletions that were tried and did not happen. */
  readonly failedDeletions: number;
  /** What was deleted should have freed so much more; the filesystem has not shown it in the time that is waited. */
  readonly outstandingBytes: number;
  readonly outstandingInodes: number;
  /** The sum of what the plan predicted for what was deleted. */
  readonly predictedBytes: number;
  /** Per cent in relative mode, bytes in absolute mode. */
  readonly usedBefore: number;
  readonly usedAfter: number;
  readonly thresholdType: Thresholds['type'];
  readonly durationSeconds: number;
  readonly reachedLow: boolean;
  readonly stoppedBecause: StopReason;
  /** Where the space is instead; only where LOW was not reached. */
  readonly remaining: readonly string[];
}

export type DaemonEvent =
  | {
      readonly event: 'daemon.started';
      readonly version: string;
      readonly path: string;
      readonly thresholds: Thresholds;
      readonly intervalSeconds: number;
      readonly dryRun: boolean;
    }
  | { readonly event: 'daemon.stopping'; readonly signal: string }
  | { readonly event: 'daemon.stopped' }
  | { readonly event: 'config.warning'; readonly message: string }
  /** The file of KEEP_FILE changed, or can be read again, and these are the patterns in force. */
  | { readonly event: 'keep-file.read'; readonly path: string; readonly patterns: number }
  /** It has a bad line, or cannot be read any more: the patterns read before stay in force. */
  | { readonly event: 'keep-file.failed'; readonly path: string; readonly message: string }
  /** Notices do not arrive at NOTIFY_URL; said once until one does. */
  | {
      readonly event: 'notify.failed';
      /** Scheme, host and port: the rest is a secret. */
      readonly receiver: string;
      readonly problem: string;
      readonly message: string;
    }
  | { readonly event: 'notify.working'; readonly receiver: string }
  /** The log could not be written for a while; written where the lost lines would stand. */
  | { readonly event: 'log.lines-lost'; readonly lines: number; readonly reason: string }
  /** The status page and its companions are served, or the health checks on an address of their own. */
  | {
      readonly event: 'http.listening';
      readonly serves: 'page' | 'probes';
      readonly url: string;
      /** What it listens on, as the kernel has it. */
      readonly address: string;
      /** Whether a token is asked for. */
      readonly authentication: boolean;
    }
  /** They cannot be: the address is taken, or not ours. The process ends. */
  | { readonly event: 'http.failed'; readonly address: string; readonly message: string }
  | {
      readonly event: 'engine.connected';
      readonly endpoint: string;
      readonly name: string;
      readonly version: string;
      readonly apiVersion: string;
    }
  | { readonly event: 'engine.unavailable'; readonly endpoint: string; readonly message: string }
  | { readonly event: 'path.unavailable'; readonly path: string; readonly message: string }
  | { readonly event: 'path.available'; readonly path: string }
  /** A tree below the path cannot be measured: the account is without it. */
  | { readonly event: 'path.left-out'; readonly path: string; readonly message: string }
  /** All images and containers were listed, and from now on the engine tells what happens. */
  | {
      readonly event: 'history.synced';
      readonly images: number;
      readonly containersInUse: number;
      /** For how long before that nothing was seen. */
      readonly missedSeconds: number;
    }
  /** The engine's events cannot be followed (any more). */
  | { readonly event: 'history.interrupted'; readonly message: string }
  /** A path that a setting names is no plain file: a link, a pipe, a directory. The process ends. */
  | { readonly event: 'file.refused'; readonly path: string; readonly message: string }
  /** A state file that is damaged or of another version: what was remembered is lost. */
  | { readonly event: 'history.state-lost'; readonly path: string; readonly message: string }
  /** One of the state files or the trace cannot be written; said once until it can. */
  | { readonly event: 'history.write-failed'; readonly path: string; readonly message: string }
  | {
      readonly event: 'check.completed';
      readonly used: number;
      readonly usage: Usage;
      readonly thresholds: Thresholds;
      readonly triggered: boolean;
      /** What this usage calls for. */
      readonly due: Due;
      /** False where the check before found the same. */
      readonly changed: boolean;
    }
  | {
      readonly event: 'sweep.started';
      readonly dryRun: boolean;
      readonly used: number;
      readonly thresholds: Thresholds;
      readonly toFree: Amount;
    }
  /** Between the soft threshold and HIGH, and the engine is quiet: what a sweep would delete first goes. */
  | ({ readonly event: 'gentle.started' } & SoftFacts)
  /** It is, but all that may go would not bring usage below the soft threshold; said once. */
  | ({ readonly event: 'gentle.skipped' } & SoftFacts)
  /** Still over HIGH, but nothing has changed since the last sweep could not help. */
  | {
      readonly event: 'sweep.skipped';
      readonly used: number;
      readonly reason: string;
      /** Whether that was said before, of the same sweep. */
      readonly repeated: boolean;
    }
  /** A circuit breaker ended a sweep, or kept gentle mode from a step. */
  | {
      readonly event: 'limit.reached';
      readonly limit: LimitName;
      /** What it allows: deletions, or bytes. */
      readonly maximum: number;
      /** What deletions of the past hour freed; counted only where that is limited. */
      readonly freedLastHourBytes: number;
      readonly reason: string;
    }
  | SubjectEvents<'image'>
  | SubjectEvents<'cache-record'>
  | SubjectEvents<'container'>
  /** Deletions freed noticeably less or more than predicted: once a sweep or gentle step, with the one that was furthest off. */
  | ({
      readonly event: 'prediction.missed';
      readonly missed: number;
      readonly deletions: number;
      /** False where the prediction was an estimate from sizes that the engine gives. */
      readonly exact: boolean;
    } & Gain &
      Omit<VictimFacts, 'reason'>)
  /** Names that a killed cleaner had taken off an image that is still there. */
  | { readonly event: 'image.names-restored'; readonly id: string; readonly references: readonly string[] }
  | ({ readonly event: 'sweep.completed' } & SweepReport)
  /** The filesystem does not show yet what deletions should have freed: nothing more is deleted until it does, or in vain. */
  | {
      readonly event: 'space.awaited';
      readonly missingBytes: number;
      readonly missingInodes: number;
      /** As long as nothing comes. */
      readonly waitSeconds: number;
    }
  /** It does: in the sweep that waited, or at a check after it. */
  | ({
      readonly event: 'space.appeared';
      readonly afterSeconds: number;
      readonly usage: Usage;
    } & Gain)
  /** A permission that the cleaner needs or, where not required, would use. */
  | { readonly event: 'cluster.access-missing'; readonly message: string; readonly required: boolean }
  /** The API server does not do what is asked, and is asked again until it does; said once. */
  | { readonly event: 'cluster.failing'; readonly task: string; readonly message: string }
  | {
      readonly event: 'cluster.working';
      readonly task: string;
      readonly failedForSeconds: number;
      readonly tries: number;
    }
  | { readonly event: 'slot.waiting'; readonly slots: number }
  | { readonly event: 'slot.taken'; readonly slot: string }
  | { readonly event: 'slot.lost'; readonly slot: string; readonly reason: string }
  | { readonly event: 'node.cordoned'; readonly mode: 'cordon' | 'taint' }
  /** Somebody else cordoned it: left as it is, before and after. */
  | { readonly event: 'node.already-cordoned' }
  | { readonly event: 'node.uncordoned'; readonly leftBehind: boolean }
  | { readonly event: 'node.left-cordoned'; readonly why: 'annotation-removed' | 'other-holder' }
  | { readonly event: 'node.gone' }
  /** Sweeping without the cordon: a full disk is worse. */
  | { readonly event: 'cordon.skipped'; readonly reason: string }
  | { readonly event: 'cordon.time-limit'; readonly maxCordonSeconds: number };

/** What happens to one victim. */
type SubjectEvents<S extends Subject> =
  /** Dry run: what would be deleted. */
  | ({ readonly event: `${S}.would-delete` } & VictimFacts)
  | ({
      readonly event: `${S}.deleted`;
      readonly used: number;
      /** After the deletion. */
      readonly usage: Usage;
      /** The looks right before it, the engine's work and the measurement after it. */
      readonly durationSeconds: number;
    } & Gain &
      VictimFacts)
  /** A victim of the plan that stays after all. */
  | {
      readonly event: `${S}.kept`;
      readonly id: RemovableId;
      readonly references: readonly string[];
      readonly reason: string;
    }
  /** Somebody else deleted it first. */
  | { readonly event: `${S}.gone`; readonly id: RemovableId; readonly references: readonly string[] }
  /** The engine has not answered a deletion: it may still be at it, so nothing else is deleted until this is known. */
  | {
      readonly event: `${S}.delete-unanswered`;
      readonly id: RemovableId;
      readonly references: readonly string[];
      readonly message: string;
      readonly waitSeconds: number;
    }
  | {
      readonly event: `${S}.delete-failed`;
      readonly id: RemovableId;
      readonly references: readonly string[];
      readonly message: string;
    };

interface SoftFacts {
  /** Per cent in relative mode, bytes in absolute mode; so is the soft threshold. */
  readonly used: number;
  readonly softLevel: number;
  readonly thresholdType: Thresholds['type'];
}

interface VictimFacts {
  readonly id: RemovableId;
  /** An image's names, a record's description, a container's name. */
  readonly references: readonly string[];
  readonly sizeBytes: number;
  readonly predictedBytes: number;
  readonly predictedInodes: number;
  readonly reason: string;
}

export type Deletion = Extract<DaemonEvent, { readonly event: `${Subject}.deleted` }>;
export type Disappearance = Extract<DaemonEvent, { readonly event: `${Subject}.gone` }>;

/** Whether an event tells that something was deleted by us. */
export function isDeletion(event: DaemonEvent): event is Deletion {
  return event.event.endsWith('.deleted');
}

/** Whether it tells that somebody else had deleted it. */
export function isDisappearance(event: DaemonEvent): event is Disappearance {
  return event.event !== 'node.gone' && event.event.endsWith('.gone');
}

/** Receives every event, in order. Must not throw and must not wait. */
export type Reporter = (event: DaemonEvent) => void;
