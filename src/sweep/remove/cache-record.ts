/** Deletes one record of the build cache, if no build and no other record holds it. */
import type { Victim } from '../../core/plan/plan.ts';
import type { CacheRecord } from '../../core/model/store.ts';
import type { Engine } from '../../engine/engine.ts';
import { type RemovalOptions, type RemovalOutcome, removeOnce, type Seen } from './outcome.ts';

/** @throws EngineError when the engine cannot be asked for its records (nothing was deleted then). */
export async function removeCacheRecord(
  engine: Engine,
  { id }: Victim,
  options: RemovalOptions,
): Promise<RemovalOutcome> {
  const records = await engine.listCacheRecords(options.abandon);
  const record = find(records, id);
  if (record === undefined) return { outcome: 'gone' };
  if (record.inUse) return { outcome: 'kept', reason: 'a build holds it now' };
  const child = records.find(({ parents }) => parents.includes(id));
  if (child !== undefined) return { outcome: 'kept', reason: `the record ${child.id}depends on it` };
  if (options.stop.aborted) return { outcome: 'kept', reason: 'the cleaner is stopping' };
  return await removeOnce<RemovalOutcome>(
    `build-cache record ${id}`,
    async () => {
      const removal = await engine.removeCacheRecord(id, options.abandon);
      return removal.outcome === 'removed'
        ? { outcome: 'deleted' }
        : {
            outcome: 'kept',
            reason: removal.outcome === 'conflict' ? removal.message : 'the engine did not delete it',
          };
    },
    async (): Promise<Seen<RemovalOutcome>> =>
      find(await engine.listCacheRecords(options.abandon), id) === undefined
        ? { ended: { outcome: 'deleted' } }
        : { there: 'the record is still there' },
    options,
  );
}

function find(records: readonly CacheRecord[], id: string): CacheRecord | undefined {
  return records.find((record) => record.id === id);
}
