/**
 * Those who watch the daemon's whole world, not only its events: surfaces that people open at any time. Published by
 * the daemon, so that nobody's look costs the engine a request.
 */
import type { DataRootFinding } from '../disk/data-root.ts';
import type { EngineInfo } from '../engine/engine.ts';
import type { Usage } from '../core/model/thresholds.ts';
import type { Snapshot, SpaceAnswer } from '../observe/observer.ts';

/** The world at one moment. */
export interface View {
  readonly engine: EngineInfo;
  readonly snapshot: Snapshot;
  /** What speaks against the path being the engine's; undefined when nothing does. */
  readonly dataRoot: DataRootFinding | undefined;
  readonly space: SpaceAnswer;
}

/** Must not throw and must not wait. */
export interface Listener {
  /**
   * The world was looked at: after each check without a sweep, before a sweep, and after it. Undefined: only the loop is
   * followed, and no look is taken for that.
   */
  readonly observed?: (view: View) => void;
  /** The filesystem was looked at between two checks: its own numbers, nothing of what is below the path. */
  readonly looked?: (usage: Usage) => void;
  /** A heartbeat of the loop, with the deadline of the next one in seconds. */
  readonly alive: (withinSeconds: number) => void;
}
