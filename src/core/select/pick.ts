/** A set of nodes under way to a selection: closed (each with all above it), with what it frees and what it loses. */
import { covers } from '../space.ts';
import type { Amount } from '../thresholds.ts';
import type { Clearable } from './clearable.ts';

export class Pick {
  readonly #nodes: Clearable;
  /** By node: 1 when it is in. */
  readonly has: Uint8Array;
  bytes = 0;
  inodes = 0;
  cost = 0;

  constructor(nodes: Clearable) {
    this.#nodes = nodes;
    this.has = new Uint8Array(nodes.count);
  }

  copy(): Pick {
    const copy = new Pick(this.#nodes);
    copy.has.set(this.has);
    copy.bytes = this.bytes;
    copy.inodes = this.inodes;
    copy.cost = this.cost;
    return copy;
  }

  /** Adds nodes; the caller sees to it that the set is closed. */
  add(nodes: Iterable<number>): void {
    for (const node of nodes) this.#put(node, 1);
  }

  /**
   * Adds the nodes without units whose last user goes with the others: they are freed, and what they are worth is lost,
   * whether it was asked for or not.
   */
  complete(): void {
    const { count, parent, units } = this.#nodes;
    const staying = new Int32Array(count);
    for (let node = count - 1; node >= 0; node--) {
      if (staying[node] === 0 && this.has[node] === 0 && units[node]?.length === 0) this.#put(node, 1);
      const below = parent[node] ?? -1;
      if (below >= 0 && this.has[node] === 0) staying[below] = (staying[below] ?? 0) + 1;
    }
  }

  /** Takes a node out, and with it all below it, which it holds. */
  drop(node: number): void {
    for (let at = node; at >= 0 && this.has[at] === 1; at = this.#nodes.parent[at] ?? -1) this.#put(at, 0);
  }

  covers(goal: Amount): boolean {
    return covers(this, goal);
  }

  /** Better: loses less; on a tie frees more of what the goal asks for; on a tie the one whose units come first. */
  isBetterThan(other: Pick, goal: Amount): boolean {
    if (this.cost !== other.cost) return this.cost < other.cost;
    const [mine, theirs] = [weightFor(goal, this), weightFor(goal, other)];
    if (mine !== theirs) return mine > theirs;
    const differs = this.has.findIndex((value, node) => value !== other.has[node]);
    return differs >= 0 && this.has[differs] === 1;
  }

  #put(node: number, value: 0 | 1): void {
    if (this.has[node] === value) return;
    this.has[node] = value;
    const sign = value === 1 ? 1 : -1;
    this.bytes += sign * (this.#nodes.bytes[node] ?? 0);
    this.inodes += sign * (this.#nodes.inodes[node] ?? 0);
    this.cost += sign * (this.#nodes.cost[node] ?? 0);
  }
}

/** One number for an amount: the needed resources, each measured by its goal, `bytesPart` of them bytes. */
export function weightFor(goal: Amount, amount: Amount, bytesPart = 0.5): number {
  const bytes = goal.bytes > 0 ? amount.bytes / goal.bytes : 0;
  const inodes = goal.inodes > 0 ? amount.inodes / goal.inodes : 0;
  return goal.bytes > 0 && goal.inodes > 0 ? bytesPart * bytes + (1 - bytesPart) * inodes : bytes + inodes;
}

/** The same for each node. */
export function weights(nodes: Clearable, goal: Amount, mix: number): Float64Array {
  const amount = { bytes: 0, inodes: 0 };
  const weight = new Float64Array(nodes.count);
  for (let node = 0; node < nodes.count; node++) {
    amount.bytes = nodes.bytes[node] ?? 0;
    amount.inodes = nodes.inodes[node] ?? 0;
    weight[node] = weightFor(goal, amount, mix);
  }
  return weight;
}

/**
 * Takes out what is not needed: as long as there is a node with units without which (and without what it holds) the goal
 * is still reached, the dearest such goes. What is left has no unit that could stay.
 */
export function trim(nodes: Clearable, pick: Pick, goal: Amount): void {
  for (let changed = true; changed;) {
    changed = false;
    const spare: { node: number; cost: number }[] = [];
    const over = { bytes: pick.bytes - goal.bytes, inodes: pick.inodes - goal.inodes };
    for (let node = 0; node < nodes.count; node++) {
      // Most nodes alone are more than there is to spare.
      if (pick.has[node] === 0 || (nodes.bytes[node] ?? 0) > over.bytes) continue;
      if ((nodes.inodes[node] ?? 0) > over.inodes || nodes.units[node]?.length === 0) continue;
      const cost = costOfSpare(nodes, pick, goal, node);
      if (cost !== undefined) spare.push({ node, cost });
    }
    spare.sort((a, b) => b.cost - a.cost || a.node - b.node);
    for (const { node } of spare) {
      if (pick.has[node] === 0 || costOfSpare(nodes, pick, goal, node) === undefined) continue;
      pick.drop(node);
      changed = true;
    }
  }
}

/** What a node and all that it holds cost; undefined where the goal is not reached without them. */
function costOfSpare(nodes: Clearable, pick: Pick, goal: Amount, node: number): number | undefined {
  let [bytes, inodes, cost] = [pick.bytes, pick.inodes, 0];
  for (let at = node; at >= 0 && pick.has[at] === 1; at = nodes.parent[at] ?? -1) {
    bytes -= nodes.bytes[at] ?? 0;
    inodes -= nodes.inodes[at] ?? 0;
    cost += nodes.cost[at] ?? 0;
    if (bytes < goal.bytes || inodes < goal.inodes) return undefined;
  }
  return cost;
}
