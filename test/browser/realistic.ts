/**
 * A disk as one finds it: hundreds of gigabytes, images with the names that people give them, days of history. Too large to
 * be loaded into an engine within a test; the real server is shown it as plain data, with a state file that was prepared.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imagesOnly } from '../../src/core/eligible/cache-and-containers.ts';
import { noProtections } from '../../src/core/eligible/rules.ts';
import { forestOf } from '../../src/core/forest/forest.ts';
import { freedBy } from '../../src/core/forest/reclaim.ts';
import type { Container, Image, ImageStore, Layer } from '../../src/core/model/store.ts';
import {
  level,
  percentUsed,
  type Thresholds,
  type Usage,
  usageAfter,
} from '../../src/core/model/thresholds.ts';
import { makePlan, type Plan } from '../../src/core/plan.ts';
import { findPolicy } from '../../src/core/policy/registry.ts';
import { applyEvent } from '../../src/core/use-history/apply-event.ts';
import { newHistory, type UsageHistory } from '../../src/core/use-history/history.ts';
import type { DaemonEvent } from '../../src/events/events.ts';
import type { View } from '../../src/events/listener.ts';
import { type HttpSurface, startHttp } from '../../src/surfaces/http/http.ts';
import { Activity } from '../../src/surfaces/http/state/activity.ts';
import { ActivityFile } from '../../src/surfaces/http/state/activity-file.ts';
import { randomNumbers } from '../../bench/store.ts';

const GB = 1e9;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const path = '/var/lib/docker';
export const thresholds: Thresholds = { type: 'relative', high: 80, low: 65 };
const policy = findPolicy('lru');

/** By layer: what it stands on, and its size in GB. */
const bases: Readonly<Record<string, readonly [string, number]>> = {
  debian: ['', 0.12],
  ubuntu: ['', 0.08],
  jupyter: ['ubuntu', 1.1],
  scipy: ['jupyter', 2.3],
  cuda: ['ubuntu', 5.6],
  r: ['debian', 1.4],
  node: ['debian', 0.9],
  repo2docker: ['ubuntu', 0.85],
};

/** Name, base, own GB, days since it came, hours since it was used last (0: in use). */
const named: readonly (readonly [string, string, number, number, number])[] = [
  ['quay.io/jupyter/pytorch-notebook:cuda12-2026-11-10', 'cuda', 9.8, 16, 31],
  ['quay.io/jupyter/pytorch-notebook:cuda12-2026-10-13', 'cuda', 9.6, 44, 520],
  ['quay.io/jupyter/tensorflow-notebook:2026-11-10', 'scipy', 4.9, 16, 97],
  ['quay.io/jupyter/datascience-notebook:2026-11-10', 'scipy', 3.8, 16, 0],
  ['quay.io/jupyter/scipy-notebook:2026-11-10', 'scipy', 0.4, 16, 5],
  ['nvcr.io/nvidia/pytorch:26.09-py3', 'cuda', 16.2, 51, 840],
  ['vllm/vllm-openai:v0.14.1', 'cuda', 12.4, 12, 0],
  ['vllm/vllm-openai:v0.13.0', 'cuda', 12.1, 39, 284],
  ['ghcr.io/acme/courses/statistics:2026w47', 'scipy', 1.3, 8, 0],
  ['ghcr.io/acme/courses/statistics:2026w46', 'scipy', 1.3, 15, 171],
  ['ghcr.io/acme/courses/machine-learning:2026w47', 'cuda', 4.2, 8, 22],
  ['rocker/tidyverse:4.5.2', 'r', 1.9, 23, 66],
  ['rocker/geospatial:4.5.1', 'r', 3.4, 60, 700],
  ['ghcr.io/acme/web/frontend:1.84.0', 'node', 0.6, 4, 0],
  ['ghcr.io/acme/web/frontend:1.83.2', 'node', 0.6, 11, 96],
  ['ghcr.io/acme/web/api:1.84.0', 'debian', 0.5, 4, 0],
  ['postgres:17.6', 'debian', 0.35, 35, 0],
  ['quay.io/jupyterhub/k8s-hub:4.3.1', 'debian', 0.4, 35, 0],
  ['grafana/grafana:12.3.0', '', 0.75, 35, 0],
  ['acme/postgres-with-extensions:17', 'debian', 1.1, 55, 610],
];

