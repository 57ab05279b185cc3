/**
 * How much of the gap between `lru` and the clairvoyant mark `value` closes, on generated traces: `npm run bench:policies`.
 * Prints the table of docs/policies.md. Its seeds were never used to tune anything; tuning has 1 to 9.
 *
 *     node bench/policies.ts [--seeds 101,102] [--days 60] [--capacities 5,15,40] [--odds]
 *
 * With --odds also what can be had at all without seeing the future: a choice that knows how the trace is made (who is
 * how popular, what is planned) and only not how the dice will fall. Takes minutes.
 */
import { parseArgs } from 'node:util';
import { formatBytes } from '../src/core/format.ts';
import { findChoosers } from '../src/simulate/choosers.ts';
import { families, generate } from '../src/simulate/generate/families.ts';
import { replay } from '../src/simulate/replay.ts';
import { knowsTheOdds } from './odds.ts';

const NAMES = 'lru,value,biggest,existing-tool,clairvoyant';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '101,102' },
    days: { type: 'string', default: '60' },
    capacities: { type: 'string', default: '5,15,40' },
    odds: { type: 'boolean', default: false },
  },
});
const seeds = values.seeds.split(',').map(Number);
const shares = values.capacities.split(',').map((text) => Number(text) / 100);
const choosers = findChoosers(NAMES);
const closed: number[] = [];
const againstOthers: number[] = [];
let worseThanLru = 0;

const cell = (text: string): string => text.padStart(11);
const write = (cells: readonly string[]): void => void process.stdout.write(`| ${cells.join(' | ')} |\n`);
const heads = [
  'lru',
  'value',
  'biggest',
  'existing',
  'clairvoyant',
  'gap closed',
  ...(values.odds ? ['by odds'] : []),
];
write(['family ', 'seed', 'capacity', ...heads.map(cell)]);
write(['-------', '---:', '-------:', ...heads.map(() => `${'-'.repeat(10)}:`)]);
for (const family of families) {
  for (const seed of seeds) {
    const trace = generate(family, seed, Number(values.days));
    for (const share of shares) {
      const bytes = new Map<string, number>();
      const odds = values.odds ? knowsTheOdds(family, seed, Number(values.days)) : [];
      for (const maker of [...choosers, ...odds]) {
        const options = { high: 80, low: 60, bytesPerSecond: 50e6 };
        const figures = replay(trace, maker, { capacityBytes: trace.distinctBytes * share, ...options });
        bytes.set(maker.name, figures.refetchedBytes);
      }
      const of = (name: string): number => bytes.get(name) ?? NaN;
      const gap = (of('lru') - of('value')) / (of('lru') - of('clairvoyant'));
      const bestBytes = Math.min(...odds.map(({ name }) => of(name)));
      const best = (of('lru') - bestBytes) / (of('lru') - of('clairvoyant'));
      closed.push(gap);
      if (of('value') > of('lru')) worseThanLru += 1;
      againstOthers.push(of('value') / of('biggest'), of('value') / of('existing-tool'));
      write([
        family.name.padEnd(7),
        String(seed).padStart(4),
        `${share * 100} %`.padStart(8),
        ...choosers.map((maker) => cell(formatBytes(of(maker.name)))),
        cell(`${(gap * 100).toFixed(0)} %`),
        ...(values.odds ? [cell(`${(best * 100).toFixed(0)} %`)] : []),
      ]);
    }
  }
}
const mean = closed.reduce((sum, value) => sum + value, 0) / closed.length;
const geometric = Math.exp(
  againstOthers.reduce((sum, value) => sum + Math.log(value), 0) / againstOthers.length,
);
process.stdout.write(
  `\ngap closed: ${(mean * 100).toFixed(0)} % on average, ${(Math.min(...closed) * 100).toFixed(0)} % at least; ` +
    `worse than lru in ${worseThanLru} of ${closed.length}; ` +
    `${geometric.toFixed(2)} of what biggest and existing-tool fetch again (geometric mean)\n`,
);
