/** `clean --json`. */
import type { SweepReport } from '../../events/events.ts';
import type { PlanJson } from './plan.ts';

export interface CleanJson {
  /** What was to be deleted. */
  readonly plan: PlanJson;
  /** What was; null where nothing was to be done, or only shown. */
  readonly report: SweepReport | null;
  /** What is gone, in order. */
  readonly deleted: readonly {
    readonly id: string;
    readonly references: readonly string[];
    readonly freedBytes: number;
  }[];
}
