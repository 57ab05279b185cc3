/** The sweep under way, and the last ones with what was predicted and what the disk really gained. */
import { formatBytes, formatCount, formatDuration, formatLevel } from '../../../core/model/format.ts';
import type { Thresholds } from '../../../core/model/thresholds.ts';
import type { Step, SweepDone, SweepUnderWay } from './data.ts';
import { broken, fill, h, row, table } from './dom.ts';
import { shortName, timeText } from './words.ts';

const ROWS = 10;
const STEPS = 6;
/** A name of this length fits a line. */
const LONG_NAME = 64;
const head = [
  { title: 'When', class: 'name nowrap', label: '' },
  { title: 'Deleted' },
  { title: 'Predicted', class: 'num' },
  { title: 'Freed', class: 'num' },
  { title: 'Used', class: 'nowrap' },
  { title: 'Ended', label: '' },
];

export function showSweeps(
  element: HTMLElement,
  sweeps: readonly SweepDone[],
  nowMs: number,
  { type, high }: Thresholds,
): void {
  if (sweeps.length === 0) {
    fill(element, h('p.empty', `No sweep yet. One begins when usage reaches ${formatLevel(high, type)}.`));
    return;
  }
  fill(
    element,
    table(
      'The last sweeps, newest first',
      head,
      h('tbody', ...sweeps.slice(0, ROWS).map((sweep) => row(head, sweepCells(sweep, nowMs)))),
    ),
    ...((sweeps[0]?.remaining.length ?? 0) > 0 && sweeps[0]?.reachedLow === false
      ? [h('p.muted.small', `After the last one: ${sweeps[0].remaining.join('; ')}.`)]
      : []),
  );
}

function sweepCells(sweep: SweepDone, nowMs: number) {
  const { startedAtMs, endedAtMs, usedBefore, usedAfter, thresholdType, predictedBytes } = sweep;
  return [
    timeText(startedAtMs, nowMs),
    deletedText(sweep),
    formatBytes(predictedBytes),
    freedText(sweep),
    `${formatLevel(usedBefore, thresholdType)} → ${formatLevel(usedAfter, thresholdType)}`,
    [outcome(sweep), h('span.muted.nowrap', ` in ${formatDuration((endedAtMs - startedAtMs) / 1000)}`)],
  ];
}

/** Growth during the sweep does not count as negative freed space. */
function freedText({ freedBytes, grownBytes }: SweepDone): string {
  return grownBytes > 0 ? `0 B (usage grew by ${formatBytes(grownBytes)})` : formatBytes(freedBytes);
}

function deletedText({
  dryRun,
  deletedImages,
  deletedCacheRecords,
  deletedContainers,
  failedDeletions,
}: SweepDone): string {
  if (dryRun) return 'nothing (dry run)';
  return [
    formatCount(deletedImages, 'image'),
    ...(deletedCacheRecords > 0 ? [formatCount(deletedCacheRecords, 'build record')] : []),
    ...(deletedContainers > 0 ? [formatCount(deletedContainers, 'container')] : []),
    ...(failedDeletions > 0 ? [`${failedDeletions} failed`] : []),
  ].join(', ');
}

const endings: Readonly<Record<string, string>> = {
  'reached-low': 'reached low',
  'no-candidates': 'nothing left to delete',
  ineffective: 'did not help',
  'deletions-failed': 'deletions failed',
  denied: 'not allowed to delete',
  'deletion-limit': 'deletion limit',
  'freed-limit': 'hourly limit',
  'engine-unavailable': 'engine away',
  'path-unavailable': 'disk not readable',
  'cordon-time-limit': 'cordon time limit',
  'slot-lost': 'lost its turn',
  stopped: 'stopped',
  'dry-run': 'dry run',
};

function outcome({ reachedLow, stoppedBecause }: SweepDone): HTMLElement {
  const isCalm = stoppedBecause === 'dry-run' || stoppedBecause === 'stopped';
  const degree = reachedLow ? 'good' : isCalm ? '' : 'warn';
  return h('span', { class: `tag ${degree}` }, endings[stoppedBecause] ?? stoppedBecause);
}

export function showSweep(element: HTMLElement, sweep: SweepUnderWay, nowMs: number): void {
  const byBytes = sweep.toFree.bytes > 0;
  const goal = byBytes ? sweep.toFree.bytes : sweep.toFree.inodes;
  const done = byBytes ? sweep.freedBytes : sweep.freedInodes;
  const percent = goal <= 0 ? 100 : Math.min(100, Math.max(0, (100 * done) / goal));
  const show = (amount: number): string => (byBytes ? formatBytes(amount) : `${amount} inodes`);
  const last = sweep.steps.slice(-STEPS).reverse();
  fill(
    element,
    h(
      'p',
      h('span.strong', `${show(done)} of ${show(goal)} freed`),
      h(
        'span.muted',
        ` · ${formatCount(sweep.deleted, 'deletion')} · ${show(Math.max(0, goal - done))} to go · for ${formatDuration((nowMs - sweep.startedAtMs) / 1000)}`,
      ),
    ),
    h(
      'div.bar',
      {
        role: 'progressbar',
        'aria-label': 'Freed, of what must be freed',
        'aria-valuemin': '0',
        'aria-valuemax': '100',
        'aria-valuenow': percent.toFixed(0),
      },
      h('div.bar-fill', { style: { width: `${percent.toFixed(2)}%` } }),
    ),
    h('ol.steps', { reversed: '' }, ...last.map(stepLine)),
  );
}

function stepLine({ outcome: what, name, freedBytes, reason }: Step): HTMLElement {
  const verb = what.slice(what.indexOf('.') + 1).replaceAll('-', ' ');
  const isBad = what.includes('fail') || what.includes('unanswered');
  const degree = what.endsWith('.deleted') ? 'good' : isBad ? 'bad' : '';
  return h(
    'li',
    h('span', { class: `tag ${degree}` }, verb),
    h('span.name', { title: name }, ...broken(stepName(name))),
    h('span.num.muted', freedBytes === null ? (reason ?? '') : formatBytes(freedBytes)),
  );
}

/** Where a long name has its end, which tells it from others, its beginning is left out. */
function stepName(name: string): string {
  if (name.startsWith('sha256:')) return shortName(name);
  return name.length <= LONG_NAME ? name : `…/${shortName(name)}`;
}
