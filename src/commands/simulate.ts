/** `simulate`: replays a trace with each policy and shows what that cost. Looks at no engine and no disk. */
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { formatBytes, formatDuration } from '../core/format.ts';
import { EXIT } from '../exit-status.ts';
import type { SimulateOptions } from '../simulate-command-line.ts';
import { findChoosers, UnknownChooserError } from '../simulate/choosers.ts';
import { families, generate } from '../simulate/generate/families.ts';
import { importBinderEvents } from '../simulate/import-binder.ts';
import { readTraces } from '../simulate/read-trace.ts';
import { htmlReport } from '../simulate/report/html.ts';
import { simulateJson } from '../simulate/report/json.ts';
import { type Result, simulate as replayAll } from '../simulate/simulate.ts';
import { type Trace, TraceError } from '../simulate/trace.ts';
import { traceLines } from '../simulate/write-trace.ts';
import { table } from '../surfaces/terminal.ts';
import { complain, printJson } from './look.ts';

export async function simulate(options: SimulateOptions, signal: AbortSignal): Promise<number> {
  try {
    const choosers = findChoosers(options.policy);
    const trace = await load(options, signal);
    if (options.writeTrace !== undefined)
      await pipeline(traceLines(trace), createWriteStream(options.writeTrace), { signal });
    const results = replayAll(trace, choosers, options);
    if (options.html !== undefined) await writeFile(options.html, htmlReport(trace, results), { signal });
    if (options.json) printJson(simulateJson(trace, results));
    else process.stdout.write(asText(trace, results));
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof TraceError || error instanceof UnknownChooserError)) throw error;
    complain(error.message);
    return EXIT.usage;
  }
}

async function load(options: SimulateOptions, signal: AbortSignal): Promise<Trace> {
  if (options.generate === undefined) {
    return options.import === undefined
      ? await readTraces(options.trace, signal)
      : await importBinderEvents(options.trace, options.seed, signal);
  }
  const family = families.find((each) => each.name === options.generate);
  if (family === undefined)
    throw new TraceError(
      `there is no family "${options.generate}"; there are ${families.map((each) => each.name).join(', ')}`,
    );
  return generate(family, options.seed, options.days);
}

function asText(trace: Trace, results: readonly Result[]): string {
  const head = `${trace.startsMs.length} uses of ${trace.images.length} images on ${trace.layers.length} layers, ${formatBytes(trace.distinctBytes)} in all`;
  const parts = results.map(({ setting, rows }) => {
    const title = `capacity ${formatBytes(setting.capacityBytes)}, high ${setting.high} %, low ${setting.low} %`;
    const lines = rows.map((row) => [
      row.policy,
      formatBytes(row.fetchedBytes),
      formatBytes(row.refetchedBytes),
      String(row.misses),
      String(row.launchesWaited),
      formatDuration(row.delayP50Seconds),
      formatDuration(row.delayP95Seconds),
      String(row.imagesDeleted),
      String(row.sweeps),
      row.cordonedMinutes.toFixed(0),
      formatBytes(row.meanOvershootBytes),
      formatBytes(row.peakBytes),
    ]);
    const titles = [
      'POLICY',
      'FETCHED',
      'AGAIN',
      'MISSES',
      'WAITED',
      'P50',
      'P95',
      'DELETED',
      'SWEEPS',
      'CORDON MIN',
      'BELOW LOW',
      'PEAK',
    ];
    return `${title}\n${table(titles, lines, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])}`;
  });
  return `${[head, ...parts].join('\n\n')}\n`;
}
