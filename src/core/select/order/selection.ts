/** What a selection says: which units go, in which order, and why each other candidate stays. */
import type { Freed } from '../../forest/reclaim.ts';
import type { RemovableId } from '../../forest/removable.ts';

export interface Chosen {
  readonly id: RemovableId;
  /** What its deletion frees at its place, after those before it. */
  readonly freed: Freed;
  /** Where it frees nothing at its place: the later victim with which its topmost layer goes. */
  readonly completedBy: RemovableId | undefined;
}

/**
 * Why a candidate stays.
 * - `frees-nothing`: something outside of the plan uses all that it has, or it has nothing that is needed.
 * - `child-stays`: an image built from it (or a container, a child record) stays, so the engine refuses to delete it.
 * - `not-needed`: the goal is reached without it.
 */
export type StayCause = 'frees-nothing' | 'child-stays' | 'not-needed';

export interface Stay {
  readonly id: RemovableId;
  /** Its number in the forest. */
  readonly index: number;
  readonly cause: StayCause;
}

export interface Selection {
  /** In the order in which they go. */
  readonly victims: readonly Chosen[];
  /** Every other candidate, in the order of the candidates. */
  readonly stays: readonly Stay[];
  /** What all victims free together. */
  readonly freed: Freed;
  /** True when that is enough. */
  readonly reached: boolean;
}
