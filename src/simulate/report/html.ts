/** One self-contained page: what each policy fetched again, by capacity and thresholds, and the disk over time. */
import { formatBytes } from '../../core/format.ts';
import type { Result } from '../simulate.ts';
import type { Trace } from '../trace.ts';
import { bars, colourOf, curves, escape } from './svg.ts';

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
svg{width:100%;font-size:12px}svg text{fill:currentColor}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
td,th{padding:.15rem .6rem;text-align:right}td:first-child,th:first-child{text-align:left}
.key span{margin-right:1rem;white-space:nowrap}.key i{display:inline-block;width:.8em;height:.8em;margin-right:.3em}`;

export function htmlReport(trace: Trace, results: readonly Result[]): string {
  const summary = `${trace.startsMs.length} uses of ${trace.images.length} images on ${trace.layers.length} layers, ${formatBytes(trace.distinctBytes)} in all`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Image eviction replayed</title><style>${STYLE}</style></head>
<body><h1>Image eviction replayed</h1><p>${escape(summary)}. The clairvoyant line knows the future; it is strong, but not a proven optimum.</p>
${results.map((result) => section(trace, result)).join('\n')}
</body></html>
`;
}

function section(trace: Trace, { setting, rows, usage }: Result): string {
  const title = `Capacity ${formatBytes(setting.capacityBytes)}, high ${setting.high} %, low ${setting.low} %`;
  const again = rows.map((row, at) => ({
    label: row.policy,
    value: row.refetchedBytes,
    text: formatBytes(row.refetchedBytes),
    colour: colourOf(at),
  }));
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
  const marks = [
    { at: (setting.high / 100) * (setting.capacityBytes / most), text: 'high' },
    { at: (setting.low / 100) * (setting.capacityBytes / most), text: 'low' },
  ];
  const key = rows.map(
    (row, at) => `<span><i style="background:${colourOf(at)}"></i>${escape(row.policy)}</span>`,
  );
  const cells = rows.map(
    (row) =>
      `<tr><td>${escape(row.policy)}</td><td>${formatBytes(row.fetchedBytes)}</td><td>${formatBytes(row.refetchedBytes)}</td><td>${row.misses}</td><td>${row.delayP50Seconds.toFixed(1)}</td><td>${row.delayP95Seconds.toFixed(1)}</td><td>${row.imagesDeleted}</td><td>${row.sweeps}</td><td>${row.cordonedMinutes.toFixed(0)}</td></tr>`,
  );
  return `<h2>${escape(title)}</h2>
<h3>Fetched again after deletion</h3>${bars('Fetched again, by policy', again)}
<h3>Disk in use over time</h3><p class="key">${key.join('')}</p>${curves('Disk in use over time', lines, marks)}
<table><tr><th>policy</th><th>fetched</th><th>again</th><th>misses</th><th>wait p50, s</th><th>wait p95, s</th><th>deleted</th><th>sweeps</th><th>cordoned, min</th></tr>${cells.join('')}</table>`;
}
