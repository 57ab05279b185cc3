/** Events in, exposition out. What real tools make of it is tested in test/engine/http/metrics.test.ts. */
import { describe, expect, it } from 'vitest';
import { noLimits } from '../../../src/core/plan/deletion-budget.ts';
import { gainOf } from '../../../src/core/model/gain.ts';
import type { DaemonEvent } from '../../../src/events/events.ts';
import { gauge } from '../../../src/surfaces/metrics/definition.ts';
import { Metrics, type MetricsOptions } from '../../../src/surfaces/metrics/metrics.ts';
import { Samples } from '../../../src/surfaces/metrics/samples.ts';
import { allMetrics, metrics } from '../../../src/surfaces/metrics/table.ts';
import { rulesWith } from '../../../harness/program/plan-rules.ts';

const usage = {
  path: '/data',
  bytes: { total: 1000, available: 100 },
  inodes: { total: 50, available: 40 },
  allocated: undefined,
};
const thresholds = { type: 'relative', high: 80, low: 60 } as const;

function started(options: Partial<MetricsOptions> = {}) {
  const clock = { ms: 5_000 };
  const subject = new Metrics({
    version: '1.2.3',
    rules: rulesWith({ thresholds, criticalLevel: 95 }),
    intervalSeconds: 300,
    dryRun: false,
    limits: noLimits,
    cordons: true,
    followsHistory: false,
    lateKind: 'image',
    nowMs: () => 1_000_000 + clock.ms,
    monotonicMs: () => clock.ms,
    ...options,
  });
  return { subject, clock, tell: (...events: DaemonEvent[]) => events.forEach(subject.report) };
}

/** The value of one series; undefined when it is not there. */
function valueOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

function deleted(freedBytes: number, durationSeconds = 0.2): DaemonEvent {
  return {
    event: 'image.deleted',
    id: 'sha256:1',
    references: ['secret.example/team/x:1'],
    sizeBytes: 300,
    predictedBytes: 250,
    predictedInodes: 9,
    reason: 'the biggest',
    freedBytes,
    freedInodes: 8,
    grownBytes: 0,
    grownInodes: 0,
    used: 65,
    usage: { ...usage, bytes: { total: 1000, available: 350 } },
    durationSeconds,
  };
}

const completed: DaemonEvent = {
  event: 'sweep.completed',
  dryRun: false,
  deletedImages: 1,
  deletedCacheRecords: 0,
  deletedContainers: 0,
  failedDeletions: 0,
  freedBytes: 250,
  freedInodes: 8,
  grownBytes: 0,
  grownInodes: 0,
  outstandingBytes: 0,
  outstandingInodes: 0,
  predictedBytes: 250,
  usedBefore: 90,
  usedAfter: 65,
  thresholdType: 'relative',
  durationSeconds: 4,
  reachedLow: false,
  stoppedBecause: 'no-candidates',
  remaining: ['elsewhere'],
};

