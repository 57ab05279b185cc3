/** Whether deletions may begin now: inside the window, and at any time once the disk is critical. */
import { isCritical } from '../core/timing/critical.ts';
import type { PlanRules } from '../core/plan/plan-rules.ts';
import type { Usage } from '../core/model/thresholds.ts';
import { describeWindow, isOpen, windowState } from '../core/model/window.ts';

/** Why none may begin, the same words while the window is closed; undefined where one may. */
export function whyClosed(rules: PlanRules, usage: Usage, nowMs: number): string | undefined {
  const { window } = rules;
  if (window === undefined || isOpen(window, nowMs) || isCritical(usage, rules)) return undefined;
  return describeWindow(windowState(window, nowMs));
}
