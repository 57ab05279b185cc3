/** Events of checks and of sweeps as a whole. */
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatLevel,
  untilText,
  usedText,
} from '../core/model/format.ts';
import { gainText, grownText } from '../core/model/gain.ts';
import type { LimitName } from '../core/plan/deletion-budget.ts';
import type { EarlyCause } from '../core/timing/disk-watch.ts';
import type { Amount } from '../core/model/thresholds.ts';
import { define } from './definition.ts';
import {
  because,
  count,
  gain,
  list,
  named,
  number,
  object,
  oneOf,
  thresholds,
  thresholdType,
  usage,
  used,
  type Values,
  victim,
  yes,
} from './fields.ts';
import { amount, limits, nameFor } from './phrases.ts';
import { stopReasons, type StopReason } from './stop-reasons.ts';

/** What a usage calls for; `gentle-step`: at the soft threshold, where one is set. */
export type Due = 'nothing' | 'gentle-step' | 'sweep';

const soft = { used, softLevel: used, thresholdType };

const missedFields = {
  missed: count('deletions that missed'),
  deletions: count(''),
  ...named,
  sizeBytes: victim.sizeBytes,
  predictedBytes: victim.predictedBytes,
  predictedInodes: victim.predictedInodes,
  exact: yes('predicted from measured layers; else estimated'),
  ...gain,
};

export const reportFields = {
  dryRun: yes(''),
  deletedImages: count(''),
  deletedCacheRecords: count(''),
  deletedContainers: count(''),
  failedDeletions: count(''),
  ...gain,
  outstandingBytes: count('freed, but not shown by the filesystem in time'),
  outstandingInodes: count(''),
  predictedBytes: count('for what was deleted'),
  usedBefore: used,
  usedAfter: used,
  thresholdType,
  durationSeconds: number(''),
  reachedLow: yes(''),
  stoppedBecause: oneOf<StopReason>(Object.keys(stopReasons) as StopReason[], 'see below'),
  remaining: list('where the space is instead'),
};

/** `freed…` and `grown…`: measured on the filesystem, from before the first deletion to after the last. */
export type SweepReport = Values<typeof reportFields>;

/** Why the deletion of unused images ended, and how that is said. */
const unusedEnds = {
  done: 'nothing is left to do',
  changed: 'protections changed, and the rest is planned again',
  stopped: 'the cleaner is stopping',
  limit: 'a limit on deletions was reached',
  denied: 'the engine forbids deletions',
  unanswered: 'the engine does not answer',
} as const;

const unusedFields = {
  dryRun: yes(''),
  deletedImages: count(''),
  failedDeletions: count(''),
  ...gain,
  durationSeconds: number(''),
  endedBecause: oneOf<keyof typeof unusedEnds>(
    ['done', 'changed', 'stopped', 'limit', 'denied', 'unanswered'],
    'changed: protections changed, the rest is planned again',
  ),
};

/** The result of deleting unused images. */
export type UnusedReport = Values<typeof unusedFields>;

