/** Settles which groups to clear: the beginning of their sequence, and the best end for it. */
import type { Amount } from '../../model/thresholds.ts';
import type { Clearable } from './reduced-forest.ts';
import { cheapestCover } from './exact-search.ts';
import { densityGroups, nodesOf, type Groups } from './density-groups.ts';
import { isJoined, joinKept, type Joined } from './joined.ts';
import { Pick, weightFor, weights } from './closed-set.ts';

/**
 * A forest of no more nodes than that is settled exactly. In a bigger one an exact search around the goal was tried, and
 * gained nothing that could be measured (docs/adr/0001-exact-search.md).
 */
const EXACT_NODES = 64;

/**
 * How many partial choices are kept at a node: all in a very small forest (14 images have 16,384 subsets and 27 nodes at
 * most), as many as time allows in one of EXACT_NODES. There the bound of exact-search.ts leaves fewer than these in most cases.
 */
const statesFor = (nodes: number): number => (nodes <= 28 ? 16_384 : Math.floor(12_000 / nodes));

/** How often the forest is joined again at the price that the last solution found. */
const ROUNDS = 2;

/** The cheapest pick found that reaches the goal, which must be in reach. */
export function cheapestPick(nodes: Clearable, goal: Amount, mix: number): Pick {
  const weight = weights(nodes, goal, mix);
  let sequence = sequenceOf(nodes, weight, goal);
  let best = trimmed(withBestEnd(nodes, sequence, goal), goal);
  if (!isJoined(nodes)) {
    let price = ratioAt(sequence);
    for (let round = 0; round < ROUNDS; round++) {
      const joined = joinKept(nodes, weight, price);
      const next = sequenceOf(joined.nodes, weights(joined.nodes, goal, mix), goal);
      const pick = trimmed(unjoined(nodes, joined, withBestEnd(joined.nodes, next, goal)), goal);
      if (pick.isBetterThan(best, goal)) best = pick;
      sequence = next;
      if (ratioAt(next) === price) break;
      price = ratioAt(next);
    }
  }
  if (nodes.count > EXACT_NODES) return best;
  // As it is, not joined: there are so few nodes that every choice can be weighed.
  const found = cheapestCover(nodes, goal, {
    maxCost: best.cost,
    maxStates: statesFor(nodes.count),
    price: priceAt(sequence, goal, mix),
  });
  if (found === undefined) return best;
  const exact = new Pick(nodes);
  exact.add(Int32Array.from(found));
  const pick = trimmed(exact, goal);
  return pick.isBetterThan(best, goal) ? pick : best;
}

function sequenceOf(nodes: Clearable, weight: Float64Array, goal: Amount): Sequence {
  const groups = densityGroups(nodes, weight);
  const reached = reachedAt(nodes, groups, goal.bytes, goal.inodes);
  return { groups, groupOf: groupsByNode(groups, nodes.count), reached };
}

/** The same set of original nodes. */
function unjoined(nodes: Clearable, { place }: Joined, of: Pick): Pick {
  const pick = new Pick(nodes);
  const list = new Int32Array(nodes.count);
  let count = 0;
  for (let node = 0; node < nodes.count; node++) if (of.has[place[node] ?? 0] === 1) list[count++] = node;
  pick.add(list.subarray(0, count));
  return pick;
}

function trimmed(pick: Pick, goal: Amount): Pick {
  pick.complete();
  pick.trim(goal);
  return pick;
}

/** The groups in their order, and where in it the goal is reached. */
interface Sequence {
  readonly groups: Groups;
  /** By node: the place of its group. */
  readonly groupOf: Int32Array;
  readonly reached: number;
}

// The hot loops of a big store are functions of their own, on lists; see id-index.ts.

/** The group with which the goal is reached; how many there are where it never is. */
function reachedAt(nodes: Clearable, groups: Groups, goalBytes: number, goalInodes: number): number {
  let [bytes, inodes] = [0, 0];
  for (let group = 0; group < groups.count; group++) {
    const end = groups.start[group + 1] ?? 0;
    for (let at = groups.start[group] ?? 0; at < end; at++) {
      const node = groups.nodes[at] ?? 0;
      bytes += nodes.bytes[node] ?? 0;
      inodes += nodes.inodes[node] ?? 0;
    }
    if (bytes >= goalBytes && inodes >= goalInodes) return group;
  }
  return groups.count;
}

function groupsByNode(groups: Groups, count: number): Int32Array {
  const groupOf = new Int32Array(count);
  for (let group = 0; group < groups.count; group++) {
    const end = groups.start[group + 1] ?? 0;
    for (let at = groups.start[group] ?? 0; at < end; at++) groupOf[groups.nodes[at] ?? 0] = group;
  }
  return groupOf;
}

/** The pick of the groups before one. */
function upTo(nodes: Clearable, groups: Groups, group: number): Pick {
  const pick = new Pick(nodes);
  pick.add(groups.nodes.subarray(0, groups.start[group] ?? 0));
  return pick;
}

/** What must be there before a group so that the goal is reached with it. */
function afterwards(goal: Amount, nodes: Clearable, group: Int32Array): Amount {
  let { bytes, inodes } = goal;
  for (const node of group) {
    bytes -= nodes.bytes[node] ?? 0;
    inodes -= nodes.inodes[node] ?? 0;
  }
  return { bytes, inodes };
}

/**
 * Continues from where the next group would reach the goal: a group that reaches it is remembered as an end and left
 * out, one that does not is taken. The cheapest end wins.
 */
function withBestEnd(nodes: Clearable, sequence: Sequence, goal: Amount): Pick {
  const { groups, reached } = sequence;
  const current = upTo(nodes, groups, reached);
  const lacking = leftOut(nodes, sequence);
  let best: Pick | undefined;
  for (let at = reached; at < groups.count; at++) {
    if (best !== undefined && current.cost >= best.cost) break;
    const group = nodesOf(groups, at);
    if (lacking.has(at)) lacking.add(at);
    else if (current.covers(afterwards(goal, nodes, group))) {
      if (best === undefined || current.cost + (groups.cost[at] ?? 0) < best.cost) {
        best = current.copy();
        best.add(group);
      }
      lacking.add(at);
    } else current.add(group);
  }
  return best ?? current;
}

/** Groups that are left out, and with them those below: they cannot be cleared without. */
function leftOut(
  nodes: Clearable,
  { groups, groupOf }: Sequence,
): { has: (at: number) => boolean; add: (at: number) => void } {
  const out = new Set<number>();
  return {
    has: (at) => out.has(at),
    add: (at) => {
      out.add(at);
      for (const node of nodesOf(groups, at)) {
        const below = nodes.parent[node] ?? -1;
        if (below >= 0) out.add(groupOf[below] ?? at);
      }
    },
  };
}

/** What the group with which the goal is reached pays for weight. */
function ratioAt({ groups, reached }: Sequence): number {
  const known = groups.ratio[reached] ?? 0;
  return known < Infinity ? known : 0;
}

/** The same for a byte and for an inode. */
function priceAt(sequence: Sequence, goal: Amount, mix: number): Amount {
  const ratio = ratioAt(sequence);
  return {
    bytes: ratio * weightFor(goal, { bytes: 1, inodes: 0 }, mix),
    inodes: ratio * weightFor(goal, { bytes: 0, inodes: 1 }, mix),
  };
}
