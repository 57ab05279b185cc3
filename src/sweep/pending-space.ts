/**
 * Space that deletions should have freed and that the filesystem does not show yet: it comes when the filesystem commits
 * (btrfs: up to a minute after the engine's answer) or when the engine's own collection has run. What is outstanding is
 * waited for before more is deleted than is needed, and before anybody says that deleting does not help.
 */
import { backoff, hasFired, sleep } from '../system/clock.ts';
import {
  type Amount,
  freedBetween,
  isBelowLow,
  isCounted,
  type Usage,
  usageAfter,
} from '../core/model/thresholds.ts';
import { gainOf } from '../core/model/gain.ts';
import { greater, isNothing, less, negative, nothing, plus, smaller } from '../core/model/amount.ts';
import { hasArrived, hasGrown, missingOf } from '../core/timing/delayed-space.ts';
import { likelyFreed, OtherWrites } from '../core/timing/other-writes.ts';
import type { Freed } from '../core/forest/reclaim.ts';
import type { Levels } from '../core/timing/critical.ts';
import type { ImageDisk } from '../disk/image-disk.ts';
import type { Reporter } from '../events/events.ts';

/** After each deletion: most filesystems that free in the background are done by then (xfs: some 60 ms). */
const MOMENT_MS = 1_000;
/** Without anything coming, by what the filesystem is; see ImageDisk.freesLate. btrfs commits every 30 s. */
const PATIENCE_MS = { late: 90_000, usual: 15_000 } as const;
/** In absolute mode: a count that takes no longer is made once more before each deletion. */
const QUICK_COUNT_MS = 500;
/** However much trickles in. */
const LIMIT_MS = 600_000;

/** How long space is waited for on this disk. */
export async function spacePatienceMs(disk: ImageDisk, signal: AbortSignal): Promise<number> {
  return (await disk.freesLate(signal)) ? PATIENCE_MS.late : PATIENCE_MS.usual;
}

export interface DelayedSpaceOptions {
  readonly disk: ImageDisk;
  readonly report: Reporter;
  readonly rules: Levels;
  /** No further look is waited for once this fires. */
  readonly stop: AbortSignal;
  readonly abandon: AbortSignal;
}

/** What the disk said before a deletion. */
export interface Begun {
  /** After the one before. */
  readonly last: Usage;
  /** Right before this one; the same where counting takes long, and before the first. */
  readonly now: Usage;
  /** What others wrote in between. */
  readonly written: Amount;
  readonly atMs: number;
}

/** What the disk says after a deletion. */
export interface Measured {
  readonly usage: Usage;
  /** What it gained by the deletion, and what came late of earlier ones. */
  readonly freed: Amount;
  /** The same with what others are likely to have written during it: to judge by. */
  readonly likely: Amount;
}

/** The space outstanding in one sweep, or in one step of gentle mode. */
export class DelayedSpace {
  readonly #options: DelayedSpaceOptions;
  #awaited = nothing;
  /** Space that did not appear in time. */
  #overdue = nothing;
  /** A wait timed out, so predictions are not reliable here and no further wait is made. */
  #isDoubted = false;
  readonly #others = new OtherWrites();
  /** When the disk was measured last. */
  #measuredMs: number | undefined;
  /** How long that took; Infinity before it was. */
  #countMs = Infinity;

  constructor(options: DelayedSpaceOptions) {
    this.#options = options;
  }

