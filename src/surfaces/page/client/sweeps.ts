/** The sweep under way, and the last ones with what was predicted and what the disk really gained. */
import { formatBytes, formatCount, formatDuration, formatLevel } from '../../../core/model/format.ts';
import type { Thresholds } from '../../../core/model/thresholds.ts';
import type { Step, SweepDone, SweepUnderWay } from './data.ts';
import { broken, fill, h, table } from './dom.ts';
import { shortName, timeText } from './words.ts';

const ROWS = 10;
const STEPS = 6;
/** A name of this length fits a line. */
const LONG_NAME = 64;

export function showSweeps(
  element: HTMLElement,
  sweeps: readonly SweepDone[],
  nowMs: number,
  { type, high }: Thresholds,
): void {
  if (sweeps.length === 0) {
    fill(
      element,
      h('p', { class: 'empty' }, `No sweep yet. One begins when usage reaches ${formatLevel(high, type)}.`),
    );
    return;
  }
  fill(
    element,
    table(
      'The last sweeps, newest first',
      [
        { title: 'When', class: 'name nowrap', isTitle: true },
        { title: 'Deleted' },
        { title: 'Predicted', class: 'num' },
        { title: 'Freed', class: 'num' },
        { title: 'Used', class: 'nowrap' },
        { title: 'Ended', isTitle: true },
      ],
      sweeps
        .slice(0, ROWS)
        .map((sweep) => [
          timeText(sweep.startedAtMs, nowMs),
          deletedText(sweep),
          formatBytes(sweep.predictedBytes),
          freedText(sweep),
          `${formatLevel(sweep.usedBefore, sweep.thresholdType)} → ${formatLevel(sweep.usedAfter, sweep.thresholdType)}`,
          outcome(sweep),
        ]),
    ),
    ...((sweeps[0]?.remaining.length ?? 0) > 0 && sweeps[0]?.reachedLow === false
      ? [h('p', { class: 'muted small' }, `After the last one: ${sweeps[0].remaining.join('; ')}.`)]
      : []),
  );
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

function outcome({ reachedLow, stoppedBecause, startedAtMs, endedAtMs }: SweepDone): HTMLElement {
  const degree = reachedLow
    ? 'good'
    : stoppedBecause === 'dry-run' || stoppedBecause === 'stopped'
      ? ''
      : 'warn';
  return h(
    'span',
    {},
    h('span', { class: `tag ${degree}` }, endings[stoppedBecause] ?? stoppedBecause),
    h('span', { class: 'muted nowrap' }, ` in ${formatDuration((endedAtMs - startedAtMs) / 1000)}`),
  );
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
      {},
      h('span', { class: 'strong' }, `${show(done)} of ${show(goal)} freed`),
      h(
        'span',
        { class: 'muted' },
        ` · ${formatCount(sweep.deleted, 'deletion')} · ${show(Math.max(0, goal - done))} to go · for ${formatDuration((nowMs - sweep.startedAtMs) / 1000)}`,
      ),
    ),
    h(
      'div',
      {
        class: 'bar',
        role: 'progressbar',
        'aria-label': 'Freed, of what must be freed',
        'aria-valuemin': '0',
        'aria-valuemax': '100',
        'aria-valuenow': percent.toFixed(0),
      },
      h('div', { class: 'bar-fill', 'data-width': percent.toFixed(2) }),
    ),
    h('ol', { class: 'steps', reversed: '' }, ...last.map(stepLine)),
  );
}

function stepLine({ outcome: what, name, freedBytes, reason }: Step): HTMLElement {
  const verb = what.slice(what.indexOf('.') + 1).replaceAll('-', ' ');
  return h(
    'li',
    {},
    h(
      'span',
      {
        class: `tag ${what.endsWith('.deleted') ? 'good' : what.includes('fail') || what.includes('unanswered') ? 'bad' : ''}`,
      },
      verb,
    ),
    h('span', { class: 'name', title: name }, ...broken(stepName(name))),
    h('span', { class: 'num muted' }, freedBytes === null ? (reason ?? '') : formatBytes(freedBytes)),
  );
}

/** Where a long name has its end, which tells it from others, its beginning is left out. */
function stepName(name: string): string {
  if (name.startsWith('sha256:')) return shortName(name);
  return name.length <= LONG_NAME ? name : `…/${shortName(name)}`;
}
