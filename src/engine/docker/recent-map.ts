/** A map that forgets the oldest entry beyond a limit, so that what an engine answered takes bounded memory. */
export class RecentMap<K, V> extends Map<K, V> {
  static readonly LIMIT = 20_000;

  override set(key: K, value: V): this {
    this.delete(key);
    super.set(key, value);
    const oldest = this.keys().next();
    if (this.size > RecentMap.LIMIT && oldest.done !== true) this.delete(oldest.value);
    return this;
  }
}
