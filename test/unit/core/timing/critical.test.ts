/** What is relaxed above the critical threshold, and what is not. */
import { describe, expect, it } from 'vitest';
import { makePlan } from '../../../../src/core/plan/plan.ts';
import { nextOldEnoughMs, noProtections, type Protections } from '../../../../src/core/eligible/rules.ts';
import { container, image, store, usage } from '../arbitraries.ts';
import { rulesWith } from '../../../../harness/program/plan-rules.ts';

const NOW_MS = 10_000_000;
const images = [60, 119, 121, 4_000].map((ageSeconds) =>
  image(`aged${ageSeconds}`, { appearedAtMs: NOW_MS - ageSeconds * 1000 }),
);

function deletedAt(percent: number, minAgeSeconds: number, rules: Partial<Protections> = {}) {
  const { victims } = makePlan(
    {
      store: store([...images, image('used', { appearedAtMs: 0 })], [container('holder', ['used'])]),
      usage: usage(percent),
      nowMs: NOW_MS,
    },
    rulesWith({
      thresholds: { type: 'relative', high: 80, low: 0.001 },
      criticalLevel: 95,
      protections: { ...noProtections, ...rules, minAgeSeconds },
    }),
  );
  return victims;
}
const names = (percent: number, minAgeSeconds: number): string[] =>
  deletedAt(percent, minAgeSeconds)
    .map(({ id }) => id)
    .sort();

describe('above the critical threshold', () => {
  it('a longer minimum age is two minutes, as long as kubelet keeps a new image', () => {
    expect(names(94, 3_600)).toEqual(['aged4000']);
    expect(names(95, 3_600)).toEqual(['aged121', 'aged4000']);
  });

  it('a shorter one is unchanged', () => {
    expect(names(95, 60)).toEqual(['aged119', 'aged121', 'aged4000', 'aged60']);
    expect(names(95, 0)).toHaveLength(4);
  });

  it('says so of the images that would be kept below it', () => {
    const reasons = new Map(deletedAt(95, 3_600).map(({ id, reason }) => [id, reason]));
    expect(reasons.get('aged121')).toContain('younger than the minimum age');
    expect(reasons.get('aged4000')).not.toContain('younger');
  });

  it('every other protection holds', () => {
    expect(deletedAt(99, 3_600, { keepLast: 1 })).toEqual([]);
  });
});

describe('when the choice changes', () => {
  it('is when the next image is old enough', () => {
    const rules = { ...noProtections, minAgeSeconds: 120 };
    expect(nextOldEnoughMs(images, rules, NOW_MS)).toBe(1_000);
    expect(nextOldEnoughMs(images, { ...rules, minAgeSeconds: 60 }, NOW_MS)).toBeUndefined();
    expect(nextOldEnoughMs([image('unknown', { createdAtMs: undefined })], rules, NOW_MS)).toBeUndefined();
  });
});
