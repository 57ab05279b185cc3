/** Every event as one sentence for people. The fields of the event carry the same for machines. */
import { formatBytes, formatCount, formatDuration, formatLevel } from '../core/format.ts';
import { nameOf } from '../core/protection.ts';
import type { Thresholds } from '../core/thresholds.ts';
import type { DaemonEvent } from '../events.ts';

export type Severity = 'debug' | 'info' | 'warn' | 'error';

/** How loud each event is. */
export function severityOf(event: DaemonEvent): Severity {
  switch (event.event) {
    case 'config.warning':
    case 'history.interrupted':
    case 'history.state-lost':
    case 'history.write-failed':
    case 'sweep.skipped':
    case 'image.delete-unanswered':
    case 'image.delete-failed':
      return 'warn';
    case 'engine.unavailable':
    case 'path.unavailable':
      return 'error';
    case 'sweep.completed':
      return event.reachedLow || event.dryRun || event.stoppedBecause === 'stopped' ? 'info' : 'warn';
    case 'check.completed':
      return event.triggered ? 'info' : 'debug';
    case 'daemon.started':
    case 'daemon.stopping':
    case 'daemon.stopped':
    case 'engine.connected':
    case 'path.available':
    case 'history.synced':
    case 'sweep.started':
    case 'image.would-delete':
    case 'image.deleted':
    case 'image.kept':
    case 'image.gone':
      return 'info';
  }
}

/** One line, no names of hosts or secrets beyond what the event carries. */
export function describe(event: DaemonEvent): string {
  switch (event.event) {
    case 'daemon.started':
      return `docker-image-cleaner ${event.version} watches ${event.path} every ${formatDuration(event.intervalSeconds)}, ${limits(event.thresholds)}${event.dryRun ? ', dry run: nothing is deleted' : ''}`;
    case 'daemon.stopping':
      return `${event.signal}: stopping, no further deletions`;
    case 'daemon.stopped':
      return 'stopped';
    case 'config.warning':
      return event.message;
    case 'engine.connected':
      return `${event.name} ${event.version} at ${event.endpoint}, API ${event.apiVersion}`;
    case 'engine.unavailable':
    case 'path.unavailable':
      return `${event.message} Trying again.`;
    case 'path.available':
      return `${event.path} can be measured again`;
    case 'history.synced':
      return `the use of ${formatCount(event.images, 'image')} is followed, ${formatCount(event.containersInUse, 'container')} in use; ${event.missedSeconds > 0 ? `nothing was seen for ${formatDuration(event.missedSeconds)}, which does not count as unused` : 'nothing was missed'}`;
    case 'history.interrupted':
      return `the use of images cannot be followed: ${event.message} Trying again.`;
    case 'history.state-lost':
      return `the use of images is remembered anew: ${event.message}`;
    case 'history.write-failed':
      return `cannot write ${event.path}: ${event.message}. Trying again.`;
    case 'check.completed':
      return `${formatLevel(event.used, event.thresholds.type)} used, ${limits(event.thresholds)}`;
    case 'sweep.started':
      return `${event.dryRun ? 'would sweep' : 'sweep'}: ${formatLevel(event.used, event.thresholds.type)} used, ${amount(event.toFree)} to free until below ${formatLevel(event.thresholds.low, event.thresholds.type)}`;
    case 'sweep.skipped':
      return `no sweep, although over the high threshold: ${event.reason}`;
    case 'image.would-delete':
      return `would delete ${nameFor(event)}: ${event.reason}`;
    case 'image.deleted':
      return `deleted ${nameFor(event)}: freed ${formatBytes(event.freedBytes)} and ${formatCount(event.freedInodes, 'inode')} (${event.reason})`;
    case 'image.kept':
      return `kept ${nameFor(event)}: ${event.reason}`;
    case 'image.gone':
      return `${nameFor(event)} was already gone`;
    case 'image.delete-unanswered':
      return `no answer to the deletion of ${nameFor(event)}; the engine may still be at it, looking again in ${formatDuration(event.waitSeconds)}. ${event.message}`;
    case 'image.delete-failed':
      return `could not delete ${nameFor(event)}: ${event.message}`;
    case 'sweep.completed':
      return completed(event);
  }
}

function completed(report: Extract<DaemonEvent, { event: 'sweep.completed' }>): string {
  const level = (value: number): string => formatLevel(value, report.thresholdType);
  if (report.dryRun) return `dry run: nothing deleted, ${level(report.usedAfter)} used`;
  const line = `${formatCount(report.deletedImages, 'image')} deleted, ${formatBytes(report.freedBytes)} freed in ${formatDuration(report.durationSeconds)}, ${level(report.usedBefore)} → ${level(report.usedAfter)} used`;
  if (report.reachedLow) return line;
  return `${line}; low threshold not reached (${report.stoppedBecause}): ${report.remaining.join('; ')}`;
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

function nameFor(event: { readonly id: string; readonly references: readonly string[] }): string {
  return event.references[0] ?? nameOf({ id: event.id, tags: [], digests: [] });
}
