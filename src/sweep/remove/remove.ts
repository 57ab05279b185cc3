/**
 * The one folder that deletes. Each kind checks again right before, never forces, and has at most one deletion in
 * flight: it does not return before the engine has answered or, where the answer was lost, before it is known how it
 * ended.
 */
import type { Victim } from '../../core/plan/plan.ts';
import type { Engine } from '../../engine/engine.ts';
import { removeCacheRecord } from './cache-record.ts';
import { removeContainer } from './container.ts';
import { removeImage } from './image.ts';
import type { RemovalOptions, RemovalOutcome } from './outcome.ts';

/**
 * Deletes a victim of a plan, if it is still what the plan saw and still unused.
 * @throws EngineError when the engine cannot be asked whether it is (nothing was deleted then).
 */
export async function remove(
  engine: Engine,
  victim: Victim,
  options: RemovalOptions,
): Promise<RemovalOutcome> {
  switch (victim.kind) {
    case 'image':
      return await removeImage(engine, victim, options);
    case 'build-cache':
      return await removeCacheRecord(engine, victim, options);
    case 'stopped-container':
      return await removeContainer(engine, victim, options);
  }
}