const organisations = [
  'pangeo-data',
  'allenai',
  'astropy',
  'uc-berkeley',
  'sunpy',
  'geopandas',
  'ipython',
  'dask',
];
const topics = [
  'examples',
  'tutorials',
  'gallery',
  'workshop-2026',
  'lecture-notes',
  'physical-oceanography',
  'demo',
];

export interface Scene {
  /** Below HIGH: nothing is due. */
  readonly before: View;
  /** At HIGH, when a sweep begins; its plan, and the events of its deletions. */
  readonly full: View;
  readonly plan: Plan;
  readonly started: DaemonEvent;
  readonly deletions: readonly DaemonEvent[];
  readonly after: View;
  readonly completed: DaemonEvent;
  readonly history: UsageHistory;
}

interface Spec {
  readonly image: Image;
  readonly bornMs: number;
  readonly usedMs: number;
  readonly isUsed: boolean;
}

/** @param images 20 or more */
export function realisticScene(images: number, nowMs: number): Scene {
  const { specs, store } = realisticStore(images, nowMs);
  const history = historyOf(specs, store, nowMs);
  const held = [...store.layers.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  // The rest of the disk is volumes, build cache, logs and the system.
  const total = Math.round((held * 2.4) / 0.803);
  const full = viewOf(store, usageOf(total, 0.803), nowMs);
  const before = viewOf(store, usageOf(total, 0.722), nowMs);
  const plan = makePlan({
    store,
    usage: full.snapshot.usage,
    thresholds,
    policy,
    protections: noProtections,
    history,
    nowMs,
  });
  let usage = full.snapshot.usage;
  const deletions = plan.victims.map((victim): DaemonEvent => {
    const { predicted, kind: _, keepParents: __, ...facts } = victim;
    usage = usageAfter(usage, predicted);
    return {
      event: 'image.deleted',
      ...facts,
      predictedBytes: predicted.bytes,
      predictedInodes: predicted.inodes,
      freedBytes: predicted.bytes,
      freedInodes: predicted.inodes,
      grownBytes: 0,
      grownInodes: 0,
      usage,
      used: level(usage, 'relative').value,
      durationSeconds: 1.4,
    } as DaemonEvent;
  });
  const gone = new Set(plan.victims.map(({ id }) => id));
  const left = realisticStore(images, nowMs, gone).store;
  const freed = freedBy(forestOf(store), gone);
  const used = level(full.snapshot.usage, 'relative').value;
  return {
    before,
    full,
    plan,
    started: { event: 'sweep.started', dryRun: false, used, thresholds, toFree: plan.toFree },
    deletions,
    after: viewOf(left, usage, nowMs),
    completed: {
      event: 'sweep.completed',
      ...sweepReport(used, level(usage, 'relative').value, plan.victims.length, freed.bytes),
    },
    history,
  };
}

function sweepReport(usedBefore: number, usedAfter: number, deletedImages: number, bytes: number) {
  return {
    dryRun: false,
    deletedImages,
    deletedCacheRecords: 0,
    deletedContainers: 0,
    failedDeletions: 0,
    outstandingBytes: 0,
    outstandingInodes: 0,
    predictedBytes: bytes,
    freedBytes: bytes,
    freedInodes: Math.round(bytes / 90_000),
    grownBytes: 0,
    grownInodes: 0,
    usedBefore,
    usedAfter,
    thresholdType: 'relative' as const,
    durationSeconds: 2 + deletedImages * 1.6,
    reachedLow: usedAfter < thresholds.low,
    stoppedBecause: 'reached-low' as const,
    remaining: [],
  };
}

function realisticStore(count: number, nowMs: number, without: ReadonlySet<string> = new Set()) {
  const random = randomNumbers(7);
  const layers = new Map<string, Layer>();
  const add = (id: string, parentId: string | undefined, gigabytes: number): void => {
    const bytes = Math.round(gigabytes * GB);
    layers.set(id, { id, parentId, bytes, inodes: Math.round(bytes / 90_000), exact: true });
  };
  const chainOf = (base: string): readonly string[] => {
    const [below = '', size = 0] = bases[base] ?? [];
    const chain = base === '' ? [] : [...chainOf(below), `layer-${base}`];
    if (base !== '' && !layers.has(`layer-${base}`)) add(`layer-${base}`, chain.at(-2), size);
    return chain;
  };
  const hex = (length: number): string =>
    Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');
  const specs: Spec[] = [];
  for (let at = 0; at < count; at++) {
    const id = `sha256:${hex(64)}`;
    const organisation = organisations[Math.floor(random() * organisations.length)] ?? '';
    const topic = topics[Math.floor(random() * topics.length)] ?? '';
    const repository = `${organisation}-2d${topic}`.replaceAll('-', '-2d').replace('-2d2d', '-2d');
    const [name, base, size, days, idleHours] = named[at] ?? [
      `us-central1-docker.pkg.dev/acme-binder/hub/r2d-${repository}-${hex(6)}:${hex(40)}`,
      random() < 0.85 ? 'repo2docker' : 'scipy',
      0.25 + 3.5 * random() ** 3,
      1 + 40 * random(),
      random() < 0.02 ? 0 : 900 * random() ** 2,
    ];
    const chain = [...chainOf(base), `layer-${id}`];
    if (without.has(id)) continue;
    add(`layer-${id}`, chain.at(-2), size);
    const sizeBytes = chain.reduce((sum, layer) => sum + (layers.get(layer)?.bytes ?? 0), 0);
    const bornMs = nowMs - days * DAY;
    const image: Image = {
      id,
      tags: at === 16 ? [name, 'postgres:17', 'postgres:latest'] : [name],
      digests: [],
      parentId: undefined,
      sizeBytes,
      createdAtMs: bornMs - 2 * DAY,
      appearedAtMs: bornMs,
      labels: at === 19 ? { 'docker-image-cleaner.keep': 'true' } : {},
      layers: chain,
    };
    const usedMs = Math.max(nowMs - idleHours * HOUR, bornMs);
    specs.push({ image, bornMs, usedMs, isUsed: idleHours === 0 });
  }
  const used = specs.filter(({ isUsed }) => isUsed);
  const containers = used.map(({ image, bornMs }, place): Container => {
    const [path = ''] = (image.tags[0] ?? '').split(':');
    const name = `${path.slice(path.lastIndexOf('/') + 1).slice(0, 30)}-${place + 1}`;
    return {
      id: `container-${place}`,
      name,
      images: [image.id],
      state: 'running',
      createdAtMs: bornMs,
      labels: {},
    };
  });
  const store: ImageStore = { images: specs.map(({ image }) => image), containers, layers };
  return { specs, store };
}

function historyOf(specs: readonly Spec[], store: ImageStore, nowMs: number): UsageHistory {
  const history = newHistory(nowMs - 62 * DAY);
  const events = specs.flatMap(({ image, bornMs, usedMs, isUsed }, place) => {
    const containerId = isUsed
      ? (store.containers.find(({ images }) => images.includes(image.id))?.id ?? '')
      : `gone-${place}`;
    const began = {
      kind: 'use-began',
      atMs: isUsed ? bornMs : usedMs - HOUR,
      containerId,
      imageId: image.id,
    } as const;
    return [
      { kind: 'appeared', atMs: bornMs, image, layers: store.layers } as const,
      { ...began, atMs: Math.max(began.atMs, bornMs + 1) },
      ...(isUsed ? [] : [{ kind: 'use-ended', atMs: Math.max(usedMs, bornMs + 2), containerId } as const]),
    ];
  });
  for (const event of events.toSorted((a, b) => a.atMs - b.atMs)) applyEvent(history, event);
  return history;
}

function usageOf(total: number, share: number): Usage {
  return {
    path,
    bytes: { total, available: Math.round(total * (1 - share)), reserved: 0 },
    inodes: {
      total: Math.round(total / 16_384),
      available: Math.round((total / 16_384) * (1 - share * 0.42)),
    },
    allocated: undefined,
  };
}

function viewOf(store: ImageStore, usage: Usage, nowMs: number): View {
  const held = new Set(
    store.containers.flatMap(({ images }) =>
      images.flatMap((id) => store.images.find((image) => image.id === id)?.layers ?? []),
    ),
  );
  const amount = (bytes: number) => ({
    bytes: Math.round(bytes),
    inodes: Math.round(Math.max(bytes, 0) / 90_000),
  });
  let [inUse, unused] = [0, 0];
  for (const { id, bytes } of store.layers.values()) held.has(id) ? (inUse += bytes) : (unused += bytes);
  const { total, available } = usage.bytes;
  const rest = total - available - inUse - unused;
  const zero = amount(0);
  return {
    engine: {
      name: 'Docker Engine',
      version: '29.1.2',
      apiVersion: '1.52',
      rootDirectory: path,
      storageDriver: 'overlay2',
      hostName: 'worker-3',
      endpoint: 'unix:///var/run/docker.sock',
    },
    dataRoot: undefined,
    space: {
      space: {
        path,
        total: { bytes: total, inodes: usage.inodes?.total ?? 0 },
        parts: {
          imagesInUse: amount(inUse),
          imagesUnused: amount(unused),
          buildCache: amount(rest * 0.17),
          containerLayers: amount(rest * 0.06),
          containerLogs: amount(rest * 0.05),
          volumesInUse: amount(rest * 0.42),
          volumesUnused: amount(rest * 0.08),
          leftovers: zero,
          beingWritten: zero,
          engine: amount(rest * 0.01),
          unknown: zero,
          notTheEngines: amount(rest * 0.21),
          reserved: zero,
          available: { bytes: available, inodes: usage.inodes?.available ?? 0 },
        },
        leftovers: [],
        unusedVolumes: ['jupyterhub-db-old', 'grafana-test'],
      },
    },
    snapshot: { takenAtMs: nowMs, usage, store, layerSource: 'measured on the disk' },
  };
}

/** A month of usage that rises to HIGH and falls with each sweep. */
async function prepareState(file: string, view: View, nowMs: number): Promise<void> {
  const activity = new Activity();
  const random = randomNumbers(3);
  const { total } = view.snapshot.usage.bytes;
  let share = 0.7;
  for (let at = nowMs - 30 * DAY; at < nowMs; at += nowMs - at > 6 * HOUR ? HOUR / 2 : 60_000) {
    const hour = new Date(at).getUTCHours();
    const isDay = hour > 6 && hour < 19;
    const step = nowMs - at > 6 * HOUR ? 1 : 1 / 30;
    share += (isDay ? 0.0042 : 0.0004) * step * (0.4 + 1.2 * random());
    const now = usageOf(total, Math.min(share, 0.803));
    if (share >= 0.8 && nowMs - at > 12 * HOUR) {
      const used = percentUsed(now.bytes);
      activity.measured(now, at);
      activity.on(
        { event: 'sweep.started', dryRun: false, used, thresholds, toFree: { bytes: 0, inodes: 0 } },
        at,
      );
      const deleted = 6 + Math.floor(random() * 9);
      share = 0.632 + 0.014 * random();
      activity.measured(usageOf(total, share), at + 90_000);
      const report = sweepReport(used, share * 100, deleted, total * (used / 100 - share));
      activity.on({ event: 'sweep.completed', ...report }, at + 20_000 + deleted * 4_000);
    } else activity.measured(now, at);
    share = Math.min(share, nowMs - at > 12 * HOUR ? 1 : 0.72);
  }
  const report = (): void => undefined;
  await new ActivityFile(activity, {
    file,
    path,
    thresholdType: 'relative',
    report,
    clock: () => nowMs,
  }).save();
}

export interface ServedScene {
  readonly url: string;
  readonly surface: HttpSurface;
  readonly scene: Scene;
  readonly close: () => Promise<void>;
}

/** The real server, with the state file of a daemon that ran for a month. */
export async function serveScene(images: number): Promise<ServedScene> {
  const nowMs = Date.now();
  const scene = realisticScene(images, nowMs);
  const folder = mkdtempSync(join(tmpdir(), 'dic-scene-'));
  const file = join(folder, 'state.json.activity');
  await prepareState(file, scene.before, nowMs);
  const surface = await startHttp({
    address: { host: '127.0.0.1', port: 0 },
    past: { file, path, report: () => undefined },
    thresholds,
    policy,
    protections: noProtections,
    clean: imagesOnly,
    history: () => scene.history,
    intervalSeconds: 300,
    timeoutSeconds: 300,
    dryRun: false,
    criticalLevel: undefined,
    cordons: false,
    followsHistory: true,
  });
  surface.report({
    event: 'check.completed',
    used: 72.2,
    usage: scene.before.snapshot.usage,
    thresholds,
    triggered: false,
    due: 'nothing',
    changed: true,
  });
  const [{ url } = { url: '' }] = surface.listeners;
  return {
    url,
    surface,
    scene,
    close: async () => {
      await surface.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
