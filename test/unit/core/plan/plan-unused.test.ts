/** MAX_UNUSED_SECONDS: what is deleted, since when, and that "not seen" never counts as unused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlanRules } from '../../../../src/core/plan/plan-rules.ts';
import { planUnused, type UnusedPlan } from '../../../../src/core/plan/plan-unused.ts';
import { applyEvent, type UsageEvent } from '../../../../src/core/use-history/apply-event.ts';
import { newHistory, type UsageHistory } from '../../../../src/core/use-history/history.ts';
import type { Image, ImageStore } from '../../../../src/core/model/store.ts';
import { ClockJumps } from '../../../../src/history/clock-jumps.ts';
import { rulesWith } from '../../../../harness/program/plan-rules.ts';
import { image } from '../arbitraries.ts';

const day = 86_400_000;
const limit = (30 * day) / 1000;
const old = (id: string, extra: Partial<Image> = {}): Image =>
  image(id, { tags: [`${id}:1`], createdAtMs: -900 * day, appearedAtMs: -400 * day, ...extra });

function storeOf(images: readonly Image[], used: readonly string[] = []): ImageStore {
  const container = (id: string) => ({
    ...{ id: `c-${id}`, name: id, images: [id], state: 'exited', createdAtMs: 0, labels: {} },
  });
  return { images, layers: new Map(), containers: used.map(container) };
}

/** A history that began at 0 with these images and then saw these events. */
function watched(images: readonly Image[], events: readonly UsageEvent[] = []): UsageHistory {
  const history = newHistory(0);
  const listed = { images, layers: new Map(), containers: new Map() };
  applyEvent(history, { kind: 'listed', atMs: 0, isFirst: true, ...listed });
  for (const event of events) applyEvent(history, event);
  return history;
}

function gone(
  store: ImageStore,
  history: UsageHistory | undefined,
  nowMs: number,
  more: Partial<PlanRules> = {},
): readonly string[] {
  return planned(store, history, nowMs, more).victims.map(({ id }) => id);
}

function planned(
  store: ImageStore,
  history: UsageHistory | undefined,
  nowMs: number,
  more: Partial<PlanRules> = {},
): UnusedPlan {
  const thresholds = { type: 'relative', high: 80, low: 60 } as const;
  const rules = rulesWith({ thresholds, maxUnusedSeconds: limit, history: () => history, ...more });
  const plan = planUnused({ store, nowMs }, rules);
  if (plan === undefined) throw new Error('the rule is on');
  return plan;
}

describe('what is deleted for being unused', () => {
  const images = [old('a'), old('b')];
  const store = storeOf(images);

  it('is deleted once it was tracked for that long, however old it is, with the reason', () => {
    expect(gone(store, watched(images), 30 * day - 1)).toEqual([]);
    expect(planned(store, watched(images), 10 * day).missingSeconds).toBe((20 * day) / 1000);
    expect(gone(store, watched(images), 30 * day)).toEqual(['a', 'b']);
    const [victim] = planned(store, watched(images), 45 * day).victims;
    expect(victim?.reason).toMatch(/^unused for 45 d, longer than 30 d; frees /);
  });

  it('is nothing without a history, and nothing that the history does not know', () => {
    expect(gone(store, undefined, 900 * day)).toEqual([]);
    expect(gone(storeOf([...images, old('new')]), watched(images), 900 * day)).toEqual(['a', 'b']);
  });

  it('is neither what was used meanwhile, nor what arrived meanwhile', () => {
    const history = watched(images, [
      { kind: 'use-began', atMs: 5 * day, containerId: 'c', imageId: 'a' },
      { kind: 'use-ended', atMs: 6 * day, containerId: 'c' },
      { kind: 'appeared', atMs: 20 * day, image: old('late'), layers: new Map() },
    ]);
    const all = storeOf([...images, old('late')]);
    expect(gone(all, history, 36 * day - 1)).toEqual(['b']);
    expect(gone(all, history, 36 * day)).toEqual(['b', 'a']);
    expect(gone(all, history, 50 * day)).toEqual(['b', 'a', 'late']);
    // Tagged or pulled again a day ago, by the disk.
    expect(gone(storeOf([old('a', { appearedAtMs: 49 * day }), old('b')]), history, 50 * day)).toEqual(['b']);
  });

  it('is never in use or protected', () => {
    const history = watched(images);
    expect(gone(storeOf(images, ['a']), history, 99 * day)).toEqual(['b']);
    const keep = [{ kind: 'glob', text: 'a' }] as const;
    expect(gone(store, history, 99 * day, { protections: { keep, minAgeSeconds: 0, keepLast: 0 } })).toEqual([
      'b',
    ]);
  });

  it('is not in the time of a gap: not seen is not unused', () => {
    const history = watched(images, [{ kind: 'gap', fromMs: 5 * day, toMs: 25 * day }]);
    expect(gone(store, history, 50 * day - 1)).toEqual([]);
    expect(gone(store, history, 50 * day)).toEqual(['a', 'b']);
  });

  it('is deleted before what it was built on, and kept where something built on it is kept', () => {
    const child = old('child', { parentId: 'a' });
    const all = [old('a'), child];
    expect(gone(storeOf(all), watched(all), 40 * day)).toEqual(['child', 'a']);
    expect(gone(storeOf(all, ['child']), watched(all), 40 * day)).toEqual([]);
  });
});

describe('a host’s clock that jumps', () => {
  it('forward is a time in which nothing was seen; back, and slewed, it is nothing', () => {
    let [wall, monotonic] = [1000 * day, 0];
    const jumps = new ClockJumps(
      () => wall,
      () => monotonic,
    );
    const pass = (wallMs: number, monotonicMs = wallMs): ReturnType<ClockJumps['take']> => {
      wall += wallMs;
      monotonic += monotonicMs;
      return jumps.take();
    };
    expect(pass(60_000)).toBeUndefined();
    expect(pass(60_500, 60_000)).toBeUndefined();
    expect(pass(365 * day, 60_000)).toEqual({ fromMs: wall - (365 * day - 60_000), toMs: wall });
    expect(pass(60_000)).toBeUndefined();
    expect(pass(-365 * day, 60_000)).toBeUndefined();
  });

  it('never deletes an image that was not unused for that long by a monotonic clock', () => {
    const step = fc.record({
      livedMs: fc.integer({ min: 60_000, max: 3 * day }),
      jumpMs: fc.constantFrom(0, 0, 0, 400 * day, -400 * day, day, -day, 31_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const images = [old('a')];
        const history = watched(images);
        let [wall, lived] = [0, 0];
        const jumps = new ClockJumps(
          () => wall,
          () => lived,
        );
        for (const { livedMs, jumpMs } of steps) {
          lived += livedMs;
          wall += livedMs + jumpMs;
          const skipped = jumps.take();
          if (skipped !== undefined) applyEvent(history, { kind: 'gap', ...skipped });
          const isGone = gone(storeOf(images), history, wall).length > 0;
          if (isGone) expect(lived).toBeGreaterThanOrEqual(30 * day);
        }
      }),
      { numRuns: 300 },
    );
  });
});
