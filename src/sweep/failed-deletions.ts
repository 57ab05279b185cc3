/**
 * What the engine could not delete, remembered over checks: it is tried again later and later, so that a store that
 * cannot be written, or a proxy that forbids deletions, does not cost a failed try for each image at each check.
 */
import { formatDuration } from '../core/model/format.ts';
import type { Usage } from '../core/model/thresholds.ts';
import type { RemovableId } from '../core/forest/removable.ts';

const LONGEST_MS = 3_600_000;
/** Factor by which each failure waits longer than the one before. */
const GROWTH = 4;

interface Failure {
  readonly message: string;
  readonly count: number;
  readonly atMs: number;
  readonly untilMs: number;
}

export class FailedDeletions {
  readonly #firstWaitMs: number;
  readonly #items = new Map<RemovableId, Failure>();
  #all: Failure | undefined;
  #isUncertain = false;
  /** What was available when no deletion was possible. */
  #available: { readonly bytes: number; readonly inodes: number } | undefined;

  /** @param intervalSeconds between two checks: the first wait. */
  constructor(intervalSeconds: number) {
    this.#firstWaitMs = intervalSeconds * 1000;
  }

  /** One item failed. */
  failed(id: RemovableId, message: string, nowMs: number): void {
    this.#items.set(id, this.#next(this.#items.get(id), message, nowMs));
  }

  /** A deletion ended with a lost connection: it may succeed at the next check. */
  uncertain(): void {
    this.#isUncertain = true;
  }

  /** Whether there was such a one since this was last asked. */
  takeUncertain(): boolean {
    const isUncertain = this.#isUncertain;
    this.#isUncertain = false;
    return isUncertain;
  }

  /** It went after all, or was kept for a reason of its own. */
  forget(id: RemovableId): void {
    this.#items.delete(id);
  }

  /** No deletion can succeed: the engine or its guard refuses each, or each fails. */
  allFailed(message: string, usage: Usage, nowMs: number): void {
    this.#all = this.#next(this.#all, message, nowMs);
    this.#available = availableIn(usage);
  }

  /** A sweep ended otherwise. */
  succeeded(): void {
    this.#all = undefined;
    this.#available = undefined;
  }

  /** A check measured the disk: room that somebody made by hand is worth another try. */
  measured(usage: Usage): void {
    if (this.#available === undefined) return;
    const { bytes, inodes } = availableIn(usage);
    if (bytes > this.#available.bytes || inodes > this.#available.inodes) this.succeeded();
  }

  /** Why no sweep is begun now; undefined where one may be. */
  whyWait(nowMs: number): string | undefined {
    const all = this.#all;
    if (all === undefined || !isWaiting(all, nowMs)) return undefined;
    return `deletions fail (${all.message}); retried within the hour, or when space is freed`;
  }

  /** What must not be tried yet, with the reason. */
  refusals(nowMs: number): Map<RemovableId, string> {
    const refused = new Map<RemovableId, string>();
    for (const [id, failure] of this.#items) {
      if (!isWaiting(failure, nowMs)) continue;
      const ago = formatDuration((nowMs - failure.atMs) / 1000);
      refused.set(id, `could not be deleted ${ago} ago, will be retried: ${failure.message}`);
    }
    return refused;
  }

  /** Forgets what no longer exists. */
  keepOnly(present: ReadonlySet<RemovableId>): void {
    for (const id of this.#items.keys()) if (!present.has(id)) this.#items.delete(id);
  }

  #next(before: Failure | undefined, message: string, nowMs: number): Failure {
    const count = (before?.count ?? 0) + 1;
    const waitMs = Math.min(LONGEST_MS, this.#firstWaitMs * GROWTH ** (count - 1));
    return { message, count, atMs: nowMs, untilMs: nowMs + waitMs };
  }
}

/** A clock that was set back ends the wait. */
function isWaiting({ atMs, untilMs }: Failure, nowMs: number): boolean {
  return nowMs >= atMs && nowMs < untilMs;
}

function availableIn({ bytes, inodes }: Usage): { readonly bytes: number; readonly inodes: number } {
  return { bytes: bytes.available, inodes: inodes?.available ?? 0 };
}
