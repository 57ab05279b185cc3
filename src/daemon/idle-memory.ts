/** Memory that an idle daemon does not need. */

/** A collection takes some ten milliseconds of processor time: too much for every check, nothing for a minute. */
const APART_MS = 60_000;

/**
 * Returns the memory of a start, a sweep or an answer when the daemon is about to wait: V8 collects when it needs
 * room, which an idle daemon never does, so its garbage would remain resident. At most once a minute, and only where
 * Node was started with `--expose-gc`, as in the container image.
 */
export class IdleMemory {
  private lastMs = -Infinity;

  giveBack(): void {
    const collect = globalThis.gc;
    const nowMs = performance.now();
    if (collect === undefined || nowMs - this.lastMs < APART_MS) return;
    this.lastMs = nowMs;
    // "last-resort" also frees compiled code and caches that can be rebuilt.
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }
}
