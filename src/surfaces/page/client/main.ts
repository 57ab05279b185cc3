/**
 * The status page: asks once for everything, then listens. Whatever cannot be had is said, and what was last known stays
 * on the page.
 */
import { formatDuration } from '../../../core/model/format.ts';
import type { Usage } from '../../../core/model/thresholds.ts';
import { UsageChart } from './chart.ts';
import {
  type Activity,
  type Layers,
  type LiveEvent,
  load,
  type Sample,
  type Status,
  type SweepUnderWay,
} from './data.ts';
import { fill, h, part, setText } from './dom.ts';
import { place, showDisk } from './gauges.ts';
import { showPlan } from './plan.ts';
import { showSpace } from './space.ts';
import { showSweep, showSweeps } from './sweeps.ts';
import { TreeMap } from './treemap.ts';
import { timeText } from './words.ts';

/** Without live events, it is asked so often. */
const POLL_MS = 10_000;
/** The store is shown anew at most so often. */
const STORE_MS = 800;

const state: {
  activity: Activity | undefined;
  status: Status | undefined;
  layers: Layers | undefined;
  usage: Usage | undefined;
  sweep: SweepUnderWay | undefined;
  samples: Sample[];
  /** Since when the daemon cannot be reached. */
  lostAtMs: number | undefined;
  /** How far the daemon's clock is ahead of ours. */
  aheadMs: number;
} = {
  activity: undefined,
  status: undefined,
  layers: undefined,
  usage: undefined,
  sweep: undefined,
  samples: [],
  lostAtMs: undefined,
  aheadMs: 0,
};

const chart = new UsageChart();
const map = new TreeMap();

function nowMs(): number {
  return Date.now() + state.aheadMs;
}

