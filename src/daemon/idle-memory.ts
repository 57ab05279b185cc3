/** Memory that an idle daemon does not need. */

/** A collection takes some ten milliseconds of processor time: too much for every check, nothing for a minute. */
const APART_MS = 60_000;

/**
 * Gives back what starting up, a sweep or an answer took, when the daemon is about to wait: V8 collects when it needs
 * room, which an idle daemon never does, so its garbage would stay resident. At most once a minute, and only where Node
 * was started with `--expose-gc`, as the container image does it.
 */
export class IdleMemory {
  private lastMs = -Infinity;

  giveBack(): void {
    const collect = globalThis.gc;
    const nowMs = performance.now();
    if (collect === undefined || nowMs - this.lastMs < APART_MS) return;
    this.lastMs = nowMs;
    // "last-resort" also lets go of compiled code and caches that can be made again.
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }
}
