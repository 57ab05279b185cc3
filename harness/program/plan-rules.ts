/** The rules of a plan, for tests and benches: biggest first, nothing protected, images only, unless they say otherwise. */
import { imagesOnly } from '../../src/core/eligible/cache-and-containers.ts';
import { noProtections } from '../../src/core/eligible/rules.ts';
import type { PlanRules } from '../../src/core/plan/plan-rules.ts';
import { biggest } from '../../src/core/policy/biggest.ts';

export function rulesWith(given: Partial<PlanRules> & Pick<PlanRules, 'thresholds'>): PlanRules {
  return { policy: biggest, protections: noProtections, clean: imagesOnly, ...given };
}