/** One thing after another, and what is asked for meanwhile once more at the end. */
function inTurn(work: () => Promise<void>, pauseMs: number): () => void {
  let isRunning = false;
  let isWanted = false;
  const run = async (): Promise<void> => {
    isRunning = true;
    while (isWanted) {
      isWanted = false;
      try {
        await work();
        found();
      } catch (error) {
        lost(error);
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    isRunning = false;
  };
  return () => {
    isWanted = true;
    if (!isRunning) void run();
  };
}

const askActivity = inTurn(async () => {
  const activity = await load<Activity>('api/activity.json');
  state.aheadMs = activity.nowMs - Date.now();
  state.activity = activity;
  state.samples = [...activity.samples];
  state.sweep = activity.sweep ?? undefined;
  showActivity();
}, 300);

const askStore = inTurn(async () => {
  if (state.activity !== undefined && state.activity.view === 0) return;
  const [status, layers] = await Promise.all([
    load<Status>('api/status.json'),
    load<Layers>('api/layers.json'),
  ]);
  state.status = status;
  state.layers = layers;
  const { path, bytes, inodes, allocated } = status.usage;
  state.usage = { path, bytes, inodes: inodes ?? undefined, allocated: allocated ?? undefined };
  showStore();
}, STORE_MS);

function found(): void {
  if (state.lostAtMs === undefined) return;
  state.lostAtMs = undefined;
  showState();
}

function lost(error: unknown): void {
  // The daemon answers, and says that it has not seen the store yet: that is in its state.
  const isDaemon = !(
    error instanceof TypeError ||
    error instanceof DOMException ||
    error instanceof SyntaxError
  );
  if (isDaemon && state.activity !== undefined) return;
  state.lostAtMs ??= nowMs();
  showState();
}

function showActivity(): void {
  const { activity } = state;
  if (activity === undefined) return;
  chart.update({ ...activity, nowMs: nowMs() }, state.samples);
  showSweeps(part('sweeps-body'), activity.sweeps, nowMs(), activity.thresholds);
  setText(
    part('about'),
    `Version ${activity.version}, running for ${formatDuration((nowMs() - activity.startedAtMs) / 1000)}; policy ${activity.policy}; a check every ${formatDuration(activity.intervalSeconds)}.`,
  );
  showProgress();
  showDiskNow();
  showState();
}

function showProgress(): void {
  const { sweep } = state;
  part('sweep').hidden = sweep === undefined;
  if (sweep === undefined) return;
  showSweep(part('sweep-body'), sweep, nowMs());
  place(part('sweep-body'));
}

function showDiskNow(): void {
  const { usage, activity, sweep } = state;
  if (usage === undefined || activity === undefined) return;
  const { thresholds, forecast } = activity;
  showDisk(part('disk-body'), usage, thresholds, { isSweeping: sweep !== undefined, forecast });
  place(part('disk-body'));
}

function showStore(): void {
  const { status, layers, usage, activity } = state;
  if (status === undefined || layers === undefined || usage === undefined) return;
  setText(part('where'), `${usage.path} · ${status.engine.name} ${status.engine.version}`);
  showDiskNow();
  map.update(layers, status);
  showPlan(part('next-body'), layers, usage, status.thresholds, {
    isDryRun: activity?.dryRun === true,
    isSweeping: state.sweep !== undefined,
    unused: status.unused,
  });
  showSpace(part('space-body'), status);
  place(part('space-body'));
  showState();
}

function showState(): void {
  const { activity, status, lostAtMs, sweep } = state;
  const pill = part('state');
  const banner = part('banner');
  const lines: string[] = [];
  if (lostAtMs !== undefined) {
    lines.push(
      `No answer from the cleaner since ${timeText(lostAtMs, nowMs())}.`,
      'What you see is what was last known. Trying again until it answers.',
    );
  } else if (activity?.problem !== null && activity !== undefined && activity.checkedAtMs !== null) {
    lines.push(activity.problem, 'Nothing can be deleted meanwhile; it is tried again until it works.');
  } else if (activity?.problem !== null && activity !== undefined && activity.view === 0) {
    lines.push(activity.problem);
  } else if (status?.dataRoot !== null && status !== undefined) lines.push(status.dataRoot.message);
  banner.hidden = lines.length === 0;
  banner.className = lostAtMs === undefined && activity?.problem === null ? 'banner warn' : 'banner';
  fill(banner, ...lines.map((line, nth) => h('p', { class: nth === 0 ? 'strong' : '' }, line)));

  const [kind, text] =
    lostAtMs !== undefined
      ? ['bad', 'no connection']
      : activity === undefined
        ? ['', 'connecting']
        : sweep !== undefined
          ? ['busy', activity.cordoned ? 'sweeping, node cordoned' : 'sweeping']
          : activity.problem !== null
            ? activity.checkedAtMs === null && activity.view === 0
              ? ['', 'starting']
              : ['bad', 'needs attention']
            : ['good', activity.dryRun ? 'watching (dry run)' : 'watching'];
  pill.className = `pill ${kind}`;
  setText(pill, text);
}

/** What an event changes at once; the rest comes with the next look. */
function onEvent(event: LiveEvent): void {
  const atMs = event.atMs ?? nowMs();
  const { activity } = state;
  if (event.event === 'hello') {
    askActivity();
    askStore();
    return;
  }
  if (event.event === 'view') {
    if (activity !== undefined) state.activity = { ...activity, view: Number(event['version']) };
    askStore();
    return;
  }
  if (event.usage !== undefined) measured(event.usage, atMs);
  if (event.event.endsWith('.deleted') && state.sweep !== undefined) {
    state.sweep.deleted += 1;
    state.sweep.freedBytes += Number(event['freedBytes']);
    state.sweep.freedInodes += Number(event['freedInodes']);
    state.sweep.steps.push({
      atMs,
      outcome: event.event,
      id: String(event['id']),
      name: (event['references'] as readonly string[])[0] ?? String(event['id']),
      freedBytes: Number(event['freedBytes']),
      predictedBytes: Number(event['predictedBytes']),
      reason: null,
    });
    scheduleLive();
    return;
  }
  if (event.event === 'check.completed' && activity?.problem === null) {
    state.activity = { ...activity, checkedAtMs: atMs };
    scheduleLive();
    return;
  }
  askActivity();
}

function measured(usage: Usage, atMs: number): void {
  state.usage = usage;
  const percent = ({ total, available }: { total: number; available: number }): number =>
    total <= 0 ? 0 : 100 * (1 - available / total);
  state.samples.push({
    atMs,
    blocks: percent(usage.bytes),
    inodes: usage.inodes === undefined ? null : percent(usage.inodes),
    allocated: usage.allocated?.bytes ?? null,
  });
  // A sweep of many small images must not fill the page's memory.
  if (state.samples.length > 12_000) askActivity();
}

let isScheduled = false;
/** Many events are shown once. */
function scheduleLive(): void {
  if (isScheduled) return;
  isScheduled = true;
  setTimeout(() => {
    isScheduled = false;
    const { activity } = state;
    if (activity === undefined) return;
    chart.update({ ...activity, nowMs: nowMs(), sweep: state.sweep ?? null }, state.samples);
    showProgress();
    showDiskNow();
  }, 150);
}

function listen(): void {
  const source = new EventSource('api/events');
  let polling: ReturnType<typeof setInterval> | undefined;
  source.addEventListener('open', () => {
    clearInterval(polling);
    polling = undefined;
  });
  source.addEventListener('message', ({ data }: MessageEvent<string>) => {
    onEvent(JSON.parse(data) as LiveEvent);
  });
  source.addEventListener('error', () => {
    // Refused for good (too many pages are open): ask instead, and try again later.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 60_000);
    polling ??= setInterval(() => {
      askActivity();
      askStore();
    }, POLL_MS);
    askActivity();
    if (source.readyState === EventSource.CLOSED) {
      const stop = polling;
      setTimeout(() => {
        clearInterval(stop);
      }, 60_000);
    }
  });
}

showState();
listen();
askActivity();
