/**
 * How long it takes to plan a big store: `npm run bench plan`. The whole plan, from the snapshot to victims and reasons, is
 * of another store each time; then its parts. Elapsed time of the first run (a daemon that rarely sweeps
 * sees it), the best and the median of the runs after it; and the median of the processor time, which says more on a
 * machine that does other work at the same time.
 */
import { forestOf } from '../../src/core/forest/forest.ts';
import type { Forest } from '../../src/core/forest/forest.ts';
import { leastLoss } from '../../src/core/select/least-loss/least-loss.ts';
import { findPolicy } from '../../src/core/policy/registry.ts';
import { makePlan } from '../../src/core/plan/plan.ts';
import { chooseVictims, type Choice } from '../../src/core/select/choose.ts';
import type { ImageStore } from '../../src/core/model/store.ts';
import type { Amount, Thresholds, Usage } from '../../src/core/model/thresholds.ts';
import { bigStore } from './store.ts';
import { greedy } from '../policies/greedy.ts';
import { rulesWith } from '../../harness/program/plan-rules.ts';

const RUNS = 15;

interface Times {
  readonly elapsedMs: number;
  readonly processorMs: number;
}

function times(work: () => void): Times {
  const [start, cpu] = [performance.now(), process.threadCpuUsage()];
  work();
  const { user, system } = process.threadCpuUsage(cpu);
  return { elapsedMs: performance.now() - start, processorMs: (user + system) / 1000 };
}

/** @param prepare what the work is given; not measured, and what it leaves to collect is collected before. */
function timed<T>(prepare: (run: number) => T, work: (given: T) => void): string {
  const run = (at: number): Times => {
    const given = prepare(at);
    globalThis.gc?.();
    return times(() => {
      work(given);
    });
  };
  const first = run(0);
  const runs = Array.from({ length: RUNS }, (_, at) => run(at + 1));
  const sorted = (values: number[]): number[] => values.sort((a, b) => a - b);
  const elapsed = sorted(runs.map((run) => run.elapsedMs));
  const processor = sorted(runs.map((run) => run.processorMs));
  return [first.elapsedMs, elapsed[0], elapsed[RUNS >> 1], processor[RUNS >> 1]]
    .map((value) => (value ?? NaN).toFixed(0).padStart(9))
    .join('');
}

function choose(name: string, store: ImageStore, forest: Forest, goal: Amount): Choice {
  const scarce = goal.bytes > 0 ? 'bytes' : 'inodes';
  return chooseVictims(findPolicy(name), { store, forest, candidates: forest.units, goal, scarce, nowMs: 0 });
}

/** The usage of a disk twice as large as the store, so full that a quarter of the store must be deleted. */
function usageOver(store: ImageStore): Usage {
  let bytes = 0;
  for (const layer of store.layers.values()) bytes += layer.bytes;
  const total = 2 * bytes;
  return {
    path: '/',
    bytes: { total, available: total * (1 - 0.8) },
    inodes: undefined,
    allocated: undefined,
  };
}

const thresholds: Thresholds = { type: 'relative', high: 80, low: 67.5 };

/** The rows of the whole plan: a store that was never seen each time. */
function wholePlans(): readonly string[] {
  return ['biggest', 'reclaimable', 'value'].map((name) => {
    const policy = findPolicy(name);
    const plan = timed(
      (run) => bigStore(10_000, 100_000, 100 + run),
      (store) => makePlan({ store, usage: usageOver(store), nowMs: 0 }, rulesWith({ thresholds, policy })),
    );
    return `${`the whole plan, ${name}`.padEnd(27)} ${plan}`;
  });
}

const whole = wholePlans();
const store = bigStore(10_000, 100_000, 1);
const nothing = (): void => undefined;
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

const rows: string[] = [
  'milliseconds                    first     best   median   median of processor time',
  ...whole,
  `build the forest            ${timed(nothing, () => forestOf(store))}`,
];
for (const policy of ['biggest', 'reclaimable']) {
  for (const share of [0.05, 0.25, 0.6]) {
    const label = `${policy}, free ${share * 100}%`.padEnd(27);
    rows.push(`${label} ${timed(nothing, () => choose(policy, store, forest, part(share, false)))}`);
  }
}
const names = forest.units.map((unit) => unit.id);
const worths = { unit: (unit: number): number => 1 + ((unit * 7919) % 1000) };
rows.push(
  `1,000 worths, 25%          ${timed(nothing, () => leastLoss(forest, names, worths, part(0.25, false)))}`,
  `reclaimable, both resources ${timed(nothing, () => choose('reclaimable', store, forest, part(0.25, true)))}`,
  `build and reclaimable, 25% ${timed(nothing, () => choose('reclaimable', store, forestOf(store), part(0.25, false)))}`,
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
    `${`${share * 100}%`.padEnd(28)} ${counts.map((n) => String(n).padStart(9)).join(' ')}\n`,
  );
}
