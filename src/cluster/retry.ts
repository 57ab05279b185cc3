/** Trying again until it works: capped exponential backoff with jitter, and one word when it starts to fail and when it ends. */
import type { DaemonEvent } from '../events/events.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError } from './error.ts';

/** What is being done, for log and metrics. */
export type Task = 'recover' | 'cordon' | 'uncordon' | 'slot' | 'event' | 'list-nodes' | 'delete-daemonset';

/**
 * Receives an event once per change of state, not per try; with what begins to fail, what stands in the way.
 * Must not throw and must not wait.
 */
export type Reporter = (event: DaemonEvent, error?: ClusterError) => void;

export interface Backoff {
  readonly firstMs: number;
  readonly capMs: number;
}

export const defaultBackoff: Backoff = { firstMs: 500, capMs: 30_000 };

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
  const { rows, task, backoff, report } = options;
  let conflicts = 0;
  let failures = 0;
  for (;;) {
    signal.throwIfAborted();
    try {
      const value = await attempt(signal);
      const row = rows.get(task);
      rows.delete(task);
      if (row !== undefined) {
        const failedForSeconds = (performance.now() - row.sinceMs) / 1000;
        report({ event: 'cluster.working', task, failedForSeconds, tries: row.failures + 1 });
      }
      return value;
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      if (error.code === 'conflict' && conflicts++ < immediateConflicts) continue;
      failures++;
      const row = rows.get(task);
      rows.set(task, {
        failures: (row?.failures ?? 0) + 1,
        sinceMs: row?.sinceMs ?? performance.now(),
        code: error.code,
      });
      if (error.code !== row?.code) report({ event: 'cluster.failing', task, message: error.message }, error);
      const waitMs = backoffMs(backoff, failures, Math.random(), error.retryAfterSeconds);
      // An abort ends the wait with an error of Node's own; what counts is the signal's reason, thrown above.
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
