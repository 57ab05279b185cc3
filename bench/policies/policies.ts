/**
 * What each policy fetches again on generated and on real traces, beside what others do and what could be had at best:
 * `npm run bench policies`. Prints the table of docs/policies.md. Its seeds were never used to tune anything (tuning has
 * 1 to 9).
 *
 *     node bench/policies/policies.ts [--seeds 501,502,503] [--days 60] [--capacities 5,15,40] [--odds] [--bands]
 *
 * With --odds also what can be had at all without seeing the future: a choice that knows how the trace is made (who is
 * how popular, what is planned) and only not how the dice will fall. With --bands instead what a narrower or wider band
 * below HIGH costs and saves. Each takes minutes, on one processor at the lowest priority.
 */
import { setPriority } from 'node:os';
import { parseArgs } from 'node:util';
import { formatBytes } from '../../src/core/model/format.ts';
import { bounds } from '../../src/simulate/bounds/bounds.ts';
import { choosers, findChoosers } from '../../src/simulate/choosers.ts';
import { families, generate } from '../../src/simulate/generate/families.ts';
import { readTraces } from '../../src/simulate/traces/read-trace.ts';
import { replay } from '../../src/simulate/replay/replay.ts';
import type { Trace } from '../../src/simulate/traces/trace.ts';
import { printBands } from './bands.ts';
import { knowsTheOdds } from './odds.ts';

export interface Cell {
  readonly name: string;
  /** Undefined: a real trace. */
  readonly seed: number | undefined;
  readonly trace: Trace;
  /** Of the distinct bytes of the trace. */
  readonly share: number;
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '501,502,503' },
    days: { type: 'string', default: '60' },
    capacities: { type: 'string', default: '5,15,40' },
    odds: { type: 'boolean', default: false },
    bands: { type: 'boolean', default: false },
  },
});
setPriority(19);
const days = Number(values.days);
const shares = values.capacities.split(',').map((text) => Number(text) / 100);

/** Bytes fetched again above which the clairvoyant choice is held against the relaxed mark. */
const MUCH = 300e9;
/** A smaller gap counts as none: it is less than a single image. */
const LITTLE = 1e9;
const COLUMNS = [...choosers.map(({ name }) => name), 'relaxed', 'lower-bound'];
const percent = (value: number): string => `${(value * 100).toFixed(0)}%`;
const row = (cells: readonly string[]): void => void process.stdout.write(`| ${cells.join(' | ')} |\n`);

async function* cells(): AsyncGenerator<Cell> {
  for (const family of families)
    for (const seed of values.seeds.split(',').map(Number)) {
      const trace = generate(family, seed, days);
      for (const share of shares) yield { name: family.name, seed, trace, share };
    }
  for (const name of ['git2021', 'lora']) {
    const file = new URL(`../traces/${name}.jsonl.gz`, import.meta.url).pathname;
    const trace = await readTraces([file]);
    // 5% of the artefacts of `lora` is less than two of them.
    for (const share of shares.filter((each) => name !== 'lora' || each > 0.05))
      yield { name, seed: undefined, trace, share };
  }
}

/** By name: the bytes fetched again. */
function measure({ name, seed, trace, share }: Cell): ReadonlyMap<string, number> {
  const capacityBytes = trace.distinctBytes * share;
  const family = families.find((each) => each.name === name);
  const odds =
    values.odds && family !== undefined && seed !== undefined ? knowsTheOdds(family, seed, days) : [];
  const options = { capacityBytes, high: 80, low: 60, bytesPerSecond: 50e6 };
  const replayed = [...choosers, ...odds].map(
    (maker) => [maker.name, replay(trace, maker, options).refetchedBytes] as const,
  );
  const best = bounds(trace, { highBytes: capacityBytes * 0.8, lowBytes: capacityBytes * 0.6 });
  return new Map([...replayed, ...best.map((bound) => [bound.name, bound.refetchedBytes] as const)]);
}

/** What is said of all cells together. */
class Summary {
  readonly #closed: number[] = [];
  readonly #ofLru: number[] = [];
  readonly #ofOthers: number[] = [];
  readonly #aboveRelaxed: number[] = [];
  readonly #worse: string[] = [];
  readonly #below = { relaxed: new Set<string>(), 'lower-bound': new Set<string>() };

  add(cell: string, bytes: ReadonlyMap<string, number>): void {
    const of = (name: string): number => bytes.get(name) ?? Number.NaN;
    const gap = of('lru') - of('clairvoyant');
    if (gap > LITTLE) this.#closed.push((of('lru') - of('value')) / gap);
    this.#ofLru.push(of('value') / of('lru'));
    this.#ofOthers.push(of('value') / of('biggest'), of('value') / of('existing-tool'));
    if (of('relaxed') > MUCH) this.#aboveRelaxed.push(of('clairvoyant') / of('relaxed'));
    if (of('value') > of('lru')) this.#worse.push(cell);
    for (const name of ['relaxed', 'lower-bound'] as const)
      for (const { name: policy } of choosers)
        if (of(policy) < of(name)) this.#below[name].add(`${policy} in ${cell}`);
  }

  print(): void {
    const mean = (list: readonly number[]): number => list.reduce((sum, each) => sum + each, 0) / list.length;
    const geometric = (list: readonly number[]): number =>
      Math.exp(mean(list.filter((each) => each > 0 && each < Infinity).map(Math.log)));
    const named = (list: Iterable<string>): string => [...list].join(', ') || 'none';
    const within = this.#aboveRelaxed.filter((ratio) => ratio <= 1.04).length;
    process.stdout.write(
      `\nvalue: closes ${percent(mean(this.#closed))} of the gap from lru to clairvoyant on average, ` +
        `${percent(Math.min(...this.#closed))} at least; fetches ${geometric(this.#ofLru).toFixed(2)} of what lru, ` +
        `${geometric(this.#ofOthers).toFixed(2)} of what biggest and existing-tool fetch again (geometric means)\n` +
        `value worse than lru: ${named(this.#worse)}\n` +
        `clairvoyant within 4% of relaxed: ${within} of ${this.#aboveRelaxed.length} cells above ${formatBytes(MUCH)}, ` +
        `${percent(Math.max(...this.#aboveRelaxed) - 1)} above it at most\n` +
        `below relaxed: ${named(this.#below.relaxed)}\n` +
        `below lower-bound: ${named(this.#below['lower-bound'])}\n`,
    );
  }
}

if (values.bands) {
  await printBands(cells(), findChoosers('lru,value'));
} else {
  const heads = ['trace', 'seed', 'disk', ...COLUMNS, 'gap closed', ...(values.odds ? ['by the odds'] : [])];
  row(heads);
  row(heads.map((_, at) => (at === 0 ? '---' : '---:')));
  const summary = new Summary();
  for await (const cell of cells()) {
    const bytes = measure(cell);
    const of = (name: string): number => bytes.get(name) ?? Number.NaN;
    const whole = of('lru') - of('clairvoyant');
    const gap = (least: number): string => (whole > LITTLE ? percent((of('lru') - least) / whole) : '–');
    const odds = [...bytes].filter(([name]) => name.startsWith('odds')).map(([, value]) => value);
    const seed = cell.seed === undefined ? '' : String(cell.seed);
    const texts = COLUMNS.map((name) => formatBytes(of(name)));
    row([
      cell.name,
      seed,
      percent(cell.share),
      ...texts,
      gap(of('value')),
      ...(values.odds ? [odds.length === 0 ? '' : gap(Math.min(...odds))] : []),
    ]);
    summary.add([cell.name, seed, percent(cell.share)].filter(Boolean).join(' '), bytes);
  }
  summary.print();
}
