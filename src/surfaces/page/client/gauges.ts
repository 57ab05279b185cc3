/** "Disk now": each resource against both thresholds, and what that means. */
import { type Forecast, forecastText } from '../../../core/model/forecast.ts';
import { formatBytes, formatLevel, formatPercent, untilText, usedText } from '../../../core/model/format.ts';
import {
  amountToFree,
  type Gauge,
  isBelowLow,
  isTriggered,
  level,
  percentAt,
  isCounted,
  percentUsed,
  type Thresholds,
  type Usage,
} from '../../../core/model/thresholds.ts';
import { fill, h } from './dom.ts';

export function showDisk(
  element: HTMLElement,
  usage: Usage,
  thresholds: Thresholds,
  { isSweeping, forecast }: { readonly isSweeping: boolean; readonly forecast: Forecast | null },
): void {
  const { type, high, low } = thresholds;
  const limits = type === 'relative' ? thresholds : undefined;
  const blocks = percentUsed(usage.bytes);
  const gauges = [
    type === 'free'
      ? gauge(
          'Disk space',
          blocks,
          { high: percentAt(usage, type, high), low: percentAt(usage, type, low) },
          bytesOf(usage.bytes),
          { value: formatPercent(blocks), high: formatLevel(high, type), low: formatLevel(low, type) },
        )
      : gauge('Disk space', blocks, limits, bytesOf(usage.bytes)),
    usage.inodes === undefined
      ? h('p.muted.small', 'This filesystem has no limit on inodes.')
      : gauge('Inodes', percentUsed(usage.inodes), limits, inodesOf(usage.inodes), undefined, false),
  ];
  if (isCounted(type) && usage.allocated !== undefined) gauges.unshift(allocated(usage, thresholds));
  const ahead =
    forecast === null || isSweeping
      ? undefined
      : h('p.muted', { id: 'forecast' }, capitalized(`${forecastText(forecast)}.`));
  fill(element, h('div.gauges', ...gauges), verdict(usage, thresholds, isSweeping), ahead);
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function bytesOf({ total, available }: Gauge): string {
  return `${formatBytes(available)} of ${formatBytes(total)} available`;
}

function inodesOf({ total, available }: Gauge): string {
  const count = new Intl.NumberFormat('en');
  return `${count.format(available)} of ${count.format(total)} available`;
}

function allocated(usage: Usage, { high, low }: Thresholds): HTMLElement {
  const bytes = usage.allocated?.bytes ?? 0;
  const scale = 100 / Math.max(usage.bytes.total, high * 1.05);
  return gauge(
    'Data directory',
    bytes * scale,
    { high: high * scale, low: low * scale },
    `allocated below ${usage.path}`,
    {
      value: formatBytes(bytes),
      high: formatBytes(high),
      low: formatBytes(low),
    },
  );
}

function gauge(
  name: string,
  percent: number,
  limits: { readonly high: number; readonly low: number } | undefined,
  note: string,
  texts = {
    value: formatPercent(percent),
    high: limits === undefined ? '' : `${limits.high}%`,
    low: limits === undefined ? '' : `${limits.low}%`,
  },
  /** The thresholds are the same for every gauge: they are named once. */
  namesLimits = true,
): HTMLElement {
  const degree = limits === undefined ? '' : percent >= limits.high ? 'bad' : 'good';
  const bar = h(
    'div.bar',
    {
      role: 'meter',
      'aria-label': `${name} used`,
      'aria-valuemin': '0',
      'aria-valuemax': '100',
      'aria-valuenow': percent.toFixed(1),
      'aria-valuetext':
        `${texts.value}` +
        (limits === undefined ? '' : `; low threshold ${texts.low}, high threshold ${texts.high}`),
    },
    h('div', { class: `bar-fill ${degree}`, style: { width: `${Math.min(percent, 100).toFixed(2)}%` } }),
    limits && mark('low', limits.low, namesLimits ? `low ${texts.low}` : undefined, limits),
    limits && mark('high', limits.high, namesLimits ? `high ${texts.high}` : undefined, limits),
  );
  return h(
    'div.gauge',
    h(
      'div.gauge-head',
      h('span.gauge-value', texts.value),
      h('span.gauge-name', name),
      h('span.muted', note),
    ),
    bar,
  );
}

function mark(
  which: 'low' | 'high',
  at: number,
  text: string | undefined,
  limits: { readonly high: number; readonly low: number },
): HTMLElement {
  const isCrowded = limits.high - limits.low < 18;
  const end = at > 93 && !isCrowded ? ' near-end' : '';
  return h(
    'div',
    {
      class: `bar-mark ${which}${isCrowded ? ' crowded' : ''}${end}`,
      style: { left: `${at.toFixed(2)}%` },
      'aria-hidden': 'true',
    },
    text === undefined ? undefined : h('span', text),
  );
}

function verdict(usage: Usage, thresholds: Thresholds, isSweeping: boolean): HTMLElement {
  const { type, high, low } = thresholds;
  const used = usedText(level(usage, type).value, type);
  const toFree = amountToFree(usage, thresholds);
  const parts = [
    ...(toFree.bytes > 0 ? [formatBytes(toFree.bytes)] : []),
    ...(toFree.inodes > 0 ? [`${new Intl.NumberFormat('en').format(toFree.inodes)} inodes`] : []),
  ];
  const what = parts.join(' and ');
  const say = (strong: string, more: string): HTMLElement =>
    h('div.verdict', h('p.strong', strong), h('p.muted', more));
  if (isSweeping)
    return say(
      'A sweep is under way.',
      what === '' ? 'Usage is below the low threshold.' : `${what} to go ${untilText(low, type)}.`,
    );
  if (isTriggered(usage, thresholds))
    return say(
      'A sweep is due.',
      `${used}, past the high threshold of ${formatLevel(high, type)}; ${what} must be freed ${untilText(low, type)}.`,
    );
  if (isBelowLow(usage, thresholds))
    return say(
      'Nothing has to be deleted.',
      `${used}; the low threshold is ${formatLevel(low, type)}. A sweep begins at ${formatLevel(high, type)}.`,
    );
  return say(
    'No sweep is due.',
    `${used}; a sweep begins at ${formatLevel(high, type)} and runs ${untilText(low, type)}.`,
  );
}
