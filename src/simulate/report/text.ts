/** What `simulate` prints for people: a table for each setting, the bounds below it, and what it says in a sentence. */
import { formatBytes, formatDuration, formatLevel } from '../../core/model/format.ts';
import type { Result, SimulatedNode } from '../simulate.ts';
import type { Trace } from '../traces/trace.ts';
import { conclusion } from './conclusion.ts';

/** Titles, rows, and which columns hold numbers. */
export interface TextTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly numbers: readonly number[];
  /** What it says, in sentences. */
  readonly below: readonly string[];
}

export function traceLine(trace: Trace): string {
  return `${trace.startsMs.length} uses of ${trace.images.length} images on ${trace.layers.length} layers, ${formatBytes(trace.distinctBytes)} in all`;
}

export function settingText({ type, capacityBytes, high, low }: SimulatedNode): string {
  if (type === 'free')
    return `capacity ${formatBytes(capacityBytes)}, high ${formatLevel(high, type)}, low ${formatLevel(low, type)}`;
  return type === 'absolute'
    ? `high ${formatBytes(high)}, low ${formatBytes(low)}`
    : `capacity ${formatBytes(capacityBytes)}, high ${high}%, low ${low}%`;
}

const COLUMNS = [
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

export function settingTable(result: Result): TextTable {
  const rows = result.rows.map((row) => [
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
  const marks = result.bounds.map(({ name, fetchedBytes, refetchedBytes }) => [
    name,
    formatBytes(fetchedBytes),
    formatBytes(refetchedBytes),
    ...COLUMNS.slice(3).map(() => '-'),
  ]);
  return {
    title: settingText(result.setting),
    columns: COLUMNS,
    rows: [...rows, ...marks],
    numbers: COLUMNS.slice(1).map((_, at) => at + 1),
    below: conclusion(result),
  };
}

/** What narrower and wider bands cost and save, for each policy of a capacity; for `--sweep-thresholds`. */
export function bandTables(results: readonly Result[]): readonly TextTable[] {
  const capacities = [...new Set(results.map(({ setting }) => setting.capacityBytes))];
  return capacities.map((capacityBytes) => {
    const own = results.filter(({ setting }) => setting.capacityBytes === capacityBytes);
    const policies = [...new Set(own.flatMap(({ rows }) => rows.map(({ policy }) => policy)))];
    const rows = policies.flatMap((policy) => bandRows(own, policy));
    return {
      title: `bands at capacity ${formatBytes(capacityBytes)}; "against" is the pair with LOW 60% and HIGH 80%`,
      columns: ['POLICY', 'LOW', 'HIGH', 'AGAIN', 'AGAINST', 'SWEEPS', 'AGAINST', 'CORDON MIN', 'AGAINST'],
      rows,
      numbers: [1, 2, 3, 4, 5, 6, 7, 8],
      below: [],
    };
  });
}

function bandRows(results: readonly Result[], policy: string): string[][] {
  const found = results.flatMap(({ setting, rows }) =>
    rows.filter((row) => row.policy === policy).map((row) => ({ setting, row })),
  );
  const usual = found.find(({ setting }) => setting.low === 60 && setting.high === 80)?.row;
  const against = (value: number, base: number | undefined): string =>
    base === undefined || base === 0 ? '-' : `× ${(value / base).toFixed(2)}`;
  return found.map(({ setting, row }) => [
    policy,
    `${setting.low}%`,
    `${setting.high}%`,
    formatBytes(row.refetchedBytes),
    against(row.refetchedBytes, usual?.refetchedBytes),
    String(row.sweeps),
    against(row.sweeps, usual?.sweeps),
    row.cordonedMinutes.toFixed(0),
    against(row.cordonedMinutes, usual?.cordonedMinutes),
  ]);
}
