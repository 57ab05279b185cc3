/**
 * Every log event and every field of each, with what they mean. The type asks for exactly those of src/events/events.ts: one
 * that is missing, or is not there any more, does not type-check. docs/events.md and the schema of log lines are made
 * from here.
 */
import type { DaemonEvent, StopReason } from '../../src/events/events.ts';

/** A JSON Schema; `description` is shown to people as well. */
export type Schema = Readonly<Record<string, unknown>>;
export type DescribedSchema = Schema & { readonly description: string };

type EventOf<E extends DaemonEvent['event']> = Extract<DaemonEvent, { readonly event: E }>;
type FieldOf<E extends DaemonEvent['event']> = Exclude<keyof EventOf<E>, 'event'>;

export interface EventEntry<Field extends string = string> {
  readonly level: string;
  /** A phrase without its full stop. */
  readonly when: string;
  readonly fields: Readonly<Record<Field, DescribedSchema>>;
}

type Catalogue = { readonly [E in DaemonEvent['event']]: EventEntry<FieldOf<E> & string> };

const text = (description: string): DescribedSchema => ({ type: 'string', description });
const yes = (description: string): DescribedSchema => ({ type: 'boolean', description });
const count = (description: string): DescribedSchema => ({ type: 'integer', minimum: 0, description });
const seconds = (description: string): DescribedSchema => ({ type: 'number', minimum: 0, description });
const oneOf = (values: readonly string[], description: string): DescribedSchema => ({
  enum: values,
  description,
});
const list = (description: string): DescribedSchema => ({
  type: 'array',
  items: { type: 'string' },
  description,
});
const object = (properties: Readonly<Record<string, Schema>>, description: string): DescribedSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  description,
});

const thresholdType = oneOf(
  ['relative', 'absolute', 'free'],
  'relative: per cent; absolute: bytes; free: available bytes',
);
const thresholds = object(
  { type: thresholdType, high: { type: 'number' }, low: { type: 'number' } },
  'the thresholds, per cent or bytes',
);
const used = seconds(
  'usage: per cent in relative mode, bytes in absolute mode; in free mode the bytes that are available',
);
const gauge: Schema = {
  type: 'object',
  properties: { total: { type: 'number' }, available: { type: 'number' } },
  required: ['total', 'available'],
};
const usage: DescribedSchema = {
  type: 'object',
  properties: {
    path: { type: 'string' },
    bytes: gauge,
    inodes: gauge,
    allocated: object({ bytes: { type: 'number' }, inodes: { type: 'number' } }, 'below the path'),
  },
  required: ['path', 'bytes'],
  description:
    'what the filesystem says; `inodes` only where it counts them, `allocated` only in absolute mode',
};
const message = text('the same for people, with what to do');
const path = text('the path or file that the event speaks of');
const endpoint = text("the engine's address, without secrets");
const task = text('what the API server was asked for, e.g. `cordon`, `uncordon`');
const slot = text('the name of the Lease');
const because = text('why, a sentence or phrase');

const named = {
  id: text("the engine's ID"),
  references: list("an image's names, a record's description, a container's name"),
};
const victim = {
  ...named,
  sizeBytes: count("the engine's figure, shared parts included"),
  predictedBytes: count('what the plan says that this deletion frees'),
  predictedInodes: count('the same in inodes'),
  reason: because,
};
const freed = {
  freedBytes: count('what the filesystem gained, measured; 0 where others wrote more meanwhile'),
  freedInodes: count('the same in inodes'),
  grownBytes: count('how much more is used than before, where others wrote more than was freed; else 0'),
  grownInodes: count('the same in inodes'),
};
const wouldDelete: EventEntry<keyof typeof victim> = {
  level: 'info',
  when: 'in a dry run, for each victim',
  fields: victim,
};
const deleted: EventEntry<keyof typeof victim | keyof typeof freed | 'used' | 'usage' | 'durationSeconds'> = {
  level: 'info',
  when: 'a victim is gone, and the disk was measured again',
  fields: {
    ...victim,
    ...freed,
    used,
    usage,
    durationSeconds: seconds('how long that took, the looks before and the measurement after included'),
  },
};
const kept: EventEntry<keyof typeof named | 'reason'> = {
  level: 'info',
  when: 'a victim of the plan that stays after all',
  fields: { ...named, reason: because },
};
const gone: EventEntry<keyof typeof named> = {
  level: 'info',
  when: 'somebody else had deleted it',
  fields: named,
};
const unanswered: EventEntry<keyof typeof named | 'message' | 'waitSeconds'> = {
  level: 'warn',
  when: 'the engine did not answer a deletion; nothing else is deleted until its end is known',
  fields: { ...named, message, waitSeconds: seconds('until the next look') },
};
const failed: EventEntry<keyof typeof named | 'message'> = {
  level: 'warn',
  when: 'the engine could not delete it',
  fields: { ...named, message },
};

