/** Questions about the cleaner: whether sweeps help, what is cordoned, whether it is well itself. */
import { graph, type Row, stat, table, timeline } from './panels.ts';
import { gained, gainedBy, of, orZero, quantile } from './query.ts';

const orange = { from: 1, color: 'orange' };

const sweeps: Row = {
  question: 'Do sweeps help?',
  panels: [
    stat({
      title: 'Freed in 24 hours',
      description: 'Measured on the disks.',
      width: 6,
      unit: 'decbytes',
      query: gained('freedBytes', '24h'),
    }),
    stat({
      title: 'Inodes freed in 24 hours',
      description: 'Measured on the disks.',
      width: 6,
      query: gained('freedInodes', '24h'),
    }),
    stat({
      title: 'Sweeps in 24 hours',
      description: 'Dry runs included.',
      width: 6,
      query: gained('sweeps', '24h'),
    }),
    stat({
      title: 'Limits reached in 24 hours',
      description: 'Sweeps that a limit on deletions stopped.',
      width: 6,
      query: gained('limitsReached', '24h'),
      bad: orange,
    }),
    graph({
      title: 'Space freed and predicted',
      description: 'In the hour before. What was predicted and not freed is still held by something.',
      width: 12,
      unit: 'decbytes',
      dashed: '^predicted$',
      queries: [
        [gained('freedBytes', '1h'), 'freed'],
        [gained('predictedBytes', '1h'), 'predicted'],
      ],
    }),
    graph({
      title: 'Inodes freed and predicted',
      description: 'In the hour before.',
      width: 12,
      unit: 'short',
      dashed: '^predicted$',
      queries: [
        [gained('freedInodes', '1h'), 'freed'],
        [gained('predictedInodes', '1h'), 'predicted'],
      ],
    }),
    graph({
      title: 'Sweeps by how they ended',
      description: 'In the hour before. All but reached-low: docs/troubleshooting.md.',
      width: 12,
      unit: 'short',
      isBars: true,
      isStacked: true,
      queries: [[gainedBy('sweeps', 'outcome'), '{{outcome}}']],
    }),
    graph({
      title: 'Deletions by result',
      description: 'In the hour before.',
      width: 12,
      unit: 'short',
      isBars: true,
      isStacked: true,
      queries: [[gainedBy('deletions', 'result', 'kind'), '{{kind}} {{result}}']],
    }),
    graph({
      title: 'How long sweeps take',
      description: 'In the six hours before.',
      width: 12,
      unit: 's',
      noValue: 'no sweep in six hours',
      queries: [
        [quantile(0.5, 'sweepDuration'), 'half of them at most'],
        [quantile(0.9, 'sweepDuration'), 'nine of ten at most'],
      ],
    }),
    graph({
      title: 'How long deletions take',
      description: 'In the six hours before, with the looks before and the measurement after.',
      width: 12,
      unit: 's',
      noValue: 'no deletion in six hours',
      queries: [
        [quantile(0.5, 'deletionDuration'), 'half of them at most'],
        [quantile(0.9, 'deletionDuration'), 'nine of ten at most'],
      ],
    }),
  ],
};

const cordons: Row = {
  question: 'Which nodes are out of service, and when may sweeps begin?',
  panels: [
    timeline({
      title: 'Cordons',
      description: 'Nodes that a cleaner cordoned or tainted for a sweep.',
      width: 12,
      noValue: 'not in Kubernetes',
      query: [`max by (instance) (${of('nodeCordoned')})`, '{{instance}}'],
      states: { '0': { text: 'in service', color: 'green' }, '1': { text: 'cordoned', color: 'orange' } },
    }),
    timeline({
      title: 'Window',
      description: 'When sweeps may begin, where WINDOW is set. A critical disk is swept at any time.',
      width: 12,
      noValue: 'no window is set',
      query: [`max by (instance) (${of('windowOpen')})`, '{{instance}}'],
      states: { '0': { text: 'closed', color: 'text' }, '1': { text: 'open', color: 'blue' } },
    }),
    graph({
      title: 'Time cordoned',
      description: 'Share of the hour before.',
      width: 12,
      unit: 'percentunit',
      max: 1,
      queries: [[`sum by (instance) (rate(${of('cordonedSeconds')}[1h]))`, '{{instance}}']],
    }),
    graph({
      title: 'Sweeps that wait, and sweeps without a cordon',
      description: 'Waiting: as many nodes as allowed are cordoned already. Without: the disk was critical.',
      width: 12,
      unit: 'short',
      queries: [
        [orZero(`sum(${of('cordonWaiting')})`), 'waiting'],
        [gained('cordonsSkipped', '1h'), 'without a cordon'],
      ],
    }),
  ],
};

const program: Row = {
  question: 'Is the cleaner itself well?',
  panels: [
    graph({
      title: 'Errors of the engine',
      description: 'Failed requests in the hour before, by code.',
      width: 12,
      unit: 'short',
      isBars: true,
      isStacked: true,
      queries: [
        [gainedBy('engineErrors', 'code'), '{{code}}'],
        [gained('unanswered', '1h'), 'deletions without an answer'],
      ],
    }),
    graph({
      title: 'Errors of the API server, and gaps in the history',
      description: 'In the hour before. In a gap, nobody saw which images were used.',
      width: 12,
      unit: 'short',
      isBars: true,
      isStacked: true,
      queries: [
        [gainedBy('apiServerErrors', 'task'), '{{task}}'],
        [gained('historyGaps', '1h'), 'gaps in the history'],
      ],
    }),
    graph({
      title: 'Memory',
      description: 'Resident memory of each cleaner.',
      width: 12,
      unit: 'bytes',
      queries: [[of('residentMemory'), '{{instance}}']],
    }),
    graph({
      title: 'CPU',
      description: 'Share of one core.',
      width: 12,
      unit: 'percentunit',
      queries: [[`rate(${of('cpuSeconds')}[$__rate_interval])`, '{{instance}}']],
    }),
    table({
      title: 'Versions',
      description: 'Which versions run, and on how many nodes.',
      width: 12,
      by: { version: 'Version', nodejs_version: 'Node.js' },
      columns: [
        { name: 'Nodes', query: `count by (version, nodejs_version) (${of('buildInfo')})`, unit: 'short' },
      ],
    }),
    table({
      title: 'Settings',
      description: 'Which settings decide what is deleted, and on how many nodes.',
      width: 12,
      by: { policy: 'Policy', threshold_type: 'Thresholds', dry_run: 'Dry run' },
      columns: [
        {
          name: 'Nodes',
          query: `count by (policy, threshold_type, dry_run) (${of('configInfo')})`,
          unit: 'short',
        },
      ],
    }),
  ],
};

export const sweepRows: readonly Row[] = [sweeps, cordons, program];
