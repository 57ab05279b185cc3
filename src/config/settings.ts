/**
 * Every setting of the cleaner, once. The environment, the command line, `--help`, the configuration page and the type
 * of the configuration are all made from this table; a new setting is a new entry here.
 *
 * The key is the name in the configuration; from it come the variable (`intervalSeconds` is
 * `DOCKER_IMAGE_CLEANER_INTERVAL_SECONDS`) and the flag (`--interval-seconds`).
 */
import {
  absolutePath,
  choice,
  choices,
  filePath,
  judgedLater,
  keepLabelRule,
  keepPatterns,
  hostNames,
  nodeName,
  onOff,
  socketAddress,
  wholeNumber,
  type ValueKind,
} from './values.ts';
import { MOST_DELETIONS } from '../core/deletion-budget.ts';
import { DEFAULT_QUIET_SECONDS } from '../core/soft-threshold.ts';
import { defaultPolicy, policies } from '../core/policy/registry.ts';
import { defaultSocketPaths } from '../engine/endpoint.ts';
import { longestAgeSeconds, longestSeconds, seconds } from './durations.ts';
import { listenAddress } from './http-address.ts';
import { webhookAddress } from './notify.ts';
import { window } from './window.ts';
import { byteAmount, bytesAllowed, percentAllowed } from './quantities.ts';

/** Headings in `--help` and on the configuration page, in this order. */
export const groups = [
  'Configuration file',
  'Engine',
  'Disk',
  'Sweeps',
  'Usage history',
  'Kubernetes',
  'Engine requests',
  'HTTP',
  'Notices',
  'Logging',
] as const;

/** @typeParam T what the setting becomes; includes undefined where it may stay unset. */
export interface Setting<T> {
  readonly group: (typeof groups)[number];
  /** What it does: a sentence without its full stop. */
  readonly help: string;
  readonly kind: ValueKind<T>;
  readonly default: T;
  /** The default as people write it; empty where there is none. */
  readonly defaultText: string;
}

/** @param entry its `defaultText` may be left out where the default is a plain value that says it itself */
function setting<T, const D extends T | undefined>(entry: {
  readonly group: (typeof groups)[number];
  readonly help: string;
  readonly kind: ValueKind<T>;
  readonly default: D;
  readonly defaultText?: string;
}): Setting<T | D> {
  return { ...entry, defaultText: entry.defaultText ?? plainText(entry.default) };
}

function plainText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}

const threshold = judgedLater(
  'percent|bytes',
  `relative: ${percentAllowed}; absolute, free and images: ${bytesAllowed}`,
);

