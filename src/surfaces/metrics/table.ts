/**
 * Every metric, once. The exposition, docs/metrics.md and the checks of dashboard and rules are all made from this
 * table. Units are base units (bytes, seconds, ratios from 0 to 1), as the field has them.
 */
import type { SpaceKind } from '../../core/model/space-kinds.ts';
import { type StopReason, stopReasons } from '../../events/stop-reasons.ts';
import { counter, gauge, histogram, info, type LabelsOf, type Metric, shared } from './definition.ts';

const outcome = Object.keys(stopReasons) as StopReason[];
/** The label of each kind of space. */
export const spaceLabels = {
  imagesInUse: 'images-in-use',
  imagesUnused: 'images-unused',
  buildCache: 'build-cache',
  containerLayers: 'container-layers',
  containerLogs: 'container-logs',
  volumesInUse: 'volumes-in-use',
  volumesUnused: 'volumes-unused',
  leftovers: 'leftovers',
  beingWritten: 'being-written',
  engine: 'engine',
  unknown: 'unknown',
  notTheEngines: 'not-the-engines',
  reserved: 'reserved',
  available: 'available',
} as const satisfies Readonly<Record<SpaceKind, string>>;
const spaceKinds = Object.values(spaceLabels);
const kind = ['image', 'build-cache', 'stopped-container'] as const;
/** Space that appears late is of no known kind. */
const freedKinds = [...kind, 'late'] as const;
const resource = ['bytes', 'inodes'] as const;
const state = ['in-use', 'protected', 'unused'] as const;
const task = [
  'access',
  'recover',
  'cordon',
  'uncordon',
  'slot',
  'event',
  'list-nodes',
  'delete-daemonset',
  'other',
] as const;

