/** Questions about disks: what is wrong, which will be full, how full each is, what fills it. */
import { graph, type Row, stat, table } from './panels.ts';
import { countOf, of, orZero, up } from './query.ts';

const limits = '^(high|low|critical)$';
const red = { from: 1, color: 'red' };
const orange = { from: 1, color: 'orange' };

/** Thresholds in percent are the inodes' as well; thresholds in bytes are not. */
const inodeLimits = `max by (threshold) (${of('thresholdRatio')} and on (job, instance) ${of('configInfo', 'threshold_type="relative"')})`;

const state: Row = {
  question: 'Is anything wrong?',
  panels: [
    stat({
      title: 'Cleaners up',
      description: 'Targets that answer.',
      width: 3,
      query: countOf(`${up} == 1`),
    }),
    stat({
      title: 'Cleaners down',
      description: 'Targets that do not answer: their disks are not kept below a threshold.',
      width: 3,
      query: countOf(`${up} == 0`),
      bad: red,
    }),
    stat({
      title: 'Engines away',
      description: 'Cleaners whose container engine does not answer.',
      width: 3,
      query: countOf(`${of('engineUp')} == 0`),
      bad: red,
    }),
    stat({
      title: 'Over the high threshold',
      description: 'Nodes where a sweep is due or under way.',
      width: 3,
      query: countOf(
        `${of('levelRatio')} >= ignoring (threshold) ${of('thresholdRatio', 'threshold="high"')}`,
      ),
      bad: orange,
    }),
    stat({
      title: 'Low not reached',
      description: 'Nodes whose last sweep ended above the low threshold.',
      width: 3,
      query: countOf(`${of('lastSweepReachedLow')} == 0`),
      bad: red,
    }),
    stat({
      title: 'Nodes cordoned',
      description: 'By a cleaner, now.',
      width: 3,
      query: orZero(`sum(${of('nodeCordoned')})`),
      bad: orange,
    }),
    stat({
      title: 'Services failing',
      description: 'Webhooks for notices, files of patterns and API servers that fail and are tried again.',
      width: 3,
      query: ['notifyFailing', 'keepFileFailing', 'apiServerFailing']
        .map((metric) => `(${orZero(`sum(${of(metric as 'notifyFailing')})`)})`)
        .join(' + '),
      bad: orange,
    }),
    stat({
      title: 'Oldest check',
      description: 'The longest time since a disk was measured.',
      width: 3,
      query: `max(time() - ${of('lastSuccess', 'task="check"')})`,
      unit: 's',
      bad: { from: 1800, color: 'red' },
      noValue: 'no check yet',
    }),
  ],
};

const nodes: Row = {
  question: 'Which disk will be full, and when?',
  panels: [
    table({
      title: 'Nodes',
      description:
        'As last measured. Reclaimable: what deleting everything that may be deleted would free. Full in: at the rate of the recent past; empty where that cannot be known.',
      width: 24,
      by: { instance: 'Node' },
      sortBy: 'Space used',
      columns: [
        {
          name: 'Space used',
          query: `max by (instance) (${of('usageRatio', 'resource="bytes"')})`,
          unit: 'percentunit',
          isShare: true,
        },
        {
          name: 'Inodes used',
          query: `max by (instance) (${of('usageRatio', 'resource="inodes"')})`,
          unit: 'percentunit',
          isShare: true,
        },
        {
          name: 'High threshold',
          query: `max by (instance) (${of('thresholdRatio', 'threshold="high"')})`,
          unit: 'percentunit',
        },
        { name: 'Available', query: `min by (instance) (${of('filesystemAvailable')})`, unit: 'decbytes' },
        { name: 'Reclaimable', query: `max by (instance) (${of('reclaimableBytes')})`, unit: 'decbytes' },
        {
          name: 'Full in',
          query: `min by (instance) (${of('fullIn', 'estimate="expected"')})`,
          unit: 's',
        },
        {
          name: 'Last check',
          query: `max by (instance) (time() - ${of('lastSuccess', 'task="check"')})`,
          unit: 's',
        },
      ],
    }),
  ],
};

const usage: Row = {
  question: 'How full are the disks?',
  panels: [
    graph({
      title: 'Space used',
      description: 'Bytes that are not available, of each disk; dashed: the thresholds.',
      width: 12,
      unit: 'percentunit',
      max: 1,
      dashed: limits,
      queries: [
        [of('usageRatio', 'resource="bytes"'), '{{instance}}'],
        [`max by (threshold) (${of('thresholdRatio')})`, '{{threshold}}'],
      ],
    }),
    graph({
      title: 'Inodes used',
      description:
        'Inodes that are not available, of each disk; dashed: the thresholds where they are shares.',
      width: 12,
      unit: 'percentunit',
      max: 1,
      dashed: limits,
      noValue: 'no filesystem with an inode count',
      queries: [
        [of('usageRatio', 'resource="inodes"'), '{{instance}}'],
        [inodeLimits, '{{threshold}}'],
      ],
    }),
  ],
};

const space: Row = {
  question: 'What fills them?',
  panels: [
    graph({
      title: 'Space by kind',
      description: 'Of all chosen disks, without what is available.',
      width: 12,
      unit: 'decbytes',
      isStacked: true,
      queries: [[`sum by (kind) (${of('spaceBytes', 'kind!="available"')})`, '{{kind}}']],
    }),
    graph({
      title: 'Inodes by kind',
      description: 'Of all chosen disks, without what is available.',
      width: 12,
      unit: 'short',
      isStacked: true,
      queries: [[`sum by (kind) (${of('spaceInodes', 'kind!="available"')})`, '{{kind}}']],
    }),
    graph({
      title: 'Space of images',
      description: 'A shared layer counts once, for its strongest holder. Dashed: what a sweep could free.',
      width: 12,
      unit: 'decbytes',
      dashed: '^reclaimable$',
      queries: [
        [`sum by (state) (${of('imageBytes')})`, '{{state}}'],
        [`sum(${of('buildCacheBytes')})`, 'build cache'],
        [`sum(${of('reclaimableBytes')})`, 'reclaimable'],
      ],
    }),
    graph({
      title: 'Number of images',
      description: 'By what a sweep may do with them.',
      width: 12,
      unit: 'short',
      isStacked: true,
      queries: [[`sum by (state) (${of('images')})`, '{{state}}']],
    }),
  ],
};

export const diskRows: readonly Row[] = [state, nodes, usage, space];
