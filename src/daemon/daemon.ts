/**
 * The loop: check, sweep when over HIGH, wait, forever. Failures of its surroundings do not end it: each is reported
 * once, when it begins, and tried again with backoff until it is over.
 */
import { backoff } from '../system/clock.ts';
import { isCritical } from '../core/timing/critical.ts';
import { DeletionBudget } from '../core/plan/deletion-budget.ts';
import { DEFAULT_QUIET_SECONDS } from '../core/timing/soft-threshold.ts';
import { untilText, usedText } from '../core/model/format.ts';
import type { Image } from '../core/model/store.ts';
import { isTriggered, level, reaches, type Usage } from '../core/model/thresholds.ts';
import { DiskError } from '../disk/filesystem/error.ts';
import type { HeldCordon, Urgency } from '../sweep/cordon-guard.ts';
import type { Due } from '../events/events.ts';
import { FailedDeletions } from '../sweep/failed-deletions.ts';
import { MaxUnused } from './max-unused.ts';
import { GentleMode } from './soft-threshold.ts';
import { KeepCheck } from './keep-check.ts';
import { RepeatGuard } from './repeat-guard.ts';
import { IdleMemory } from './idle-memory.ts';
import { Observer, type Snapshot } from '../observe/observer.ts';
import { PathCheck } from './path-check.ts';
import { sweep, type Swept } from '../sweep/sweep.ts';
import type { SweepOptions } from '../sweep/sweep-report.ts';
import type { CheckResult, DaemonOptions } from './options.ts';
import { Surroundings } from './surroundings.ts';
import { Watch } from './watch.ts';
import { whyClosed } from './window-gate.ts';

/** Grace beyond each deadline before the loop counts as hung, for busy machines. */
const SLACK_SECONDS = 30;
/** The longest that a walk over the layers of a large, slow disk may take. */
const WALK_SECONDS = 7_200;
/** How often the disk is judged while the cordon is waited for; see cordon-guard.ts. */
const JUDGE_SECONDS = 10;
/** Maximum consecutive engine requests between heartbeats: connecting takes three. */
const REQUESTS = 4;

const isInVain: ReadonlySet<string> = new Set<CheckResult['outcome']>(['skipped', 'cannot-help']);

/** What the daemon remembers between checks. */
export class Daemon {
  private readonly options: DaemonOptions;
  private readonly surroundings: Surroundings;
  private readonly place: PathCheck;
  private lastDue: Due | undefined;
  /** Why the last check that was over HIGH did not sweep; said when it changes. */
  private skipReason: string | undefined;
  private readonly failures: FailedDeletions;
  private readonly lastSweep: RepeatGuard;
  private readonly keepCheck: KeepCheck;
  private readonly gentle: GentleMode | undefined;
  private readonly maxUnused: MaxUnused | undefined;
  private readonly observer: Observer;
  private readonly budget: DeletionBudget;
  private readonly watch: Watch;
  /** What sweeps and gentle mode delete with. */
  private readonly deleting: Omit<SweepOptions, 'failures' | 'isPlaceKnown' | 'patienceMs'>;
  /** What the last check left; undefined where it could not measure. */
  private usage: Usage | undefined;

  constructor(options: DaemonOptions) {
    this.options = options;
    this.budget = options.budget ?? new DeletionBudget();
    this.failures = new FailedDeletions(options.intervalSeconds);
    this.observer = new Observer(options.engine, options.disk, options.rules.clean);
    const { observer, failures } = this;
    this.lastSweep = new RepeatGuard({ ...options, observer, failures });
    this.place = new PathCheck(options);
    this.surroundings = new Surroundings(options);
    this.keepCheck = new KeepCheck(options.rules.protections, options.report);
    this.watch = new Watch({
      ...options,
      watchSeconds: options.watchSeconds ?? 0,
      heard: () => {
        const known = options.rules.history?.();
        return known && { arrival: known.busyAtMs, any: known.latestMs };
      },
      looked: (usage) => options.audience?.looked?.(usage),
    });
    const { quietSeconds = DEFAULT_QUIET_SECONDS } = options;
    const { softLevel, history } = options.rules;
    this.deleting = { ...options, observer, budget: this.budget };
    const { isFollowing } = options;
    if ((options.rules.maxUnusedSeconds ?? 0) > 0 && history !== undefined && isFollowing !== undefined)
      this.maxUnused = new MaxUnused({
        ...{ ...this.deleting, failures, isFollowing },
        patienceMs: options.timeoutSeconds * 1000,
        alive: () => this.alive(WALK_SECONDS + REQUESTS * options.timeoutSeconds),
      });
    if (softLevel !== undefined && history !== undefined)
      this.gentle = new GentleMode({
        ...this.deleting,
        softLevel,
        quietSeconds,
        owed: this.lastSweep.owed,
      });
  }

