/**
 * The wait between two checks. It ends early when somebody asks for a check, and when the filesystem's own
 * numbers show that one is due: reading them is one system call off the main thread, and no engine request.
 */
import { hasFired, sleep } from '../system/clock.ts';
import { isCritical, type Levels } from '../core/timing/critical.ts';
import { APART_MS, DiskWatch, type EarlyCause, type Heard } from '../core/timing/disk-watch.ts';
import type { Usage } from '../core/model/thresholds.ts';
import { DiskError } from '../disk/filesystem/error.ts';
import type { ImageDisk } from '../disk/image-disk.ts';
import type { Reporter } from '../events/events.ts';

export interface WatchOptions {
  readonly rules: Levels;
  readonly disk: ImageDisk;
  readonly report: Reporter;
  /** Between two readings; 0: none. */
  readonly watchSeconds: number;
  /** The engine's last events; undefined where they are not followed. */
  readonly heard: () => Heard | undefined;
  /** Receives each measurement. */
  readonly looked: (usage: Usage) => void;
  readonly stop: AbortSignal;
}

/** How the check before the wait ended. */
export interface CheckEnd {
  /** What the check measured; undefined where it could not: then nothing is watched. */
  readonly usage: Usage | undefined;
  /** It was over HIGH, and remains so. */
  readonly wasInVain: boolean;
  /** In which time an image will be old enough that was too young. */
  readonly choiceChangesInMs?: number | undefined;
}

/** A reading that takes longer is not waited for. */
const LOOK_MS = 1_000;
/** No setting makes it a busy loop. */
const SHORTEST_MS = 100;
/** While a disk fills fast it is read more often, but not more often than this unless the setting says so. */
const CLOSE_MS = 1_000;

const sentences = {
  signal: 'SIGUSR1: checking now',
  'soft-threshold': 'usage crossed the soft threshold: checking now',
  'high-threshold': 'usage crossed the high threshold: checking now',
  'critical-threshold': 'usage crossed the critical threshold: checking now',
  growth: 'usage changed above the high threshold: checking again',
  'old-enough': 'an image that was too young may be deleted now: checking again',
  'engine-event': 'images or containers changed: checking again',
  path: 'the path cannot be measured: checking now',
} as const satisfies Record<EarlyCause, string>;

export class Watch {
  readonly #options: WatchOptions;
  readonly #watch: DiskWatch;
  /** Somebody asked for a check, and none has begun since. */
  #isAsked = false;
  #wake = new AbortController();
  /** A reading without an answer yet: no other one is begun, or a dead filesystem would block all threads. */
  #pending: Promise<Usage | 'lost' | undefined> | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#watch = new DiskWatch(options.rules);
  }

  /** The wait under way, else the next one, ends at once. */
  ask(): void {
    this.#isAsked = true;
    this.#wake.abort();
  }

  /** Waits until the next check is due. @param waitMs how long at most. */
  async wait(waitMs: number, end: CheckEnd): Promise<void> {
    const { stop, watchSeconds, rules } = this.#options;
    const untilMs = performance.now() + waitMs;
    const { usage } = end;
    // The engine's count of image bytes is not in any filesystem.
    const isWatching = watchSeconds > 0 && usage !== undefined && rules.thresholds.type !== 'images';
    if (usage !== undefined) this.#watch.checked(this.#look(usage), end.wasInVain);
    const oldEnoughMs = isWatching ? this.#oldEnoughMs(end, usage) : Infinity;
    this.#wake = new AbortController();
    const signal = AbortSignal.any([stop, this.#wake.signal]);
    while (!hasFired(stop)) {
      if (this.#isAsked) {
        this.#isAsked = false;
        this.#tell('signal');
        return;
      }
      const nowMs = performance.now();
      if (nowMs >= untilMs) return;
      if (nowMs >= oldEnoughMs) {
        this.#tell('old-enough');
        return;
      }
      const stepMs = isWatching ? this.#stepMs(watchSeconds * 1000) : Infinity;
      await sleep(Math.ceil(Math.min(stepMs, untilMs - nowMs, oldEnoughMs - nowMs)), signal);
      if (!isWatching || hasFired(signal) || performance.now() >= untilMs) continue;
      const cause = await this.#causeOfLook(signal);
      if (cause === undefined || hasFired(signal)) continue;
      this.#tell(cause);
      return;
    }
  }

  /** To the next look: sooner where at this pace usage reaches a level before. */
  #stepMs(watchMs: number): number {
    const soonMs = Math.max(CLOSE_MS, this.#watch.nextLevelMs);
    return Math.max(SHORTEST_MS, Math.min(watchMs, soonMs));
  }

  #tell(cause: EarlyCause): void {
    this.#options.report({ event: 'check.early', cause, reason: sentences[cause] });
  }

  #look(usage: Usage): Parameters<DiskWatch['checked']>[0] {
    return { usage, nowMs: performance.now(), heard: this.#options.heard() };
  }

  /** Images that arrive one after another also grow old one after another: above HIGH alone, not each is worth a check. */
  #oldEnoughMs({ wasInVain, choiceChangesInMs }: CheckEnd, usage: Usage): number {
    if (!wasInVain || choiceChangesInMs === undefined) return Infinity;
    const least = isCritical(usage, this.#options.rules) ? this.#options.watchSeconds * 1000 : APART_MS;
    return performance.now() + Math.max(choiceChangesInMs, least);
  }

  async #causeOfLook(signal: AbortSignal): Promise<EarlyCause | undefined> {
    this.#pending ??= this.#measure().finally(() => (this.#pending = undefined));
    const enough = new AbortController();
    const patience = sleep(LOOK_MS, AbortSignal.any([signal, enough.signal]));
    const seen = await Promise.race([this.#pending, patience]);
    enough.abort();
    if (seen === undefined) return undefined;
    // The check finds out what is wrong, and reports it.
    if (seen === 'lost') return 'path';
    this.#options.looked(seen);
    return this.#watch.looked(this.#look(seen));
  }

  async #measure(): Promise<Usage | 'lost' | undefined> {
    const { disk, stop } = this.#options;
    try {
      return await disk.gauges(stop);
    } catch (error) {
      if (error instanceof DiskError) return 'lost';
      if (stop.aborted) return undefined;
      throw error;
    }
  }
}
