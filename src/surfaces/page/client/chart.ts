/** "Usage over time": both resources against the thresholds, with the sweeps marked. */
import uPlot from 'uplot';
import { formatBytes, formatPercent } from '../../../core/model/format.ts';
import type { Thresholds } from '../../../core/model/thresholds.ts';
import type { Activity, Sample } from './data.ts';
import { fill, h, part, setText } from './dom.ts';
import { axisText, timeText } from './words.ts';

const HOUR_MS = 3_600_000;
const SHORTEST_MS = 15_000;
const ranges = [
  { name: '1 hour', ms: HOUR_MS },
  { name: '6 hours', ms: 6 * HOUR_MS },
  { name: '24 hours', ms: 24 * HOUR_MS },
  { name: '7 days', ms: 168 * HOUR_MS },
  { name: '30 days', ms: 720 * HOUR_MS },
] as const;

type Range = (typeof ranges)[number];

export class UsageChart {
  readonly #element = part('usage-chart');
  readonly #summary = part('usage-summary');
  #range: Range | undefined;
  #activity: Activity | undefined;
  #samples: readonly Sample[] = [];
  #plot: uPlot | undefined;

  constructor() {
    const choices = part('usage-range');
    for (const range of ranges) {
      const button = h('button', { type: 'button', 'aria-pressed': 'false' }, range.name);
      button.addEventListener('click', () => {
        this.#range = range;
        this.#draw();
      });
      choices.append(button);
    }
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#draw();
    });
    new ResizeObserver(() => {
      if (this.#plot !== undefined && this.#plot.width !== this.#element.clientWidth) this.#draw();
    }).observe(this.#element);
  }

  update(activity: Activity, samples: readonly Sample[]): void {
    this.#activity = activity;
    this.#samples = samples;
    this.#draw();
  }

  /** The shortest range that shows all there is, until somebody chooses. */
  #rangeNow(nowMs: number): Range {
    if (this.#range !== undefined) return this.#range;
    const age = nowMs - (this.#samples[0]?.atMs ?? nowMs);
    return ranges.find(({ ms }) => age <= ms) ?? ranges[2];
  }

  #draw(): void {
    const activity = this.#activity;
    if (activity === undefined) return;
    const nowMs = Math.max(activity.nowMs, this.#samples.at(-1)?.atMs ?? 0);
    const range = this.#rangeNow(nowMs);
    part('usage-range')
      .querySelectorAll('button')
      .forEach((button, place) => {
        button.setAttribute('aria-pressed', String(ranges[place] === range));
      });
    this.#plot?.destroy();
    this.#plot = undefined;
    // Until somebody chooses, a short history is not shown as an empty hour.
    const firstMs = this.#range === undefined ? (this.#samples[0]?.atMs ?? nowMs) : 0;
    const fromMs = Math.max(nowMs - range.ms, Math.min(firstMs, nowMs - SHORTEST_MS));
    const seen = this.#samples.filter(({ atMs }) => atMs >= fromMs);
    if (seen.length < 2) {
      fill(this.#element, h('p', { class: 'empty' }, 'Usage appears here as it is measured.'));
      setText(this.#summary, '');
      return;
    }
    const text = summary(seen, activity, range, fromMs);
    setText(this.#summary, text);
    this.#element.setAttribute('aria-label', text);
    const isAbsolute = activity.thresholds.type !== 'relative';
    fill(
      this.#element,
      legend(
        isAbsolute,
        seen,
        activity.sweeps.some(({ endedAtMs }) => endedAtMs >= fromMs),
      ),
    );
    this.#plot = new uPlot(
      options(this.#element, activity, { fromMs, nowMs, isAbsolute }),
      withGaps(seen, activity, isAbsolute),
      this.#element,
    );
  }
}

function legend(isAbsolute: boolean, seen: readonly Sample[], hasSweeps: boolean): HTMLElement {
  const item = (kind: string, text: string): HTMLElement => h('span', {}, h('i', { class: kind }), text);
  return h(
    'div',
    { class: 'chart-legend', 'aria-hidden': 'true' },
    item('i-blocks', isAbsolute ? 'allocated below the path' : 'blocks'),
    ...(!isAbsolute && seen.some(({ inodes }) => inodes !== null) ? [item('i-inodes', 'inodes')] : []),
    ...(hasSweeps ? [item('i-sweep', 'sweep')] : []),
  );
}

function summary(
  seen: readonly Sample[],
  { sweeps, nowMs, thresholds }: Activity,
  { name, ms }: Range,
  fromMs: number,
): string {
  const isWhole = nowMs - fromMs >= ms;
  const when = isWhole ? `In the last ${name.replace(/^1 /, '')}` : `Since ${timeText(fromMs, nowMs)}`;
  const isAbsolute = thresholds.type !== 'relative';
  const values = seen.map(({ blocks, allocated }) => (isAbsolute ? (allocated ?? 0) : blocks));
  const show = isAbsolute ? formatBytes : formatPercent;
  const inodes = seen.flatMap((sample) => sample.inodes ?? []);
  const inTime = sweeps.filter(({ endedAtMs, dryRun }) => endedAtMs >= fromMs && !dryRun);
  const last = inTime[0];
  return [
    `${when}: ${isAbsolute ? 'allocated' : 'blocks'} between ${show(Math.min(...values))} and ${show(Math.max(...values))}`,
    ...(isAbsolute || inodes.length === 0
      ? []
      : [`, inodes between ${formatPercent(Math.min(...inodes))} and ${formatPercent(Math.max(...inodes))}`]),
    last === undefined
      ? '; no sweep.'
      : `; ${inTime.length === 1 ? 'one sweep' : `${inTime.length} sweeps`}, the last at ${timeText(last.endedAtMs, nowMs)}.`,
  ].join('');
}

/** A time in which nobody measured is a gap, not a line. */
function withGaps(
  seen: readonly Sample[],
  { intervalSeconds }: Activity,
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
  activity: Activity,
  shown: { readonly fromMs: number; readonly nowMs: number; readonly isAbsolute: boolean },
): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const { thresholds } = activity;
  const { fromMs, nowMs, isAbsolute } = shown;
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
      y: { range: (_, __, max) => (isAbsolute ? [0, Math.max(max, thresholds.high) * 1.08] : [0, 100]) },
    },
    axes: [
      { ...axis, space: 70, values: (_, splits) => splits.map((at) => axisText(at * 1000, nowMs - fromMs)) },
      {
        ...axis,
        size: isAbsolute ? 64 : 46,
        values: (_, splits) => splits.map((value) => (isAbsolute ? formatBytes(value) : `${value} %`)),
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
          // Free bytes have no line on an axis of per cent used.
          if (thresholds.type !== 'free') drawThresholds(plot, thresholds, colour('bad'), colour('warn'));
        },
      ],
    },
  };
}

function drawSweeps(plot: uPlot, { sweeps, sweep, nowMs }: Activity, colour: string): void {
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
