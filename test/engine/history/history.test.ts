/** The usage history on a real engine: what is seen, what is not, and that the difference is known. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clockAt, lastUse, type UsageHistory } from '../../../src/core/use-history/history.ts';
import * as api from '../../../harness/engine/engine-api.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import {
  activeOf,
  folder,
  imageA,
  imageB,
  isEvents,
  proxy,
  real,
  reports,
  sawUses,
  start,
  synced,
  syncedTimes,
  useOnce,
  usesOf,
} from './scenario.ts';

describe('following', () => {
  test('the first list: as old as they are built, layers with their sizes, running containers in use', async () => {
    const container = await api.runContainer(real, 'b:1');
    const history = await start();
    expect(synced()).toMatchObject([{ images: 2, containersInUse: 1, missedSeconds: 0 }]);
    const current = history.current();
    const a = current.images.get(imageA);
    expect(a?.lastUsedMs).toBe(Date.parse('2024-01-01T00:00:00Z'));
    expect(a).toMatchObject({ origin: 'built', repositories: ['a'], active: 0, present: true });
    expect(a?.top?.bytes).toBe(20_000);
    expect(a?.top?.parent?.bytes).toBeGreaterThan(50_000);
    expect(current.images.get(imageB)?.top?.parent).toBe(a?.top?.parent);
    expect(activeOf(history, imageB)).toBe(1);
    await api.removeContainer(real, container);
    await waitFor('the end of the use', () => activeOf(history, imageB) === 0);
    expect(lastUse(history.current(), imageB, Date.now())?.idleMs).toBeLessThan(60_000);
  });

  test('idle it asks nothing', async () => {
    await start();
    const asked = proxy.count();
    await useOnce('a:1');
    await useOnce(imageA);
    // Both are known by the list: containers cost no question. The image that changes costs two.
    await api.tagImage(real, imageB, 'idle:1');
    await waitFor('the questions', () => proxy.count() >= asked + 1);
    expect(proxy.requests.slice(asked).map(({ path }) => path.replace(/^\/v[\d.]+/, ''))).toEqual([
      `/images/${imageB}/json`,
    ]);
    await api.removeImage(real, 'idle:1');
  });

  test.each([
    ['a name', () => 'a:1'],
    ['a name without its tag', () => 'a'],
    ['a whole name', () => 'docker.io/library/a:1'],
    ['an ID', () => imageA],
    ['a bare ID', () => imageA.slice('sha256:'.length)],
    ['a short ID', () => imageA.slice('sha256:'.length, 20)],
  ])('a container by %s', async (_, typed) => {
    const history = await start();
    await useOnce(typed());
    await sawUses(history, imageA, 1);
    await waitFor('the end of the use', () => activeOf(history, imageA) === 0);
  });

  test('a name that moves means the image it is given to, and started again is the image it was created from', async () => {
    const history = await start();
    await api.tagImage(real, imageA, 'moving:1');
    await useOnce('moving:1');
    await sawUses(history, imageA, 1);
    const container = await api.createContainer(real, 'moving:1');
    await sawUses(history, imageA, 2);
    await api.tagImage(real, imageB, 'moving:1');
    await useOnce('moving:1');
    await sawUses(history, imageB, 1);
    await api.startContainer(real, container);
    await useOnce('b:1');
    await sawUses(history, imageB, 2);
    expect(usesOf(history, imageA)).toBe(2);
    expect(history.current().images.get(imageA)?.repositories).toContain('moving');
    await api.removeContainer(real, container);
    await api.removeImage(real, 'moving:1');
  });

  test('a container that is restarted is one use, and in use as long as it is there', async () => {
    const history = await start();
    const container = await api.runContainer(real, 'a:1');
    await api.stopContainer(real, container);
    await api.startContainer(real, container);
    await api.stopContainer(real, container);
    await useOnce('b:1');
    await sawUses(history, imageB, 1);
    expect([usesOf(history, imageA), activeOf(history, imageA)]).toEqual([1, 1]);
    await api.removeContainer(real, container);
    await waitFor('the end of the use', () => activeOf(history, imageA) === 0);
  });

  test('images that arrive and are deleted', async () => {
    const history = await start();
    const child = await api.commitChild(real, 'a:1', { tag: 'child:1', bytes: 5000 });
    await waitFor('the child', () => history.current().images.get(child)?.present);
    expect(history.current().images.get(child)?.top?.parent).toBe(history.current().images.get(imageA)?.top);
    expect(lastUse(history.current(), child, Date.now())).toMatchObject({ wasUsed: false });
    await api.removeImage(real, 'child:1');
    await waitFor('its end', () => history.current().images.get(child)?.present === false);
  });
});

describe('what is cut off', () => {
  test('a cut stream continues without a gap', async () => {
    const history = await start();
    await useOnce('a:1');
    await sawUses(history, imageA, 1);
    await proxy.refuse('reset');
    await useOnce('a:1');
    await useOnce('b:1');
    await proxy.accept();
    expect(await syncedTimes(2)).toBe(0);
    await sawUses(history, imageA, 2);
    await sawUses(history, imageB, 1);
    expect(activeOf(history, imageA)).toBe(0);
    await useOnce('b:1');
    await sawUses(history, imageB, 2);
    expect(reports.filter(({ event }) => event === 'history.interrupted')).toHaveLength(1);
  });

  test('more events than the engine remembers are a gap: idle times stand still, the lists show what exists', async () => {
    const history = await start();
    await useOnce('b:1');
    await sawUses(history, imageB, 1);
    await waitFor('the end of the use', () => activeOf(history, imageB) === 0);
    await proxy.refuse('refused');
    const lostAtMs = Date.now();
    const stays = await api.runContainer(real, 'a:1');
    const ended = await api.createContainer(real, 'b:1', { command: ['/bin/true'] });
    await api.startContainer(real, ended);
    await api.waitForContainer(real, ended);
    for (let i = 0; i < 150; i++) {
      await api.tagImage(real, imageA, 'gap:1');
      await api.removeImage(real, 'gap:1');
    }
    const before = idle(history.current(), imageB, lostAtMs);
    await proxy.accept();
    const missed = await syncedTimes(2);
    expect(missed).toBeGreaterThan(0);
    await sawUses(history, imageA, 1);
    expect(activeOf(history, imageA)).toBe(1);
    // It started and ended unseen, but still exists as evidence.
    await sawUses(history, imageB, 2);
    expect(idle(history.current(), imageB, Date.now())).toBeLessThan(before + 60_000);
    // The clock of the history stood still.
    const now = Date.now();
    expect(now - clockAt(history.current(), now)).toBeGreaterThanOrEqual(Math.floor(missed * 1000) - 1);
    await api.removeContainer(real, stays);
    await api.removeContainer(real, ended);
    await waitFor('the end of the use', () => activeOf(history, imageA) === 0);
  });

  test.each(['stop', 'kill'] as const)('an engine that is gone (%s) and started again', async (how) => {
    const history = await start();
    const container = await api.runContainer(real, 'a:1');
    await sawUses(history, imageA, 1);
    await real[how]();
    await waitFor('the interruption', () => reports.some(({ event }) => event === 'history.interrupted'));
    expect(history.current().images.get(imageA)?.present).toBe(true);
    await real.start();
    expect(await syncedTimes(2)).toBeGreaterThan(0);
    expect(usesOf(history, imageA)).toBe(1);
    await api.removeContainer(real, container);
    await useOnce('a:1');
    await sawUses(history, imageA, 2);
    await waitFor('the end of the use', () => activeOf(history, imageA) === 0);
  });

  test('an engine that is not up yet', async () => {
    await proxy.refuse('gone');
    const starting = start();
    await waitFor('the interruption', () => reports.some(({ event }) => event === 'history.interrupted'));
    await proxy.accept();
    const history = await starting;
    expect(history.current().images.size).toBe(2);
  });

  test('an engine that forbids its events is asked for what there is', async () => {
    proxy.addRule({ match: isEvents, respond: { status: 403, body: 'no' } });
    const history = await start();
    expect(history.current().images.size).toBe(2);
    await waitFor('the word', () => reports.some(({ event }) => event === 'history.interrupted'));
    expect(reports.at(-1)).toMatchObject({ message: expect.stringMatching(/events.*403/) as string });
  });

  test('a message that is none', async () => {
    proxy.addRule({ match: isEvents, times: 1, respond: { status: 200, body: 'that is no event\n' } });
    const history = await start();
    await waitFor('the next stream', () => proxy.count(isEvents) >= 2);
    await useOnce('a:1');
    await sawUses(history, imageA, 1);
  });
});

function idle(history: UsageHistory, id: string, nowMs: number): number {
  return lastUse(history, id, nowMs)?.idleMs ?? Number.NaN;
}

describe("the host's clock", () => {
  const HOUR_MS = 3_600_000;

  test('jumps back and forth: nothing is lost, no idle time is below zero or longer than it was', async () => {
    let offsetMs = 0;
    const clock = (): number => Date.now() + offsetMs;
    const stateFile = join(folder, 'state.json');
    const first = await start({ clock, stateFile });
    await useOnce('a:1');
    await sawUses(first, imageA, 1);
    offsetMs = -3 * HOUR_MS;
    await useOnce('b:1');
    await sawUses(first, imageB, 1);
    await useOnce('a:1');
    await sawUses(first, imageA, 2);
    for (const id of [imageA, imageB]) expect(idle(first.current(), id, clock())).toBeLessThan(HOUR_MS);
    await first.close();
    const second = await start({ clock, stateFile });
    await useOnce('a:1');
    await sawUses(second, imageA, 3);
    expect(idle(second.current(), imageA, clock())).toBeLessThan(HOUR_MS);
    await proxy.refuse('reset');
    offsetMs = HOUR_MS;
    await proxy.accept();
    await syncedTimes(3);
    await useOnce('b:1');
    await sawUses(second, imageB, 2);
    await waitFor('the end of the use', () => activeOf(second, imageA) === 0);
    expect(idle(second.current(), imageB, clock())).toBeLessThan(HOUR_MS);
  });
});

describe('a storm', () => {
  /** Many at once, without more than a few requests in flight. */
  async function storm(rounds: number): Promise<void> {
    const lanes = [0, 1, 2, 3].map(async (lane) => {
      for (let i = 0; i < rounds / 4; i++) {
        await api.tagImage(real, i % 2 === 0 ? imageA : imageB, `storm${lane}:1`);
        await api.removeImage(real, `storm${lane}:1`);
      }
    });
    await Promise.all(lanes);
  }

  test('of 10,000 events costs few questions, and no use is lost', async () => {
    const history = await start();
    const stalled = proxy.addRule({ match: ({ path }) => path.includes(imageA), times: 1, stall: 'before' });
    await api.tagImage(real, imageA, 'stalled:1');
    await waitFor('the question', () => stalled.hits === 1);
    const asked = proxy.count();
    const uses = (async () => {
      for (let i = 0; i < 20; i++) await useOnce('a:1');
    })();
    // Each round is two events.
    await Promise.all([storm(4960), uses]);
    await useOnce('b:1');
    stalled.release();
    await sawUses(history, imageB, 1);
    expect(usesOf(history, imageA)).toBe(20);
    expect(synced()).toHaveLength(1);
    // At each use, what had changed by then: two images.
    expect(proxy.count() - asked).toBeLessThan(100);
    await api.removeImage(real, 'stalled:1');
  }, 900_000);

  test('larger than what may wait is a gap, and then all is there', async () => {
    const history = await start({ tuning: { maxWaiting: 100 } });
    const stalled = proxy.addRule({ match: ({ path }) => path.includes(imageA), times: 1, stall: 'before' });
    await api.tagImage(real, imageA, 'stalled:1');
    await waitFor('the question', () => stalled.hits === 1);
    await storm(400);
    const container = await api.runContainer(real, 'b:1');
    stalled.release();
    expect(await syncedTimes(2)).toBeGreaterThan(0);
    await sawUses(history, imageB, 1);
    expect(activeOf(history, imageB)).toBe(1);
    await api.removeContainer(real, container);
    await waitFor('the end of the use', () => activeOf(history, imageB) === 0);
    await api.removeImage(real, 'stalled:1');
  });
});
