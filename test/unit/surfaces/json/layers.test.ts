/** What the page says of an image's use is what the policies go by. */
import { describe, expect, it } from 'vitest';
import { makePlan } from '../../../../src/core/plan/plan.ts';
import { applyEvent } from '../../../../src/core/use-history/apply-event.ts';
import { newHistory } from '../../../../src/core/use-history/history.ts';
import type { Image } from '../../../../src/core/model/store.ts';
import { layersJson } from '../../../../src/surfaces/json/layers.ts';
import { rulesWith } from '../../../../harness/program/plan-rules.ts';
import { image, store, usage } from '../../core/arbitraries.ts';

const day = 86_400_000;
const nowMs = 1_000 * day;
const thresholds = { type: 'relative', high: 80, low: 60 } as const;

/** What is said of this one image. */
function said(extra: Partial<Image>, events: Parameters<typeof applyEvent>[1][] = []) {
  const images = [image('it', extra)];
  const history = newHistory(nowMs - day);
  const listed = { images, layers: new Map(), containers: new Map() };
  applyEvent(history, { kind: 'listed', atMs: nowMs - day, isFirst: true, ...listed });
  for (const event of events) applyEvent(history, event);
  const plan = makePlan(
    { store: store(images), usage: usage(90), nowMs },
    rulesWith({ thresholds, history: () => history }),
  );
  const input = { plan, history, takenAtMs: nowMs, assumedUsed: undefined, thresholds };
  const [unit] = layersJson(input).units;
  return [unit?.idleSeconds, unit?.wasUsed];
}

describe('how long an image has not been used', () => {
  it('is counted from its arrival, however long ago it was built', () => {
    expect(said({ createdAtMs: 0, appearedAtMs: nowMs - 95_000 })).toEqual([95, false]);
  });

  it('is counted from when it was built where its arrival is not known', () => {
    expect(said({ createdAtMs: nowMs - 3 * day })).toEqual([(3 * day) / 1000, false]);
  });

  it('is counted from its last use, however long ago it arrived', () => {
    const head = { containerId: 'c' };
    const events = [
      { kind: 'use-began', atMs: nowMs - 20_000, imageId: 'it', ...head },
      { kind: 'use-ended', atMs: nowMs - 7_000, ...head },
    ] as const;
    expect(said({ createdAtMs: 0, appearedAtMs: nowMs - 3 * day }, [...events])).toEqual([7, true]);
  });

  it('is as long as it was tracked where neither is known', () => {
    expect(said({ createdAtMs: undefined })).toEqual([day / 1000, false]);
  });
});
