/** The use of images for a command that needs it up to now: from the state file of a daemon on, by the engine's events. */
import type { Config } from '../../config/config.ts';
import type { DaemonEvent } from '../../events/events.ts';
import { type Engine, EngineError } from '../../engine/engine.ts';
import type { History } from '../../history/history.ts';
import { hasFired, sleep } from '../../system/clock.ts';

/**
 * Follows, and writes nothing: a daemon may run beside it. To be closed.
 * @throws EngineError if the engine sends no events within the time limit of one request.
 */
export async function followUse(
  { stateFile, timeoutSeconds }: Config,
  engine: Engine,
  stop: AbortSignal,
): Promise<History> {
  const { startHistory } = await import('../../history/history.ts');
  let why = 'no answer';
  const report = (event: DaemonEvent): void => {
    if (event.event === 'history.interrupted' || event.event === 'history.state-lost') why = event.message;
  };
  const options = { engine, stateFile, recordTrace: undefined, isReadOnly: true, report, clock: Date.now };
  const history = await startHistory(options, stop);
  const patience = new AbortController();
  await Promise.race([
    history.synced,
    sleep(timeoutSeconds * 1000, AbortSignal.any([stop, patience.signal])),
  ]);
  patience.abort();
  if (history.isFollowing() || hasFired(stop)) return history;
  await history.close();
  throw new EngineError('failed', `Image use cannot be tracked at ${engine.endpoint}: ${why}`);
}
