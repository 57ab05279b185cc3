/** `clean --json`. */
import type { SweepReport } from '../../events/events.ts';
import type { UnusedReport } from '../../events/sweep-events.ts';
import type { PlanJson } from './plan.ts';

export interface CleanJson {
  /** What was to be deleted. */
  readonly plan: PlanJson;
  /** What was; null where nothing was to be done, or only shown. */
  readonly report: SweepReport | null;
  /** The same where images were deleted for being unused, whatever the disk says. */
  readonly unused: UnusedReport | null;
  /** What was deleted, in order. */
  readonly deleted: readonly {
    readonly id: string;
    readonly references: readonly string[];
    readonly freedBytes: number;
  }[];
}
