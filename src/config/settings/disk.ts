/** Which engine is cleaned, which disk is watched, and from when on. */
import { defaultSocketPaths } from '../../engine/endpoint.ts';
import { bytesAllowed, percentAllowed } from '../values/quantities.ts';
import { absolutePath, choice, filePath, judgedLater, onOff, socketAddress } from '../values/values.ts';
import { setting } from './setting.ts';

const threshold = judgedLater('percent|bytes', `relative: ${percentAllowed}; otherwise ${bytesAllowed}`);

export const diskSettings = {
  config: setting({
    group: 'Configuration file',
    help: 'File of settings, one NAME=value per line; the environment and flags win',
    kind: filePath(),
    default: undefined,
    defaultText: 'none; the packaged service reads /etc/docker-image-cleaner.conf',
  }),
  runtime: setting({
    group: 'Engine',
    help: 'Engine to clean: docker (Docker or Podman, found as Docker clients find it), cri (containerd or CRI-O), or auto: docker where its socket or data exists, else cri',
    kind: choice('docker', 'cri', 'auto'),
    default: 'auto',
  }),
  runtimeEndpoint: setting({
    group: 'Engine',
    help: 'Socket of the CRI runtime; when set, auto means cri',
    kind: socketAddress(),
    default: undefined,
    defaultText: `the first that exists of ${defaultSocketPaths.join(', ')}`,
  }),
  hostRun: setting({
    group: 'Engine',
    help: 'In a pod: where the node’s /run is mounted (the chart sets it)',
    kind: absolutePath(),
    default: undefined,
    defaultText: '',
  }),
  pathToCheck: setting({
    group: 'Disk',
    help: 'Where the engine keeps its images, as this process sees it; the filesystem of this path is watched',
    kind: absolutePath(),
    default: undefined,
    defaultText:
      'the directory that the engine reports, if it exists here; else /var/lib/docker, with cri /var/lib/containerd or, for CRI-O, /var/lib/containers/storage',
  }),
  sweepOtherFilesystem: setting({
    group: 'Disk',
    help: 'Sweep even when the images are on another filesystem, where deleting them frees nothing here',
    kind: onOff(),
    default: false,
  }),
  thresholdType: setting({
    group: 'Disk',
    help: 'What the thresholds are: percent of the filesystem (relative), bytes used below the path (absolute), bytes free on the filesystem (free; HIGH is the smaller number), or bytes of all images (images; for an engine on another machine)',
    kind: choice('relative', 'absolute', 'free', 'images'),
    default: 'relative',
  }),
  thresholdHigh: setting({
    group: 'Disk',
    help: 'A sweep begins at this usage; with free thresholds, when less than this is free',
    kind: threshold,
    default: undefined,
    defaultText: '80; none where the thresholds are bytes',
  }),
  thresholdLow: setting({
    group: 'Disk',
    help: 'A sweep ends below this usage; with free thresholds, when this much is free',
    kind: threshold,
    default: undefined,
    defaultText: '75% of HIGH; in free mode 4/3 of it',
  }),
  softThreshold: setting({
    group: 'Disk',
    help: 'Gentle mode: from this usage on, delete one image per check while the engine is idle, without a cordon; from LOW to below HIGH',
    kind: threshold,
    default: undefined,
    defaultText: 'off',
  }),
  thresholdCritical: setting({
    group: 'Disk',
    help: 'From this usage on, a sweep does not wait for cordon, slot, window or delay, and keeps new images for 2 minutes at most',
    kind: threshold,
    default: undefined,
    defaultText: '95, or HIGH if higher; absolute mode: off; free mode: a quarter of HIGH',
  }),
};
