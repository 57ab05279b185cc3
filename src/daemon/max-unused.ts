/**
 * MAX_UNUSED_SECONDS: images that nobody has used for longer are deleted whatever the disk says, one by one and without a
 * cordon: below HIGH nothing is in a hurry, and scheduling goes on. Only by a history that has watched for that long and
 * misses nothing at the moment; until there is something to delete, no check costs the engine a request.
 */
import { freedBetween } from '../core/model/thresholds.ts';
import type { DeletionBudget } from '../core/deletion-budget.ts';
import type { Protections } from '../core/eligible/rules.ts';
import type { RemovableId } from '../core/forest/removable.ts';
import { planUnused, type UnusedPlan } from '../core/plan-unused.ts';
import type { UsageHistory } from '../core/use-history/history.ts';
import { idsUnusedFor } from '../core/use-history/unused.ts';
import type { ImageDisk } from '../disk/image-disk.ts';
import type { Observer } from '../observe/observer.ts';
import {
  noteFreed,
  type RemovalSettings,
  removeVictim,
  tellLimit,
  tellPlanned,
  tellRemoval,
} from '../sweep/delete-victim.ts';
import { hasFired, sleep } from '../system/clock.ts';

export interface MaxUnusedOptions extends RemovalSettings {
  readonly disk: ImageDisk;
  readonly observer: Observer;
  readonly history: () => UsageHistory | undefined;
  /** Whether the history misses nothing at the moment. */
  readonly isFollowing: () => boolean;
  readonly protections: Protections;
  /** See DaemonOptions. */
  readonly rereadRules?: () => Promise<boolean>;
  readonly maxUnusedSeconds: number;
  readonly budget: DeletionBudget;
  readonly dryRun: boolean;
}

/** What stayed although it is unused is looked at again after this time: a protection may have ended. */
const AGAIN_MS = 3_600_000;

export class MaxUnused {
  readonly #options: MaxUnusedOptions;
  /** What stayed at the last look, or could not be deleted, with the reason; and when that was. */
  #stayed: ReadonlySet<RemovableId> = new Set();
  readonly #refused = new Map<RemovableId, string>();
  #lookedAtMs = 0;

  constructor(options: MaxUnusedOptions) {
    this.#options = options;
  }

  /** To be called at each check at which deletions may begin. @throws EngineError, DiskError as Observer.snapshot(). */
  async check(): Promise<void> {
    const { history, isFollowing, maxUnusedSeconds, budget, observer, protections, clean, stop } = this.#options;
    const known = history();
    if (known === undefined || !isFollowing() || !clean.images || stop.aborted) return;
    const ids = idsUnusedFor(known, maxUnusedSeconds * 1000, Date.now());
    const isDue = performance.now() - this.#lookedAtMs > AGAIN_MS;
    if (isDue) this.#refused.clear();
    if (!isDue && ids.every((id) => this.#stayed.has(id))) return;
    if (ids.length === 0 || budget.waitMs(performance.now()) > 0) return;
    this.#lookedAtMs = performance.now();
    const { store } = await observer.snapshot(stop);
    const refused = this.#refused;
    const current = history();
    const plan = planUnused(
      { store, protections, clean, refused, history: current, nowMs: Date.now() },
      maxUnusedSeconds,
    );
    // Something may have been missed while the store was listed.
    if (isFollowing()) await this.#carryOut(plan);
    this.#stayed = new Set(ids);
  }

  async #carryOut({ victims }: UnusedPlan): Promise<void> {
    const { disk, budget, dryRun, report, maxUnusedSeconds, delaySeconds, stop, abandon } = this.#options;
    if (victims.length === 0) return;
    report({ event: 'max-unused.started', images: victims.length, maxUnusedSeconds, dryRun });
    if (dryRun) {
      for (const victim of victims) tellPlanned(victim, report);
      return;
    }
    let before = await disk.usage(abandon);
    for (const [tried, victim] of victims.entries()) {
      if (hasFired(stop) || (await this.#options.rereadRules?.()) === true) return;
      const limit = budget.forbids(victim.predicted.bytes, tried, performance.now());
      if (limit !== undefined) {
        tellLimit(limit, this.#options);
        return;
      }
      const begunMs = performance.now();
      const result = await removeVictim(victim, this.#options);
      const after = await disk.usage(abandon);
      const durationSeconds = (performance.now() - begunMs) / 1000;
      noteFreed(result, victim, freedBetween(before, after), budget);
      tellRemoval(result, { victim, before, after, durationSeconds }, this.#options);
      before = after;
      if (result.outcome === 'denied' || result.outcome === 'unresolved') return;
      if (result.outcome === 'failed') this.#refused.set(victim.id, result.message);
      if (result.outcome === 'deleted') await sleep(delaySeconds * 1000, stop);
    }
  }
}
