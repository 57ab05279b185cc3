/**
 * Whether usage, read between two checks, makes a check worth its cost now. Pure; src/daemon/watch.ts does the
 * reading.
 */
import { isCritical, type Levels } from './critical.ts';
import { isTriggered, level, percentAt, reaches, type Usage } from '../model/thresholds.ts';

/** Why a check begins before its time. */
export type EarlyCause =
  /** Somebody asked for it (SIGUSR1). */
  | 'signal'
  /** Usage crossed a level. */
  | 'soft-threshold'
  | 'high-threshold'
  | 'critical-threshold'
  /** The last sweep could not help, and usage is noticeably another one since. */
  | 'growth'
  /** It could not, and an image that was too young is old enough now. */
  | 'old-enough'
  /** The engine has reported a change since, which may matter. */
  | 'engine-event'
  /** The path cannot be measured any more. */
  | 'path';

/** The path's usage as far as the filesystem's numbers alone show it. */
export interface Look {
  readonly usage: Usage;
  readonly nowMs: number;
  /** The engine's last events; undefined where they are not followed. */
  readonly heard?: Heard | undefined;
}

/** Each changes whenever the engine reports such an event. */
export interface Heard {
  /** An image arrived, or a container began to use one. */
  readonly arrival: number;
  readonly any: number;
}

/** Minimum time between checks that may have no effect: what changes all the time must not cost a check each time. */
export const APART_MS = 30_000;
/** A change by this share (of the filesystem, or of HIGH) since a check that could not help makes another one worthwhile. */
const GROWTH = 0.01;

/** The pace of usage is measured over this long: engines write in bursts. */
const PACE_MS = 10_000;

/** From below the soft threshold (0) to above the critical one (3). */
type Band = 0 | 1 | 2 | 3;
const causeOf = {
  1: 'soft-threshold',
  2: 'high-threshold',
  3: 'critical-threshold',
} as const satisfies Record<Exclude<Band, 0>, EarlyCause>;

/** Follows the usage from check to check. Times are of a monotonic clock. */
export class DiskWatch {
  readonly #levels: Levels;
  #band: Band = 0;
  /** The highest band in which the last check could not help. */
  #vainBand: Band = 0;
  #checked: { readonly usage: Usage; readonly atMs: number } | undefined;
  #heard: Heard | undefined;
  /** The latest readings, in the thresholds' unit. */
  #latest: readonly { readonly used: number; readonly atMs: number }[] = [];
  #nextLevelMs = Infinity;

  constructor(levels: Levels) {
    this.#levels = levels;
  }

  /**
   * A check ended.
   * @param usage what it left. @param wasInVain usage was over HIGH and still is.
   */
  checked({ usage, nowMs, heard }: Look, wasInVain: boolean): void {
    this.#checked = { usage, atMs: nowMs };
    this.#heard = heard;
    this.#band = this.#bandOf(usage);
    this.#latest = [];
    this.#notePace(usage, nowMs);
    // Whether anything is done at the soft threshold hangs on what the engine does.
    this.#vainBand = wasInVain || this.#band === 1 ? this.#band : 0;
  }

  /** Time until usage reaches its next level at the pace of the latest readings; Infinity when it approaches none. */
  get nextLevelMs(): number {
    return this.#nextLevelMs;
  }

  /** Why a check should begin now, if it should. Call it between two checks only. */
  looked(look: Look): EarlyCause | undefined {
    const checked = this.#checked;
    if (checked === undefined) return undefined;
    const usage = this.#estimate(look.usage, checked.usage);
    this.#notePace(usage, look.nowMs);
    const mayBeInVain = look.nowMs - checked.atMs >= APART_MS;
    const band = this.#bandOf(usage);
    if (band <= this.#band) this.#band = band;
    else if (band > this.#vainBand || mayBeInVain) {
      this.#band = band;
      return causeOf[band as Exclude<Band, 0>];
    }
    if (!mayBeInVain) return undefined;
    return this.#changeAmongImages(look) ?? this.#growth(usage, checked.usage);
  }

  #notePace(usage: Usage, atMs: number): void {
    const { thresholds, softLevel, criticalLevel } = this.#levels;
    const { type, high } = thresholds;
    const used = level(usage, type).value;
    this.#latest = [...this.#latest.filter((look) => atMs - look.atMs <= PACE_MS), { used, atMs }];
    const [first = { used, atMs }] = this.#latest;
    const pace = atMs <= first.atMs ? 0 : (used - first.used) / (atMs - first.atMs);
    const left = [softLevel, high, criticalLevel]
      .filter((each) => each !== undefined && !reaches(used, each, type))
      .map((each = used) => (each - used) / pace)
      // Negative: usage moves away from it. Free space falls towards its levels, all else rises.
      .filter((ms) => ms >= 0);
    this.#nextLevelMs = Math.min(Infinity, ...left);
  }

  /**
   * In absolute mode a reading does not show what is below the path: growth of the filesystem is taken for growth
   * there.
   */
  #estimate(usage: Usage, before: Usage): Usage {
    if (this.#levels.thresholds.type !== 'absolute' || before.allocated === undefined) return usage;
    const grown = Math.max(0, before.bytes.available - usage.bytes.available);
    const { bytes, inodes } = before.allocated;
    return { ...usage, allocated: { bytes: bytes + grown, inodes } };
  }

  #bandOf(usage: Usage): Band {
    const { thresholds, softLevel } = this.#levels;
    if (isCritical(usage, this.#levels)) return 3;
    if (isTriggered(usage, thresholds)) return 2;
    const { type } = thresholds;
    return softLevel !== undefined && reaches(level(usage, type).value, softLevel, type) ? 1 : 0;
  }

  /**
   * An engine event calls for a check where the last one could not help, and where usage is unknown without measuring:
   * there an image's arrival on a filesystem that changed.
   */
  #changeAmongImages({ usage, heard }: Look): EarlyCause | undefined {
    if (this.#vainBand >= 2) return heard?.any === this.#heard?.any ? undefined : 'engine-event';
    const isElse = this.#levels.thresholds.type !== 'absolute' || heard?.arrival === this.#heard?.arrival;
    const isUnchanged = usage.bytes.available === this.#checked?.usage.bytes.available;
    return isElse || isUnchanged ? undefined : 'engine-event';
  }

  #growth(usage: Usage, before: Usage): EarlyCause | undefined {
    if (this.#vainBand < 2) return undefined;
    const { type } = this.#levels.thresholds;
    const whole = type === 'absolute' ? this.#levels.thresholds.high : 100;
    const used = (at: Usage): number => {
      const { value } = level(at, type);
      return type === 'free' ? percentAt(at, type, value) : value;
    };
    // Also where it fell: a loaded archive was removed from the disk, and its image arrived.
    const changed = Math.abs(used(usage) - used(before));
    return changed >= whole * GROWTH ? 'growth' : undefined;
  }
}
