/** What a sweep does while the engine is away: it waits and tries again, because the engine may be restarting. */
import { backoff, sleep } from '../system/clock.ts';
import { type Engine, EngineError } from '../engine/engine.ts';
import type { Reporter } from '../events/events.ts';

export interface Patience {
  readonly engine: Engine;
  readonly report: Reporter;
  /** How long the engine may be away. */
  readonly patienceMs: number;
  readonly stop: AbortSignal;
  readonly abandon: AbortSignal;
}

/**
 * Tries again with backoff while the engine is away: it may be restarting.
 * @throws EngineError when it is unreachable for longer than the patience, or for a reason that waiting cannot change.
 */
export async function patiently<T>(ask: (signal: AbortSignal) => Promise<T>, options: Patience): Promise<T> {
  const deadlineMs = performance.now() + options.patienceMs;
  let reported = false;
  for (const waitMs of backoff()) {
    try {
      if (reported) {
        const { endpoint, name, version, apiVersion } = await options.engine.connect(options.abandon);
        options.report({ event: 'engine.connected', endpoint, name, version, apiVersion });
      }
      return await ask(options.abandon);
    } catch (error) {
      const mayReturn =
        error instanceof EngineError && (error.code === 'unreachable' || error.code === 'timeout');
      if (!mayReturn || performance.now() + waitMs > deadlineMs || options.stop.aborted) throw error;
      if (!reported) {
        options.report({
          event: 'engine.unavailable',
          endpoint: options.engine.endpoint,
          message: error.message,
        });
        reported = true;
      }
      await sleep(waitMs, options.stop);
      options.stop.throwIfAborted();
    }
  }
  throw new Error('unreachable: backoff never ends');
}
