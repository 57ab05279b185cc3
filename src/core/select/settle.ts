/** Settles which groups to clear: the beginning of their sequence, and the best end for it. */
import type { Amount } from '../thresholds.ts';
import type { Clearable } from './clearable.ts';
import { cheapestCover } from './cover.ts';
import { densityGroups } from './density.ts';
import type { Group } from './density.ts';
import { Pick, trim, weightFor, weights } from './pick.ts';

/** How many nodes are settled exactly: all of a small forest, the surroundings of the goal in a big one. */
const WINDOW_NODES = 64;

/**
 * How many partial choices are kept at a node: all in a small forest (14 images have 16,384 subsets and 27 nodes at
 * most), as many as time allows in a full window. There the bound of cover.ts leaves fewer than these in most cases.
 */
const statesFor = (nodes: number): number => (nodes <= 28 ? 16_384 : Math.floor(12_000 / nodes));

/** The cheapest pick found that reaches the goal, which must be in reach. */
export function cheapestPick(nodes: Clearable, goal: Amount, mix: number): Pick {
  const groups = densityGroups(nodes, weights(nodes, goal, mix));
  const groupOf = groupsByNode(nodes, groups);
  const start = new Pick(nodes);
  let reached = 0;
  for (; reached < groups.length; reached++) {
    const group = groups[reached];
    if (group === undefined || start.covers(afterwards(goal, nodes, group))) break;
    start.add(group.nodes);
  }
  let best = withBestEnd(nodes, { groups, groupOf, reached }, start, goal);
  best.complete();
  trim(nodes, best, goal);
  const price = priceAt(groups[reached], goal, mix);
  const exact = withinWindow(nodes, { groups, groupOf, reached }, { known: best, goal, price });
  if (exact !== undefined) {
    exact.complete();
    trim(nodes, exact, goal);
    if (exact.isBetterThan(best, goal)) best = exact;
  }
  return best;
}

/** The groups in their order, and where in it the goal is reached. */
interface Sequence {
  readonly groups: readonly Group[];
  /** By node: the place of its group. */
  readonly groupOf: Int32Array;
  readonly reached: number;
}

function groupsByNode(nodes: Clearable, groups: readonly Group[]): Int32Array {
  const groupOf = new Int32Array(nodes.count);
  groups.forEach((group, at) => {
    for (const node of group.nodes) groupOf[node] = at;
  });
  return groupOf;
}

/** What must be there before a group so that the goal is reached with it. */
function afterwards(goal: Amount, nodes: Clearable, group: Group): Amount {
  let { bytes, inodes } = goal;
  for (const node of group.nodes) {
    bytes -= nodes.bytes[node] ?? 0;
    inodes -= nodes.inodes[node] ?? 0;
  }
  return { bytes, inodes };
}

/**
 * Goes on from where the next group would reach the goal: a group that reaches it is remembered as an end and left out,
 * one that does not is taken. The cheapest end wins.
 */
function withBestEnd(
  nodes: Clearable,
  { groups, groupOf, reached }: Sequence,
  start: Pick,
  goal: Amount,
): Pick {
  const current = start.copy();
  const lacking = leftOut(nodes, groups, groupOf);
  let best: Pick | undefined;
  for (const [at, group] of groups.entries()) {
    if (at < reached) continue;
    if (best !== undefined && current.cost >= best.cost) break;
    if (lacking.has(at)) lacking.add(at);
    else if (current.covers(afterwards(goal, nodes, group))) {
      if (best === undefined || current.cost + group.cost < best.cost) {
        best = current.copy();
        best.add(group.nodes);
      }
      lacking.add(at);
    } else current.add(group.nodes);
  }
  return best ?? current;
}

/** Groups that are left out, and with them those that stand below: they cannot go without. */
function leftOut(
  nodes: Clearable,
  groups: readonly Group[],
  groupOf: Int32Array,
): { has: (at: number) => boolean; add: (at: number) => void } {
  const out = new Set<number>();
  return {
    has: (at) => out.has(at),
    add: (at) => {
      out.add(at);
      for (const node of groups[at]?.nodes ?? []) {
        const below = nodes.parent[node] ?? -1;
        if (below >= 0) out.add(groupOf[below] ?? at);
      }
    },
  };
}

/** What a group pays for a byte and for an inode. */
function priceAt(group: Group | undefined, goal: Amount, mix: number): Amount {
  const ratio = group !== undefined && group.ratio < Infinity ? group.ratio : 0;
  return {
    bytes: ratio * weightFor(goal, { bytes: 1, inodes: 0 }, mix),
    inodes: ratio * weightFor(goal, { bytes: 0, inodes: 1 }, mix),
  };
}

interface Wanted {
  /** A choice that reaches the goal, to be beaten. */
  readonly known: Pick;
  readonly goal: Amount;
  readonly price: Amount;
}

/** The exact choice among the groups around the goal; what comes before them is taken, what comes after is not. */
function withinWindow(
  nodes: Clearable,
  { groups, groupOf, reached }: Sequence,
  { known, goal, price }: Wanted,
): Pick | undefined {
  const window = new Set<number>();
  const lacking = leftOut(nodes, groups, groupOf);
  let [first, next, size] = [reached, reached, 0];
  const fits = (at: number): boolean => size + (groups[at]?.nodes.length ?? Infinity) <= WINDOW_NODES;
  const take = (at: number): void => {
    size += groups[at]?.nodes.length ?? 0;
    window.add(at);
  };
  while (size < WINDOW_NODES && (next < groups.length || first > 0)) {
    const [before, after] = [first, next];
    if (next < groups.length) {
      // One that is too big for the window is not taken at all: its likes are what withBestEnd() tries.
      if (!lacking.has(next) && fits(next)) take(next);
      else lacking.add(next);
      next++;
    }
    if (first > 0 && fits(first - 1)) take(--first);
    if (before === first && after === next) break;
  }
  const pick = new Pick(nodes);
  for (const group of groups.slice(0, first)) pick.add(group.nodes);
  const part = [...window].flatMap((at) => groups[at]?.nodes ?? []).sort((a, b) => a - b);
  const found = cheapestCover(nodes, {
    nodes: part,
    goal: { bytes: goal.bytes - pick.bytes, inodes: goal.inodes - pick.inodes },
    maxCost: known.cost - pick.cost,
    maxStates: statesFor(part.length),
    price,
  });
  if (found === undefined) return undefined;
  pick.add(found);
  return pick;
}