const stopReasons: Readonly<Record<StopReason, string>> = {
  'reached-low': 'usage is below the low threshold',
  'no-candidates': 'nothing is left that may go',
  ineffective: 'several deletions in a row freed next to nothing',
  'deletions-failed': 'the engine failed at each deletion, or gave no space back after an error of its own',
  denied: 'the engine, or what guards it, refuses deletions',
  'deletion-limit': 'as many were deleted as one sweep may (`MAX_DELETIONS_PER_SWEEP`)',
  'freed-limit': 'as much was freed as may be in an hour (`MAX_FREED_PER_HOUR`)',
  'engine-unavailable': 'the engine stayed away, or did not come to an end with a deletion',
  'path-unavailable': 'the path could not be measured any more',
  'cordon-time-limit': 'the node was cordoned for as long as it may be',
  'slot-lost': 'the right to sweep at the same time as other nodes was lost',
  stopped: 'SIGTERM or SIGINT',
  'dry-run': 'nothing is deleted in a dry run',
};
export const stopReasonMeanings: readonly (readonly [string, string])[] = Object.entries(stopReasons);

export const catalogue: Catalogue = {
  'daemon.started': {
    level: 'info',
    when: 'once, when everything is set up',
    fields: {
      version: text("the cleaner's"),
      path,
      thresholds,
      intervalSeconds: seconds('between two looks at the disk'),
      dryRun: yes('nothing is deleted'),
    },
  },
  'daemon.stopping': {
    level: 'info',
    when: 'at the first SIGTERM or SIGINT',
    fields: { signal: text('`SIGTERM` or `SIGINT`') },
  },
  'daemon.stopped': { level: 'info', when: 'right before the process ends', fields: {} },
  'config.warning': {
    level: 'warn',
    when: 'something in the configuration looks like a mistake, but can be lived with',
    fields: { message },
  },
  'keep-file.read': {
    level: 'info',
    when: 'the file of KEEP_FILE changed, or can be read again after keep-file.failed',
    fields: { path, patterns: count('patterns in force from it') },
  },
  'keep-file.failed': {
    level: 'error',
    when: 'that file has a bad line, is gone, or cannot be read; said once until it changes; the patterns read before stay in force',
    fields: { path, message },
  },
  'notify.failed': {
    level: 'warn',
    when: 'a notice did not arrive at NOTIFY_URL after a few tries; said once until one does',
    fields: {
      receiver: text('scheme, host and port of the address; the rest is a secret'),
      problem: text('what the notice was about, as `problem` in its JSON'),
      message,
    },
  },
  'notify.working': {
    level: 'info',
    when: 'notices arrive again',
    fields: { receiver: text('as in notify.failed') },
  },
  'log.lines-lost': {
    level: 'warn',
    when: 'the log can be written again, after lines were lost: written in their place',
    fields: {
      lines: count('how many'),
      reason: text("the kernel's name of the last error: `ENOSPC`, `EAGAIN` for a reader that does not read"),
    },
  },
  'http.listening': {
    level: 'info',
    when: 'the status page and its companions are served, or the health checks on an address of their own; one event each',
    fields: {
      serves: oneOf(
        ['page', 'probes'],
        'page: also its JSON and the metrics, and the health checks unless they have an address; probes: the health checks alone',
      ),
      url: text('where one can open it on this host'),
      address: text('what it listens on: `[::]:9615` and `0.0.0.0:9615` are every address of the host'),
      authentication: yes('whether a token is asked for'),
    },
  },
  'http.failed': {
    level: 'error',
    when: 'they cannot be served where they should: the address is taken; the process ends with status 2',
    fields: { address: text('as configured'), message },
  },
  'engine.connected': {
    level: 'info',
    when: 'the engine answers, for the first time or again',
    fields: {
      endpoint,
      name: text('e.g. `Docker Engine`'),
      version: text("the engine's"),
      apiVersion: text('the version that both speak'),
    },
  },
  'engine.unavailable': {
    level: 'error',
    when: 'the engine cannot be reached or does not answer; said once until it is back',
    fields: { endpoint, message },
  },
  'path.unavailable': {
    level: 'error',
    when: 'the path cannot be measured; said once until it can',
    fields: { path, message },
  },
  'path.available': { level: 'info', when: 'it can again', fields: { path } },
  'path.left-out': {
    level: 'warn',
    when: 'a folder below the path cannot be measured and is left out of the account; said once until it can',
    fields: { path, message },
  },
  'history.synced': {
    level: 'info',
    when: 'the use of images is followed: all was listed, and the engine tells its events from now on',
    fields: {
      images: count('how many the engine has'),
      containersInUse: count('containers that hold an image'),
      missedSeconds: seconds('for how long before that nothing was seen'),
    },
  },
  'history.interrupted': {
    level: 'warn',
    when: "the engine's events cannot be followed; said once until they can",
    fields: { message },
  },
  'file.refused': {
    level: 'error',
    when: 'STATE_FILE, a file beside it, or RECORD_TRACE is a symbolic link, a named pipe, a socket, a directory or a device; the process ends with status 2',
    fields: { path, message },
  },
  'history.state-lost': {
    level: 'warn',
    when: 'a state file (or the `.layers`, `.activity` or `.names` beside it) is damaged or of another version; a new one is started',
    fields: { path, message },
  },
  'history.write-failed': {
    level: 'warn',
    when: 'one of them or the trace cannot be written, found out at the start or later; logged once until it can be written',
    fields: { path, message },
  },
  'check.completed': {
    level: 'debug; info where `changed`',
    when: 'after each look at the disk',
    fields: {
      used,
      usage,
      thresholds,
      triggered: yes('at or over HIGH'),
      due: oneOf(['nothing', 'gentle-step', 'sweep'], 'what this usage calls for'),
      changed: yes('the first check, or the one before called for something else'),
    },
  },
  'sweep.started': {
    level: 'info',
    when: 'usage is at HIGH or above, and the plan is made',
    fields: {
      dryRun: yes('nothing is deleted'),
      used,
      thresholds,
      toFree: object(
        { bytes: count('bytes'), inodes: count('inodes') },
        'what must go until usage is below LOW',
      ),
    },
  },
  'gentle.started': {
    level: 'info',
    when: 'at the soft threshold, and the engine is quiet: one image goes, without a cordon',
    fields: { used, softLevel: used, thresholdType },
  },
  'gentle.skipped': {
    level: 'info',
    when: 'the same, but all that may go would not bring usage below the soft threshold; said once',
    fields: { used, softLevel: used, thresholdType },
  },
  'sweep.skipped': {
    level: 'warn, debug where `repeated`',
    when: 'at HIGH, but a sweep could not help: the images are on another filesystem, deletions fail, or nothing has changed since the last one',
    fields: { used, reason: because, repeated: yes('that was logged before, and nothing has changed') },
  },
  'limit.reached': {
    level: 'warn',
    when: 'a circuit breaker ended a sweep, or kept gentle mode from its next step',
    fields: {
      limit: oneOf(['deletions-per-sweep', 'freed-per-hour'], 'which one'),
      maximum: count('what it allows: deletions, or bytes'),
      freedLastHourBytes: count('bytes that deletions of the past hour freed; 0 where that is not limited'),
      reason: because,
    },
  },
  'image.would-delete': wouldDelete,
  'image.deleted': deleted,
  'image.kept': kept,
  'image.gone': gone,
  'image.names-restored': {
    level: 'info',
    when: 'at a start: names that a killed cleaner had taken off an image that is still there (with STATE_FILE)',
    fields: { id: victim.id, references: list('the names') },
  },
  'image.delete-unanswered': unanswered,
  'image.delete-failed': failed,
  'cache-record.would-delete': wouldDelete,
  'cache-record.deleted': deleted,
  'cache-record.kept': kept,
  'cache-record.gone': gone,
  'cache-record.delete-unanswered': unanswered,
  'cache-record.delete-failed': failed,
  'container.would-delete': wouldDelete,
  'container.deleted': deleted,
  'container.kept': kept,
  'container.gone': gone,
  'container.delete-unanswered': unanswered,
  'container.delete-failed': failed,
  'prediction.missed': {
    level: 'warn',
    when: 'once a sweep, before its end, or step of gentle mode, where deletions freed noticeably less or more than predicted (over 1 % and 1 MiB or 256 inodes; estimates by half) and the errors do not make up for each other',
    fields: {
      missed: count('how many did'),
      deletions: count('of how many'),
      ...named,
      sizeBytes: victim.sizeBytes,
      predictedBytes: victim.predictedBytes,
      predictedInodes: victim.predictedInodes,
      exact: yes('the prediction was of measured layers; else an estimate from sizes that the engine gives'),
      ...freed,
    },
  },
  'sweep.completed': {
    level: 'info, warn above LOW',
    when: 'once a sweep',
    fields: {
      dryRun: yes('nothing is deleted'),
      deletedImages: count('images that are gone'),
      deletedCacheRecords: count('build-cache records that are gone; 0 unless `CLEAN` names them'),
      deletedContainers: count('stopped containers that are gone; 0 unless `CLEAN` names them'),
      failedDeletions: count('deletions that were tried and did not happen'),
      ...freed,
      outstandingBytes: count(
        'what the deletions should have freed besides, and the filesystem did not show in the time that is waited',
      ),
      outstandingInodes: count('the same in inodes'),
      predictedBytes: count('what the plan predicted for what was deleted'),
      usedBefore: used,
      usedAfter: used,
      thresholdType,
      durationSeconds: seconds('from the plan to the last measurement'),
      reachedLow: yes('usage is below LOW'),
      stoppedBecause: oneOf(Object.keys(stopReasons), 'why the sweep ended'),
      remaining: list('where the space is instead, a sentence each; empty when LOW was reached'),
    },
  },
  'space.awaited': {
    level: 'info',
    when: 'the filesystem does not show yet what deletions should have freed, and that would decide: nothing more is deleted before it was waited for',
    fields: {
      missingBytes: count('what is not there of the predictions'),
      missingInodes: count('the same in inodes'),
      waitSeconds: seconds('how long, as long as nothing comes'),
    },
  },
  'space.appeared': {
    level: 'info',
    when: 'it is there: in the sweep that waited, or at a check after it',
    fields: { ...freed, afterSeconds: seconds('since it was waited for, or since the sweep'), usage },
  },
  'cluster.access-missing': {
    level: 'error, warn where not required',
    when: 'at start-up, a line for each missing permission',
    fields: { message, required: yes('without it the process ends with status 2') },
  },
  'cluster.failing': {
    level: 'warn',
    when: 'the API server does not do what is asked; it is asked again until it does; said once',
    fields: { task, message },
  },
  'cluster.working': {
    level: 'info',
    when: 'it does again',
    fields: {
      task,
      failedForSeconds: seconds('for how long it did not'),
      tries: count('the successful one included'),
    },
  },
  'slot.waiting': {
    level: 'info',
    when: 'as many nodes as may sweep at the same time do',
    fields: { slots: count('how many nodes may sweep at the same time') },
  },
  'slot.taken': { level: 'info', when: 'this node may sweep', fields: { slot } },
  'slot.lost': {
    level: 'warn',
    when: 'the right to sweep could not be renewed; the sweep ends',
    fields: { slot, reason: because },
  },
  'node.cordoned': {
    level: 'info',
    when: 'for the sweep',
    fields: { mode: oneOf(['cordon', 'taint'], 'how the node is kept free of new pods') },
  },
  'node.already-cordoned': { level: 'info', when: 'by somebody else; left as it is', fields: {} },
  'node.uncordoned': {
    level: 'info',
    when: 'after the sweep, or at start-up what an earlier life left behind',
    fields: { leftBehind: yes('the cordon was left behind by an earlier life') },
  },
  'node.left-cordoned': {
    level: 'warn',
    when: 'somebody removed our annotation, or another cleaner holds the cordon',
    fields: { why: oneOf(['annotation-removed', 'other-holder'], 'why it was left so') },
  },
  'node.gone': { level: 'info', when: 'the node does not exist any more', fields: {} },
  'cordon.skipped': {
    level: 'warn',
    when: 'the disk is critical and the cordon could not be had',
    fields: { reason: because },
  },
  'cordon.time-limit': {
    level: 'warn',
    when: 'the node was cordoned for as long as it may be',
    fields: { maxCordonSeconds: seconds('the limit') },
  },
};
