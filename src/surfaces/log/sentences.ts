/** Every event as one sentence for people. The fields of the event carry the same for machines. */
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatLevel,
  untilText,
  usedText,
} from '../../core/model/format.ts';
import { nameOf } from '../../core/model/store.ts';
import { gainText, grownText } from '../../core/model/gain.ts';
import type { Thresholds } from '../../core/model/thresholds.ts';
import type { DaemonEvent, SweepReport } from '../../events/events.ts';

export type Severity = 'debug' | 'info' | 'warn' | 'error';

/** How loud each event is. */
export function severityOf(event: DaemonEvent): Severity {
  switch (event.event) {
    case 'config.warning':
    case 'log.lines-lost':
    case 'notify.failed':
    case 'history.interrupted':
    case 'path.left-out':
    case 'history.state-lost':
    case 'history.write-failed':
    case 'prediction.missed':
    case 'limit.reached':
    case 'image.delete-unanswered':
    case 'cache-record.delete-unanswered':
    case 'container.delete-unanswered':
    case 'image.delete-failed':
    case 'cache-record.delete-failed':
    case 'container.delete-failed':
    case 'cluster.failing':
    case 'slot.lost':
    case 'node.left-cordoned':
    case 'cordon.skipped':
    case 'cordon.time-limit':
      return 'warn';
    case 'cluster.access-missing':
      return event.required ? 'error' : 'warn';
    case 'engine.unavailable':
    case 'path.unavailable':
    case 'http.failed':
    case 'file.refused':
    case 'keep-file.failed':
      return 'error';
    case 'sweep.completed':
      return event.reachedLow || event.dryRun || event.stoppedBecause === 'stopped' ? 'info' : 'warn';
    case 'check.completed':
      return event.changed ? 'info' : 'debug';
    case 'sweep.skipped':
      return event.repeated ? 'debug' : 'warn';
    case 'daemon.started':
    case 'daemon.stopping':
    case 'daemon.stopped':
    case 'keep-file.read':
    case 'notify.working':
    case 'http.listening':
    case 'engine.connected':
    case 'path.available':
    case 'history.synced':
    case 'sweep.started':
    case 'space.awaited':
    case 'space.appeared':
    case 'gentle.started':
    case 'gentle.skipped':
    case 'image.names-restored':
    case 'image.would-delete':
    case 'cache-record.would-delete':
    case 'container.would-delete':
    case 'image.deleted':
    case 'cache-record.deleted':
    case 'container.deleted':
    case 'image.kept':
    case 'cache-record.kept':
    case 'container.kept':
    case 'image.gone':
    case 'cache-record.gone':
    case 'container.gone':
    case 'cluster.working':
    case 'slot.waiting':
    case 'slot.taken':
    case 'node.cordoned':
    case 'node.already-cordoned':
    case 'node.uncordoned':
    case 'node.gone':
      return 'info';
  }
}

/**
 * One line, no names of hosts or secrets beyond what the event carries.
 * @param triesAgain whether what failed is tried again, which it is not with `--once`
 */
