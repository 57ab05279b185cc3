/**
 * The status page: asks for everything at once, then listens for when there is something new. All parts show the same
 * moment. What is unavailable is said, and what was last known remains on the page.
 */
import { formatDuration, formatLevel } from '../../../core/model/format.ts';
import { level, type Usage } from '../../../core/model/thresholds.ts';
import { unusedText } from '../../../core/model/unused.ts';
import { drawnThresholds } from './chart/axis.ts';
import { UsageChart } from './chart/chart.ts';
import {
  type Activity,
  isActive,
  type LiveEvent,
  load,
  type PageJson,
  type Sample,
  type Status,
} from './data.ts';
import { broken, fill, h, part, setText } from './dom.ts';
import { showDisk } from './gauges.ts';
import { ImageList } from './images/images.ts';
import { leadText } from './plan.ts';
import { showSpace } from './space.ts';
import { showSweep, showSweeps } from './sweeps.ts';
import { TreeMap } from './treemap/treemap.ts';
import { timeText } from './words.ts';

/** How often the page polls without live events. */
const POLL_MS = 10_000;
/** The page is redrawn at most this often. */
const PAGE_MS = 800;
/** Maximum number of measurements held; beyond it the daemon's coarser ones are requested again. */
const SAMPLES = 12_000;

const state: {
  page: PageJson | undefined;
  samples: readonly Sample[];
  /** Since when the daemon cannot be reached. */
  lostAtMs: number | undefined;
  /** How far the daemon's clock is ahead of ours. */
  aheadMs: number;
} = { page: undefined, samples: [], lostAtMs: undefined, aheadMs: 0 };

const chart = new UsageChart();
const map = new TreeMap();
const list = new ImageList((id) => {
  map.showUnit(id);
});

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

const askSamples = inTurn(async () => {
  state.samples = (await load<Activity>('api/activity.json')).samples;
  show();
}, PAGE_MS);

const askPage = inTurn(async () => {
  const page = await load<PageJson>('api/page.json');
  state.aheadMs = page.activity.nowMs - Date.now();
  state.page = page;
  const { sample } = page;
  const newest = state.samples.at(-1);
  if (sample !== null && sample.atMs > (newest?.atMs ?? 0)) state.samples = [...state.samples, sample];
  if (state.samples.length > SAMPLES) askSamples();
  show();
}, PAGE_MS);

function found(): void {
  if (state.lostAtMs === undefined) return;
  state.lostAtMs = undefined;
  showState();
}

function lost(error: unknown): void {
  // The daemon answers, and says what is wrong: that is in its state.
  const isAway = error instanceof TypeError || error instanceof DOMException || error instanceof SyntaxError;
  if (!isAway && state.page !== undefined) return;
  state.lostAtMs ??= nowMs();
  showState();
}

/** Everything, as it was at one moment. */
function show(): void {
  const { page } = state;
  if (page === undefined) return;
  const { activity, status, layers, sample } = page;
  const { thresholds, sweep } = activity;
  const seenMs = sample?.atMs ?? activity.nowMs;
  chart.update(
    activity,
    drawnThresholds(thresholds, status === null ? undefined : usageOf(status)),
    state.samples.filter(({ atMs }) => atMs <= seenMs),
    Math.max(seenMs, sweep === null ? nowMs() : seenMs),
  );
  showSweeps(part('sweeps-body'), activity.sweeps, nowMs(), thresholds);
  part('sweep').hidden = sweep === null;
  if (sweep !== null) showSweep(part('sweep-body'), sweep, nowMs());
  if (status !== null && layers !== null) {
    const usage = usageOf(status);
    showDisk(part('disk-body'), usage, thresholds, {
      isSweeping: sweep !== null,
      forecast: activity.forecast,
    });
    map.update(layers, status, isActive(page));
    setText(
      part('next-lead'),
      leadText(layers.next, thresholds, { isDryRun: activity.dryRun, isSweeping: sweep !== null }),
    );
    part('unused').hidden = status.unused === null;
    setText(part('unused'), status.unused === null ? '' : `${unusedText(status.unused)}.`);
    list.update(layers, status, isActive(page));
    showSpace(part('space-body'), status);
    showWhere(status);
  }
  showAbout(page);
  showState();
}

function usageOf({ usage: { path, bytes, inodes, allocated } }: Status): Usage {
  return { path, bytes, inodes: inodes ?? undefined, allocated: allocated ?? undefined };
}

function showWhere({ usage, engine }: Status): void {
  fill(part('where'), ...broken(usage.path), ` · ${engine.name} ${engine.version}`);
}

function showAbout({ activity, host }: PageJson): void {
  setText(part('host'), host);
  setText(
    part('about'),
    `Version ${activity.version}, running for ${formatDuration((nowMs() - activity.startedAtMs) / 1000)}; policy ${activity.policy}; a check every ${formatDuration(activity.intervalSeconds)}.`,
  );
}

/** The titles tell the tabs of several hosts apart. */
function showTitle(text: string): void {
  const { page } = state;
  if (page === undefined) return;
  const { status, host, activity } = page;
  const { type } = activity.thresholds;
  const used = status === null ? undefined : formatLevel(level(usageOf(status), type).value, type);
  document.title = `${host} ${text === 'watching' && used !== undefined ? used : text} · docker-image-cleaner`;
}

function showState(): void {
  const { page, lostAtMs } = state;
  const { activity, status } = page ?? {};
  const pill = part('state');
  const banner = part('banner');
  const lines: string[] = [];
  const problem = activity?.problem ?? null;
  const isStarting = activity !== undefined && activity.checkedAtMs === null && status === null;
  if (lostAtMs !== undefined) {
    lines.push(
      `No answer from the cleaner since ${timeText(lostAtMs, nowMs())}.`,
      'This is what was last known. Trying again until it answers.',
    );
  } else if (problem !== null)
    lines.push(
      problem,
      ...(isStarting ? [] : ['Nothing can be deleted meanwhile. Trying again until it works.']),
    );
  else if (status?.dataRoot !== null && status?.dataRoot !== undefined) lines.push(status.dataRoot.message);
  banner.hidden = lines.length === 0;
  banner.className = lostAtMs === undefined && problem === null ? 'banner warn' : 'banner';
  fill(banner, ...lines.map((line, nth) => h(nth === 0 ? 'p.strong' : 'p', line)));

  const [kind, text] =
    lostAtMs !== undefined
      ? ['bad', 'no connection']
      : activity === undefined
        ? ['', 'connecting']
        : activity.sweep !== null
          ? ['busy', activity.cordoned ? 'sweeping, node cordoned' : 'sweeping']
          : problem !== null
            ? isStarting
              ? ['', 'starting']
              : ['bad', 'needs attention']
            : ['good', activity.dryRun ? 'watching (dry run)' : 'watching'];
  pill.className = `pill ${kind}`;
  setText(pill, text);
  showTitle(text);
}

function onEvent({ event }: LiveEvent): void {
  if (event === 'hello') askSamples();
  if (event === 'hello' || event === 'view') askPage();
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
    polling ??= setInterval(askPage, POLL_MS);
    askPage();
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
askPage();
