/** The configuration's rules for plans, as one. */
import type { Config } from '../../config/config.ts';
import type { PlanRules } from '../../core/plan/plan-rules.ts';
import { findPolicy } from '../../core/policy/registry.ts';

/** @param history the present usage history. */
export function planRules(config: Config, history: PlanRules['history']): PlanRules {
  const { thresholds, criticalLevel, softLevel, protections, clean, window, maxUnusedSeconds } = config;
  const policy = findPolicy(config.policy);
  const levels = { thresholds, criticalLevel, softLevel };
  return { ...levels, policy, protections, clean, window, maxUnusedSeconds, history };
}
