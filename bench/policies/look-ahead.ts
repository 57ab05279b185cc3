/**
 * What looking further ahead than one sweep gains: the clairvoyant choice, but each sweep tries some variants of it and
 * takes the one after which the next sweeps, made as `clairvoyant` makes them, fetch least. Too slow for `simulate`.
 */
import { isTriggered, type Usage } from '../../src/core/model/thresholds.ts';
import type { WorthPolicy } from '../../src/core/policy/policy.ts';
import { type ChooserMaker, type Moment, plannedVictims } from '../../src/simulate/replay/chooser.ts';
import { Ends } from '../../src/simulate/replay/ends.ts';
import { VirtualStore } from '../../src/simulate/replay/virtual-store.ts';
import type { Trace } from '../../src/simulate/traces/trace.ts';
import { Random } from '../../src/simulate/generate/random.ts';

/** By variant: how much the worths are shaken (standard deviation of their logarithm). The first is the choice itself. */
const SHAKEN = [0, 0.1, 0.3, 1, 0.1, 0.3, 1, 0.1, 0.3];

const described = { name: 'look-ahead', summary: 'clairvoyant, some sweeps ahead', isReference: true };

/** @param uses how far each variant is followed. */
export function looksAhead(uses: number): ChooserMaker {
  return {
    ...described,
    make: ({ trace }) => {
      const future = new Future(trace);
      const random = new Random(1);
      return (moment) => {
        const until = Math.min(trace.imageOf.length, moment.nextUse + uses);
        const tried = new Set<string>();
        let best: readonly number[] = [];
        let least = Infinity;
        for (const shaken of SHAKEN) {
          const victims = future.victims(moment, () => Math.exp(shaken * random.normal()));
          const key = victims.join();
          if (tried.has(key)) continue;
          tried.add(key);
          const fetched = future.fetchedAfter(moment, victims, until);
          if (fetched < least) [best, least] = [victims, fetched];
        }
        return best;
      };
    },
  };
}

class Future {
  readonly #trace: Trace;
  readonly #numbers: ReadonlyMap<string, number>;
  /** By layer: the uses that need it, in order. */
  readonly #uses: readonly (readonly number[])[];

  constructor(trace: Trace) {
    this.#trace = trace;
    this.#numbers = new Map(trace.layers.map(({ id }, layer) => [id, layer]));
    const uses = trace.layers.map((): number[] => []);
    trace.imageOf.forEach((image, use) => {
      for (const layer of trace.chains[image] ?? []) uses[layer]?.push(use);
    });
    this.#uses = uses;
  }

  /** What the daemon's planner takes when worths are bytes by the time until they are needed, times something. */
  victims(moment: Moment, times: () => number): readonly number[] {
    const { layers, startsMs } = this.#trace;
    const policy: WorthPolicy = {
      kind: 'worth',
      ...described,
      worths: () => ({
        unit: () => 0,
        layer: (id) => {
          const layer = this.#numbers.get(id) ?? -1;
          const use = firstFrom(this.#uses[layer] ?? [], moment.nextUse);
          if (use === undefined) return 0;
          const ms = Math.max(1, (startsMs[use] ?? 0) - moment.nowMs);
          return ((layers[layer]?.bytes ?? 0) / ms) * times();
        },
      }),
      reason: () => 'wanted latest',
    };
    return plannedVictims(policy, moment);
  }

  /** The bytes fetched until a use when these victims go now. */
  fetchedAfter(moment: Moment, victims: readonly number[], until: number): number {
    const { imageOf, startsMs, holdsMs } = this.#trace;
    const { store, ends } = copyOf(moment.store);
    for (const victim of victims) store.remove(victim);
    let fetched = 0;
    for (let use = moment.nextUse; use < until; use++) {
      const nowMs = startsMs[use] ?? 0;
      const image = imageOf[use] ?? 0;
      for (let end = ends.popUntil(nowMs); end !== undefined; end = ends.popUntil(nowMs))
        store.stop(end.containerId, end.image, end.atMs);
      fetched += store.pull(image, nowMs).bytes;
      store.start(`use-${use}`, image, nowMs);
      ends.push(nowMs + (holdsMs[use] ?? 0), `use-${use}`, image);
      const usage = usageOf(moment.usage, store.usedBytes);
      if (!isTriggered(usage, moment.thresholds)) continue;
      for (const victim of this.victims({ ...moment, store, usage, nowMs, nextUse: use + 1 }, () => 1))
        store.remove(victim);
    }
    return fetched;
  }
}

function usageOf(usage: Usage, used: number): Usage {
  const { total } = usage.bytes;
  return { ...usage, bytes: { total, available: total - used }, allocated: { bytes: used, inodes: 0 } };
}

function copyOf(original: VirtualStore): { readonly store: VirtualStore; readonly ends: Ends } {
  const { trace } = original;
  const store = new VirtualStore(trace);
  const ends = new Ends();
  for (const image of original.present()) store.pull(image, 0);
  for (const { id } of original.snapshot().containers) {
    const use = useOf(id);
    const [image, fromMs] = [trace.imageOf[use] ?? 0, trace.startsMs[use] ?? 0];
    store.start(id, image, fromMs);
    ends.push(fromMs + (trace.holdsMs[use] ?? 0), id, image);
  }
  return { store, ends };
}

/** The use that began a container of a replay. */
export function useOf(containerId: string): number {
  return Number(containerId.slice('use-'.length));
}

function firstFrom(uses: readonly number[], from: number): number | undefined {
  let low = 0;
  let high = uses.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((uses[middle] ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return uses[low];
}
