/** What a person is told: once when it begins, once when it is over, and only what a person can fix. */
import { beforeEach, describe, expect, it, test } from 'vitest';
import type { DaemonEvent, SweepReport } from '../../../../src/events/events.ts';
import { Notices } from '../../../../src/surfaces/notify/notices.ts';
import { letterOf } from '../../../../src/surfaces/notify/receivers.ts';

const patienceMs = 600_000;
const atMs = Date.parse('2026-11-28T10:00:00Z');
let monotonicMs = 0;
let notices: Notices;

beforeEach(() => {
  monotonicMs = 0;
  notices = new Notices({ criticalLevel: 95, patienceMs, nowMs: () => atMs, monotonicMs: () => monotonicMs });
});

const thresholds = { type: 'relative', high: 80, low: 60 } as const;

function checked(used: number): DaemonEvent {
  const usage = {
    path: '/x',
    bytes: { total: 100, available: 100 - used },
    inodes: undefined,
    allocated: undefined,
  };
  const triggered = used >= 80;
  return {
    event: 'check.completed',
    used,
    usage,
    thresholds,
    triggered,
    due: triggered ? 'sweep' : 'nothing',
    changed: true,
  };
}

function swept(
  reachedLow: boolean,
  stoppedBecause: SweepReport['stoppedBecause'],
  dryRun = false,
): DaemonEvent {
  return {
    event: 'sweep.completed',
    ...{ dryRun, deletedImages: 1, deletedCacheRecords: 0, deletedContainers: 0, failedDeletions: 0 },
    ...{ freedBytes: 5e9, freedInodes: 0, grownBytes: 0, grownInodes: 0 },
    ...{ outstandingBytes: 0, outstandingInodes: 0, predictedBytes: 5e9 },
    ...{ usedBefore: 85, usedAfter: reachedLow ? 59 : 82, thresholdType: 'relative', durationSeconds: 1 },
    ...{ reachedLow, stoppedBecause, remaining: reachedLow ? [] : ['9 GB in volumes'] },
  };
}

const told = (event: DaemonEvent): readonly string[] =>
  notices.on(event).map(({ problem, state }) => `${problem} ${state}`);
const due = (): readonly string[] => notices.due().map(({ problem, state }) => `${problem} ${state}`);

describe('a disk that deleting images does not keep below LOW', () => {
  it('is sent once, with what holds the space, and once when it is over', () => {
    const [notice] = notices.on(swept(false, 'no-candidates'));
    expect(notice).toEqual({
      problem: 'low-not-reached',
      state: 'begins',
      title: 'deleting images did not reach the low threshold',
      message: 'A sweep freed 5.00 GB and ended (no-candidates) with 82.0% used. 9 GB in volumes.',
      atMs,
    });
    expect(told(checked(82))).toEqual([]);
    expect(told(swept(false, 'ineffective'))).toEqual([]);
    expect(told(checked(79))).toEqual(['low-not-reached over']);
    expect(told(checked(70))).toEqual([]);
    expect(told(swept(false, 'denied'))).toEqual(['low-not-reached begins']);
    expect(told(swept(true, 'reached-low'))).toEqual(['low-not-reached over']);
  });

  test.each(['deletion-limit', 'stopped', 'engine-unavailable', 'path-unavailable'] as const)(
    'is not sent for a sweep that ended with %s',
    (stoppedBecause) => {
      expect(told(swept(false, stoppedBecause))).toEqual([]);
    },
  );

  it('is none in a dry run', () => {
    expect(told(swept(false, 'dry-run', true))).toEqual([]);
  });
});

it('a critical disk is reported at once, and is over below HIGH, not at the first percent', () => {
  expect(told(checked(94.9))).toEqual([]);
  expect(told(checked(95))).toEqual(['disk-critical begins']);
  expect(told(checked(97))).toEqual([]);
  expect(told(checked(90))).toEqual([]);
  expect(told(checked(79))).toEqual(['disk-critical over']);
});

