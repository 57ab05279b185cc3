/**
 * How much of the gap between `lru` and the mark can be closed by learning from the past: `npm run bench learned`. Boosted
 * trees learn from many other traces of the same family all that a usage history tells of a layer, and whether it was
 * wanted until it would have had to go at another sweep; then they choose in traces that they have not seen. They know how
 * such traces go before the first use, so no policy that has to learn it from one host can be expected to do better.
 *
 *     node bench/policies/learned.ts [--family binder] [--capacity 40] [--train 20] [--seeds 1,2,3,4] [--days 60]
 *
 * Needs Python with scikit-learn (Debian: python3-sklearn). Takes minutes.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { PolicyContext, WorthPolicy } from '../../src/core/policy/policy.ts';
import { findPolicy } from '../../src/core/policy/registry.ts';
import { turnoverMs } from '../../src/core/policy/turnover.ts';
import { type ChooserMaker, policyChooser } from '../../src/simulate/replay/chooser.ts';
import { findChoosers } from '../../src/simulate/choosers.ts';
import { families, type Family, generate } from '../../src/simulate/generate/families.ts';
import { replay } from '../../src/simulate/replay/replay.ts';
import type { Trace } from '../../src/simulate/traces/trace.ts';
import { featuresOf } from './learned/features.ts';
import { likely, readTrees, type Trees } from './learned/trees.ts';

/** The first seed of the traces that are learned from; none of the published ones. */
const TRAIN_FROM = 1001;
/** Rows of one trace at most, taken evenly. */
const ROWS_A_TRACE = 30_000;
/** Debian's own, which finds Debian's packages. */
const PYTHON = '/usr/bin/python3';

const { values } = parseArgs({
  options: {
    family: { type: 'string', default: 'binder' },
    capacity: { type: 'string', default: '40' },
    train: { type: 'string', default: '20' },
    seeds: { type: 'string', default: '1,2,3,4' },
    days: { type: 'string', default: '60' },
  },
});
const share = Number(values.capacity) / 100;
const days = Number(values.days);

function horizonMs(context: PolicyContext): number {
  return 2 * turnoverMs(context);
}

/** By layer: when it is used, in order. */
function usesOf(trace: Trace): ReadonlyMap<string, readonly number[]> {
  const uses = new Map<string, number[]>(trace.layers.map(({ id }) => [id, []]));
  trace.imageOf.forEach((image, use) => {
    for (const layer of trace.chains[image] ?? [])
      uses.get(trace.layers[layer]?.id ?? '')?.push(trace.startsMs[use] ?? 0);
  });
  return uses;
}

/** What was known of each layer at each sweep, and whether it was wanted; `value` sweeps meanwhile. */
function rowsOf(family: Family, seed: number): readonly (readonly number[])[] {
  const trace = generate(family, seed, days);
  const uses = usesOf(trace);
  const endMs = trace.startsMs.at(-1) ?? 0;
  const policy = findPolicy('value');
  const rows: number[][] = [];
  const collect = (context: PolicyContext): void => {
    const { history, nowMs, forest } = context;
    const untilMs = nowMs + horizonMs(context);
    if (history === undefined || untilMs > endMs) return;
    const features = featuresOf(history, nowMs, untilMs - nowMs);
    for (const id of forest.layerIds) {
      const layer = history.layers.get(id);
      if (layer === undefined || layer.active > 0) continue;
      const wanted = uses.get(id)?.some((atMs) => atMs > nowMs && atMs <= untilMs) === true;
      rows.push([...features(layer), wanted ? 1 : 0, layer.bytes]);
    }
  };
  if (policy.kind !== 'worth') throw new RangeError('value gives worths');
  const { worths } = policy;
  const collecting: WorthPolicy = {
    ...policy,
    worths: (context) => {
      collect(context);
      return worths(context);
    },
  };
  run(trace, policyChooser(collecting));
  const step = Math.max(1, rows.length / ROWS_A_TRACE);
  return rows.filter((_, at) => Math.floor(at / step) !== Math.floor((at - 1) / step));
}

function learned(trees: Trees): ChooserMaker {
  return policyChooser({
    kind: 'worth',
    name: 'learned',
    summary: 'learned from other traces',
    worths: (context) => {
      const { history, nowMs } = context;
      if (history === undefined) throw new RangeError('nothing is known without a history');
      const features = featuresOf(history, nowMs, horizonMs(context));
      return {
        unit: () => 0,
        layer: (id) => {
          const layer = history.layers.get(id);
          return layer === undefined ? 0 : layer.bytes * likely(trees, features(layer));
        },
      };
    },
    reason: () => 'seldom wanted',
  });
}

/** @returns the bytes fetched again. */
function run(trace: Trace, maker: ChooserMaker): number {
  const options = { high: 80, low: 60, bytesPerSecond: 50e6 };
  return replay(trace, maker, { capacityBytes: trace.distinctBytes * share, ...options }).refetchedBytes;
}

function train(family: Family): Trees {
  const folder = mkdtempSync(join(tmpdir(), 'bench-learned-'));
  try {
    const [rowsFile, treesFile] = [join(folder, 'rows'), join(folder, 'trees.json')];
    const file = openSync(rowsFile, 'w');
    let width = 0;
    for (let seed = TRAIN_FROM; seed < TRAIN_FROM + Number(values.train); seed++) {
      const rows = rowsOf(family, seed);
      width = rows[0]?.length ?? width;
      writeSync(file, new Uint8Array(Float32Array.from(rows.flat()).buffer));
      process.stderr.write(`\rlearned from trace ${seed}`);
    }
    closeSync(file);
    process.stderr.write('\n');
    execFileSync(PYTHON, [
      join(import.meta.dirname, 'learned', 'train.py'),
      rowsFile,
      String(width),
      treesFile,
    ]);
    return readTrees(treesFile);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const family = families.find(({ name }) => name === values.family);
if (family === undefined) throw new RangeError(`no family ${values.family}`);
const trees = train(family);
process.stdout.write('| family  | seed | capacity | gap closed by value | by learning |\n');
process.stdout.write('| ------- | ---: | -------: | ------------------: | ----------: |\n');
const closed: [number, number][] = [];
for (const seed of values.seeds.split(',').map(Number)) {
  const trace = generate(family, seed, days);
  const [lru = NaN, value = NaN, mark = NaN] = findChoosers('lru,value,clairvoyant').map((maker) =>
    run(trace, maker),
  );
  const gap = (bytes: number): number => (100 * (lru - bytes)) / (lru - mark);
  const row: [number, number] = [gap(value), gap(run(trace, learned(trees)))];
  closed.push(row);
  const [byValue, byLearning] = row.map((percent) => `${percent.toFixed(0)}%`);
  process.stdout.write(
    `| ${family.name.padEnd(7)} | ${String(seed).padStart(4)} | ${`${values.capacity}%`.padStart(8)} | ` +
      `${byValue?.padStart(19)} | ${byLearning?.padStart(11)} |\n`,
  );
}
const mean = (at: 0 | 1): string =>
  (closed.reduce((sum, row) => sum + row[at], 0) / closed.length).toFixed(0);
process.stdout.write(`\non average ${mean(0)}% by value, ${mean(1)}% by learning\n`);
