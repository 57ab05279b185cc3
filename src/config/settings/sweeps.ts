/** What sweeps delete, what they keep, and when. */
import { MOST_DELETIONS } from '../../core/plan/deletion-budget.ts';
import { defaultPolicy, policies } from '../../core/policy/registry.ts';
import { DEFAULT_QUIET_SECONDS } from '../../core/timing/soft-threshold.ts';
import { longestAgeSeconds, longestSeconds, seconds } from '../values/durations.ts';
import { byteAmount } from '../values/quantities.ts';
import {
  absolutePath,
  choice,
  choices,
  keepLabelRule,
  keepPatterns,
  onOff,
  wholeNumber,
} from '../values/values.ts';
import { window } from '../window.ts';
import { setting } from './setting.ts';

export const sweepSettings = {
  policy: setting({
    group: 'Sweeps',
    help: `Which unused images are deleted first: ${policies.map(({ name, summary }) => `${name} (${summary})`).join('; ')}`,
    kind: choice(...policies.map(({ name }) => name)),
    default: defaultPolicy.name,
  }),
  clean: setting({
    group: 'Sweeps',
    help: 'What a sweep may delete, in one budget: unused images, build-cache records (Docker 18.09 and newer), stopped containers not managed by Kubernetes, compose or swarm',
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
    help: 'How often to read the filesystem’s usage between checks; a check begins at once when it crosses a threshold; 0: never',
    kind: seconds(0, 86_400),
    default: 5,
  }),
  delaySeconds: setting({
    group: 'Sweeps',
    help: 'Pause between two deletions; none above the critical threshold',
    kind: seconds(0, 86_400),
    default: 1,
  }),
  quietSeconds: setting({
    group: 'Sweeps',
    help: 'Gentle mode: how long the engine must be idle first (no image arrived, no container started)',
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
    help: 'File of more patterns, one per line, # begins a comment; reread when it changes; while it is missing or has a bad line, the patterns read before apply',
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
    help: 'Keep new images at least this long after they were pulled, loaded, built or tagged; above the critical threshold 120 at most',
    kind: seconds(0, longestAgeSeconds),
    default: 120,
  }),
  maxUnusedSeconds: setting({
    group: 'Sweeps',
    help: 'Delete images known to be unused for longer, however empty the disk is; 0: off',
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
    help: 'Circuit breaker: pause deletions when those of the past 60 minutes freed this much; a larger image is deleted alone; forgotten at a restart',
    kind: byteAmount(),
    default: undefined,
    defaultText: 'off',
  }),
  window: setting({
    group: 'Sweeps',
    help: 'When sweeps may begin; outside, nothing is deleted below the critical threshold; without a time zone, the host’s clock counts',
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
};