describe.each([
  [
    'engine-away',
    { event: 'engine.unavailable', endpoint: 'unix:///x', message: 'refused' },
    { event: 'engine.connected', endpoint: 'unix:///x', name: 'D', version: '1', apiVersion: '1' },
  ],
  [
    'path-away',
    { event: 'path.unavailable', path: '/x', message: 'gone' },
    { event: 'path.available', path: '/x' },
  ],
  [
    'node-left-cordoned',
    { event: 'cluster.failing', task: 'uncordon', message: 'API server away' },
    { event: 'node.uncordoned', leftBehind: false },
  ],
] as const)('%s', (problem, begins, ends) => {
  it('is sent after ten minutes, by a monotonic clock, and when it is over', () => {
    expect(told(begins)).toEqual([]);
    expect(notices.waitMs()).toBe(patienceMs);
    monotonicMs = patienceMs - 1;
    // Said again, for another reason: it has been so all the time.
    expect(told(begins)).toEqual([]);
    expect(due()).toEqual([]);
    expect(notices.waitMs()).toBe(1);
    monotonicMs = patienceMs;
    expect(due()).toEqual([`${problem} begins`]);
    expect(due()).toEqual([]);
    expect(notices.waitMs()).toBeUndefined();
    expect(told(ends)).toEqual([`${problem} over`]);
    expect(told(ends)).toEqual([]);
  });

  it('is nothing where it is over before', () => {
    expect(told(begins)).toEqual([]);
    monotonicMs = patienceMs - 1;
    expect(told(ends)).toEqual([]);
    monotonicMs = 10 * patienceMs;
    expect(due()).toEqual([]);
  });
});

it('a node that is left cordoned when the process ends is reported then, whatever time has passed', () => {
  expect(notices.ending()).toEqual([]);
  notices.on({ event: 'cluster.failing', task: 'uncordon', message: 'API server away.' });
  expect(notices.ending()).toMatchObject([{ problem: 'node-left-cordoned', state: 'begins' }]);
  expect(notices.ending()).toEqual([]);
});

it('a task that leaves no cordon behind is not theirs', () => {
  notices.on({ event: 'cluster.failing', task: 'cordon', message: 'x' });
  monotonicMs = 10 * patienceMs;
  expect(due()).toEqual([]);
});

describe('a letter', () => {
  const notice = {
    problem: 'disk-critical',
    state: 'begins',
    title: 'the disk is critically full',
    message: '96% used <!channel> & more',
    atMs,
  } as const;
  const sender = { host: 'node-1', version: '1.2.3' };

  it('for programs has every field', () => {
    const { headers, body } = letterOf(notice, sender, 'json');
    expect(headers).toMatchObject({ 'content-type': 'application/json' });
    expect(JSON.parse(body)).toEqual({
      source: 'docker-image-cleaner',
      ...{ version: '1.2.3', host: 'node-1', problem: 'disk-critical', state: 'begins' },
      ...{ title: notice.title, message: notice.message, time: '2026-11-28T10:00:00.000Z' },
    });
  });

  it('for Slack mentions nobody that a name would mention', () => {
    expect(JSON.parse(letterOf(notice, sender, 'slack').body)).toEqual({
      text: 'node-1: the disk is critically full\n96% used &lt;!channel&gt; &amp; more',
    });
  });

  it('for ntfy is text, with a title that a header can carry', () => {
    const { headers, body } = letterOf(notice, { ...sender, host: 'nöde\r\nx: y' }, 'text');
    expect(body).toContain('the disk is critically full\n96% used');
    expect(headers['title']).toBe('n?de??x: y: the disk is critically full');
    expect(headers).toMatchObject({ priority: '4', tags: 'warning' });
  });

  it('is cut where a message is endless', () => {
    for (const format of ['json', 'slack', 'text'] as const)
      expect(letterOf({ ...notice, message: 'x'.repeat(1e6) }, sender, format).body.length).toBeLessThan(
        4000,
      );
  });
});