/** Deletions of one image: from a few files to a slow disk under load. */
const deletionBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const sweepBuckets = [1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

export const metrics = {
  buildInfo: info('build_info', 'The version that runs', ['version', 'nodejs_version']),
  configInfo: info('config_info', 'The settings that decide what goes', [
    'policy',
    'threshold_type',
    'dry_run',
  ]),
  interval: gauge('check_interval_seconds', 'How often to check the disk, as configured'),

  filesystemSize: gauge('filesystem_size_bytes', 'Size of the filesystem that holds the path'),
  filesystemAvailable: gauge(
    'filesystem_avail_bytes',
    'Bytes that an unprivileged process may still take, at the last look',
  ),
  filesystemInodes: gauge(
    'filesystem_inodes',
    'Inodes of the filesystem; absent where it has no inode count',
  ),
  filesystemAvailableInodes: gauge(
    'filesystem_avail_inodes',
    'Free inodes, at the last look; absent where the filesystem has no inode count',
  ),
  allocated: gauge('allocated_bytes', 'Bytes allocated below the path; in absolute mode only'),
  usageRatio: gauge('usage_ratio', 'Share of the filesystem that is not available', { resource }),
  levelRatio: gauge(
    'level_ratio',
    'What is compared with the thresholds: the fuller resource, in absolute mode the allocated bytes as a share of the filesystem, in free mode the share of its bytes that is not available',
  ),
  thresholdRatio: gauge(
    'threshold_ratio',
    'The thresholds, in absolute and free mode as a share of what is used of the filesystem; critical is absent where it is off',
    { threshold: ['high', 'low', 'critical'] },
  ),
  fullIn: gauge(
    'full_in_seconds',
    'When nothing of the filesystem will be available (bytes or inodes, whichever is used up first) at the rate of the recent past, and between what times with that rate known within two standard errors; absent where it cannot be known',
    { estimate: ['expected', 'earliest', 'latest'] },
  ),
  spaceBytes: gauge('space_bytes', 'Where the bytes of the filesystem are; all kinds sum to its size', {
    kind: spaceKinds,
  }),
  spaceInodes: gauge('space_inodes', 'Where the inodes of the filesystem are', { kind: spaceKinds }),
  images: gauge('images', 'Images by what a sweep may do with them', { state }),
  imageBytes: gauge(
    'image_bytes',
    'Bytes that images take on the disk; a shared layer counts once, for its strongest holder (in-use, then protected)',
    { state },
  ),
  reclaimableBytes: gauge('reclaimable_bytes', 'What deleting all that may go would free, predicted'),
  reclaimableInodes: gauge('reclaimable_inodes', 'The same in inodes'),
  buildCacheBytes: gauge('build_cache_bytes', "Bytes that the engine's build cache takes on the disk"),
  storeTimestamp: gauge(
    'store_timestamp_seconds',
    'When images, space and what is reclaimable were last looked at',
  ),

  checks: counter('checks_total', 'Looks at the disk that gave a figure'),
  sweepActive: gauge('sweep_active', '1 while a sweep goes on, else 0'),
  sweeps: counter('sweeps_total', 'Sweeps by why they ended', { outcome }),
  sweepsSkipped: counter(
    'sweeps_skipped_total',
    'Checks over the high threshold without a sweep: nothing has changed since one could not help, or no more may be freed in this hour',
  ),
  deletionLimit: gauge(
    'deletion_limit',
    'What the circuit breakers allow: deletions in one sweep, bytes freed in an hour; absent where one is off',
    { limit: ['deletions-per-sweep', 'freed-per-hour'] },
  ),
  limitsReached: counter('deletion_limits_reached_total', 'Times that a circuit breaker stopped deletions', {
    limit: ['deletions-per-sweep', 'freed-per-hour'],
  }),
  lastSweepReachedLow: gauge(
    'last_sweep_reached_low',
    '1 when the last sweep got below the low threshold, 0 when not; absent before the first',
  ),
  sweepDuration: histogram('sweep_duration_seconds', 'How long sweeps took', sweepBuckets),
  deletions: counter('deletions_total', 'Victims by how their turn ended', {
    kind,
    result: ['deleted', 'failed', 'kept', 'gone'],
  }),
  unanswered: counter('deletions_unanswered_total', 'Deletions that the engine did not answer in time', {
    kind,
  }),
  deletionDuration: histogram(
    'deletion_duration_seconds',
    'How long deletions took, looks before and measurement after included',
    deletionBuckets,
    { kind },
  ),
  freedBytes: counter(
    'freed_bytes_total',
    'What the filesystem gained with each deletion, measured; where others wrote more meanwhile, nothing is added. `late`: what appeared after its deletion was measured, where not only images are deleted',
    { kind: freedKinds },
  ),
  freedInodes: counter('freed_inodes_total', 'The same in inodes', { kind: freedKinds }),
  predictedBytes: counter('predicted_bytes_total', 'What the plans predicted for what was deleted', { kind }),
  predictedInodes: counter('predicted_inodes_total', 'The same in inodes', { kind }),
  lastSuccess: gauge(
    'last_success_timestamp_seconds',
    'When the disk was last looked at with success, and when a sweep last reached the low threshold; absent before',
    { task: ['check', 'sweep'] },
  ),

  engineUp: gauge('engine_up', '1 while the engine answers, 0 while not; absent before it was first asked'),
  engineErrors: counter('engine_errors_total', 'Requests to the engine that failed', {
    code: ['unreachable', 'timeout', 'denied', 'protocol', 'failed'],
  }),
  pathUp: gauge('path_up', '1 while the path can be measured, 0 while not'),
  historyFollowed: gauge(
    'history_followed',
    "1 while the engine's events are followed, 0 while not; absent where the policy needs no history",
  ),
  historyGaps: counter('history_gaps_total', 'Times in which the use of images was not seen'),
  historyGapSeconds: counter('history_gap_seconds_total', 'How long they were, together'),

  nodeCordoned: gauge(
    'node_cordoned',
    '1 while the node is cordoned or tainted by this process, else 0; absent without a node name',
  ),
  cordonedSeconds: counter('cordoned_seconds_total', 'How long this process kept the node cordoned'),
  cordonWaiting: gauge(
    'cordon_waiting',
    '1 while a sweep waits because as many nodes as may do sweep, else 0; absent without a node name',
  ),
  cordonsSkipped: counter('cordons_skipped_total', 'Sweeps without a cordon, because the disk was critical'),
  apiServerErrors: counter(
    'api_server_errors_total',
    'Failed tries at something that the API server was asked for; all of a row are counted when it ends',
    { task },
  ),
  apiServerFailing: gauge(
    'api_server_failing',
    '1 while something that the API server was asked for fails and is tried again, else 0; absent without a node name',
    { task },
  ),

  unusedDeletions: counter(
    'max_unused_deleted_images_total',
    'Images deleted because they were unused for longer than MAX_UNUSED_SECONDS',
  ),
  windowOpen: gauge(
    'window_open',
    '1 while sweeps may begin by WINDOW, 0 while only a critical disk is swept; absent without one',
  ),
  notifyFailing: gauge(
    'notify_failing',
    '1 while notices do not arrive at NOTIFY_URL, else 0; absent until one did not',
  ),
  keepFileFailing: gauge(
    'keep_file_failing',
    '1 while the file of KEEP_FILE cannot be used and the patterns read before stay in force, else 0; absent until it changes',
  ),

  cpuSeconds: shared(counter('process_cpu_seconds_total', 'CPU time of the process, user and system')),
  residentMemory: shared(gauge('process_resident_memory_bytes', 'Resident memory of the process')),
  startTime: shared(gauge('process_start_time_seconds', 'When the process started')),
  openFiles: shared(gauge('process_open_fds', 'Open file descriptors of the process')),
  heapUsed: shared(gauge('nodejs_heap_size_used_bytes', 'Heap that is in use')),
} as const satisfies Readonly<Record<string, Metric>>;

export type FreedKind = LabelsOf<typeof metrics.freedBytes.labels>['kind'];
export type DeletionKind = LabelsOf<typeof metrics.deletions.labels>['kind'];
export type ClusterTask = LabelsOf<typeof metrics.apiServerErrors.labels>['task'];

/** The label for a task of the cluster's. */
export function clusterTask(name: string): ClusterTask {
  return task.find((known) => known === name) ?? 'other';
}

/** In the order of the exposition and of its documentation. */
export const allMetrics: readonly Metric[] = Object.values(metrics);
