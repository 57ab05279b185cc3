/** Whether deletions may begin now: inside the window, and at any time once the disk is critical. */
import { level, reaches, type Thresholds, type Usage } from '../core/model/thresholds.ts';
import { describeWindow, isOpen, type Window, windowState } from '../core/model/window.ts';

export interface WindowRules {
  readonly window?: Window | undefined;
  readonly thresholds: Thresholds;
  readonly criticalLevel?: number | undefined;
}

/** Why none may begin, the same words for as long as the window stays closed; undefined where one may. */
export function whyClosed(
  { window, thresholds: { type }, criticalLevel }: WindowRules,
  usage: Usage,
  nowMs: number,
): string | undefined {
  if (window === undefined || isOpen(window, nowMs)) return undefined;
  if (criticalLevel !== undefined && reaches(level(usage, type).value, criticalLevel, type)) return undefined;
  return describeWindow(windowState(window, nowMs));
}
