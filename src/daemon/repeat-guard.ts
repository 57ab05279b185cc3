/** What the last sweep left behind: whether repeating it could help, and space that it should have freed. */
import { references } from '../core/model/store.ts';
import { Eligibility } from '../core/plan/eligibility.ts';
import { protectionsAt } from '../core/timing/critical.ts';
import { nextOldEnoughMs } from '../core/eligible/rules.ts';
import type { Usage } from '../core/model/thresholds.ts';
import type { StopReason, SweepReport } from '../events/events.ts';
import { PendingSpace, spacePatienceMs } from '../sweep/pending-space.ts';
import type { SweepOptions } from '../sweep/sweep-report.ts';
import type { DaemonOptions } from './options.ts';

type LastSweepOptions = Pick<DaemonOptions, 'disk' | 'report' | 'rules' | 'stop'> &
  Pick<SweepOptions, 'observer' | 'failures'>;

/** Sweeps that ended so are not begun again while the store is the same: they would end the same. */
const POINTLESS_TO_REPEAT: ReadonlySet<StopReason> = new Set(['no-candidates', 'ineffective', 'dry-run']);

const didNotHelp =
  'the last sweep could not reach the low threshold, and nothing that may be deleted has changed since';
const sameInDryRun = 'dry run, and nothing has changed since it logged what it would delete';

export class RepeatGuard {
  /** What the last deletions should have freed and did not show. */
  readonly owed = new PendingSpace();
  readonly #options: LastSweepOptions;
  /** What it could have deleted when it ended without reaching LOW. */
  #couldNotHelp: string | undefined;
  #wasDryRun = false;
  /** When an image that was too young will be old enough, epoch ms. */
  #choiceChangesAtMs: number | undefined;

  constructor(options: LastSweepOptions) {
    this.#options = options;
  }

  /** A check measured the disk. Delayed space means that the sweep did help. */
  measured(usage: Usage, triggered: boolean): void {
    this.#choiceChangesAtMs = undefined;
    this.#options.failures.measured(usage);
    const hasCome = this.owed.look(usage, this.#options.report);
    if (hasCome || !triggered) this.#couldNotHelp = undefined;
  }

  /** In which time an image will be old enough that was too young; undefined where that is not known, or of no use. */
  choiceChangesInMs(nowMs: number): number | undefined {
    return this.#choiceChangesAtMs === undefined ? undefined : Math.max(0, this.#choiceChangesAtMs - nowMs);
  }

  /**
   * Why no sweep is begun; undefined where one may help.
   * @param usage of now. @throws EngineError when the engine cannot be asked what there is.
   */
  async whyNoSweep(usage: Usage): Promise<string | undefined> {
    const wait = this.#options.failures.whyWait(Date.now());
    if (wait !== undefined) return wait;
    if (this.#couldNotHelp === undefined || this.#couldNotHelp !== (await this.#choice(usage)))
      return undefined;
    return this.#wasDryRun ? sameInDryRun : didNotHelp;
  }

  /** @param usage at its end. @throws EngineError, DiskError */
  async remember(report: SweepReport, usage: Usage): Promise<void> {
    const { disk, stop } = this.#options;
    const { failures } = this.#options;
    if (report.stoppedBecause === 'deletions-failed' || report.stoppedBecause === 'denied')
      failures.allFailed(
        report.remaining.at(-1) ?? report.stoppedBecause,
        await disk.usage(stop),
        Date.now(),
      );
    else failures.succeeded();
    const isUncertain = failures.takeUncertain();
    const mayHelp = report.reachedLow || isUncertain || !POINTLESS_TO_REPEAT.has(report.stoppedBecause);
    this.#couldNotHelp = mayHelp ? undefined : await this.#choice(usage);
    this.#wasDryRun = report.dryRun;
    this.owed.forget();
    const amount = { bytes: report.outstandingBytes, inodes: report.outstandingInodes };
    if (amount.bytes + amount.inodes === 0 || report.stoppedBecause === 'path-unavailable' || stop.aborted)
      return;
    this.owed.owe(amount, await disk.usage(stop), await spacePatienceMs(disk, stop));
  }

  /** What a sweep has to choose from, images with their names: while that is the same, so is what it can do. */
  async #choice(usage: Usage): Promise<string> {
    const { observer, rules, failures, stop } = this.#options;
    const protections = protectionsAt(usage, rules.protections, rules);
    const store = await observer.store(stop);
    failures.keepOnly(
      new Set([...store.images, ...store.containers, ...(store.cacheRecords ?? [])].map(({ id }) => id)),
    );
    const nowMs = Date.now();
    const oldEnoughMs = nextOldEnoughMs(store.images, protections, nowMs);
    this.#choiceChangesAtMs = oldEnoughMs === undefined ? undefined : nowMs + oldEnoughMs;
    const refused = failures.refusals(nowMs);
    const { images, others } = new Eligibility({ store, protections, clean: rules.clean, nowMs, refused });
    const named = images.map((image) => [image.id, ...references(image)].join(' '));
    return [...named, ...others.map(({ id }) => id)].sort().join('\n');
  }
}
