/**
 * `clean`: one sweep now, whatever HIGH says. Shows the plan, asks, and runs one check of the daemon, which plans
 * again, cordons, deletes and reports as always.
 */
import { createInterface } from 'node:readline/promises';
import type { CleanRequest } from '../config/requests/clean-request.ts';
import { sweepingTo } from '../config/requests/clean-request.ts';
import type { Config } from '../config/config.ts';
import { ClusterError } from '../cluster/error.ts';
import { type Cut, DeletionBudget } from '../core/plan/deletion-budget.ts';
import { formatBytes, formatCount, formatDuration, formatLevel } from '../core/model/format.ts';
import { imagesOnly } from '../core/eligible/cache-and-containers.ts';
import { makePlan, type Plan } from '../core/plan/plan.ts';
import type { PlanRules } from '../core/plan/plan-rules.ts';
import { planOfUnused, planUnused, type UnusedPlan } from '../core/plan/plan-unused.ts';
import { level } from '../core/model/thresholds.ts';
import { Daemon } from '../daemon/daemon.ts';
import { type Deletion, isDeletion, type Reporter, sentenceOf } from '../events/events.ts';
import { createEngine } from '../engine/connect/create.ts';
import type { Engine } from '../engine/engine.ts';
import type { IsStillUnused } from '../sweep/remove/outcome.ts';
import { EXIT } from '../cli/exit-status.ts';
import { listenForSignals, type StopSignals } from '../system/signals.ts';
import type { CleanJson } from '../surfaces/json/clean.ts';
import { planJson } from '../surfaces/json/plan.ts';
import { createLog } from '../surfaces/log/log.ts';
import { type ListLook, paragraph } from '../surfaces/terminal/list.ts';
import { units } from '../surfaces/terminal/plan-text.ts';
import { sourceText } from '../surfaces/terminal/source-text.ts';
import { outputLook } from '../surfaces/terminal/table.ts';
import { gauges } from '../surfaces/terminal/terminal.ts';
import { checkStatus } from './cleaning/check-status.ts';
import { daemonOptions, namesOf } from './cleaning/daemon-options.ts';
import { deleteAllUnused, onlyUnused, unusedBy, unusedExitStatus } from './cleaning/clean-unused.ts';
import { filesAreUsable } from './cleaning/files.ts';
import { followUse } from './cleaning/follow-use.ts';
import { diskOf, type Look, look, orUnavailable, printJson } from './looking/look.ts';
import { complain, note } from './looking/messages.ts';
import { connectCordon } from './cleaning/node-cordon.ts';
import { planRules } from './looking/plan-rules.ts';
import { remembered } from './looking/remembered.ts';

/** Answers the exit status: 0 the target is reached, 3 it is not. */
export async function clean(given: Config, request: CleanRequest): Promise<number> {
  const mayAsk = process.stdin.isTTY && process.stdout.isTTY;
  if (!given.dryRun && !request.yes && !mayAsk) {
    complain('clean deletes images and asks first, but this is not a terminal: add --yes, or --dry-run');
    return EXIT.usage;
  }
  const config = sweepingConfig(given, request);
  const signals = listenForSignals((signal) => note(`${signal}: stopping, no further deletions`));
  try {
    return await orUnavailable(async () => await cleaned(config, request, signals));
  } catch (error) {
    if (error instanceof ClusterError) {
      complain(error.message);
      return EXIT.usage;
    }
    if (!signals.stop.aborted) throw error;
    return EXIT.aboveLow;
  } finally {
    signals.dispose();
  }
}

/** A check of this configuration sweeps to the target, and only there; now, as it was asked for. */
function sweepingConfig(given: Config, { target, unusedForSeconds }: CleanRequest): Config {
  const { thresholds } = given;
  const wanted = target ?? sweepingTo(thresholds.type, thresholds.low);
  const criticalLevel = wanted.type === thresholds.type ? given.criticalLevel : undefined;
  const clean = unusedForSeconds === undefined ? given.clean : imagesOnly;
  return { ...given, thresholds: wanted, criticalLevel, softLevel: undefined, window: undefined, clean };
}

async function cleaned(config: Config, request: CleanRequest, signals: StopSignals): Promise<number> {
  const engine = await createEngine(config);
  const { unusedForSeconds } = request;
  if (unusedForSeconds === undefined) {
    const history = await remembered(config);
    return await cleanedBy(
      planRules(config, () => history),
      { config, request, engine, signals },
    );
  }
  const history = await followUse(config, engine, signals.stop);
  try {
    const isStillUnused = unusedBy(history, unusedForSeconds);
    const rules = onlyUnused(
      planRules(config, () => history.current()),
      unusedForSeconds,
      isStillUnused,
    );
    return await cleanedBy(rules, { config, request, engine, isStillUnused, signals });
  } finally {
    await history.close();
  }
}

interface Cleaning {
  readonly config: Config;
  readonly request: CleanRequest;
  readonly engine: Engine;
  /** Where only unused images are to be deleted. */
  readonly isStillUnused?: IsStillUnused;
  readonly signals: StopSignals;
}

