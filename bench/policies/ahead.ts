/**
 * How close to the relaxed mark whole images can come, where `clairvoyant` does not: what it gains to look some sweeps
 * ahead (look-ahead.ts). `npm run bench ahead`. Bytes fetched again, in parts of what `relaxed` fetches again.
 *
 *     node bench/policies/ahead.ts [--families cluster,lora] [--seeds 504,505,506] [--capacities 5,15]
 *
 * Minutes for each disk, on one processor at the lowest priority.
 */
import { setPriority } from 'node:os';
import { parseArgs } from 'node:util';
import { bounds } from '../../src/simulate/bounds/bounds.ts';
import { clairvoyant } from '../../src/simulate/bounds/clairvoyant.ts';
import { families, generate } from '../../src/simulate/generate/families.ts';
import { replay } from '../../src/simulate/replay/replay.ts';
import { readTraces } from '../../src/simulate/traces/read-trace.ts';
import type { Trace } from '../../src/simulate/traces/trace.ts';
import { looksAhead } from './look-ahead.ts';

const { values } = parseArgs({
  options: {
    families: { type: 'string', default: 'cluster,lora' },
    seeds: { type: 'string', default: '504,505,506' },
    capacities: { type: 'string', default: '5,15' },
  },
});
setPriority(19);

const SWEEPS_AHEAD = 3;
/** On a tight disk a sweep decides little: this many uses ahead at least. */
const LEAST_USES_AHEAD = 240;

async function tracesOf(name: string): Promise<readonly (readonly [seed: string, Trace])[]> {
  const family = families.find((each) => each.name === name);
  if (family !== undefined)
    return values.seeds.split(',').map((seed) => [seed, generate(family, Number(seed), 60)] as const);
  const file = new URL(`../traces/${name}.jsonl.gz`, import.meta.url).pathname;
  return [['', await readTraces([file])]];
}

const row = (cells: readonly string[]): void => void process.stdout.write(`| ${cells.join(' | ')} |\n`);
row(['trace', 'seed', 'disk', 'clairvoyant', 'looking ahead']);
row(['---', '---:', '---:', '---:', '---:']);
for (const name of values.families.split(','))
  for (const [seed, trace] of await tracesOf(name))
    for (const share of values.capacities.split(',').map((text) => Number(text) / 100)) {
      // 5% of the artefacts of `lora` is less than two of them.
      if (name === 'lora' && share <= 0.05) continue;
      const capacityBytes = trace.distinctBytes * share;
      const options = { capacityBytes, high: 80, low: 60, bytesPerSecond: 50e6 };
      const [relaxed] = bounds(trace, { highBytes: capacityBytes * 0.8, lowBytes: capacityBytes * 0.6 });
      const known = replay(trace, clairvoyant, options);
      const usesPerSweep = trace.imageOf.length / known.sweeps;
      const uses = Math.max(LEAST_USES_AHEAD, Math.round(SWEEPS_AHEAD * usesPerSweep));
      const ahead = replay(trace, looksAhead(uses), options);
      const ofMark = (bytes: number): string => (bytes / (relaxed?.refetchedBytes ?? 0)).toFixed(3);
      row([name, seed, `${share * 100}%`, ofMark(known.refetchedBytes), ofMark(ahead.refetchedBytes)]);
    }