export const sweepEvents = {
  'check.completed': define({
    level: { text: 'debug; info where `changed`', of: (event) => (event.changed ? 'info' : 'debug') },
    when: 'after each measurement of the disk',
    fields: {
      used,
      usage,
      thresholds,
      triggered: yes('at or above HIGH'),
      due: oneOf<Due>(['nothing', 'gentle-step', 'sweep'], 'what this usage calls for'),
      changed: yes('the first check, or `due` differs from the check before'),
    },
    says: (event) =>
      `${usedText(event.used, event.thresholds.type)}, ${limits(event.thresholds)}` +
      (event.due === 'nothing' ? ': nothing to do' : ''),
  }),
  'check.early': define({
    level: 'info',
    when: 'a check begins before its time (`WATCH_SECONDS`, SIGUSR1)',
    fields: {
      cause: oneOf<EarlyCause>(
        [
          'signal',
          'soft-threshold',
          'high-threshold',
          'critical-threshold',
          'growth',
          'old-enough',
          'engine-event',
          'path',
        ],
        'signal: SIGUSR1; a threshold: usage crossed it; growth, old-enough, engine-event: after a sweep that could not help, usage changed, an image became old enough, or images or containers changed (in absolute mode also below HIGH); path: it cannot be measured',
      ),
      reason: because,
    },
    says: ({ reason }) => reason,
  }),
  'sweep.started': define({
    level: 'info',
    when: 'usage is at or above HIGH, and the plan is made',
    fields: {
      dryRun: yes(''),
      used,
      thresholds,
      toFree: object<Amount>({ bytes: count('bytes'), inodes: count('inodes') }, 'to get below LOW'),
    },
    says: ({ dryRun, used, thresholds: { type, low }, toFree }) =>
      `${dryRun ? 'would sweep' : 'sweep'}: ${usedText(used, type)}, ` +
      `${amount(toFree)} to free ${untilText(low, type)}`,
  }),
  'gentle.started': define({
    level: 'info',
    when: 'gentle mode deletes an image',
    fields: soft,
    says: ({ used, softLevel, thresholdType }) =>
      `${usedText(used, thresholdType)}, at the soft threshold ` +
      `(${formatLevel(softLevel, thresholdType)}), and the engine is idle: deleting one image`,
  }),
  'gentle.skipped': define({
    level: 'info',
    when: 'gentle mode cannot get below the soft threshold; once',
    fields: soft,
    says: ({ used, softLevel, thresholdType }) =>
      `${usedText(used, thresholdType)}, but deleting everything deletable would not bring it below the soft threshold ` +
      `(${formatLevel(softLevel, thresholdType)}): nothing is deleted before the high threshold`,
  }),
  'max-unused.started': define({
    level: 'info',
    when: 'images unused for longer than `MAX_UNUSED_SECONDS` (or `clean --unused-for`) are to be deleted',
    fields: {
      images: count(''),
      maxUnusedSeconds: number(''),
      dryRun: yes(''),
    },
    says: ({ images, maxUnusedSeconds, dryRun }) =>
      `${dryRun ? 'would delete' : 'deleting'} ${formatCount(images, 'image')} unused for more than ${formatDuration(maxUnusedSeconds)}`,
  }),
  'max-unused.completed': define({
    level: {
      text: 'info; warn where the engine does not delete',
      of: ({ endedBecause }) =>
        endedBecause === 'denied' || endedBecause === 'unanswered' ? 'warn' : 'info',
    },
    when: 'at its end',
    fields: unusedFields,
    says: ({ dryRun, deletedImages, freedBytes, durationSeconds, endedBecause }) =>
      dryRun
        ? 'dry run: nothing deleted for being unused'
        : `${formatCount(deletedImages, 'image')} unused for too long deleted, ${formatBytes(freedBytes)} freed in ` +
          `${formatDuration(durationSeconds)}${endedBecause === 'done' ? '' : `, not all that are due: ${unusedEnds[endedBecause]}`}`,
  }),
  'sweep.skipped': define({
    level: { text: 'warn; debug where `repeated`', of: (event) => (event.repeated ? 'debug' : 'warn') },
    when: 'at HIGH, but a sweep could not help: images on another filesystem, failing deletions, or nothing changed since the last one',
    fields: { used, reason: because, repeated: yes('logged before, nothing changed') },
    says: (event) => `over the high threshold, but no sweep: ${event.reason}`,
  }),
  'limit.reached': define({
    level: 'warn',
    when: 'a circuit breaker stopped deletions',
    fields: {
      limit: oneOf<LimitName>(['deletions-per-sweep', 'freed-per-hour'], ''),
      maximum: count('deletions or bytes'),
      freedLastHourBytes: count('0 where not limited'),
      reason: because,
    },
    says: (event) => event.reason,
  }),
  'prediction.missed': define({
    level: 'warn',
    when: 'deletions of a sweep or gentle step together freed noticeably less or more than predicted (over 1% and 1 MiB or 256 inodes; estimates: half)',
    fields: missedFields,
    says: (event) => missed(event),
  }),
  'sweep.completed': define({
    level: {
      text: 'info; warn above LOW',
      of: (event) =>
        event.reachedLow || event.dryRun || event.stoppedBecause === 'stopped' ? 'info' : 'warn',
    },
    when: 'at the end of a sweep',
    fields: reportFields,
    says: (event) => completed(event),
  }),
  'space.awaited': define({
    level: 'info',
    when: 'deletion pauses until delayed space appears or the wait times out',
    fields: {
      missingBytes: count('predicted, not freed yet'),
      missingInodes: count(''),
      waitSeconds: number('the longest wait while nothing appears'),
    },
    says: (event) =>
      `${amount({ bytes: event.missingBytes, inodes: event.missingInodes })} of what was deleted is not free yet: ` +
      `waiting for it, up to ${formatDuration(event.waitSeconds)}`,
  }),
  'space.appeared': define({
    level: 'info',
    when: 'in that sweep, or at a later check',
    fields: { ...gain, afterSeconds: number('since the wait or the sweep began'), usage },
    says: (event) =>
      `${amount({ bytes: event.freedBytes, inodes: event.freedInodes })} of what was deleted is free now, ` +
      `${formatDuration(event.afterSeconds)} later`,
  }),
};

function missed(event: Values<typeof missedFields> & { readonly event: string }): string {
  const which = event.missed === 1 ? 'that of' : 'furthest off:';
  const predicted = `${formatBytes(event.predictedBytes)} and ${formatCount(event.predictedInodes, 'inode')}`;
  const why = event.exact
    ? 'Something else wrote or deleted at the same time, or holds files open'
    : 'The prediction was an estimate from sizes that the engine gives';
  return (
    `${event.missed} of ${formatCount(event.deletions, 'deletion')} freed noticeably less or more than predicted, ` +
    `${which} ${nameFor(event)}: ${gainText(event)} instead of ${predicted}. ${why}.`
  );
}

function completed(report: SweepReport): string {
  const type = report.thresholdType;
  if (report.dryRun) return `dry run: nothing deleted, ${usedText(report.usedAfter, type)}`;
  const line =
    `${deletedWhat(report)} deleted, ${formatBytes(report.freedBytes)} freed in ` +
    `${formatDuration(report.durationSeconds)}${grownText(report)}, ` +
    `${formatLevel(report.usedBefore, type)} → ${usedText(report.usedAfter, type)}`;
  if (report.reachedLow) return line;
  return `${line}; low threshold not reached (${report.stoppedBecause}): ${report.remaining.join('; ')}`;
}

function deletedWhat(report: SweepReport): string {
  const others = [
    ...(report.deletedCacheRecords > 0
      ? [formatCount(report.deletedCacheRecords, 'build-cache record')]
      : []),
    ...(report.deletedContainers > 0 ? [formatCount(report.deletedContainers, 'stopped container')] : []),
  ];
  return [formatCount(report.deletedImages, 'image'), ...others].join(', ');
}
