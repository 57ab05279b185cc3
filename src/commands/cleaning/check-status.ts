/** The exit status of a single check. */
import { EXIT } from '../../cli/exit-status.ts';
import type { CheckResult } from '../../daemon/options.ts';

export function checkStatus(result: CheckResult): number {
  if (result.outcome === 'unavailable') return EXIT.unavailable;
  if (result.outcome === 'cannot-help') return EXIT.aboveLow;
  if (result.outcome !== 'swept' || result.sweep.reachedLow || result.sweep.dryRun) return EXIT.done;
  const { stoppedBecause } = result.sweep;
  const isAway = stoppedBecause === 'engine-unavailable' || stoppedBecause === 'path-unavailable';
  return isAway ? EXIT.unavailable : EXIT.aboveLow;
}
