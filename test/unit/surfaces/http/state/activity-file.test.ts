/** The past that the page shows, in a file: as it was, bounded, and never half believed. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Thresholds, Usage } from '../../../../../src/core/model/thresholds.ts';
import type { DaemonEvent, SweepReport } from '../../../../../src/events/events.ts';
import { ActivityFile } from '../../../../../src/surfaces/http/state/activity-file.ts';
import { Activity } from '../../../../../src/surfaces/http/state/activity.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-01-01T00:00:00Z');
const thresholds: Thresholds = { type: 'relative', high: 80, low: 60 };
const sweep: SweepReport = {
  dryRun: false,
  deletedImages: 2,
  deletedCacheRecords: 0,
  deletedContainers: 0,
  failedDeletions: 0,
  freedBytes: -5,
  freedInodes: 3,
  grownBytes: 0,
  grownInodes: 0,
  predictedBytes: 10,
  outstandingBytes: 1,
  outstandingInodes: 2,
  usedBefore: 81.5,
  usedAfter: 70,
  thresholdType: 'relative',
  durationSeconds: 2.5,
  reachedLow: false,
  stoppedBecause: 'no-candidates',
  remaining: ['It is in use.'],
};

let folder: string;
let told: DaemonEvent[];
const path = (): string => join(folder, 'state.activity');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dic-unit-'));
  told = [];
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const usage = (percent: number): Usage => ({
  path: '/store',
  bytes: { total: 1e9, available: Math.round(1e7 * (100 - percent)) },
  inodes: undefined,
  allocated: undefined,
});

/** A measurement every 10 s for this time, and a sweep every hour. */
function busy(hours: number): Activity {
  const activity = new Activity();
  for (let atMs = START; atMs <= START + hours * HOUR; atMs += 10_000) {
    activity.measured(usage(40 + ((atMs / 60_000) % 50)), atMs);
    if (atMs % HOUR === 0) activity.on({ event: 'sweep.completed', ...sweep }, atMs);
  }
  return activity;
}

const fileOf = (activity: Activity, nowMs: number, what = '/store', file = path()): ActivityFile =>
  new ActivityFile(activity, {
    file,
    path: what,
    thresholdType: 'relative',
    report: (event) => told.push(event),
    clock: () => nowMs,
  });

/** What a later process knows at that time. */
async function later(nowMs: number, what?: string): Promise<Activity> {
  const activity = new Activity();
  await fileOf(activity, nowMs, what).load();
  return activity;
}

const shown = (activity: Activity) => {
  const { samples, sweeps } = activity.json(thresholds);
  return { samples, sweeps };
};

describe('the past', () => {
  it('is restored as it was, and continues', async () => {
    const before = busy(30);
    const endMs = START + 30 * HOUR;
    await fileOf(before, endMs).save();
    const after = await later(endMs);
    expect(shown(after)).toEqual(shown(before));
    expect(shown(after).sweeps[0]).toMatchObject(sweep);
    for (const activity of [before, after]) activity.measured(usage(90), endMs + 5_000);
    expect(shown(after)).toEqual(shown(before));
    expect(told).toEqual([]);
  });

  it('takes bounded room, however long it was', async () => {
    await fileOf(busy(24 * 40), START + 40 * 24 * HOUR).save();
    expect(statSync(path()).size).toBeLessThan(500_000);
  });

  it('is nothing at first', async () => {
    expect(shown(await later(START))).toEqual({ samples: [], sweeps: [] });
    expect(told).toEqual([]);
  });

  it('of another path is another past, and what lies in the future is left out', async () => {
    await fileOf(busy(2), START).save();
    expect(shown(await later(START + 2 * HOUR, '/elsewhere'))).toEqual({ samples: [], sweeps: [] });
    const { samples, sweeps } = shown(await later(START + HOUR));
    expect(samples.length).toBeGreaterThan(100);
    expect(samples.filter(({ atMs }) => atMs > START + HOUR)).toEqual([]);
    expect(sweeps.map(({ endedAtMs }) => endedAtMs)).toEqual([START + HOUR, START]);
  });

  it('that is damaged is reported and never half used', async () => {
    await fileOf(busy(1), START).save();
    const whole = readFileSync(path(), 'utf8');
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(20), fc.string(), async (at, length, inserted) => {
        writeFileSync(path(), whole.slice(0, at) + inserted + whole.slice(at + length));
        told = [];
        const found = shown(await later(START + HOUR));
        if (told.length > 0) {
          expect(told).toMatchObject([{ event: 'history.state-lost', path: path() }]);
          expect(found).toEqual({ samples: [], sweeps: [] });
        }
      }),
      { numRuns: 100 },
    );
    told = [];
    writeFileSync(path(), whole.replace('"version":1', '"version":2'));
    await later(START + HOUR);
    expect(told).toMatchObject([{ event: 'history.state-lost' }]);
  });

  it('that cannot be written is reported once until it can', async () => {
    const activity = busy(1);
    const file = fileOf(activity, START, '/store', join(folder, 'missing', 'state'));
    await file.save();
    await file.close();
    expect(told).toMatchObject([{ event: 'history.write-failed', path: join(folder, 'missing', 'state') }]);
  });
});
