/** The sentences of events say what is true. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gainedOf, gainOf, gainText } from '../../../src/core/model/gain.ts';
import { type DaemonEvent, sentenceOf, severityOf, type SweepReport } from '../../../src/events/events.ts';

const thresholds = { type: 'relative', high: 80, low: 60 } as const;
const usage = {
  path: '/data',
  bytes: { total: 1000, available: 500 },
  inodes: undefined,
  allocated: undefined,
};
const report: SweepReport = {
  dryRun: false,
  deletedImages: 2,
  deletedCacheRecords: 0,
  deletedContainers: 0,
  failedDeletions: 0,
  ...gainOf({ bytes: -117e6, inodes: -278 }),
  outstandingBytes: 0,
  outstandingInodes: 0,
  predictedBytes: 5,
  usedBefore: 90,
  usedAfter: 91,
  thresholdType: 'relative',
  durationSeconds: 3,
  reachedLow: false,
  stoppedBecause: 'ineffective',
  remaining: ['here'],
};

describe('what was freed', () => {
  it('is never negative, and what grew is said as such', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (bytes, inodes) => {
        const gain = gainOf({ bytes, inodes });
        expect(Math.min(...Object.values<number>({ ...gain }))).toBeGreaterThanOrEqual(0);
        expect(gainedOf(gain)).toEqual({ bytes, inodes });
        expect(gainText(gain)).not.toMatch(/-\d/);
        expect(gainText(gain).includes('grew')).toBe(bytes < 0 || inodes < 0);
      }),
    );
  });

  it.each<DaemonEvent>([
    { event: 'sweep.completed', ...report },
    {
      event: 'image.deleted',
      id: 'sha256:1',
      references: ['a:1'],
      sizeBytes: 1,
      predictedBytes: 1,
      predictedInodes: 1,
      reason: 'big',
      ...gainOf({ bytes: -117e6, inodes: -278 }),
      used: 91,
      usage,
      durationSeconds: 1,
    },
    {
      event: 'prediction.missed',
      missed: 1,
      deletions: 1,
      id: 'sha256:1',
      references: ['a:1'],
      sizeBytes: 1,
      predictedBytes: 1,
      predictedInodes: 1,
      exact: true,
      ...gainOf({ bytes: -117e6, inodes: -278 }),
    },
  ])('$event says that usage grew', (event) => {
    expect(sentenceOf(event)).toContain('usage grew by 117 MB and 278 inodes');
    expect(sentenceOf(event)).not.toContain('-117');
    expect(sentenceOf(event)).not.toContain('-278');
  });
});

describe('a check', () => {
  const check = { event: 'check.completed', used: 50, usage, thresholds, triggered: false } as const;

  it('is logged once with what to do, and then only at debug level', () => {
    const first: DaemonEvent = { ...check, due: 'nothing', changed: true };
    expect(sentenceOf(first)).toBe('50.0% used, high 80.0%, low 60.0%: nothing to do');
    expect(severityOf(first)).toBe('info');
    expect(severityOf({ ...first, changed: false })).toBe('debug');
    expect(sentenceOf({ ...first, due: 'gentle-step' })).not.toContain('nothing to do');
  });

  it('that is skipped is a warning once', () => {
    const skipped = { event: 'sweep.skipped', used: 90, reason: 'because' } as const;
    expect(severityOf({ ...skipped, repeated: false })).toBe('warn');
    expect(severityOf({ ...skipped, repeated: true })).toBe('debug');
  });
});

describe('trying again', () => {
  it.each<DaemonEvent>([
    { event: 'engine.unavailable', endpoint: 'unix:///x', message: 'It is away.' },
    { event: 'path.unavailable', path: '/x', message: 'It is away.' },
    { event: 'history.interrupted', message: 'It is away.' },
    { event: 'history.write-failed', path: '/x', message: 'ENOSPC' },
  ])('$event does not promise it where nothing is tried again', (event) => {
    expect(sentenceOf(event)).toMatch(/ Trying again\.$/);
    expect(sentenceOf(event, false)).not.toContain('again');
  });
});
