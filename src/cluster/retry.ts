/** Trying again until it works: capped exponential backoff with jitter, and one word when it starts to fail and when it ends. */
import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError } from './error.ts';

/** What is being done, for log and metrics. */
export type Task = 'recover' | 'cordon' | 'uncordon' | 'slot' | 'event' | 'list-nodes' | 'delete-daemonset';

/** Given once per change of state, not per try. */
export type ClusterReport =
  | { readonly kind: 'failing'; readonly task: Task; readonly error: ClusterError }
  | {
      readonly kind: 'working-again';
      readonly task: Task;
      readonly failedForMs: number;
      readonly tries: number;
    }
  | { readonly kind: 'waiting-for-slot'; readonly slots: number }
  | { readonly kind: 'slot-taken'; readonly slot: string; readonly from: string | undefined }
  | { readonly kind: 'slot-lost'; readonly slot: string; readonly reason: string }
  | { readonly kind: 'cordoned'; readonly mode: 'cordon' | 'taint' }
  | { readonly kind: 'already-cordoned' }
  | { readonly kind: 'node-gone' }
  | { readonly kind: 'uncordoned'; readonly leftBehind: boolean }
  | { readonly kind: 'left-cordoned'; readonly why: 'annotation-removed' | 'other-holder' };

export type Reporter = (report: ClusterReport) => void;

export interface Backoff {
  readonly firstMs: number;
  readonly capMs: number;
}

export const defaultBackoff: Backoff = { firstMs: 500, capMs: 30_000 };

/** Monotonic time and randomness; tests may give their own. */
export interface Chance {
  /** Milliseconds of a clock that never jumps. */
  readonly monotonicMs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

export const realChance: Chance = { monotonicMs: () => performance.now(), random: () => Math.random() };

/**
 * How long to wait before the next try: doubling up to the cap, the upper half of it random so that a hundred nodes
 * do not retry in step. The server's Retry-After is the minimum.
 * @param failures how often it failed in a row, from 1.
 */
export function backoffMs(backoff: Backoff, failures: number, random: number, retryAfterSeconds = 0): number {
  const step = Math.min(backoff.capMs, backoff.firstMs * 2 ** Math.min(failures - 1, 30));
  return Math.max(step / 2 + (step / 2) * random, retryAfterSeconds * 1000);
}

/** Failures of a task in a row, over however many calls. */
interface Row {
  failures: number;
  sinceMs: number;
  /** Of the last one. */
  code: string;
}

/**
 * What fails at the moment. A series of failures that was given up continues with the next call for the same task, so
 * that its end is reported once it works.
 */
export type Rows = Map<Task, Row>;

export interface RetryOptions {
  readonly rows: Rows;
  readonly task: Task;
  readonly backoff: Backoff;
  readonly chance: Chance;
  readonly report: Reporter;
}

/** How often a conflict is met by reading again at once, before backing off as from any other failure. */
const immediateConflicts = 5;

/**
 * Runs `attempt` until it succeeds. Every ClusterError is tried again, however long it takes: the caller bounds it with
 * the signal. @throws the signal's reason; anything that is not a ClusterError.
 */
export async function untilDone<T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  options: RetryOptions,
): Promise<T> {
  const { rows, task, backoff, chance, report } = options;
  let conflicts = 0;
  let failures = 0;
  for (;;) {
    signal.throwIfAborted();
    try {
      const value = await attempt(signal);
      const row = rows.get(task);
      rows.delete(task);
      if (row !== undefined) {
        const failedForMs = chance.monotonicMs() - row.sinceMs;
        report({ kind: 'working-again', task, failedForMs, tries: row.failures + 1 });
      }
      return value;
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      if (error.code === 'conflict' && conflicts++ < immediateConflicts) continue;
      failures++;
      const row = rows.get(task);
      rows.set(task, {
        failures: (row?.failures ?? 0) + 1,
        sinceMs: row?.sinceMs ?? chance.monotonicMs(),
        code: error.code,
      });
      if (error.code !== row?.code) report({ kind: 'failing', task, error });
      const waitMs = backoffMs(backoff, failures, chance.random(), error.retryAfterSeconds);
      // An abort ends the wait with an error of Node's own; what counts is the signal's reason, thrown above.
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
