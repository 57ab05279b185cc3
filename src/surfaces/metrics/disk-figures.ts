/** The disk's numbers among the metrics: how full it is, and how full it may be. */
import type { PlanRules } from '../../core/plan/plan-rules.ts';
import { level, percentAt, percentUsed, type Usage } from '../../core/model/thresholds.ts';
import type { Samples } from './samples.ts';
import { metrics } from './table.ts';

type Levels = Pick<PlanRules, 'thresholds' | 'criticalLevel'>;

/** Takes a measurement of the disk. */
export function setUsage(samples: Samples, rules: Levels, usage: Usage): void {
  const { type } = rules.thresholds;
  samples.set(metrics.filesystemSize, {}, usage.bytes.total);
  samples.set(metrics.filesystemAvailable, {}, usage.bytes.available);
  samples.set(metrics.filesystemInodes, {}, usage.inodes?.total);
  samples.set(metrics.filesystemAvailableInodes, {}, usage.inodes?.available);
  samples.set(metrics.allocated, {}, usage.allocated?.bytes);
  samples.set(metrics.usageRatio, { resource: 'bytes' }, percentUsed(usage.bytes) / 100);
  samples.set(metrics.usageRatio, { resource: 'inodes' }, usage.inodes && percentUsed(usage.inodes) / 100);
  const ratio = (value: number): number => percentAt(usage, type, value) / 100;
  samples.set(metrics.levelRatio, {}, ratio(level(usage, type).value));
  setThresholds(samples, rules, ratio);
}

/** @param ratio of a level in the thresholds' unit to the whole disk. */
export function setThresholds(
  samples: Samples,
  { thresholds, criticalLevel }: Levels,
  ratio: (value: number) => number,
): void {
  const { thresholdRatio } = metrics;
  samples.set(thresholdRatio, { threshold: 'high' }, ratio(thresholds.high));
  samples.set(thresholdRatio, { threshold: 'low' }, ratio(thresholds.low));
  if (criticalLevel !== undefined)
    samples.set(thresholdRatio, { threshold: 'critical' }, ratio(criticalLevel));
}
