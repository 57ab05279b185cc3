/** Serves a realistic scene with the real server, and a state file that holds the month before. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { level, percentUsed } from '../../src/core/model/thresholds.ts';
import type { View } from '../../src/events/listener.ts';
import { type HttpSurface, startHttp } from '../../src/surfaces/http/http.ts';
import { Activity } from '../../src/surfaces/http/state/activity.ts';
import { ActivityFile } from '../../src/surfaces/http/state/activity-file.ts';
import { randomNumbers } from '../../bench/scale/store.ts';
import { path, realisticScene, type Scene, sweepReport, thresholds, usageOf } from './realistic.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

interface Moment {
  readonly atMs: number;
  share: number;
  /** Where a sweep brought it. */
  readonly sweptTo?: number;
}

/** A month of usage that rises to HIGH and falls with each sweep, and after the last one rises to where it is now. */
function monthOf(now: number, nowMs: number): readonly Moment[] {
  const random = randomNumbers(3);
  const moments: Moment[] = [];
  let share = 0.7;
  let last = 0;
  for (let atMs = nowMs - 30 * DAY; atMs < nowMs; atMs += nowMs - atMs > 6 * HOUR ? HOUR / 2 : 60_000) {
    const hour = new Date(atMs).getUTCHours();
    const hours = nowMs - atMs > 6 * HOUR ? 0.5 : 1 / 60;
    share += (hour > 6 && hour < 19 ? 0.0084 : 0.0008) * hours * (0.4 + 1.2 * random());
    if (share < 0.8 || nowMs - atMs < 12 * HOUR) moments.push({ atMs, share });
    else {
      const sweptTo = 0.632 + 0.014 * random();
      moments.push({ atMs, share, sweptTo });
      last = moments.length;
      share = sweptTo;
    }
  }
  const from = moments[last]?.share ?? share;
  for (const moment of moments.slice(last))
    moment.share = from + ((moment.share - from) * (now - from)) / (share - from);
  return moments;
}

/** What a daemon that ran for a month left behind. */
async function prepareState(file: string, { snapshot: { usage } }: View, nowMs: number): Promise<void> {
  const activity = new Activity();
  const { total } = usage.bytes;
  for (const { atMs, share, sweptTo } of monthOf(percentUsed(usage.bytes) / 100, nowMs)) {
    activity.measured(usageOf(total, share), atMs);
    if (sweptTo === undefined) continue;
    const used = share * 100;
    const toFree = { bytes: 0, inodes: 0 };
    activity.on({ event: 'sweep.started', dryRun: false, used, thresholds, toFree }, atMs);
    const deleted = 6 + (Math.round(atMs / HOUR) % 9);
    const bytes = total * (share - sweptTo);
    activity.measured(usageOf(total, sweptTo), atMs + 90_000);
    activity.on(
      { event: 'sweep.completed', ...sweepReport(used, sweptTo * 100, deleted, bytes) },
      atMs + 20_000 + deleted * 4_000,
    );
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

/** The real server, with the state file of a daemon that ran for a month. @param now where that month ended */
export async function serveScene(images: number, now: 'before' | 'full' = 'before'): Promise<ServedScene> {
  const nowMs = Date.now();
  const scene = realisticScene(images, nowMs);
  const folder = mkdtempSync(join(tmpdir(), 'dic-scene-'));
  const file = join(folder, 'state.json.activity');
  await prepareState(file, scene[now], nowMs);
  const surface = await startHttp({
    address: { host: '127.0.0.1', port: 0 },
    past: { file, path, report: () => undefined },
    rules: scene.rules,
    intervalSeconds: 300,
    timeoutSeconds: 300,
    dryRun: false,
    cordons: false,
    followsHistory: true,
  });
  surface.report({
    event: 'check.completed',
    used: level(scene[now].snapshot.usage, 'relative').value,
    usage: scene[now].snapshot.usage,
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
