/**
 * For surfaces that show everything, not only events, and are opened at any time. The daemon publishes snapshots, so
 * that serving a request never contacts the engine.
 */
import type { DataRootFinding } from '../disk/data-root.ts';
import type { EngineInfo } from '../engine/engine.ts';
import type { Usage } from '../core/model/thresholds.ts';
import type { Snapshot, SpaceAnswer } from '../observe/observer.ts';

/** The world at one moment. */
export interface View {
  readonly engine: EngineInfo;
  readonly snapshot: Snapshot;
  /** Why the path may not be the engine's; undefined when it seems to be. */
  readonly dataRoot: DataRootFinding | undefined;
  readonly space: SpaceAnswer;
}

/** Must not throw and must not wait. */
export interface Listener {
  /**
   * A snapshot was taken: after each check without a sweep, before a sweep, and after it. Undefined: only heartbeats
   * are wanted, and no snapshot is taken.
   */
  readonly observed?: (view: View) => void;
  /** The filesystem's usage was read between two checks, without what is below the path. */
  readonly looked?: (usage: Usage) => void;
  /** A heartbeat of the loop, with the deadline of the next one in seconds. */
  readonly alive: (withinSeconds: number) => void;
}
