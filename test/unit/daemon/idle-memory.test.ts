/** Garbage is collected before the daemon waits: at once, then at most once a minute, and only where Node lets us. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { IdleMemory } from '../../../src/daemon/idle-memory.ts';

const collect = vi.fn(() => Promise.resolve());

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.stubGlobal('gc', collect);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  collect.mockClear();
});

test('collects at once, and then at most once a minute', () => {
  const memory = new IdleMemory();
  memory.giveBack();
  memory.giveBack();
  expect(collect).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(59_000);
  memory.giveBack();
  expect(collect).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1_000);
  memory.giveBack();
  expect(collect).toHaveBeenCalledTimes(2);
});

test('does nothing where Node was started without --expose-gc', () => {
  vi.stubGlobal('gc', undefined);
  expect(() => new IdleMemory().giveBack()).not.toThrow();
});
