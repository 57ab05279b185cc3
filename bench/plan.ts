/**
 * How long it takes to plan a big store: `npm run bench:plan`. Fresh forest each run, as in a real sweep; median of runs
 * after warm-up, and the first run as well, which a daemon that rarely sweeps sees.
 */
import { forestOf } from '../src/core/forest.ts';
import type { Forest } from '../src/core/forest.ts';
import { findPolicy } from '../src/core/policy/registry.ts';
import { chooseVictims, type Choice } from '../src/core/select/choose.ts';
import type { ImageStore } from '../src/core/store.ts';
import type { Amount } from '../src/core/thresholds.ts';
import { bigStore } from './store.ts';
import { greedy } from './greedy.ts';

const RUNS = 15;

function milliseconds(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function timed(work: () => void): string {
  const first = milliseconds(work);
  const times = Array.from({ length: RUNS }, () => milliseconds(work)).sort((a, b) => a - b);
  return `first ${first.toFixed(0).padStart(4)} ms   median ${(times[RUNS >> 1] ?? NaN).toFixed(1).padStart(6)} ms   worst ${(times.at(-1) ?? NaN).toFixed(1).padStart(6)} ms`;
}

function choose(name: string, store: ImageStore, forest: Forest, goal: Amount): Choice {
  const scarce = goal.bytes > 0 ? 'bytes' : 'inodes';
  return chooseVictims(findPolicy(name), { store, forest, candidates: forest.units, goal, scarce, nowMs: 0 });
}

const store = bigStore(10_000, 100_000, 1);
const forest = forestOf(store);
const total = { bytes: 0, inodes: 0 };
for (const layer of store.layers.values()) {
  total.bytes += layer.bytes;
  total.inodes += layer.inodes;
}
const part = (share: number, inodes: boolean): Amount => ({
  bytes: total.bytes * share,
  inodes: inodes ? total.inodes * share : 0,
});

const rows: string[] = [`build the forest            ${timed(() => forestOf(store))}`];
for (const policy of ['biggest', 'reclaimable']) {
  for (const share of [0.05, 0.25, 0.6]) {
    const label = `${policy}, free ${share * 100} %`.padEnd(27);
    rows.push(`${label} ${timed(() => choose(policy, store, forest, part(share, false)))}`);
  }
}
rows.push(
  `reclaimable, both resources ${timed(() => choose('reclaimable', store, forest, part(0.25, true)))}`,
  `build and reclaimable, 25 % ${timed(() => choose('reclaimable', store, forestOf(store), part(0.25, false)))}`,
);
process.stdout.write(`${store.images.length} images, ${store.layers.size} layers\n${rows.join('\n')}\n`);

process.stdout.write('\nimages deleted to free          biggest   greedy   reclaimable\n');
for (const share of [0.05, 0.25, 0.6]) {
  const goal = part(share, false);
  const counts = [
    choose('biggest', store, forest, goal).victims.length,
    greedy(forest, goal).length,
    choose('reclaimable', store, forest, goal).victims.length,
  ];
  process.stdout.write(
    `${`${share * 100} %`.padEnd(28)} ${counts.map((n) => String(n).padStart(9)).join(' ')}\n`,
  );
}
