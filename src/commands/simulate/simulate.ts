/** `simulate`: replays a trace with each policy and shows what that cost. Contacts no engine and reads no disk. */
import { pipeline } from 'node:stream/promises';
import { EXIT } from '../../cli/exit-status.ts';
import type { SimulateOptions } from '../../cli/simulate-options.ts';
import { findChoosers, UnknownChooserError } from '../../simulate/choosers.ts';
import { families, generate } from '../../simulate/generate/families.ts';
import { importBinderEvents } from '../../simulate/generate/import-binder.ts';
import { readTraces } from '../../simulate/traces/read-trace.ts';
import { htmlReport } from '../../simulate/report/html.ts';
import { simulateJson } from '../../simulate/report/json.ts';
import { bandTables, settingTable, type TextTable, traceLine } from '../../simulate/report/text.ts';
import { jobsOf, type Result, resultsOf, type Settings } from '../../simulate/simulate.ts';
import { type Trace, TraceError } from '../../simulate/traces/trace.ts';
import { traceLines } from '../../simulate/traces/write-trace.ts';
import { plainColumns, table } from '../../surfaces/terminal/table.ts';
import { KeepFile } from '../looking/keep-file.ts';
import { printJson } from '../looking/look.ts';
import { complain } from '../looking/messages.ts';
import { OutputFile, OutputFileError } from '../looking/output-file.ts';
import { runJobs } from './simulate-helpers.ts';

export async function simulate(options: SimulateOptions): Promise<number> {
  const outputs: OutputFile[] = [];
  try {
    const choosers = findChoosers(options.policy);
    const keepOfFile = await patternsOf(options.keepFile);
    if (keepOfFile === undefined) return EXIT.usage;
    // A replay may take minutes: what could not be written is said before it.
    const [html, writeTrace] = [options.html, options.writeTrace].map((file) => file && new OutputFile(file));
    for (const output of [html, writeTrace]) if (output instanceof OutputFile) outputs.push(output);
    for (const output of outputs) await output.open();
    const trace = await load(options);
    if (writeTrace instanceof OutputFile)
      await writeTrace.write((stream) => pipeline(traceLines(trace), stream));
    const settings = settingsOf(options, keepOfFile);
    const jobs = jobsOf(trace, choosers, settings);
    const results = resultsOf(trace, jobs, await runJobs(trace, jobs), settings);
    if (html instanceof OutputFile)
      await html.write((stream) => pipeline([htmlReport(trace, results)], stream));
    if (options.json === true) printJson(simulateJson(trace, results));
    else process.stdout.write(asText(trace, results, options.sweepThresholds === true));
    return EXIT.done;
  } catch (error) {
    if (error instanceof OutputFileError) {
      complain(error.message);
      return EXIT.unavailable;
    }
    if (!(error instanceof TraceError || error instanceof UnknownChooserError)) throw error;
    complain(error.message);
    return EXIT.usage;
  } finally {
    for (const output of outputs) await output.close();
  }
}

/** What of the options says how to replay. */
export function settingsOf(options: SimulateOptions, keepOfFile: SimulateOptions['keep'] = []): Settings {
  const { keep, minAge, keepLast } = options;
  return {
    ...options,
    sweepThresholds: options.sweepThresholds === true,
    protections: { keep: [...keep, ...keepOfFile], minAgeSeconds: minAge, keepLast },
  };
}

/** The patterns of a file as KEEP_FILE reads it; undefined, and its problems are said, where it cannot be used. */
async function patternsOf(path: string | undefined): Promise<SimulateOptions['keep'] | undefined> {
  if (path === undefined) return [];
  const file = await KeepFile.open(path);
  if (file instanceof KeepFile) return file.patterns;
  for (const problem of file) complain(`--keep-file: ${problem}`);
  return undefined;
}

async function load(options: SimulateOptions): Promise<Trace> {
  if (options.generate === undefined) {
    return options.import === undefined
      ? await readTraces(options.trace)
      : await importBinderEvents(options.trace, options.seed);
  }
  const family = families.find((each) => each.name === options.generate);
  if (family === undefined)
    throw new TraceError(
      `unknown family "${options.generate}"; expected one of ${families.map((each) => each.name).join(', ')}`,
    );
  return generate(family, options.seed, options.days);
}

function asText(trace: Trace, results: readonly Result[], isComparingBands: boolean): string {
  const tables = [...results.map(settingTable), ...(isComparingBands ? bandTables(results) : [])];
  return `${[traceLine(trace), ...tables.map(tableText)].join('\n\n')}\n`;
}

function tableText({ title, columns, rows, numbers, below }: TextTable): string {
  return [title, table(plainColumns(columns, numbers), rows), ...below].join('\n');
}