export const settings = {
  config: setting({
    group: 'Configuration file',
    help: 'File to read settings from, one NAME=value a line; the environment and flags win over it',
    kind: filePath(),
    default: undefined,
    defaultText: 'none; the service of the .deb and .rpm packages reads /etc/docker-image-cleaner.conf',
  }),
  runtime: setting({
    group: 'Engine',
    help: 'Engine to clean: docker (Docker or Podman, found as Docker clients find it), cri (containerd or CRI-O), or auto: docker if there is any sign of it, else cri',
    kind: choice('docker', 'cri', 'auto'),
    default: 'auto',
  }),
  runtimeEndpoint: setting({
    group: 'Engine',
    help: 'Socket of the CRI runtime; when set, auto means cri',
    kind: socketAddress(),
    default: undefined,
    defaultText: `the first that is there of ${defaultSocketPaths.map((path) => `unix://${path}`).join(' and ')}`,
  }),
  hostRun: setting({
    group: 'Engine',
    help: 'In a pod, where the node’s /run is mounted, to find the runtime’s socket (the chart sets it)',
    kind: absolutePath(),
    default: undefined,
    defaultText: '',
  }),
  pathToCheck: setting({
    group: 'Disk',
    help: 'Path whose filesystem is watched: where the engine keeps its images, as this process sees it',
    kind: absolutePath(),
    default: undefined,
    defaultText:
      'the directory that the engine reports, if it exists here; else /var/lib/docker, with cri /var/lib/containerd or, for CRI-O, /var/lib/containers/storage',
  }),
  sweepOtherFilesystem: setting({
    group: 'Disk',
    help: 'Sweep even when the images are known to be on another filesystem than the path, where deleting them frees nothing',
    kind: onOff(),
    default: false,
  }),
  thresholdType: setting({
    group: 'Disk',
    help: 'What the thresholds are: percent of the filesystem (relative), bytes used below the path (absolute), bytes free on the filesystem (free: a sweep begins when less than HIGH is free and ends when LOW is free, so HIGH is the smaller number), or bytes of all images as the engine counts them (images), which needs no disk, as with an engine on another machine',
    kind: choice('relative', 'absolute', 'free', 'images'),
    default: 'relative',
  }),
  thresholdHigh: setting({
    group: 'Disk',
    help: 'Usage at which deleting starts; with free thresholds, deleting starts when less than this is free',
    kind: threshold,
    default: undefined,
    defaultText: '80; none where the thresholds are bytes',
  }),
  thresholdLow: setting({
    group: 'Disk',
    help: 'Usage below which deleting stops; must be below the high threshold. With free thresholds, deleting stops when this much is free; must be above the high threshold',
    kind: threshold,
    default: undefined,
    defaultText: '75% of the high threshold; in free mode 4/3 of it',
  }),
  softThreshold: setting({
    group: 'Disk',
    help: 'Gentle mode: from this usage on, delete one image per check while the engine is idle, without a cordon; at least the low and below the high threshold',
    kind: threshold,
    default: undefined,
    defaultText: 'off',
  }),
  thresholdCritical: setting({
    group: 'Disk',
    help: 'Usage from which a full disk is the greater evil: a sweep does not wait for the cordon (API server unreachable, no free slot), deletes without delay, and keeps new images for 2 minutes at most',
    kind: threshold,
    default: undefined,
    defaultText:
      '95, or the high threshold where that is higher; off in absolute mode; in free mode a quarter of the high threshold',
  }),
  policy: setting({
    group: 'Sweeps',
    help: `Which unused images are deleted first: ${policies.map(({ name, summary }) => `${name} (${summary})`).join('; ')}`,
    kind: choice(...policies.map(({ name }) => name)),
    default: defaultPolicy.name,
  }),
  clean: setting({
    group: 'Sweeps',
    help: 'What a sweep may delete, one budget for all: unused images, records of the build cache (BuildKit, Docker 18.09 and newer), stopped containers that nobody manages (Kubernetes, compose and swarm do)',
    kind: choices('images', 'build-cache', 'stopped-containers'),
    default: ['images'] as readonly ('images' | 'build-cache' | 'stopped-containers')[],
    defaultText: 'images',
  }),
  stoppedContainerAgeSeconds: setting({
    group: 'Sweeps',
    help: 'How long a container must have been stopped before it may be deleted; its volumes are kept',
    kind: seconds(0, longestAgeSeconds),
    default: 86_400,
  }),
  intervalSeconds: setting({
    group: 'Sweeps',
    help: 'How often to check the disk',
    kind: seconds(1, longestSeconds),
    default: 300,
  }),
  watchSeconds: setting({
    group: 'Sweeps',
    help: 'How often to look at the filesystem between two checks, at next to no cost: a check begins at once when usage crosses a threshold; 0: only every interval',
    kind: seconds(0, 86_400),
    default: 5,
  }),
  delaySeconds: setting({
    group: 'Sweeps',
    help: 'Pause between two deletions, so that the engine keeps up with its other work; none above the critical threshold',
    kind: seconds(0, 86_400),
    default: 1,
  }),
  quietSeconds: setting({
    group: 'Sweeps',
    help: 'Gentle mode (see the soft threshold): how long the engine must be idle before an image is deleted: no image arrived, no container started',
    kind: seconds(0, 86_400),
    default: DEFAULT_QUIET_SECONDS,
  }),
  keep: setting({
    group: 'Sweeps',
    help: 'Images that are never deleted; a pattern without a tag matches every tag',
    kind: keepPatterns(),
    default: [],
    defaultText: '',
  }),
  keepFile: setting({
    group: 'Sweeps',
    help: 'File of more such patterns, one a line, # begins a comment; read again when it changes, and if it then has a bad line or is gone, the patterns read before stay in force',
    kind: absolutePath(),
    default: undefined,
    defaultText: 'none',
  }),
  keepLabel: setting({
    group: 'Sweeps',
    help: 'Whether the label docker-image-cleaner.keep protects an image: on, off, or only on images that match these patterns',
    kind: keepLabelRule(),
    default: 'on',
  }),
  minAgeSeconds: setting({
    group: 'Sweeps',
    help: 'Keep new images at least this long after they arrived (pulled, loaded, built or tagged); 0: no minimum; above the critical threshold 120 at most',
    kind: seconds(0, longestAgeSeconds),
    default: 120,
  }),
  maxUnusedSeconds: setting({
    group: 'Sweeps',
    help: 'Delete images unused for longer, however empty the disk is, once image use was tracked for that long; never images that are in use or protected; 0: off',
    kind: seconds(0, longestAgeSeconds),
    default: 0,
  }),
  keepLast: setting({
    group: 'Sweeps',
    help: 'How many of the newest images of each repository are never deleted',
    kind: wholeNumber(0, 10_000),
    default: 0,
  }),
  maxDeletionsPerSweep: setting({
    group: 'Sweeps',
    help: 'Circuit breaker: end a sweep after this many deletions, failed ones included; the next check continues',
    kind: wholeNumber(1, MOST_DELETIONS),
    default: MOST_DELETIONS,
  }),
  maxFreedPerHour: setting({
    group: 'Sweeps',
    help: 'Circuit breaker: pause deletions when those of the past 60 minutes freed this much (of predicted and measured, the larger counts); a single larger image is still deleted, alone; forgotten at a restart',
    kind: byteAmount(),
    default: undefined,
    defaultText: 'off',
  }),
  window: setting({
    group: 'Sweeps',
    help: 'When sweeps may begin, as days, hours and a time zone: outside of it nothing is deleted below the critical threshold; without a time zone by the clock of this host',
    kind: window(),
    default: undefined,
    defaultText: 'any time',
  }),
  dryRun: setting({
    group: 'Sweeps',
    help: 'Delete nothing, only report what would be deleted',
    kind: onOff(),
    default: false,
  }),
  stateFile: setting({
    group: 'Usage history',
    help: 'File that keeps the usage history, and the past that the status page shows, over restarts, in a directory that this process may write to; unset: each start begins with an empty history',
    kind: absolutePath(),
    default: undefined,
  }),
  recordTrace: setting({
    group: 'Usage history',
    help: 'Append every use of an image to this file, for `simulate`; at 64 MB it becomes FILE.1 and so on up to FILE.4',
    kind: absolutePath(),
    default: undefined,
  }),
  nodeName: setting({
    group: 'Kubernetes',
    help: 'Kubernetes node to cordon during a sweep; unset: Kubernetes is not contacted',
    kind: nodeName(),
    default: undefined,
  }),
  cordonMode: setting({
    group: 'Kubernetes',
    help: 'How new pods are kept off the node during a sweep: unschedulable (cordon), a NoSchedule taint of our own, which load balancers and autoscalers ignore (taint), or not at all (none)',
    kind: choice('cordon', 'taint', 'none'),
    default: 'cordon',
  }),
  maxCordonSeconds: setting({
    group: 'Kubernetes',
    help: 'Longest time that a sweep may keep the node cordoned; then it is uncordoned and the sweep ends',
    kind: seconds(1, longestSeconds),
    default: 900,
  }),
  maxCordonedNodes: setting({
    group: 'Kubernetes',
    help: 'How many nodes of the cluster may sweep at the same time; 0: no limit',
    kind: wholeNumber(0, 10_000),
    default: 0,
  }),
  timeoutSeconds: setting({
    group: 'Engine requests',
    help: 'How long one request to the engine may take',
    kind: seconds(1, 86_400),
    default: 300,
  }),
  httpAddress: setting({
    group: 'HTTP',
    help: 'Where to serve the status page, its JSON, the metrics and the health checks, all read-only; unset: nothing is served',
    kind: listenAddress(),
    default: undefined,
  }),
  httpAllowedHosts: setting({
    group: 'HTTP',
    help: 'Host names under which browsers may open the page, separated by spaces or commas, e.g. nas.lan or *.ts.net. Always allowed: addresses, names without a dot, the name of this host, and names that only a private network or a cluster gives',
    kind: hostNames(),
    default: [],
    defaultText: '',
  }),
  httpTokenFile: setting({
    group: 'HTTP',
    help: 'File with a token that all but the health checks then require, as a bearer token or as the password of basic authentication (any user name); reread every 10 s; unset: no token',
    kind: absolutePath(),
    default: undefined,
  }),
  probeAddress: setting({
    group: 'HTTP',
    help: 'Where to serve the health checks (/healthz, /readyz) and nothing else; they are then no longer at the address of the page',
    kind: listenAddress(),
    default: undefined,
    defaultText: 'beside the page',
  }),
  notifyUrl: setting({
    group: 'Notices',
    help: 'Webhook to POST to what a person must know: low threshold not reached, disk critical, engine or path away for 10 minutes, node left cordoned; each once when it begins and once when it is over. Never logged; better in the environment or a file than a flag, which every user of the host can read',
    kind: webhookAddress(),
    default: undefined,
    defaultText: 'none',
  }),
  notifyFormat: setting({
    group: 'Notices',
    help: 'What the webhook takes: JSON with every field (json), plain text as ntfy does (text), or {"text": ...} as Slack, Mattermost and Rocket.Chat do (slack)',
    kind: choice('json', 'text', 'slack'),
    default: 'json',
  }),
  logFormat: setting({
    group: 'Logging',
    help: 'Log lines for people (text) or for machines (json); auto is text on a terminal, else json',
    kind: choice('text', 'json', 'auto'),
    default: 'auto',
  }),
  logLevel: setting({
    group: 'Logging',
    help: 'Minimum log level',
    kind: choice('trace', 'debug', 'info', 'warn', 'error'),
    default: 'info',
  }),
};

export type SettingKey = keyof typeof settings;
export const settingKeys = Object.keys(settings) as readonly SettingKey[];

/** What each setting becomes, by its key. */
export type SettingValues = {
  readonly [K in SettingKey]: (typeof settings)[K] extends Setting<infer T> ? T : never;
};

export const variablePrefix = 'DOCKER_IMAGE_CLEANER_';

/** The setting's environment variable: `DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH` for `thresholdHigh`. */
export function variableOf(key: SettingKey): string {
  return variablePrefix + key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** The setting's flag: `--threshold-high` for `thresholdHigh`. */
export function flagOf(key: SettingKey): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
