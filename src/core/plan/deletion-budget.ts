/**
 * The circuit breakers: how many victims one sweep may delete, and how much all deletions of an hour may free,
 * whatever usage and plan say. They guard against the unforeseen; the plan does not know them, so they can only cut
 * it short.
 */
import { formatBytes, formatDuration } from '../model/format.ts';
import type { Victim } from './plan.ts';

export interface DeletionLimits {
  /** One sweep tries no more deletions; the next check continues. */
  readonly maxDeletionsPerSweep: number;
  /** Undefined: no limit. */
  readonly maxFreedPerHour: number | undefined;
}

export type LimitName = 'deletions-per-sweep' | 'freed-per-hour';

/** A bound for every sweep, far above any real node. */
export const MOST_DELETIONS = 100_000;
export const noLimits: DeletionLimits = { maxDeletionsPerSweep: MOST_DELETIONS, maxFreedPerHour: undefined };

const HOUR_MS = 3_600_000;

/** Where a plan would be cut short. */
export interface Cut {
  readonly limit: LimitName;
  /** How many of the plan's victims are deleted before that. */
  readonly victims: number;
  /** One line for people. */
  readonly reason: string;
}

/** Times are of a monotonic clock. */
export class DeletionBudget {
  readonly limits: DeletionLimits;
  /** Of the last hour, oldest first. */
  #freed: { readonly atMs: number; readonly bytes: number }[] = [];
  #refusedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(limits: DeletionLimits = noLimits) {
    this.limits = limits;
  }

  /**
   * The limit that forbids one more deletion. A victim larger than the whole hour's limit may be deleted alone, or it
   * would be kept forever.
   * @param bytes what it is predicted to free. @param tried deletions of the same sweep, failed ones too: they may
   *   have happened nevertheless.
   */
  forbids(bytes: number, tried: number, nowMs: number): LimitName | undefined {
    if (tried >= this.limits.maxDeletionsPerSweep) return 'deletions-per-sweep';
    const most = this.limits.maxFreedPerHour;
    const freed = this.freedLately(nowMs);
    const [oldest] = this.#freed;
    if (most === undefined || oldest === undefined || freed + bytes <= most) return undefined;
    this.#refusedUntilMs = oldest.atMs + HOUR_MS;
    return 'freed-per-hour';
  }

  /** A deletion happened, or may have. @param bytes the larger of what it was predicted to free and what the disk gained. */
  note(bytes: number, nowMs: number): void {
    // What is no longer needed is forgotten.
    if (this.limits.maxFreedPerHour !== undefined)
      this.#freed.push({ atMs: nowMs, bytes: Math.max(0, bytes) });
  }

  freedLately(nowMs: number): number {
    const at = this.#freed.findIndex(({ atMs }) => atMs + HOUR_MS > nowMs);
    this.#freed = at === -1 ? [] : this.#freed.slice(at);
    return this.#freed.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** How long no deletion is tried because the hour's worth is used up; 0: none is kept waiting. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#refusedUntilMs - nowMs);
  }

  /** Why no sweep is begun now; undefined where one may be. The text is the same while the reason is. */
  whyWait(nowMs: number): string | undefined {
    return this.waitMs(nowMs) > 0
      ? `${settingOf['freed-per-hour']} allows no more deletions for now: the last hour's freed ${formatBytes(this.freedLately(nowMs))} of at most ${formatBytes(this.limits.maxFreedPerHour ?? 0)}`
      : undefined;
  }

  /** Where a sweep that begins now would be cut short; undefined where it would not. */
  cut(victims: readonly Pick<Victim, 'predicted'>[], nowMs: number): Cut | undefined {
    const { maxFreedPerHour: most, maxDeletionsPerSweep } = this.limits;
    const before = this.freedLately(nowMs);
    let freed = before;
    for (const [at, { predicted }] of victims.entries()) {
      const isAlone = at === 0 && this.#freed.length === 0;
      const isTooMuch = most !== undefined && !isAlone && freed + predicted.bytes > most;
      freed += predicted.bytes;
      if (at < maxDeletionsPerSweep && !isTooMuch) continue;
      const limit = at >= maxDeletionsPerSweep ? 'deletions-per-sweep' : 'freed-per-hour';
      return { limit, victims: at, reason: this.reason(limit, nowMs) };
    }
    return undefined;
  }

  /** What a limit says, one line for people. */
  reason(limit: LimitName, nowMs: number): string {
    if (limit === 'deletions-per-sweep')
      return `${settingOf[limit]} ends a sweep after ${this.limits.maxDeletionsPerSweep} deletions; the next check continues`;
    const waitSeconds = this.waitMs(nowMs) / 1000;
    const next =
      waitSeconds > 0 ? `; deletions continue in ${formatDuration(waitSeconds)} at the earliest` : '';
    return `${settingOf[limit]} allows ${formatBytes(this.limits.maxFreedPerHour ?? 0)} in an hour, of which ${formatBytes(this.freedLately(nowMs))} are used${next}`;
  }
}

const settingOf = {
  'deletions-per-sweep': 'MAX_DELETIONS_PER_SWEEP',
  'freed-per-hour': 'MAX_FREED_PER_HOUR',
} as const satisfies Record<LimitName, string>;
