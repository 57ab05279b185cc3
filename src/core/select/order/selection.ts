/** What a selection says: which units are deleted, in which order, and why each other candidate is kept. */
import type { Freed } from '../../forest/reclaim.ts';
import type { RemovableId } from '../../forest/removable.ts';

export interface Chosen {
  readonly id: RemovableId;
  /** What its deletion frees at its place, after those before it. */
  readonly freed: Freed;
  /** Where it frees nothing at its place: the later victim that frees its topmost layer. */
  readonly completedBy: RemovableId | undefined;
}

/**
 * Why a candidate is kept.
 * - `frees-nothing`: something outside the plan uses all its layers, or it frees nothing that is scarce.
 * - `child-stays`: an image built from it (or a container, a child record) is kept, so the engine refuses to delete
 *   it.
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
  /** In the order of deletion. */
  readonly victims: readonly Chosen[];
  /** Every other candidate, in the order of the candidates. */
  readonly stays: readonly Stay[];
  /** What all victims free together. */
  readonly freed: Freed;
  /** True when that is enough. */
  readonly reached: boolean;
}
