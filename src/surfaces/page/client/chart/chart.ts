/** "Usage over time": both resources against the thresholds, with the sweeps marked. */
import uPlot from 'uplot';
import { formatBytes, formatDuration, formatPercent } from '../../../../core/model/format.ts';
import { isCounted, type Thresholds } from '../../../../core/model/thresholds.ts';
import { axisRange, valuesOf } from './axis.ts';
import type { PageActivity, Sample } from '../data.ts';
import { fill, h, part, setText } from '../dom.ts';
import { axisText, timeText } from '../words.ts';

const HOUR_MS = 3_600_000;
/** A shorter time than this shows nothing on the chart. */
const SHORTEST_MS = 60_000;
/** Offered while more than that was measured; beside them there is all that was. */
const ranges = [
  { name: '1 hour', ms: HOUR_MS },
  { name: '6 hours', ms: 6 * HOUR_MS },
  { name: '24 hours', ms: 24 * HOUR_MS },
  { name: '7 days', ms: 168 * HOUR_MS },
] as const;
const usual = ranges[2];

type Range = (typeof ranges)[number] | 'all';

export class UsageChart {
  readonly #element = part('usage-chart');
  readonly #summary = part('usage-summary');
  readonly #buttons = new Map<Range, HTMLButtonElement>();
  /** Undefined until somebody chooses. */
  #range: Range | undefined;
  #activity: PageActivity | undefined;
  /** As they are drawn: bytes, else percent. */
  #thresholds: Thresholds | undefined;
  #nowMs = 0;
  #samples: readonly Sample[] = [];
  #plot: uPlot | undefined;

