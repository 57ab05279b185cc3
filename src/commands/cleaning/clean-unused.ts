/** `clean --unused-for`: its rules, and, without a target, its deletions: all of those images, however empty the disk is. */
import type { Config } from '../../config/config.ts';
import type { PlanRules } from '../../core/plan/plan-rules.ts';
import { planUnused } from '../../core/plan/plan-unused.ts';
import { unusedMs } from '../../core/use-history/unused.ts';
import type { DaemonOptions } from '../../daemon/options.ts';
import type { UnusedReport } from '../../events/sweep-events.ts';
import type { History } from '../../history/history.ts';
import { Observer } from '../../observe/observer.ts';
import { deleteUnused } from '../../sweep/delete-unused.ts';
import { FailedDeletions } from '../../sweep/failed-deletions.ts';
import type { IsStillUnused } from '../../sweep/remove/outcome.ts';
import { EXIT } from '../../cli/exit-status.ts';
import type { StopSignals } from '../../system/signals.ts';
import { daemonOptions, type Parts } from './daemon-options.ts';

/** Whether an image is known to have been unused for that long: by a history that misses nothing at the moment. */
export function unusedBy(history: History, seconds: number): IsStillUnused {
  return (image) => history.isFollowing() && unusedMs(history.current(), image, Date.now()) >= seconds * 1000;
}

/** The same rules, for images that have been unused for that long and no others. */
export function onlyUnused(rules: PlanRules, seconds: number, isUnused: IsStillUnused): PlanRules {
  const { protections } = rules;
  return {
    ...rules,
    maxUnusedSeconds: seconds,
    protections: {
      ...protections,
      // Those in force: they change with KEEP_FILE.
      get keep() {
        return protections.keep;
      },
      onlyUnused: { seconds, isUnused },
    },
  };
}

/** Plans again and deletes. @throws EngineError, DiskError */
export async function deleteAllUnused(
  config: Config,
  {
    isStillUnused,
    ...parts
  }: Parts & Required<Pick<DaemonOptions, 'budget'>> & { readonly isStillUnused: IsStillUnused },
  signals: StopSignals,
): Promise<UnusedReport> {
  const { engine, disk, rules, budget, removedNames } = parts;
  const options = daemonOptions(config, parts, signals);
  await engine.connect(signals.stop);
  await removedNames?.restore(engine, signals.stop);
  const failures = new FailedDeletions(config.intervalSeconds);
  const deleting = {
    ...{ ...options, budget, failures },
    patienceMs: config.timeoutSeconds * 1000,
    isStillUnused,
  };
  const observer = new Observer(engine, disk, rules.clean);
  for (;;) {
    const { store, usage, takenAtMs: nowMs } = await observer.snapshot(signals.stop);
    const plan = planUnused({ store, nowMs }, rules);
    if (plan === undefined) throw new RangeError('the rule is on: there is a plan');
    const { report } = await deleteUnused(plan, usage, deleting);
    if (report.endedBecause !== 'changed') return report;
  }
}

export function unusedExitStatus({ endedBecause, failedDeletions }: UnusedReport): number {
  if (endedBecause === 'unanswered') return EXIT.unavailable;
  return endedBecause === 'done' && failedDeletions === 0 ? EXIT.done : EXIT.aboveLow;
}
