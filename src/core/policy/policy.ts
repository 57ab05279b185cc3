/**
 * What a policy is: one file, one value, found by name (registry.ts). It says what is deleted first, or what each image is
 * worth; it never says what may be deleted (eligible/images.ts) and never how much (the goal).
 */
import type { Forest } from '../forest/forest.ts';
import type { Chosen } from '../select/order/selection.ts';
import type { ChainId, ImageStore } from '../model/store.ts';
import type { Amount, Resource } from '../model/thresholds.ts';
import type { Removable } from '../forest/removable.ts';
import type { UsageHistory } from '../use-history/history.ts';

/** All that a policy is given. */
export interface PolicyContext {
  readonly store: ImageStore;
  readonly forest: Forest;
  /** What may be deleted. */
  readonly candidates: readonly Removable[];
  /** How much is to be freed. */
  readonly goal: Amount;
  /** The resource that is fuller. */
  readonly scarce: Resource;
  readonly nowMs: number;
  /** The usage history; a policy must do something sensible without it. */
  readonly history?: UsageHistory;
}

interface Described {
  /** As in the setting. */
  readonly name: string;
  /** One line: what is deleted first. */
  readonly summary: string;
  /** It needs the use of images, so that must be tracked. */
  readonly needsHistory?: boolean;
  /** Why a victim is chosen: a few words for people, without what it frees. */
  readonly reason: (unit: Removable, victim: Chosen, context: PolicyContext) => string;
}

/** Gives a strict order: it is walked until the goal is reached (select/order/in-order.ts). */
export interface OrderPolicy extends Described {
  readonly kind: 'order';
  /** All candidates in order of deletion. Dependents need not precede: the walk ensures that. */
  readonly order: (context: PolicyContext) => readonly Removable[];
}

/** Gives worths: the victims are those that reach the goal with the least sum of worths (select/least-loss/least-loss.ts). */
export interface WorthPolicy extends Described {
  readonly kind: 'worth';
  readonly worths: (context: PolicyContext) => PolicyWorths;
}

/** Worths in a unit of the policy's own, zero or more, finite. */
export interface PolicyWorths {
  /** What is lost with the unit itself. */
  readonly unit: (unit: Removable) => number;
  /**
   * What is lost with a layer (and its number in the forest), once, when its last user is deleted. Nothing if left
   * out.
   */
  readonly layer?: (layer: ChainId, index: number) => number;
}

export type Policy = OrderPolicy | WorthPolicy;
