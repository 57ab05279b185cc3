/** The other side of simulate-helpers.ts: replays the jobs that it is told, until nobody is there to tell it any. */
import { once } from 'node:events';
import type { SimulateOptions } from '../../cli/simulate-options.ts';
import { EXIT } from '../../cli/exit-status.ts';
import { findChoosers } from '../../simulate/choosers.ts';
import { type Job, jobsOf, runJob } from '../../simulate/simulate.ts';
import type { Trace } from '../../simulate/traces/trace.ts';
import { settingsOf } from './simulate.ts';
import type { HelperMessage, HelperOrder } from './simulate-helpers.ts';

export async function simulateHelper(options: SimulateOptions): Promise<number> {
  const choosers = findChoosers(options.policy);
  let trace: Trace | undefined;
  let jobs: readonly Job[] = [];
  process.on('message', (message) => {
    const order = message as HelperOrder;
    if (order.kind === 'trace') {
      trace = order.trace;
      jobs = jobsOf(trace, choosers, settingsOf(options));
      return;
    }
    const job = jobs[order.job];
    if (trace === undefined || job === undefined) throw new RangeError(`no job ${order.job}`);
    const outcome = runJob(trace, job, (share) => {
      say({ kind: 'progress', job: order.job, share });
    });
    say({ kind: 'done', job: order.job, outcome });
  });
  await once(process, 'disconnect');
  return EXIT.done;
}

function say(message: HelperMessage): void {
  // Sending failed: the parent is gone, and this process ends with it.
  process.send?.(message, undefined, undefined, () => undefined);
}