async function cleanedBy(
  rules: PlanRules,
  { config, request, engine, isStillUnused, signals }: Cleaning,
): Promise<number> {
  const disk = diskOf(config);
  const seen = await look(config, signals.stop, disk);
  const { store, usage, takenAtMs: nowMs } = seen.snapshot;
  const { thresholds } = config;
  const input = { store, usage, nowMs };
  const unused = planUnused(input, rules);
  const isAll = unused !== undefined && request.target === undefined;
  const plan = isAll ? planOfUnused(input, rules, unused) : makePlan(input, rules);
  const budget = new DeletionBudget(config);
  const cut = budget.cut(plan.victims, 0);
  const json = (done?: Partial<Pick<CleanJson, 'report' | 'unused' | 'deleted'>>): CleanJson => ({
    plan: planJson({ seen, due: plan, thresholds, cut, unused }),
    report: done?.report ?? null,
    unused: done?.unused ?? null,
    deleted: done?.deleted ?? [],
  });
  if (!request.json) process.stdout.write(planText(seen, plan, { config, cut, unused, isAll }));
  if (!plan.triggered || plan.victims.length === 0 || config.dryRun) {
    if (request.json) printJson(json());
    // Whether an image was used is not known for that long.
    if (isAll && unused.missingSeconds > 0) return EXIT.aboveLow;
    return !plan.triggered || (config.dryRun && plan.victims.length > 0) ? EXIT.done : EXIT.aboveLow;
  }
  if (!request.yes && !(await isAgreed(plan, signals))) {
    process.stdout.write('Nothing was deleted.\n');
    return EXIT.aboveLow;
  }

  const deleted: Deletion[] = [];
  const log = createLog(config.logFormat === 'json' ? 'json' : 'text', config.logLevel, {
    triesAgain: false,
  });
  process.once('exit', log.end);
  const report: Reporter = (event) => {
    if (isDeletion(event)) deleted.push(event);
    // The user asked for this sweep, so it is due.
    if (event.event !== 'check.completed') log.report(event);
  };
  if (!(await filesAreUsable(config, report))) return EXIT.usage;
  const removedNames = namesOf(config, '.clean-names', report);
  if (isAll && isStillUnused !== undefined) {
    const parts = { engine, disk, rules, budget, removedNames, report, isStillUnused };
    const done = await deleteAllUnused(config, parts, signals);
    if (request.json) printJson(json({ unused: done, deleted: deleted.map(toJson) }));
    else process.stdout.write(`${sentenceOf({ event: 'max-unused.completed', ...done }, false)}\n`);
    return unusedExitStatus(done);
  }
  const cordon = await connectCordon(config, report);
  if (cordon !== undefined && !(await cordon.start(signals.stop))) return EXIT.usage;
  try {
    const parts = { engine, disk, rules, cordon, budget, removedNames, report, isStillUnused };
    const options = daemonOptions(config, parts, signals);
    const result = await new Daemon(options).check();
    const swept = result.outcome === 'swept' ? result.sweep : null;
    if (request.json) printJson(json({ report: swept, deleted: deleted.map(toJson) }));
    else if (swept !== null)
      process.stdout.write(`${sentenceOf({ event: 'sweep.completed', ...swept }, false)}\n`);
    // The target was asked for, so it is missed by a sweep that did not begin, too.
    const hasBegun = result.outcome !== 'skipped' && result.outcome !== 'stopped';
    return hasBegun ? checkStatus(result) : EXIT.aboveLow;
  } finally {
    await cordon?.close(signals.abandon);
  }
}

function toJson({ id, references, freedBytes }: Deletion): CleanJson['deleted'][number] {
  return { id, references, freedBytes };
}

async function isAgreed({ victims, predicted }: Plan, { stop }: StopSignals): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // In this mode the terminal makes no signal of it.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const question = `Delete ${whatOf(victims)}, about ${formatBytes(predicted.freed.bytes)}? [y/N] `;
  try {
    return /^\s*y(es)?\s*$/i.test(await terminal.question(question, { signal: stop }));
  } catch (error) {
    if (!stop.aborted) throw error;
    return false;
  } finally {
    terminal.close();
  }
}

function whatOf(victims: Plan['victims']): string {
  const isImages = victims.every(({ kind }) => kind === 'image');
  return formatCount(victims.length, isImages ? 'image' : 'item');
}

interface PlanNotes {
  readonly config: Config;
  readonly cut: Cut | undefined;
  /** What is deleted for being unused; undefined: not requested. */
  readonly unused: UnusedPlan | undefined;
  /** It alone is what was asked for. */
  readonly isAll: boolean;
}

function planText(seen: Look, plan: Plan, { config, cut, unused, isAll }: PlanNotes): string {
  const { thresholds, dryRun } = config;
  // Who is asked whether to delete is shown all of it.
  const look: ListLook = { ...outputLook(), top: undefined, sort: 'order', all: true };
  const { type, low } = thresholds;
  const time = formatDuration(unused?.maxUnusedSeconds ?? 0);
  const short = unused !== undefined && unused.missingSeconds > 0 ? unused.missingSeconds : undefined;
  const goal = isAll
    ? `no deletable image has been unused for ${time}`
    : type === 'free'
      ? `at least ${formatLevel(low, type)}`
      : `below ${formatLevel(low, type)}`;
  const { victims, predicted } = plan;
  const after = formatLevel(level(predicted.usageAfter, type).value, type);
  const ending =
    short !== undefined
      ? `Nothing may be deleted yet: image use must be tracked for ${formatDuration(short)} more before an image is known to have been unused for ${time}.`
      : !plan.triggered
        ? `Nothing to do: ${goal} already.`
        : victims.length === 0
          ? `Nothing may be deleted: the target (${goal}) is not reached. "plan" shows why each image is kept.`
          : `${whatOf(victims)} ${dryRun ? 'would be' : 'to be'} deleted, about ${formatBytes(predicted.freed.bytes)}: ${after} afterwards${predicted.reachesLow ? '' : `, which does not reach the target (${goal})`}.`;
  return [
    gauges(seen.snapshot.usage, thresholds, look),
    ...sourceText(seen, look),
    ...units('DELETE', victims, look),
    '',
    ...paragraph(ending, look),
    ...(cut === undefined
      ? []
      : paragraph(`One sweep deletes only the first ${cut.victims}: ${cut.reason}.`, look)),
    '',
  ].join('\n');
}
