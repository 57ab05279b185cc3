/**
 * Trees that could not be measured: they are left out, so that what somebody made in one of them does not keep the rest from
 * being measured and cleaned.
 */
import { DiskError } from '../filesystem/error.ts';

export class LeftOut {
  readonly #now = new Map<string, DiskError>();
  #told = new Set<string>();

  /** A measurement begins. */
  begin(): void {
    this.#now.clear();
  }

  /**
   * Leaves out a tree that cannot be read for its own reasons. Missing rights are not a matter of one tree, and the callers have
   * a way of their own for it.
   * @throws the error where it is of another kind.
   */
  add(error: unknown): void {
    if (!(error instanceof DiskError) || error.code !== 'failed') throw error;
    this.#now.set(error.path, error);
  }

  get all(): readonly DiskError[] {
    return [...this.#now.values()];
  }

  /** Those not reported yet; one that could be measured meanwhile is reported again. */
  takeNew(): readonly DiskError[] {
    const found = this.all.filter(({ path }) => !this.#told.has(path));
    this.#told = new Set(this.#now.keys());
    return found;
  }
}
