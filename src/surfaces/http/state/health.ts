/** Whether the loop is alive and can do its work. Pure: times are arguments, of a monotonic clock. */
import type { DaemonEvent } from '../../../events/events.ts';

/** What a health check finds. */
export interface HealthCheck {
  readonly ok: boolean;
  /** A sentence for people. */
  readonly message: string;
}

export class Health {
  #deadlineMs: number;
  #withinMs: number;
  /** Why the work cannot be done; undefined: it can. */
  #problem: { readonly of: 'start' | 'engine' | 'path'; readonly message: string } | undefined = {
    of: 'start',
    message: 'The first check has not ended yet.',
  };

  /** @param firstMs how long the first heartbeat may take. */
  constructor(nowMs: number, firstMs: number) {
    this.#withinMs = firstMs;
    this.#deadlineMs = nowMs + firstMs;
  }

  /** The loop promises its next heartbeat within a time. */
  alive(nowMs: number, withinSeconds: number): void {
    this.#withinMs = withinSeconds * 1000;
    this.#deadlineMs = nowMs + this.#withinMs;
  }

  /** An event of the daemon is a heartbeat, too. */
  on(event: DaemonEvent, nowMs: number): void {
    this.#deadlineMs = Math.max(this.#deadlineMs, nowMs + this.#withinMs);
    const problem = this.#problem;
    if (event.event === 'check.completed') this.#problem = undefined;
    else if (event.event === 'engine.unavailable') this.#problem = { of: 'engine', message: event.message };
    else if (event.event === 'path.unavailable') this.#problem = { of: 'path', message: event.message };
    else if (event.event === 'engine.connected' && problem?.of === 'engine') this.#problem = undefined;
    else if (event.event === 'path.available' && problem?.of === 'path') this.#problem = undefined;
  }

  /** For `/healthz`. */
  loop(nowMs: number): HealthCheck {
    const lateSeconds = Math.round((nowMs - this.#deadlineMs) / 1000);
    return lateSeconds <= 0
      ? { ok: true, message: 'ok' }
      : {
          ok: false,
          message: `The loop hangs: a heartbeat is overdue by ${lateSeconds} s. Restarting the process may help; a disk or mount that does not answer is the usual cause.`,
        };
  }

  /** For `/readyz`. */
  work(nowMs: number): HealthCheck {
    const loop = this.loop(nowMs);
    if (!loop.ok || this.#problem === undefined) return loop;
    return { ok: false, message: this.#problem.message };
  }

  get problem(): string | undefined {
    return this.#problem?.message;
  }
}
