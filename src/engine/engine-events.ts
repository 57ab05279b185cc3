/** What an engine tells of the use of images while it happens. */

/** Receives events in the order in which they happened. */
export interface EventFollower {
  /** The engine has begun to tell. @param engineTimeMs its clock, to the second; undefined where not told. */
  readonly opened: (engineTimeMs: number | undefined) => void;
  /** Must not wait: a follower that reads slowly is dropped by the engine. */
  readonly event: (event: EngineEvent) => void;
}

export type EngineEvent = EventHead &
  (
    | {
        readonly kind: 'container-created' | 'container-started';
        readonly containerId: string;
        /** As somebody typed it: a name, an ID, a part of one, a digest. Undefined where not told. */
        readonly image: string | undefined;
      }
    /** It stopped, and may be started again. */
    | { readonly kind: 'container-stopped'; readonly containerId: string }
    | { readonly kind: 'container-removed'; readonly containerId: string }
    /** It came, or one of its names came or went. */
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
  /** The same whenever the engine tells the event again, and no other event's. */
  readonly key: string;
}
