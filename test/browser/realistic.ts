/**
 * A disk as one finds it, before, during and after a sweep: hundreds of gigabytes, days of history. Too large to be loaded
 * into an engine within a test; the real server is shown it as plain data (serve-scene.ts).
 */
import { forestOf } from '../../src/core/forest/forest.ts';
import { freedBy } from '../../src/core/forest/reclaim.ts';
import { rulesWith } from '../../harness/program/plan-rules.ts';
import type { ImageStore } from '../../src/core/model/store.ts';
import { level, type Thresholds, type Usage, usageAfter } from '../../src/core/model/thresholds.ts';
import { makePlan, type Plan } from '../../src/core/plan/plan.ts';
import { findPolicy } from '../../src/core/policy/registry.ts';
import type { PlanRules } from '../../src/core/plan/plan-rules.ts';
import type { DaemonEvent } from '../../src/events/events.ts';
import type { View } from '../../src/events/listener.ts';
import { historyOf, realisticStore } from './realistic-store.ts';

export const path = '/var/lib/docker';
export const thresholds: Thresholds = { type: 'relative', high: 80, low: 65 };

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
  readonly rules: PlanRules;
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
  const rules = rulesWith({ thresholds, policy: findPolicy('lru'), history: () => history });
  const plan = makePlan({ store, usage: full.snapshot.usage, nowMs }, rules);
  let usage = full.snapshot.usage;
  const deletions = plan.victims.map((victim): DaemonEvent => {
    const { id, references, sizeBytes, reason, predicted } = victim;
    usage = usageAfter(usage, predicted);
    return {
      event: 'image.deleted',
      id,
      references,
      sizeBytes,
      reason,
      predictedBytes: predicted.bytes,
      predictedInodes: predicted.inodes,
      freedBytes: predicted.bytes,
      freedInodes: predicted.inodes,
      grownBytes: 0,
      grownInodes: 0,
      usage,
      used: level(usage, 'relative').value,
      durationSeconds: 1.4,
    };
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
    rules,
  };
}

export function sweepReport(usedBefore: number, usedAfter: number, deletedImages: number, bytes: number) {
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

export function usageOf(total: number, share: number): Usage {
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
  for (const { id, bytes } of store.layers.values()) {
    if (held.has(id)) inUse += bytes;
    else unused += bytes;
  }
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