  constructor() {
    for (const range of [...ranges, 'all' as const]) {
      const name = range === 'all' ? 'All' : range.name;
      const button = h('button', { type: 'button', 'aria-pressed': 'false' }, name);
      button.addEventListener('click', () => {
        this.#range = range;
        this.#draw();
      });
      this.#buttons.set(range, button);
    }
    part('usage-range').append(...this.#buttons.values());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#draw();
    });
    new ResizeObserver(() => {
      if (this.#plot !== undefined && this.#plot.width !== this.#element.clientWidth) this.#draw();
    }).observe(this.#element);
  }

  /** @param thresholds as they are drawn: bytes, else percent. @param nowMs where the time shown ends. */
  update(activity: PageActivity, thresholds: Thresholds, samples: readonly Sample[], nowMs: number): void {
    this.#activity = activity;
    this.#thresholds = thresholds;
    this.#samples = samples;
    this.#nowMs = nowMs;
    this.#draw();
  }

  #draw(): void {
    const activity = this.#activity;
    const thresholds = this.#thresholds;
    if (activity === undefined || thresholds === undefined) return;
    const nowMs = this.#nowMs;
    const measuredMs = nowMs - (this.#samples[0]?.atMs ?? nowMs);
    const isOffered = (range: Range): boolean => range === 'all' || range.ms < measuredMs;
    const wanted = this.#range ?? usual;
    const range = isOffered(wanted) ? wanted : 'all';
    for (const [each, button] of this.#buttons) {
      button.hidden = !isOffered(each);
      button.setAttribute('aria-pressed', String(each === range));
    }
    part('usage-range').hidden = !isOffered(ranges[0]);
    this.#plot?.destroy();
    this.#plot = undefined;
    const fromMs = nowMs - Math.max(range === 'all' ? measuredMs : range.ms, SHORTEST_MS);
    const seen = this.#samples.filter(({ atMs }) => atMs >= fromMs);
    if (seen.length < 2) {
      fill(this.#element, h('p.empty', 'Usage appears here as it is measured.'));
      setText(this.#summary, '');
      return;
    }
    const isAbsolute = isCounted(thresholds.type);
    const text = summary(seen, activity, range, { fromMs, nowMs, isAbsolute });
    setText(this.#summary, text);
    this.#element.setAttribute('aria-label', text);
    const hasSweeps = activity.sweep !== null || activity.sweeps.some(({ endedAtMs }) => endedAtMs >= fromMs);
    fill(this.#element, legend(isAbsolute, seen, hasSweeps));
    const values = valuesOf(seen, isAbsolute);
    this.#plot = new uPlot(
      options(this.#element, activity, { fromMs, nowMs, isAbsolute, thresholds, values }),
      withGaps(seen, activity, isAbsolute),
      this.#element,
    );
  }
}

function legend(isAbsolute: boolean, seen: readonly Sample[], hasSweeps: boolean): HTMLElement {
  const item = (kind: string, text: string): HTMLElement => h('span', h('i', { class: kind }), text);
  const hasInodes = !isAbsolute && seen.some(({ inodes }) => inodes !== null);
  return h(
    'div.chart-legend',
    { 'aria-hidden': 'true' },
    item('i-blocks', isAbsolute ? 'data directory' : 'disk space'),
    hasInodes ? item('i-inodes', 'inodes') : undefined,
    hasSweeps ? item('i-sweep', 'sweep') : undefined,
  );
}

function summary(
  seen: readonly Sample[],
  { sweep, sweeps }: PageActivity,
  range: Range,
  {
    fromMs,
    nowMs,
    isAbsolute,
  }: { readonly fromMs: number; readonly nowMs: number; readonly isAbsolute: boolean },
): string {
  const when =
    range === 'all'
      ? `In ${formatDuration((nowMs - (seen[0]?.atMs ?? fromMs)) / 1000)}`
      : `In the last ${range.name.replace(/^1 /, '')}`;
  const values = seen.map(({ blocks, allocated }) => (isAbsolute ? (allocated ?? 0) : blocks));
  const show = isAbsolute ? formatBytes : formatPercent;
  const inodes = seen.flatMap((sample) => sample.inodes ?? []);
  const inTime = sweeps.filter(({ endedAtMs, dryRun }) => endedAtMs >= fromMs && !dryRun);
  return [
    `${when}: ${isAbsolute ? 'data directory' : 'disk space'} between ${show(Math.min(...values))} and ${show(Math.max(...values))}`,
    ...(isAbsolute || inodes.length === 0
      ? []
      : [`, inodes between ${formatPercent(Math.min(...inodes))} and ${formatPercent(Math.max(...inodes))}`]),
    inTime.length === 0
      ? sweep === null
        ? '; no sweep'
        : ''
      : `; ${inTime.length === 1 ? 'one sweep' : `${inTime.length} sweeps`}, the last at ${timeText(inTime[0]?.endedAtMs ?? nowMs, nowMs)}`,
    sweep === null ? '.' : '; a sweep is under way.',
  ].join('');
}

/** A time in which nobody measured is a gap, not a line. */
function withGaps(
  seen: readonly Sample[],
  { intervalSeconds }: PageActivity,
  isAbsolute: boolean,
): uPlot.AlignedData {
  const times: number[] = [];
  const first: (number | null)[] = [];
  const second: (number | null)[] = [];
  let before: number | undefined;
  for (const { atMs, blocks, inodes, allocated } of seen) {
    // Old samples are half an hour apart.
    if (before !== undefined && atMs - before > Math.max(3 * intervalSeconds * 1000, 0.8 * HOUR_MS)) {
      times.push((before + 1) / 1000);
      first.push(null);
      second.push(null);
    }
    before = atMs;
    times.push(atMs / 1000);
    first.push(isAbsolute ? allocated : blocks);
    second.push(isAbsolute ? null : inodes);
  }
  return [times, first, second];
}

function options(
  element: HTMLElement,
  activity: PageActivity,
  shown: {
    readonly fromMs: number;
    readonly nowMs: number;
    readonly isAbsolute: boolean;
    readonly thresholds: Thresholds;
    readonly values: readonly number[];
  },
): uPlot.Options {
  const style = getComputedStyle(element);
  /** As a canvas takes it. No text of the chart has the colour of the element itself. */
  const colour = (name: string): string => {
    element.style.color = `var(--${name})`;
    return style.color;
  };
  const { fromMs, nowMs, isAbsolute, thresholds, values } = shown;
  const axis = {
    stroke: colour('muted'),
    font: '12px system-ui, sans-serif',
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height: 240,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: true, range: () => [fromMs / 1000, nowMs / 1000] },
      y: { range: () => [...axisRange(values, thresholds)] },
    },
    axes: [
      { ...axis, space: 70, values: (_, splits) => splits.map((at) => axisText(at * 1000, nowMs - fromMs)) },
      {
        ...axis,
        size: isAbsolute ? 64 : 46,
        values: (_, splits) => splits.map((value) => (isAbsolute ? formatBytes(value) : `${value}%`)),
      },
    ],
    series: [
      {},
      { stroke: colour('blocks'), width: 2, points: { show: false }, spanGaps: false },
      { stroke: colour('inodes'), width: 2, dash: [6, 3], points: { show: false }, spanGaps: false },
    ],
    hooks: {
      drawAxes: [
        (plot) => {
          drawSweeps(plot, activity, colour('mark'));
        },
      ],
      draw: [
        (plot) => {
          drawThresholds(plot, thresholds, colour('bad'), colour('warn'));
        },
      ],
    },
  };
}

function drawSweeps(plot: uPlot, { sweeps, sweep, nowMs }: PageActivity, colour: string): void {
  const { ctx, bbox } = plot;
  const spans = sweeps
    .filter(({ dryRun }) => !dryRun)
    .map(({ startedAtMs, endedAtMs }) => [startedAtMs, endedAtMs]);
  if (sweep !== null && !sweep.dryRun) spans.push([sweep.startedAtMs, nowMs]);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = colour;
  for (const [from = 0, to = 0] of spans) {
    const left = plot.valToPos(from / 1000, 'x', true);
    const right = plot.valToPos(to / 1000, 'x', true);
    const width = Math.max(right - left, 4 * devicePixelRatio);
    ctx.fillRect((left + right - width) / 2, bbox.top, width, bbox.height);
  }
  ctx.restore();
}

function drawThresholds(plot: uPlot, { high, low }: Thresholds, highColour: string, lowColour: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'bottom';
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const [value, name, colour] of [
    [high, 'high', highColour],
    [low, 'low', lowColour],
  ] as const) {
    const y = plot.valToPos(value, 'y', true);
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.strokeStyle = colour;
    ctx.fillStyle = colour;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillText(name, bbox.left + 4 * devicePixelRatio, y - 2 * devicePixelRatio);
  }
  ctx.restore();
}
