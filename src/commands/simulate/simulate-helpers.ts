/**
 * Replays in processes of their own, one job after another in each: as many as there are processors. A helper is this
 * program with the same arguments, so it has the same jobs; it is sent the trace and then the numbers of jobs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { isSea } from 'node:sea';
import { type Job, type Outcome, runJob } from '../../simulate/simulate.ts';
import type { Trace } from '../../simulate/traces/trace.ts';
import { ReplayProgress } from './replay-progress.ts';

/** What the first argument is in a helper; main.ts knows it. */
const HELPER = 'simulate-helper';

/**
 * What a helper is sent: first the trace and the patterns of kept images as written, because those of a file are not
 * among its arguments and the file may be a pipe. Then jobs by number.
 */
export type HelperOrder =
  | { readonly kind: 'trace'; readonly trace: Trace; readonly keep: readonly string[] }
  | { readonly kind: 'job'; readonly job: number };

/** What a helper says. */
export type HelperMessage =
  | { readonly kind: 'progress'; readonly job: number; readonly share: number }
  | { readonly kind: 'done'; readonly job: number; readonly outcome: Outcome };

/** Fewer uses to replay than that are done here sooner than helpers have started. */
const WORTH_HELPERS = 30_000;

/** A helper ended before its job: it was killed, or this program's file was replaced. */
class HelperError extends Error {
  readonly code = 'SIMULATE_HELPER_ENDED';

  constructor(how: string) {
    super(`a replay process ended ${how}`);
    this.name = 'HelperError';
  }
}

/** The result of each job, in order. With a line of progress where standard error is a terminal. */
export async function runJobs(trace: Trace, jobs: readonly Job[]): Promise<readonly Outcome[]> {
  const progress = new ReplayProgress(jobs, process.stderr);
  try {
    const count = Math.min(jobs.length, availableParallelism());
    if (count > 1 && jobs.length * trace.startsMs.length >= WORTH_HELPERS)
      return await withHelpers(trace, jobs, count, progress);
    return jobs.map((job, number) => runJob(trace, job, (share) => progress.at(number, share)));
  } finally {
    progress.end();
  }
}

async function withHelpers(
  trace: Trace,
  jobs: readonly Job[],
  count: number,
  progress: ReplayProgress,
): Promise<readonly Outcome[]> {
  const outcomes = new Array<Outcome>(jobs.length);
  const waiting = [...jobs.keys()];
  const helpers = Array.from({ length: count }, startHelper);
  const keep = (jobs[0]?.options.protections?.keep ?? []).map(({ text }) => text);
  const work = async (helper: ChildProcess): Promise<void> => {
    tell(helper, { kind: 'trace', trace, keep });
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift())
      outcomes[job] = await outcomeOf(helper, job, progress);
    helper.disconnect();
  };
  try {
    await Promise.all(helpers.map(work));
    return outcomes;
  } finally {
    for (const helper of helpers) if (helper.exitCode === null) helper.kill();
  }
}

function startHelper(): ChildProcess {
  const program = isSea() ? [] : [...process.execArgv, process.argv[1] ?? ''];
  return spawn(process.execPath, [...program, HELPER, ...process.argv.slice(3)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
}

function tell(helper: ChildProcess, order: HelperOrder): void {
  // Sending failed: the helper has ended, which the caller waiting for its answer learns.
  helper.send(order, () => undefined);
}

/** @throws HelperError */
async function outcomeOf(helper: ChildProcess, job: number, progress: ReplayProgress): Promise<Outcome> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const onExit = (code: number | null, by: string | null): void => {
    reject(new HelperError(by === null ? `with status ${String(code)}` : `by ${by}`));
  };
  const onMessage = (said: HelperMessage): void => {
    progress.at(said.job, said.kind === 'done' ? 1 : said.share);
    if (said.kind === 'done') resolve(said.outcome);
  };
  helper.on('message', onMessage).once('exit', onExit);
  tell(helper, { kind: 'job', job });
  try {
    return await promise;
  } finally {
    helper.off('message', onMessage).off('exit', onExit);
  }
}