describe('the table of metrics', () => {
  it.each(allMetrics.map((metric) => [metric.name, metric] as const))(
    '%s follows the conventions',
    (name, metric) => {
      expect(name).toMatch(/^(docker_image_cleaner|process|nodejs)_[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith('_total')).toBe(metric.type === 'counter');
      expect(name.endsWith('_info')).toBe(metric.type === 'info');
      if (metric.type === 'histogram') expect(name).toMatch(/_seconds$/);
      expect(name).not.toMatch(/milli|kilo|mega|percent|_(ms|kb|mb)(_|$)/);
      expect(metric.help).toMatch(/^[A-Z0-9].*[^.]$/);
      if (metric.type === 'histogram')
        expect(metric.buckets).toEqual([...metric.buckets].sort((a, b) => a - b));
    },
  );

  it('has each name once', () => {
    expect(new Set(allMetrics.map(({ name }) => name)).size).toBe(allMetrics.length);
  });
});

describe('Metrics', () => {
  it('has counters at zero before anything happens, and no gauge that is not known', () => {
    const text = started().subject.text();
    expect(valueOf(text, 'docker_image_cleaner_sweeps_total{outcome="reached-low"}')).toBe(0);
    expect(valueOf(text, 'docker_image_cleaner_sweep_duration_seconds_bucket{le="+Inf"}')).toBe(0);
    expect(valueOf(text, 'docker_image_cleaner_threshold_ratio{threshold="high"}')).toBe(0.8);
    expect(text).not.toContain('docker_image_cleaner_engine_up');
    expect(text).not.toContain('docker_image_cleaner_usage_ratio');
  });

  it('shows usage after each check and after each deletion', () => {
    const { subject, tell } = started();
    tell({
      event: 'check.completed',
      used: 90,
      usage,
      thresholds,
      triggered: true,
      due: 'sweep',
      changed: true,
    });
    expect(valueOf(subject.text(), 'docker_image_cleaner_usage_ratio{resource="bytes"}')).toBeCloseTo(0.9);
    expect(valueOf(subject.text(), 'docker_image_cleaner_usage_ratio{resource="inodes"}')).toBeCloseTo(0.2);
    expect(valueOf(subject.text(), 'docker_image_cleaner_level_ratio')).toBeCloseTo(0.9);
    tell(deleted(250));
    expect(valueOf(subject.text(), 'docker_image_cleaner_usage_ratio{resource="bytes"}')).toBeCloseTo(0.65);
    expect(valueOf(subject.text(), 'docker_image_cleaner_last_success_timestamp_seconds{task="check"}')).toBe(
      1005,
    );
  });

  it('counts delayed space as late where not only images are deleted', () => {
    const { subject, tell } = started({ lateKind: 'late' });
    tell({ event: 'space.appeared', ...gainOf({ bytes: 250, inodes: -3 }), afterSeconds: 27, usage });
    const text = subject.text();
    expect(valueOf(text, 'docker_image_cleaner_freed_bytes_total{kind="late"}')).toBe(250);
    expect(valueOf(text, 'docker_image_cleaner_freed_bytes_total{kind="image"}')).toBe(0);
    expect(valueOf(text, 'docker_image_cleaner_freed_inodes_total{kind="late"}')).toBe(0);
  });

  it('counts delayed space, and shows the usage measured then', () => {
    const { subject, tell } = started();
    tell(deleted(0), {
      event: 'space.appeared',
      freedBytes: 250,
      freedInodes: 8,
      grownBytes: 0,
      grownInodes: 0,
      afterSeconds: 27,
      usage: { ...usage, bytes: { total: 1000, available: 400 } },
    });
    const text = subject.text();
    expect(valueOf(text, 'docker_image_cleaner_freed_bytes_total{kind="image"}')).toBe(250);
    expect(valueOf(text, 'docker_image_cleaner_usage_ratio{resource="bytes"}')).toBeCloseTo(0.6);
  });

  it('has absolute thresholds as shares of the filesystem', () => {
    const { subject, tell } = started({
      rules: rulesWith({ thresholds: { type: 'absolute', high: 500, low: 400 } }),
    });
    const allocated = { bytes: 450, inodes: 3 };
    tell({
      event: 'check.completed',
      used: 450,
      usage: { ...usage, allocated },
      thresholds: { type: 'absolute', high: 500, low: 400 },
      triggered: false,
      due: 'nothing',
      changed: true,
    });
    const text = subject.text();
    expect(valueOf(text, 'docker_image_cleaner_level_ratio')).toBeCloseTo(0.45);
    expect(valueOf(text, 'docker_image_cleaner_threshold_ratio{threshold="low"}')).toBeCloseTo(0.4);
    expect(valueOf(text, 'docker_image_cleaner_allocated_bytes')).toBe(450);
    expect(text).not.toContain('threshold="critical"');
  });

  it('adds up what was freed and predicted, and never lets a counter fall', () => {
    const { subject, tell } = started();
    tell(deleted(250), deleted(0, 400));
    const text = subject.text();
    expect(valueOf(text, 'docker_image_cleaner_freed_bytes_total{kind="image"}')).toBe(250);
    expect(valueOf(text, 'docker_image_cleaner_predicted_bytes_total{kind="image"}')).toBe(500);
    expect(valueOf(text, 'docker_image_cleaner_deletions_total{kind="image",result="deleted"}')).toBe(2);
    const bucket = (le: string): number | undefined =>
      valueOf(text, `docker_image_cleaner_deletion_duration_seconds_bucket{kind="image",le="${le}"}`);
    expect([bucket('0.1'), bucket('0.25'), bucket('300'), bucket('+Inf')]).toEqual([0, 1, 1, 2]);
    expect(valueOf(text, 'docker_image_cleaner_deletion_duration_seconds_sum{kind="image"}')).toBeCloseTo(
      400.2,
    );
  });

  it('counts victims by kind and by how their turn ended', () => {
    const { subject, tell } = started();
    const victim = { id: 'x', references: [] };
    tell(
      { event: 'cache-record.gone', ...victim },
      { event: 'container.kept', ...victim, reason: 'r' },
      { event: 'image.delete-unanswered', ...victim, message: 'm', waitSeconds: 1 },
      { event: 'image.delete-failed', ...victim, message: 'm' },
    );
    const text = subject.text();
    const series = (kind: string, result: string): string =>
      `docker_image_cleaner_deletions_total{kind="${kind}",result="${result}"}`;
    expect(valueOf(text, series('build-cache', 'gone'))).toBe(1);
    expect(valueOf(text, series('stopped-container', 'kept'))).toBe(1);
    expect(valueOf(text, series('image', 'failed'))).toBe(1);
    expect(valueOf(text, 'docker_image_cleaner_deletions_unanswered_total{kind="image"}')).toBe(1);
  });

  it('shows how sweeps ended; a dry run changes nothing but its own count', () => {
    const { subject, tell } = started();
    tell({ ...completed, dryRun: true, stoppedBecause: 'dry-run' });
    expect(valueOf(subject.text(), 'docker_image_cleaner_last_sweep_reached_low')).toBeUndefined();
    tell(completed);
    expect(valueOf(subject.text(), 'docker_image_cleaner_last_sweep_reached_low')).toBe(0);
    expect(
      valueOf(subject.text(), 'docker_image_cleaner_last_success_timestamp_seconds{task="sweep"}'),
    ).toBeUndefined();
    tell({ ...completed, reachedLow: true, stoppedBecause: 'reached-low' });
    const text = subject.text();
    expect(valueOf(text, 'docker_image_cleaner_last_sweep_reached_low')).toBe(1);
    expect(valueOf(text, 'docker_image_cleaner_last_success_timestamp_seconds{task="sweep"}')).toBe(1005);
    expect(valueOf(text, 'docker_image_cleaner_sweeps_total{outcome="no-candidates"}')).toBe(1);
    expect(valueOf(text, 'docker_image_cleaner_sweep_duration_seconds_count')).toBe(3);
  });

  it('counts images that were deleted for being unused', () => {
    const { subject, tell } = started();
    const done = {
      dryRun: false,
      failedDeletions: 0,
      durationSeconds: 1,
      ...gainOf({ bytes: 1, inodes: 1 }),
    };
    tell({ event: 'max-unused.completed', ...done, deletedImages: 3, endedBecause: 'done' });
    tell({ event: 'max-unused.completed', ...done, deletedImages: 2, endedBecause: 'limit' });
    expect(valueOf(subject.text(), 'docker_image_cleaner_max_unused_deleted_images_total')).toBe(5);
  });

  it('counts the seconds of a cordon while it lasts and once it is over', () => {
    const { subject, clock, tell } = started();
    const seconds = (): number | undefined =>
      valueOf(subject.text(), 'docker_image_cleaner_cordoned_seconds_total');
    tell({ event: 'node.cordoned', mode: 'cordon' });
    clock.ms += 2_000;
    expect(seconds()).toBe(2);
    expect(valueOf(subject.text(), 'docker_image_cleaner_node_cordoned')).toBe(1);
    tell({ event: 'node.uncordoned', leftBehind: false });
    clock.ms += 60_000;
    expect(seconds()).toBe(2);
    tell({ event: 'node.cordoned', mode: 'taint' });
    clock.ms += 500;
    tell({ event: 'node.left-cordoned', why: 'annotation-removed' });
    expect(seconds()).toBe(2.5);
    expect(valueOf(subject.text(), 'docker_image_cleaner_node_cordoned')).toBe(0);
  });

  it('counts every failed try of the API server once the row is over, at least one before', () => {
    const { subject, tell } = started();
    const errors = 'docker_image_cleaner_api_server_errors_total{task="uncordon"}';
    const failing = 'docker_image_cleaner_api_server_failing{task="uncordon"}';
    tell(
      { event: 'cluster.failing', task: 'uncordon', message: 'refused' },
      { event: 'cluster.failing', task: 'uncordon', message: 'timeout' },
    );
    expect(valueOf(subject.text(), errors)).toBe(2);
    expect(valueOf(subject.text(), failing)).toBe(1);
    tell({ event: 'cluster.working', task: 'uncordon', failedForSeconds: 9, tries: 8 });
    expect(valueOf(subject.text(), errors)).toBe(7);
    expect(valueOf(subject.text(), failing)).toBe(0);
  });

  it('waits for a slot from the word until it is had, not needed or done without', () => {
    const { subject, tell } = started();
    const waiting = (): number | undefined => valueOf(subject.text(), 'docker_image_cleaner_cordon_waiting');
    for (const end of [
      { event: 'slot.taken', slot: 'slot-0' },
      { event: 'cordon.skipped', reason: 'critical' },
      {
        event: 'check.completed',
        used: 50,
        usage,
        thresholds,
        triggered: false,
        due: 'nothing',
        changed: true,
      },
    ] as const) {
      tell({ event: 'slot.waiting', slots: 1 });
      expect(waiting()).toBe(1);
      tell(end);
      expect(waiting()).toBe(0);
    }
  });

  it('has no series about nodes where there are none', () => {
    expect(started({ cordons: false }).subject.text()).not.toMatch(/node_cordoned|cordon_waiting/);
  });

  it('shows the store as it was last seen, and forgets what is no longer known', () => {
    const { subject } = started();
    const none = { count: 0, bytes: 0 };
    const summary = {
      images: { 'in-use': { count: 2, bytes: 70 }, protected: none, unused: { count: 3, bytes: 30 } },
      reclaimable: { bytes: 25, inodes: 4, exact: true },
    };
    const nothing = { bytes: 0, inodes: 0 };
    const parts = Object.fromEntries(
      [
        'imagesInUse',
        'imagesUnused',
        'containerLayers',
        'containerLogs',
        'volumesInUse',
        'volumesUnused',
        'leftovers',
        'beingWritten',
        'engine',
        'unknown',
        'notTheEngines',
        'reserved',
        'available',
      ].map((name) => [name, nothing]),
    );
    const space = {
      path: '/data',
      total: { bytes: 1000, inodes: 50 },
      parts: { ...parts, buildCache: { bytes: 11, inodes: 2 } } as never,
      leftovers: [],
      unusedVolumes: [],
    };
    subject.observe({ takenAtMs: 9_000, summary, space });
    const text = subject.text();
    expect(valueOf(text, 'docker_image_cleaner_images{state="unused"}')).toBe(3);
    expect(valueOf(text, 'docker_image_cleaner_image_bytes{state="in-use"}')).toBe(70);
    expect(valueOf(text, 'docker_image_cleaner_reclaimable_bytes')).toBe(25);
    expect(valueOf(text, 'docker_image_cleaner_build_cache_bytes')).toBe(11);
    expect(valueOf(text, 'docker_image_cleaner_space_inodes{kind="build-cache"}')).toBe(2);
    subject.observe({ takenAtMs: 10_000, summary });
    expect(subject.text()).not.toContain('docker_image_cleaner_build_cache_bytes{');
    expect(valueOf(subject.text(), 'docker_image_cleaner_build_cache_bytes')).toBeUndefined();
  });

  it('carries no name of an image, whatever happens', () => {
    const { subject, tell } = started();
    tell(deleted(250), completed);
    expect(subject.text()).not.toContain('secret.example');
  });
});

describe('Samples', () => {
  it('escapes label values', () => {
    const samples = new Samples([metrics.buildInfo]);
    samples.inform(metrics.buildInfo, { version: 'a"b\\c\nd', nodejs_version: 'v24' });
    expect(samples.text()).toContain('{nodejs_version="v24",version="a\\"b\\\\c\\nd"} 1\n');
  });

  it('refuses to let a counter fall', () => {
    const samples = new Samples(allMetrics);
    expect(() => samples.add(metrics.checks, {}, -1)).toThrow(RangeError);
    expect(() => samples.add(metrics.checks, {}, NaN)).toThrow(RangeError);
  });

  it('takes a gauge away that became unknown', () => {
    const known = gauge('x', 'X');
    const samples = new Samples([known]);
    samples.set(known, {}, 1);
    samples.set(known, {}, undefined);
    expect(samples.text()).toBe('');
  });
});