  /** Begins the next check at once; one that is under way is followed by another. */
  checkNow(): void {
    this.watch.ask();
  }

  /**
   * Checks every interval, and when the disk calls for it, until stopped. While something is unavailable it checks
   * more often, with backoff.
   */
  async run(): Promise<void> {
    const { stop, intervalSeconds } = this.options;
    const memory = new IdleMemory();
    let retry = backoff();
    while (!stop.aborted) {
      const result = await this.check();
      const { outcome } = result;
      if (outcome !== 'unavailable') retry = backoff();
      const waitMs =
        outcome === 'unavailable'
          ? Math.min(retry.next().value, intervalSeconds * 1000)
          : intervalSeconds * 1000;
      this.alive(waitMs / 1000);
      memory.giveBack();
      const wasInVain = result.outcome === 'swept' ? !result.sweep.reachedLow : isInVain.has(outcome);
      await this.watch.wait(waitMs, {
        usage: outcome === 'unavailable' ? undefined : this.usage,
        wasInVain,
        choiceChangesInMs: this.lastSweep.choiceChangesInMs(Date.now()),
      });
    }
  }

  /**
   * One check and, if due, one sweep. Idle it costs one small engine request and one measurement; with an audience, two
   * lists of the engine beside.
   */
  async check(): Promise<CheckResult> {
    const { options } = this;
    try {
      await options.rereadRules?.();
      const result = await this.sweepIfDue();
      // After a check that swept, the world is another one.
      if (options.audience?.observed !== undefined && result.outcome !== 'stopped') await this.show();
      return result;
    } catch (error) {
      return { outcome: this.surroundings.failed(error) };
    } finally {
      this.surroundings.tellProblems();
    }
  }

  private async sweepIfDue(): Promise<CheckResult> {
    const { options } = this;
    this.alive(REQUESTS * options.timeoutSeconds + this.usageSeconds());
    await this.reachEngine();
    let usage = await this.surroundings.usage();
    if (this.maxUnused !== undefined) usage = await this.maxUnused.check(usage);
    this.usage = usage;
    const { thresholds } = options.rules;
    const used = level(usage, thresholds.type).value;
    const triggered = isTriggered(usage, thresholds);
    const due = this.due(used, triggered);
    const changed = due !== this.lastDue;
    this.lastDue = due;
    options.report({
      event: 'check.completed',
      ...{ used, usage, thresholds, triggered, due, changed },
    });
    this.lastSweep.measured(usage, triggered);
    if (!triggered) {
      this.skipReason = undefined;
      if (whyClosed(options.rules, usage, Date.now()) === undefined) await this.gentle?.check(usage);
      return options.stop.aborted ? { outcome: 'stopped' } : { outcome: 'below-high' };
    }
    const list = async (): Promise<readonly Image[]> => await options.engine.listImages(options.stop);
    const cannotHelp = await this.place.whyNoSweep(this.surroundings.engineInfo, list);
    const wait = this.budget.whyWait(performance.now());
    const closed = whyClosed(options.rules, usage, Date.now());
    const reason = cannotHelp ?? closed ?? wait ?? (await this.lastSweep.whyNoSweep(usage));
    const repeated = reason === this.skipReason;
    if (reason !== undefined) options.report({ event: 'sweep.skipped', used, reason, repeated });
    this.skipReason = reason;
    if (reason !== undefined) return { outcome: cannotHelp === undefined ? 'skipped' : 'cannot-help' };
    return await this.sweepCordoned(used);
  }

  private due(used: number, triggered: boolean): Due {
    const { softLevel, thresholds } = this.options.rules;
    if (triggered) return 'sweep';
    return this.gentle !== undefined && softLevel !== undefined && reaches(used, softLevel, thresholds.type)
      ? 'gentle-step'
      : 'nothing';
  }

