/** One self-contained page: what each policy fetched again, by capacity and thresholds, and the disk over time. */
import { bytesAt } from '../replay/figures.ts';
import { formatBytes, formatDuration } from '../../core/model/format.ts';
import { choosers } from '../choosers.ts';
import type { Result } from '../simulate.ts';
import type { Trace } from '../traces/trace.ts';
import { conclusion } from './conclusion.ts';
import { type Bar, bars, colourOf, escape, groupedBars, type Mark, strips } from './svg.ts';
import { bandTables, settingTable, settingText, type TextTable, traceLine } from './text.ts';

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
svg{width:100%;font-size:12px}svg text{fill:currentColor}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
td,th{padding:.15rem .6rem;text-align:right;vertical-align:bottom}td{white-space:nowrap}td:first-child,th:first-child{text-align:left}
.key span{margin-right:1rem;white-space:nowrap}.key i{display:inline-block;width:.8em;height:.8em;margin-right:.3em}
.says{font-size:1.15em;font-weight:600}dt{font-weight:600}dd{margin:0 0 .4rem 1.2rem}.scroll{overflow-x:auto}`;

/** What nobody can be asked to do: shown in grey, after what can be set. */
const MARK_COLOUR = '#8a8f98';

export function htmlReport(trace: Trace, results: readonly Result[]): string {
  const isComparingBands = new Set(results.map(({ setting }) => `${setting.low}-${setting.high}`)).size > 1;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Image deletion replayed</title><style>${STYLE}</style></head>
<body><main><h1>Image deletion replayed</h1><p>${escape(traceLine(trace))}.</p>
${results.length > 1 ? overview(results) : ''}
${isComparingBands ? bandTables(results).map(htmlTable).join('\n') : ''}
${results.map((result) => section(trace, result)).join('\n')}
${glossary(results)}
</main></body></html>
`;
}

/** All settings side by side. */
function overview(results: readonly Result[]): string {
  const pairs = new Set(results.map(({ setting }) => `${setting.low}-${setting.high}`)).size;
  const groups = results.map((result) => ({
    label: `${formatBytes(result.setting.capacityBytes)}${pairs > 1 ? `, ${result.setting.low}-${result.setting.high}%` : ''}`,
    bars: againBars(result),
  }));
  const first = results[0];
  return `<h2>Fetched again after deletion, by policy and ${pairs > 1 ? 'setting' : 'capacity'}</h2>
${first ? keyOf(first) : ''}${groupedBars('Fetched again, by policy and capacity', groups, formatBytes)}`;
}

/** Policies, baselines and marks keep their colours whatever the order. */
function againBars({ rows, bounds }: Result): Bar[] {
  const bar = (label: string, value: number, colour: string): Bar => ({
    label,
    value,
    text: formatBytes(value),
    colour,
  });
  return [
    ...rows.map((row, at) => bar(row.policy, row.refetchedBytes, colourOf(at))),
    ...bounds.map(({ name, refetchedBytes }) => bar(name, refetchedBytes, MARK_COLOUR)),
  ];
}

function keyOf(result: Result): string {
  const names = againBars(result).map(
    ({ label, colour }) => `<span><i style="background:${colour}"></i>${escape(label)}</span>`,
  );
  return `<p class="key">${names.join('')}</p>`;
}

function section(trace: Trace, result: Result): string {
  const { setting, rows, usage } = result;
  const text = settingText(setting);
  const title = `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
  const from = trace.startsMs[0] ?? 0;
  const span = Math.max(1, (trace.startsMs.at(-1) ?? 0) - from);
  const most = Math.max(setting.capacityBytes, ...rows.map((row) => row.peakBytes));
  const lines = rows.map((row, at) => ({
    label: row.policy,
    colour: colourOf(at),
    points: (usage.get(row.policy) ?? []).map(
      ({ atMs, bytes }) => [(atMs - from) / span, bytes / most] as const,
    ),
  }));
  const markAt = (level: number, name: string): Mark => {
    const bytes = bytesAt(setting, level);
    return { at: bytes / most, text: `${name} ${formatBytes(bytes)}` };
  };
  const marks = [markAt(setting.low, 'low'), markAt(setting.high, 'high')];
  const times = [0, 0.25, 0.5, 0.75, 1].map((at) => ({
    at,
    text: at === 0 ? 'start' : `after ${formatDuration((at * span) / 1000)}`,
  }));
  const sorted = againBars(result).toSorted((a, b) => a.value - b.value);
  return `<h2>${escape(title)}</h2>
<p class="says">${conclusion(result).map(escape).join(' ')}</p>
<h3>Fetched again after deletion</h3>${bars('Fetched again, by policy', sorted)}
<h3>Disk in use over time</h3>${strips('Disk in use over time', lines, marks, times)}
${htmlTable({ ...settingTable(result), title: 'All figures' })}`;
}

function htmlTable({ title, columns, rows }: TextTable): string {
  const cells = (list: readonly string[], tag: 'td' | 'th'): string =>
    list.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join('');
  const body = rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('');
  return `<h3>${escape(title)}</h3><div class="scroll"><table><tr>${cells(columns, 'th')}</tr>${body}</table></div>`;
}

const WORDS: readonly (readonly [word: string, meaning: string])[] = [
  ['fetched', 'bytes of all layers that were pulled'],
  ['again', 'of these: layers that had been deleted; what a better choice saves'],
  ['misses', 'launches of an image that was not on the host'],
  ['waited', 'launches that had to pull: half of them waited at most p50, 95 of 100 at most p95'],
  ['sweeps', 'how often usage reached HIGH and images were deleted until it was below LOW'],
  ['cordon min', 'for how many minutes the sweeps would have kept new pods off the node'],
  ['below low', 'how far below LOW sweeps ended, on average'],
  ['peak', 'the most bytes in use at once'],
];

function glossary(results: readonly Result[]): string {
  const shown = new Set(results.flatMap(({ rows }) => rows.map(({ policy }) => policy)));
  const names = choosers
    .filter(({ name }) => shown.has(name))
    .map(({ name, summary }) => [name, summary] as const);
  const marks = (results[0]?.bounds ?? []).map(({ name, summary }) => [name, summary] as const);
  const entries = [...WORDS, ...names, ...marks].map(
    ([word, meaning]) => `<dt>${escape(word)}</dt><dd>${escape(meaning)}</dd>`,
  );
  return `<h2>Terms</h2><dl>${entries.join('')}</dl>`;
}
