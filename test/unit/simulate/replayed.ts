import type { ChooserMaker } from '../../../src/simulate/replay/chooser.ts';
import { jobsOf, type Result, resultsOf, runJob, type Settings } from '../../../src/simulate/simulate.ts';
import type { Trace } from '../../../src/simulate/traces/trace.ts';

/** What `simulate` finds, all of it replayed in this process. */
export function replayed(
  trace: Trace,
  choosers: readonly ChooserMaker[],
  settings: Settings,
): readonly Result[] {
  const jobs = jobsOf(trace, choosers, settings);
  const outcomes = jobs.map((job) => runJob(trace, job));
  return resultsOf(trace, jobs, outcomes, settings);
}