  /** The loop is alive: its next heartbeat is due within this time, or it hangs. */
  private alive(withinSeconds: number): void {
    this.options.audience?.alive(withinSeconds + SLACK_SECONDS);
  }

  /** Relative usage is one system call, absolute usage may be a walk. */
  private usageSeconds(): number {
    return this.options.rules.thresholds.type === 'absolute' ? WALK_SECONDS : 0;
  }

  /** Takes a snapshot of everything for the listener. */
  private async show(): Promise<void> {
    this.alive(WALK_SECONDS + REQUESTS * this.options.timeoutSeconds);
    const snapshot = await this.observer.snapshot(this.options.stop);
    await this.checkPlace(snapshot.store.images);
    await this.tellAudience(snapshot);
  }

  private async tellAudience(snapshot: Snapshot): Promise<void> {
    const { audience, stop } = this.options;
    if (audience?.observed === undefined || this.surroundings.engineInfo === undefined) return;
    const space = await this.observer.space(snapshot.store, stop);
    audience.observed({
      engine: this.surroundings.engineInfo,
      snapshot,
      dataRoot: this.place.finding,
      space,
    });
  }

  /** A sweep, inside the node's cordon where there is one to hold. The world is observed once that is held. */
  private async sweepCordoned(used: number): Promise<CheckResult> {
    const { options } = this;
    const { cordon, dryRun, stop } = options;
    const { thresholds } = options.rules;
    let held: HeldCordon | undefined;
    if (cordon !== undefined && !dryRun) {
      const reason = `${usedText(used, thresholds.type)}, sweeping ${untilText(thresholds.low, thresholds.type)}`;
      const answer = await cordon.hold(reason, () => this.judge(), stop);
      if (answer === 'stopped') return { outcome: 'stopped' };
      if (answer === 'not-needed') return { outcome: 'below-high' };
      if (answer !== 'critical') held = answer;
    }
    let swept: Swept;
    try {
      this.alive(WALK_SECONDS + REQUESTS * options.timeoutSeconds);
      const snapshot = await this.observer.snapshot(stop);
      await this.checkPlace(snapshot.store.images);
      await this.tellAudience(snapshot);
      swept = await sweep(snapshot, this.sweepOptions(held));
    } finally {
      await held?.release();
    }
    if (!dryRun) cordon?.tell(swept.report);
    await this.remember(swept);
    return stop.aborted ? { outcome: 'stopped' } : { outcome: 'swept', sweep: swept.report };
  }

  /** What the disk says while the cordon is waited for. */
  private async judge(): Promise<Urgency> {
    const { disk, rules, stop } = this.options;
    const { thresholds } = rules;
    this.alive(JUDGE_SECONDS + this.usageSeconds());
    try {
      const usage = await disk.usage(stop);
      if (!isTriggered(usage, thresholds)) return 'not-needed';
      // It closed while we waited for our turn.
      if (whyClosed(this.options.rules, usage, Date.now()) !== undefined) return 'not-needed';
      return isCritical(usage, rules) ? 'critical' : 'wait';
    } catch (error) {
      if (error instanceof DiskError || stop.aborted) return 'wait';
      throw error;
    }
  }

  /** A new connection also asks where the engine's images are. */
  private async reachEngine(): Promise<void> {
    const { engine, stop } = this.options;
    if ((await this.surroundings.reachEngine()) === 'as-before' || this.place.isSettled) return;
    await this.checkPlace(await engine.listImages(stop));
  }

  /** Reports once if the watched disk is not the engine's. An engine without images proves nothing yet. */
  private async checkPlace(images: readonly Image[]): Promise<void> {
    this.keepCheck.look(images);
    if (this.surroundings.engineInfo !== undefined)
      await this.place.look(this.surroundings.engineInfo, images);
  }

  private async remember({ report, usage }: Swept): Promise<void> {
    this.surroundings.sweepEnded(report.stoppedBecause);
    this.usage = usage;
    await this.lastSweep.remember(report, usage);
  }

  private sweepOptions(held: HeldCordon | undefined): SweepOptions {
    return {
      ...this.deleting,
      failures: this.failures,
      isPlaceKnown: this.place.finding === undefined,
      patienceMs: this.options.timeoutSeconds * 1000,
      ...(held && { stop: held.end, whyStopped: held.whyEnded }),
    };
  }
}