  /** What deletions should have freed and the filesystem has not shown. */
  get outstanding(): Amount {
    return plus(this.#awaited, this.#overdue);
  }

  get isAwaited(): boolean {
    return !isNothing(this.#awaited);
  }

  /** Whether usage is below LOW once what is outstanding is there. */
  isEnough(usage: Usage): boolean {
    const { thresholds } = this.#options.rules;
    return this.isAwaited && isBelowLow(usageAfter(usage, this.#awaited), thresholds);
  }

  /**
   * To be called right before a deletion: measures what others wrote since the last one.
   * @param last what the disk said then. @returns what it says now. @throws DiskError
   */
  async begin(last: Usage): Promise<Begun> {
    const { disk, abandon, rules } = this.#options;
    // Whose writes they are, only a count tells: below the path it may be a walk, and by images it is a request.
    const isCount = isCounted(rules.thresholds.type);
    if (isCount && (rules.thresholds.type === 'images' || this.#countMs > QUICK_COUNT_MS))
      return { last, now: last, written: nothing, atMs: performance.now() };
    const now = isCount ? await disk.usage(abandon) : await disk.gauges(abandon);
    const atMs = performance.now();
    const gained = freedBetween(last, now);
    if (this.#measuredMs !== undefined) this.#others.paused(negative(gained), atMs - this.#measuredMs);
    return { last, now, written: less(negative(gained), nothing), atMs };
  }

  /**
   * Measures after a deletion, for a moment again while much of what it should free is missing.
   * @param begun what begin() said. @param toFree what the plan was to free: what is not scarce is not looked at.
   * @throws DiskError
   */
  async measure(begun: Begun, predicted: Freed, toFree: Amount): Promise<Measured> {
    const { stop } = this.#options;
    const { thresholds } = this.#options.rules;
    const measuredMs = performance.now();
    // The best look counts: what was free at one look may be written to by others at the next.
    let most: Amount | undefined;
    let likelyMost: Amount | undefined;
    for (const waitMs of backoff(20, 200)) {
      const usage = await this.#count();
      const nowMs = performance.now();
      const gained = plus(freedBetween(begun.last, usage), begun.written);
      const freed = (most = greater(gained, most));
      const written = this.#others.during(nowMs - begun.atMs);
      const likely = (likelyMost = greater(likelyFreed(gained, written, predicted), likelyMost));
      const missing = missingOf(predicted, likely, toFree);
      const isOver = nowMs - measuredMs + waitMs > MOMENT_MS || this.#isDoubted;
      if (isNothing(missing) || isOver || isBelowLow(usage, thresholds) || hasFired(stop)) {
        this.#note(missing, less(freed, predicted));
        this.#measuredMs = nowMs;
        return { usage, freed, likely };
      }
      await sleep(waitMs, stop);
    }
    throw new RangeError('unreachable: backoff never ends');
  }

  /** The same where nothing was deleted. @throws DiskError */
  async look({ last }: Begun): Promise<Measured> {
    const usage = await this.#count();
    this.#measuredMs = performance.now();
    const freed = freedBetween(last, usage);
    return { usage, freed, likely: freed };
  }

  async #count(): Promise<Usage> {
    const begunMs = performance.now();
    const usage = await this.#options.disk.usage(this.#options.abandon);
    this.#countMs = performance.now() - begunMs;
    return usage;
  }

  /** @param surplus what came beyond the prediction: of earlier deletions. */
  #note(missing: Amount, surplus: Amount): void {
    if (this.#isDoubted) this.#overdue = plus(this.#overdue, missing);
    else this.#awaited = plus(less(this.#awaited, surplus), missing);
  }

  /**
   * Waits for what is outstanding: until it is there, usage is below LOW, nothing has come for as long as it takes on such
   * a filesystem, or the signal fires.
   * @returns the usage then. @throws DiskError
   */
  async wait(from: Usage): Promise<Usage> {
    const { disk, report, stop, abandon } = this.#options;
    const { thresholds } = this.#options.rules;
    const awaited = this.#awaited;
    const wouldBeEnough = this.isEnough(from);
    const patienceMs = await spacePatienceMs(disk, abandon);
    report({
      event: 'space.awaited',
      missingBytes: awaited.bytes,
      missingInodes: awaited.inodes,
      waitSeconds: patienceMs / 1000,
    });
    const begunMs = performance.now();
    let last = { usage: from, atMs: begunMs };
    for (const waitMs of backoff(100, 2_000)) {
      await sleep(waitMs, stop);
      const usage = await disk.usage(abandon);
      const nowMs = performance.now();
      const gained = freedBetween(from, usage);
      const isGrowing = hasGrown(freedBetween(last.usage, usage), awaited);
      if (isBelowLow(usage, thresholds) || (hasArrived(gained, awaited) && !isGrowing)) {
        // What is missing now was predicted too high, unless usage is low already and the rest still comes.
        this.#awaited = hasArrived(gained, awaited) ? nothing : less(awaited, gained);
        report({
          event: 'space.appeared',
          ...gainOf(gained),
          afterSeconds: (nowMs - begunMs) / 1000,
          usage,
        });
        return usage;
      }
      const rest = less(awaited, gained);
      // Others have written enough meanwhile that more must be deleted in any case.
      if (wouldBeEnough && !isBelowLow(usageAfter(usage, rest), thresholds)) {
        this.#awaited = rest;
        return usage;
      }
      if (isGrowing) last = { usage, atMs: nowMs };
      const isInVain = nowMs - last.atMs >= patienceMs || nowMs - begunMs >= LIMIT_MS;
      if (isInVain || hasFired(stop)) {
        this.#awaited = nothing;
        this.#overdue = plus(this.#overdue, rest);
        this.#isDoubted = true;
        return usage;
      }
    }
    throw new RangeError('unreachable: backoff never ends');
  }
}

/** What was outstanding when the last deletion was done, from check to check. */
export class PendingSpace {
  #owed:
    | { readonly amount: Amount; readonly usage: Usage; readonly sinceMs: number; readonly untilMs: number }
    | undefined;

  /** @param usage when it was last looked for. @param patienceMs how long it is to be expected. */
  owe(amount: Amount, usage: Usage, patienceMs: number): void {
    const nowMs = performance.now();
    this.#owed = isNothing(amount)
      ? undefined
      : { amount, usage, sinceMs: nowMs, untilMs: nowMs + patienceMs };
  }

  /** Whether it may still come in the time that it takes on such a filesystem. */
  get isExpected(): boolean {
    return this.#owed !== undefined && performance.now() < this.#owed.untilMs;
  }

  /** Tells once that it is there. */
  look(usage: Usage, report: Reporter): boolean {
    if (this.#owed === undefined) return false;
    const { amount, usage: before, sinceMs } = this.#owed;
    const gained = freedBetween(before, usage);
    if (!hasArrived(gained, amount)) return false;
    this.#owed = undefined;
    report({
      event: 'space.appeared',
      ...gainOf(smaller(gained, amount)),
      afterSeconds: (performance.now() - sinceMs) / 1000,
      usage,
    });
    return true;
  }

  forget(): void {
    this.#owed = undefined;
  }
}
