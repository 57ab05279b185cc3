/** Deletes a stopped container if it still may be deleted. Its volumes are kept. */
import { shortId } from '../../core/model/store.ts';
import { containerStays } from '../../core/eligible/cache-and-containers.ts';
import type { Victim } from '../../core/plan/plan.ts';
import type { Engine } from '../../engine/engine.ts';
import { type RemovalOptions, type RemovalOutcome, removeOnce, type Seen } from './outcome.ts';

/** @throws EngineError when the engine cannot be asked for the container's state (nothing was deleted then). */
export async function removeContainer(
  engine: Engine,
  { id }: Victim,
  options: RemovalOptions,
): Promise<RemovalOutcome> {
  const container = await engine.inspectContainer(id, options.abandon);
  if (container === undefined) return { outcome: 'gone' };
  const objection = containerStays(container, options.clean, Date.now());
  if (objection !== undefined) return { outcome: 'kept', reason: objection.reason };
  if (options.stop.aborted) return { outcome: 'kept', reason: 'the cleaner is stopping' };
  return await removeOnce<RemovalOutcome>(
    `container ${shortId(id)}`,
    async () => {
      // Started meanwhile, the engine refuses: we never force.
      const removal = await engine.removeContainer(id, options.abandon);
      if (removal.outcome === 'not-found') return { outcome: 'gone' };
      if (removal.outcome === 'conflict')
        return { outcome: 'kept', reason: `the engine refused: ${removal.message}` };
      return { outcome: 'deleted' };
    },
    async (): Promise<Seen<RemovalOutcome>> => {
      const now = await engine.inspectContainer(id, options.abandon);
      if (now === undefined) return { ended: { outcome: 'deleted' } };
      return { there: 'the container is still there', isGoing: now.state === 'removing' };
    },
    options,
  );
}
