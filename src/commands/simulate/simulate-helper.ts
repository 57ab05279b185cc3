/** The other side of simulate-helpers.ts: replays the jobs that it is given, until its parent is gone. */
import { once } from 'node:events';
import type { SimulateOptions } from '../../cli/simulate-options.ts';
import { EXIT } from '../../cli/exit-status.ts';
import { compileExpression, loadExpressions } from '../../config/values/expressions.ts';
import { parseKeepPatterns } from '../../core/eligible/pattern.ts';
import { findChoosers } from '../../simulate/choosers.ts';
import { type Job, jobsOf, runJob } from '../../simulate/simulate.ts';
import type { Trace } from '../../simulate/traces/trace.ts';
import { settingsOf } from './simulate.ts';
import type { HelperMessage, HelperOrder } from './simulate-helpers.ts';

export async function simulateHelper(options: SimulateOptions): Promise<number> {
  let ready: Promise<Ready> | undefined;
  const obey = async (order: HelperOrder): Promise<void> => {
    if (order.kind === 'trace') {
      ready = prepare(options, order);
      return;
    }
    const known = await ready;
    const job = known?.jobs[order.job];
    if (known === undefined || job === undefined) throw new RangeError(`no job ${order.job}`);
    const outcome = runJob(known.trace, job, (share) => {
      say({ kind: 'progress', job: order.job, share });
    });
    say({ kind: 'done', job: order.job, outcome });
  };
  // A failure ends this process, and the parent reports it.
  process.on('message', (message) => void obey(message as HelperOrder));
  await once(process, 'disconnect');
  return EXIT.done;
}

interface Ready {
  readonly trace: Trace;
  readonly jobs: readonly Job[];
}

async function prepare(
  options: SimulateOptions,
  { trace, keep }: Extract<HelperOrder, { kind: 'trace' }>,
): Promise<Ready> {
  await loadExpressions(keep);
  const parsed = parseKeepPatterns(keep.join('\n'), compileExpression);
  if (!parsed.ok) throw new RangeError(parsed.reason);
  const settings = settingsOf({ ...options, keep: parsed.patterns });
  return { trace, jobs: jobsOf(trace, findChoosers(options.policy), settings) };
}

function say(message: HelperMessage): void {
  // Sending failed: the parent is gone, and this process ends with it.
  process.send?.(message, undefined, undefined, () => undefined);
}