export function describe(event: DaemonEvent, triesAgain = true): string {
  const again = triesAgain ? ' Trying again.' : '';
  switch (event.event) {
    case 'daemon.started':
      return `docker-image-cleaner ${event.version} watches ${event.path} every ${formatDuration(event.intervalSeconds)}, ${limits(event.thresholds)}${event.dryRun ? ', dry run: nothing is deleted' : ''}`;
    case 'daemon.stopping':
      return `${event.signal}: stopping, no further deletions`;
    case 'daemon.stopped':
      return 'stopped';
    case 'config.warning':
    case 'http.failed':
    case 'file.refused':
    case 'keep-file.failed':
      return event.message;
    case 'keep-file.read':
      return `${formatCount(event.patterns, 'pattern')} in force from ${event.path}`;
    case 'notify.failed':
      return `the notice "${event.problem}" did not arrive at ${event.receiver}: ${event.message}`;
    case 'notify.working':
      return `notices arrive at ${event.receiver} again`;
    case 'log.lines-lost':
      return `${formatCount(event.lines, 'log line')} lost here: the log could not be written (${event.reason})`;
    case 'http.listening':
      return event.serves === 'probes'
        ? `health checks at ${event.url} (listening on ${event.address})`
        : `status page at ${event.url} (listening on ${event.address}, ${event.authentication ? 'with' : 'without'} authentication)`;
    case 'engine.connected':
      return `${event.name} ${event.version} at ${event.endpoint}, API ${event.apiVersion}`;
    case 'engine.unavailable':
    case 'path.unavailable':
      return `${event.message}${again}`;
    case 'path.available':
      return `${event.path} can be measured again`;
    case 'path.left-out':
      return `what is below is left out of the account: ${event.message}`;
    case 'history.synced':
      return `the use of ${formatCount(event.images, 'image')} is followed, ${formatCount(event.containersInUse, 'container')} in use; ${event.missedSeconds > 0 ? `nothing was seen for ${formatDuration(event.missedSeconds)}, which does not count as unused` : 'nothing was missed'}`;
    case 'history.interrupted':
      return `the use of images cannot be followed: ${event.message}${again}`;
    case 'history.state-lost':
      return `what was remembered is lost, starting a new file: ${event.message}`;
    case 'history.write-failed':
      return `cannot write ${event.path}: ${event.message}.${again}`;
    case 'check.completed':
      return `${usedText(event.used, event.thresholds.type)}, ${limits(event.thresholds)}${event.due === 'nothing' ? ': nothing to do' : ''}`;
    case 'sweep.started':
      return `${event.dryRun ? 'would sweep' : 'sweep'}: ${usedText(event.used, event.thresholds.type)}, ${amount(event.toFree)} to free ${untilText(event.thresholds.low, event.thresholds.type)}`;
    case 'gentle.started':
      return `${usedText(event.used, event.thresholdType)}, at the soft threshold (${formatLevel(event.softLevel, event.thresholdType)}), and the engine is quiet: one image goes`;
    case 'gentle.skipped':
      return `${usedText(event.used, event.thresholdType)}, but all that may go would not bring it below the soft threshold (${formatLevel(event.softLevel, event.thresholdType)}): nothing goes before the high threshold`;
    case 'image.names-restored':
      return `${event.references.join(', ')} given back to an image whose deletion had been cut off`;
    case 'sweep.skipped':
      return `no sweep, although over the high threshold: ${event.reason}`;
    case 'limit.reached':
      return event.reason;
    case 'image.would-delete':
    case 'cache-record.would-delete':
    case 'container.would-delete':
      return `would delete ${nameFor(event)}: ${event.reason}`;
    case 'image.deleted':
    case 'cache-record.deleted':
    case 'container.deleted':
      return `deleted ${nameFor(event)}: freed ${gainText(event)} (${event.reason})`;
    case 'image.kept':
    case 'cache-record.kept':
    case 'container.kept':
      return `kept ${nameFor(event)}: ${event.reason}`;
    case 'image.gone':
    case 'cache-record.gone':
    case 'container.gone':
      return `${nameFor(event)} was already gone`;
    case 'image.delete-unanswered':
    case 'cache-record.delete-unanswered':
    case 'container.delete-unanswered':
      return `no answer to the deletion of ${nameFor(event)}; the engine may still be at it, looking again in ${formatDuration(event.waitSeconds)}. ${event.message}`;
    case 'image.delete-failed':
    case 'cache-record.delete-failed':
    case 'container.delete-failed':
      return `could not delete ${nameFor(event)}: ${event.message}`;
    case 'prediction.missed':
      return missed(event);
    case 'sweep.completed':
      return completed(event);
    case 'space.awaited':
      return `${amount({ bytes: event.missingBytes, inodes: event.missingInodes })} of what was deleted is not free yet: waiting for it, up to ${formatDuration(event.waitSeconds)}`;
    case 'space.appeared':
      return `${amount({ bytes: event.freedBytes, inodes: event.freedInodes })} of what was deleted is free now, ${formatDuration(event.afterSeconds)} later`;
    case 'cluster.access-missing':
      return event.message;
    case 'cluster.failing':
      return `${event.task}: ${event.message} Trying again until it works.`;
    case 'cluster.working':
      return `${event.task} works again after ${formatDuration(event.failedForSeconds)} and ${event.tries} tries`;
    case 'slot.waiting':
      return `waiting: ${formatCount(event.slots, 'other node')} may sweep at the same time and do`;
    case 'slot.taken':
      return `may sweep: holds ${event.slot}`;
    case 'slot.lost':
      return `lost ${event.slot}, the sweep ends: ${event.reason}`;
    case 'node.cordoned':
      return event.mode === 'taint' ? 'node tainted for the sweep' : 'node cordoned for the sweep';
    case 'node.already-cordoned':
      return 'node is cordoned by somebody else, which is left as it is';
    case 'node.uncordoned':
      return event.leftBehind
        ? 'node uncordoned: the cordon was left behind by an earlier life'
        : 'node uncordoned';
    case 'node.left-cordoned':
      return event.why === 'annotation-removed'
        ? 'node left cordoned: somebody removed our annotation, which means to leave it so'
        : 'node left cordoned: another cleaner holds its cordon';
    case 'node.gone':
      return 'the node does not exist any more';
    case 'cordon.skipped':
      return `sweeping without a cordon: ${event.reason}`;
    case 'cordon.time-limit':
      return `the node was cordoned for ${formatDuration(event.maxCordonSeconds)}: uncordoned, the sweep ends`;
  }
}

