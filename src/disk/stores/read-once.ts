/** Records of a folder whose entries never change: each is read once, and forgotten when it is gone. */
import { forEachLimited } from '../../system/concurrency.ts';

/** Files read at a time: enough to hide the disk, few enough not to crowd out others. */
const readsAtOnce = 16;

export class ReadOnce<T> {
  readonly #records = new Map<string, T>();
  /** The names as they were when the last record of them was read. */
  #complete: readonly string[] | undefined;

  get records(): ReadonlyMap<string, T> {
    return this.#records;
  }

  /**
   * Reads new records and forgets removed ones.
   * @param names the folder's names; the same array as the last time while they are the same.
   * @param idOf what a name stands for; undefined: no record.
   * @param read one record; undefined when it is incomplete (just being added or removed) and a sentence when it is
   *   damaged: both are read again the next time.
   * @param damaged receives the sentences.
   * @returns false when the records are the same as before.
   * @throws the signal's reason when aborted.
   */
  async refresh(
    names: readonly string[],
    idOf: (name: string) => string | undefined,
    read: (id: string) => Promise<T | string | undefined>,
    damaged: string[],
    signal: AbortSignal,
  ): Promise<boolean> {
    if (names === this.#complete) return false;
    this.#complete = undefined;
    const present = new Set<string>();
    for (const name of names) {
      const id = idOf(name);
      if (id !== undefined) present.add(id);
    }
    for (const id of this.#records.keys()) if (!present.has(id)) this.#records.delete(id);
    const fresh = [...present].filter((id) => !this.#records.has(id));
    await forEachLimited(fresh, readsAtOnce, signal, async (id) => {
      const record = await read(id);
      if (typeof record === 'string') damaged.push(record);
      else if (record !== undefined) this.#records.set(id, record);
    });
    if (this.#records.size === present.size) this.#complete = names;
    return true;
  }
}
