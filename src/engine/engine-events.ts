/** What an engine reports of the use of images as it happens. */

/** Receives events in the order in which they happened. */
export interface EventFollower {
  /** The engine has begun to report. @param engineTimeMs its clock, to the second; undefined if not reported. */
  readonly opened: (engineTimeMs: number | undefined) => void;
  /** Must not wait: a follower that reads slowly is dropped by the engine. */
  readonly event: (event: EngineEvent) => void;
}

export type EngineEvent = EventHead &
  (
    | {
        readonly kind: 'container-created' | 'container-started';
        readonly containerId: string;
        /** As typed: a name, an ID, a part of one, a digest. Undefined if not reported. */
        readonly image: string | undefined;
      }
    /** It stopped, and may be started again. */
    | { readonly kind: 'container-stopped'; readonly containerId: string }
    | { readonly kind: 'container-removed'; readonly containerId: string }
    /** It arrived, or one of its names was added or removed. */
    | {
        readonly kind: 'image-changed';
        /** An ID or a name. */
        readonly image: string;
      }
    | { readonly kind: 'image-removed'; readonly image: string }
  );

interface EventHead {
  /** By the engine's clock. */
  readonly atMs: number;
  /** The same whenever the engine repeats the event, and unique to it. */
  readonly key: string;
}
