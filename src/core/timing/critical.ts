/** What is relaxed above the critical threshold, where a full disk is the worst outcome. */
import type { Protections } from '../eligible/rules.ts';
import { level, reaches, type Thresholds, type Usage } from '../model/thresholds.ts';

/** As long as kubelet keeps a new image, whatever else is set (imageMinimumGCAge): it may be about to be used. */
const CRITICAL_MIN_AGE_SECONDS = 120;

/** The levels of usage at which something begins or ends. */
export interface Levels {
  readonly thresholds: Thresholds;
  /** From which nothing is waited for (THRESHOLD_CRITICAL), in the thresholds' unit; undefined: never critical. */
  readonly criticalLevel?: number | undefined;
  /** From which single images are deleted without a cordon (SOFT_THRESHOLD), in the thresholds' unit; undefined: none. */
  readonly softLevel?: number | undefined;
}

export function isCritical(usage: Usage, { thresholds, criticalLevel }: Levels): boolean {
  return (
    criticalLevel !== undefined &&
    reaches(level(usage, thresholds.type).value, criticalLevel, thresholds.type)
  );
}

/** The protections in force at this usage: above the critical level a longer minimum age is cut. */
export function protectionsAt(usage: Usage, protections: Protections, levels: Levels): Protections {
  const { minAgeSeconds } = protections;
  return minAgeSeconds > CRITICAL_MIN_AGE_SECONDS && isCritical(usage, levels)
    ? { ...protections, minAgeSeconds: CRITICAL_MIN_AGE_SECONDS }
    : protections;
}
