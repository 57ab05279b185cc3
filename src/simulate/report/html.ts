/** One self-contained page: what each policy fetched again, by capacity and thresholds, and the disk over time. */
import { formatBytes, formatDuration } from '../../core/format.ts';
import type { Result } from '../simulate.ts';
import type { Trace } from '../trace.ts';
import { type Bar, bars, colourOf, curves, escape, groupedBars, type Mark } from './svg.ts';

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
svg{width:100%;font-size:12px}svg text{fill:currentColor}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
td,th{padding:.15rem .6rem;text-align:right;vertical-align:bottom}td{white-space:nowrap}td:first-child,th:first-child{text-align:left}
.key span{margin-right:1rem;white-space:nowrap}.key i{display:inline-block;width:.8em;height:.8em;margin-right:.3em}`;

export function htmlReport(trace: Trace, results: readonly Result[]): string {
  const summary = `${trace.startsMs.length} uses of ${trace.images.length} images on ${trace.layers.length} layers, ${formatBytes(trace.distinctBytes)} in all`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Image eviction replayed</title><style>${STYLE}</style></head>
<body><main><h1>Image eviction replayed</h1><p>${escape(summary)}. The clairvoyant line knows the future; it is strong, but not a proven optimum.</p>
${results.length > 1 ? overview(results) : ''}
${results.map((result) => section(trace, result)).join('\n')}
</main></body></html>
`;
}

/** All settings side by side. */
function overview(results: readonly Result[]): string {
  const pairs = new Set(results.map(({ setting }) => `${setting.low}-${setting.high}`)).size;
  const groups = results.map(({ setting, rows }) => ({
    label: `${formatBytes(setting.capacityBytes)}${pairs > 1 ? `, ${setting.low}-${setting.high} %` : ''}`,
    bars: againBars(rows),
  }));
  return `<h2>Fetched again after deletion, by policy and ${pairs > 1 ? 'setting' : 'capacity'}</h2>
${keyOf(results[0]?.rows ?? [])}${groupedBars('Fetched again, by policy and capacity', groups, formatBytes)}`;
}

function againBars(rows: Result['rows']): Bar[] {
  return rows.map((row, at) => ({
    label: row.policy,
    value: row.refetchedBytes,
    text: formatBytes(row.refetchedBytes),
    colour: colourOf(at),
  }));
}

function keyOf(rows: Result['rows']): string {
  const names = rows.map(
    (row, at) => `<span><i style="background:${colourOf(at)}"></i>${escape(row.policy)}</span>`,
  );
  return `<p class="key">${names.join('')}</p>`;
}

function section(trace: Trace, { setting, rows, usage }: Result): string {
  const title = `Capacity ${formatBytes(setting.capacityBytes)}, high ${setting.high} %, low ${setting.low} %`;
  const again = againBars(rows);
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
  const markAt = (percent: number, name: string): Mark => {
    const bytes = (percent / 100) * setting.capacityBytes;
    return { at: bytes / most, text: `${name} ${formatBytes(bytes)}` };
  };
  const marks = [{ at: 0, text: '0 B' }, markAt(setting.low, 'low'), markAt(setting.high, 'high')];
  const times = [0, 0.25, 0.5, 0.75, 1].map((at) => ({
    at,
    text: at === 0 ? 'start' : `after ${formatDuration((at * span) / 1000)}`,
  }));
  const cells = rows.map(
    (row) =>
      `<tr><td>${escape(row.policy)}</td><td>${formatBytes(row.fetchedBytes)}</td><td>${formatBytes(row.refetchedBytes)}</td><td>${row.misses}</td><td>${row.delayP50Seconds.toFixed(1)}</td><td>${row.delayP95Seconds.toFixed(1)}</td><td>${row.imagesDeleted}</td><td>${row.sweeps}</td><td>${row.cordonedMinutes.toFixed(0)}</td></tr>`,
  );
  return `<h2>${escape(title)}</h2>
<h3>Fetched again after deletion</h3>${bars('Fetched again, by policy', again)}
<h3>Disk in use over time</h3>${keyOf(rows)}${curves('Disk in use over time', lines, marks, times)}
<table><tr><th>policy</th><th>fetched</th><th>again</th><th>misses</th><th>wait p50, s</th><th>wait p95, s</th><th>deleted</th><th>sweeps</th><th>cordoned, min</th></tr>${cells.join('')}</table>`;
}
