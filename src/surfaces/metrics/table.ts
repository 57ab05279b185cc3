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
  buildInfo: info('build_info', 'The running version', ['version', 'nodejs_version']),
  configInfo: info('config_info', 'The settings that decide what is deleted', [
    'policy',
    'threshold_type',
    'dry_run',
  ]),
  interval: gauge('check_interval_seconds', 'Time between checks, as configured'),

  filesystemSize: gauge('filesystem_size_bytes', 'Size of the filesystem'),
  filesystemAvailable: gauge('filesystem_avail_bytes', 'Bytes available to unprivileged processes'),
  filesystemInodes: gauge('filesystem_inodes', 'Inodes of the filesystem; absent where it counts none'),
  filesystemAvailableInodes: gauge(
    'filesystem_avail_inodes',
    'Free inodes; absent where the filesystem counts none',
  ),
  allocated: gauge('allocated_bytes', 'Bytes allocated below the path; absolute mode only'),
  usageRatio: gauge('usage_ratio', 'Share of the filesystem that is not available', { resource }),
  levelRatio: gauge(
    'level_ratio',
    'Usage that is compared with the thresholds: of the fuller resource; in absolute mode allocated bytes, in free mode bytes not available, as a share of the filesystem',
  ),
  thresholdRatio: gauge(
    'threshold_ratio',
    'The thresholds, in absolute and free mode as a share of the filesystem; critical is absent where off',
    { threshold: ['high', 'low', 'critical'] },
  ),
  fullIn: gauge(
    'full_in_seconds',
    'Time until bytes or inodes run out at the recent rate, and its range within two standard errors; absent where unknown',
    { estimate: ['expected', 'earliest', 'latest'] },
  ),
  spaceBytes: gauge('space_bytes', 'Bytes of the filesystem by kind; they sum to its size', {
    kind: spaceKinds,
  }),
  spaceInodes: gauge('space_inodes', 'Inodes of the filesystem by kind', { kind: spaceKinds }),
  images: gauge('images', 'Images by state', { state }),
  imageBytes: gauge(
    'image_bytes',
    'Bytes of images on the disk; a shared layer counts once, as in-use before protected before unused',
    { state },
  ),
  reclaimableBytes: gauge('reclaimable_bytes', 'What deleting all candidates would free, predicted'),
  reclaimableInodes: gauge('reclaimable_inodes', 'The same in inodes'),
  buildCacheBytes: gauge('build_cache_bytes', 'Bytes of the build cache on the disk'),
  storeTimestamp: gauge('store_timestamp_seconds', 'When images and space were last read'),

  checks: counter('checks_total', 'Successful checks of the disk'),
  sweepActive: gauge('sweep_active', '1 during a sweep'),
  sweeps: counter('sweeps_total', 'Sweeps by why they ended', { outcome }),
  sweepsSkipped: counter(
    'sweeps_skipped_total',
    'Checks at HIGH without a sweep: nothing has changed since one that could not help, or a circuit breaker',
  ),
  deletionLimit: gauge(
    'deletion_limit',
    'What the circuit breakers allow: deletions per sweep, bytes per hour; absent where off',
    { limit: ['deletions-per-sweep', 'freed-per-hour'] },
  ),
  limitsReached: counter('deletion_limits_reached_total', 'Times that a circuit breaker stopped deletions', {
    limit: ['deletions-per-sweep', 'freed-per-hour'],
  }),
  lastSweepReachedLow: gauge(
    'last_sweep_reached_low',
    '1 if the last sweep got below LOW; absent before the first',
  ),
  sweepDuration: histogram('sweep_duration_seconds', 'Duration of sweeps', sweepBuckets),
  deletions: counter('deletions_total', 'Victims by result', {
    kind,
    result: ['deleted', 'failed', 'kept', 'gone'],
  }),
  unanswered: counter('deletions_unanswered_total', 'Deletions without an answer in time', {
    kind,
  }),
  deletionDuration: histogram(
    'deletion_duration_seconds',
    'Duration of deletions, with the checks before and the measurement after',
    deletionBuckets,
    { kind },
  ),
  freedBytes: counter(
    'freed_bytes_total',
    'Bytes that the filesystem gained, measured; nothing is added where others wrote more. `late`: delayed space of unknown kind',
    { kind: freedKinds },
  ),
  freedInodes: counter('freed_inodes_total', 'The same in inodes', { kind: freedKinds }),
  predictedBytes: counter('predicted_bytes_total', 'Bytes predicted for what was deleted', { kind }),
  predictedInodes: counter('predicted_inodes_total', 'The same in inodes', { kind }),
  lastSuccess: gauge(
    'last_success_timestamp_seconds',
    'Last successful check, and last sweep that reached LOW; absent before',
    { task: ['check', 'sweep'] },
  ),

  engineUp: gauge('engine_up', '1 while the engine answers; absent before the first request'),
  engineErrors: counter('engine_errors_total', 'Failed requests to the engine', {
    code: ['unreachable', 'timeout', 'denied', 'protocol', 'failed'],
  }),
  pathUp: gauge('path_up', '1 while the path can be measured'),
  historyFollowed: gauge(
    'history_followed',
    '1 while image use is tracked; absent where the policy needs no history',
  ),
  historyGaps: counter('history_gaps_total', 'Gaps in the usage history'),
  historyGapSeconds: counter('history_gap_seconds_total', 'Their total length'),

  nodeCordoned: gauge(
    'node_cordoned',
    '1 while this process cordons or taints the node; absent without a node name',
  ),
  cordonedSeconds: counter('cordoned_seconds_total', 'Time that this process kept the node cordoned'),
  cordonWaiting: gauge('cordon_waiting', '1 while a sweep waits for a slot; absent without a node name'),
  cordonsSkipped: counter('cordons_skipped_total', 'Sweeps without a cordon on a critical disk'),
  apiServerErrors: counter(
    'api_server_errors_total',
    'Failed requests to the API server; those of a row are counted at its end',
    { task },
  ),
  apiServerFailing: gauge(
    'api_server_failing',
    '1 while a request to the API server fails and is retried; absent without a node name',
    { task },
  ),

  unusedDeletions: counter('max_unused_deleted_images_total', 'Images deleted for MAX_UNUSED_SECONDS'),
  windowOpen: gauge('window_open', '1 while WINDOW allows sweeps; absent without one'),
  notifyFailing: gauge(
    'notify_failing',
    '1 while notices do not arrive at NOTIFY_URL; absent before the first failure',
  ),
  keepFileFailing: gauge(
    'keep_file_failing',
    '1 while KEEP_FILE cannot be used and earlier patterns apply; absent until it changes',
  ),

  cpuSeconds: shared(counter('process_cpu_seconds_total', 'CPU time, user and system')),
  residentMemory: shared(gauge('process_resident_memory_bytes', 'Resident memory')),
  startTime: shared(gauge('process_start_time_seconds', 'Start of the process')),
  openFiles: shared(gauge('process_open_fds', 'Open file descriptors')),
  heapUsed: shared(gauge('nodejs_heap_size_used_bytes', 'Heap in use')),
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
