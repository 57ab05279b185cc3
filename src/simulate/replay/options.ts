/** What a replay is run with: a node of this size, with these thresholds. */
import type { Window } from '../../core/model/window.ts';
import type { Protections } from '../../core/eligible/rules.ts';
import type { Thresholds } from '../../core/model/thresholds.ts';

export interface ReplayOptions {
  readonly capacityBytes: number;
  /** Undefined: inodes are not counted. */
  readonly capacityInodes?: number | undefined;
  /** `relative` where left out: thresholds are percent of the capacity; else bytes, as in Thresholds. */
  readonly type?: Thresholds['type'];
  readonly high: number;
  readonly low: number;
  /** Between this and HIGH single images go without a cordon; undefined: off. */
  readonly soft?: number | undefined;
  /** When sweeps may begin below the critical level, which is in the thresholds' unit; undefined: at any time. */
  readonly window?: Window | undefined;
  readonly critical?: number | undefined;
  /** Images unused for longer go whatever the disk says; 0 or undefined: off. */
  readonly maxUnusedSeconds?: number;
  /** How fast images come, for the delays. */
  readonly bytesPerSecond: number;
  /** What each sweep takes besides what it deletes; see figures.ts. */
  readonly sweepSeconds?: number;
  /** What people protect; nothing where left out. */
  readonly protections?: Protections;
  /** Called with the bytes used after each use, and after each sweep. */
  readonly watch?: (atMs: number, usedBytes: number) => void;
  /** Called with each image (its number) that goes. */
  readonly onDeleted?: (atMs: number, image: number) => void;
}
