import { describe, expect, it } from 'vitest';
import { Health } from '../../../../../src/surfaces/http/state/health.ts';

const checked = {
  event: 'check.completed',
  used: 50,
  usage: {
    path: '/x',
    bytes: { total: 100, available: 50 },
    inodes: undefined,
    allocated: undefined,
  },
  thresholds: { type: 'relative', high: 80, low: 60 },
  triggered: false,
  due: 'nothing',
  changed: true,
} as const;
const away = { event: 'engine.unavailable', endpoint: 'unix:///x', message: 'No engine.' } as const;

describe('health', () => {
  it('lives as long as each heartbeat arrives within the time that the last one promised', () => {
    const health = new Health(0, 10_000);
    expect(health.loop(10_000).ok).toBe(true);
    expect(health.loop(11_000)).toMatchObject({ ok: false });
    health.alive(11_000, 60);
    expect(health.loop(71_000).ok).toBe(true);
    expect(health.loop(72_000).message).toContain('overdue by 1 s');
  });

  it('takes an event for a sign of life, which promises the same again and never less', () => {
    const health = new Health(0, 10_000);
    health.on(checked, 9_000);
    expect(health.loop(19_000).ok).toBe(true);
    expect(health.loop(20_000).ok).toBe(false);
  });

  it('is not ready before the first check, without the engine, or when the loop hangs', () => {
    const health = new Health(0, 10_000);
    expect(health.work(0)).toMatchObject({ ok: false });
    health.on(checked, 0);
    expect(health.work(0)).toMatchObject({ ok: true });
    health.on(away, 1);
    expect(health.work(1)).toEqual({ ok: false, message: 'No engine.' });
    expect(health.loop(1).ok).toBe(true);
    health.on({ event: 'path.available', path: '/x' }, 2);
    expect(health.work(2).ok).toBe(false);
    health.on(checked, 3);
    expect(health.work(3).ok).toBe(true);
    expect(health.work(100_000).ok).toBe(false);
  });
});