function missed(event: Extract<DaemonEvent, { event: 'prediction.missed' }>): string {
  const which = event.missed === 1 ? 'that of' : 'most of all that of';
  const predicted = `${formatBytes(event.predictedBytes)} and ${formatCount(event.predictedInodes, 'inode')}`;
  const why = event.exact
    ? 'Something else wrote or deleted at the same time, or holds its files open'
    : 'The prediction was an estimate from sizes that the engine gives';
  return `${event.missed} of ${formatCount(event.deletions, 'deletion')} freed noticeably less or more than predicted, ${which} ${nameFor(event)}: ${gainText(event)} instead of ${predicted}. ${why}.`;
}

function completed(report: Extract<DaemonEvent, { event: 'sweep.completed' }>): string {
  const type = report.thresholdType;
  if (report.dryRun) return `dry run: nothing deleted, ${usedText(report.usedAfter, type)}`;
  const line = `${deletedWhat(report)} deleted, ${formatBytes(report.freedBytes)} freed in ${formatDuration(report.durationSeconds)}${grownText(report)}, ${formatLevel(report.usedBefore, type)} → ${usedText(report.usedAfter, type)}`;
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

function limits(thresholds: Thresholds): string {
  return `high ${formatLevel(thresholds.high, thresholds.type)}, low ${formatLevel(thresholds.low, thresholds.type)}`;
}

function amount(toFree: { readonly bytes: number; readonly inodes: number }): string {
  const parts = [];
  if (toFree.bytes > 0) parts.push(formatBytes(toFree.bytes));
  if (toFree.inodes > 0) parts.push(formatCount(toFree.inodes, 'inode'));
  return parts.length > 0 ? parts.join(' and ') : 'nothing';
}

function nameFor(event: {
  readonly event: string;
  readonly id: string;
  readonly references: readonly string[];
}): string {
  const name = event.references[0] ?? nameOf({ id: event.id, tags: [], digests: [] });
  if (event.event.startsWith('container.')) return `container ${name}`;
  return event.event.startsWith('cache-record.') ? `build-cache record ${event.id} (${name})` : name;
}
