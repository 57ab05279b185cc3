/** A set of nodes under way to a selection: closed (each with all above it), with what it frees and what it loses. */
import { covers } from '../../forest/reclaim.ts';
import type { Amount } from '../../model/thresholds.ts';
import { ascending } from '../order/sorting.ts';
import type { Clearable } from './reduced-forest.ts';

export class Pick {
  readonly #nodes: Clearable;
  /** By node: 1 when it is in. */
  readonly has: Uint8Array;
  /** Bytes, inodes, cost. */
  readonly #sums = new Float64Array(3);

  constructor(nodes: Clearable) {
    this.#nodes = nodes;
    this.has = new Uint8Array(nodes.count);
  }

  get bytes(): number {
    return this.#sums[0] ?? 0;
  }

  get inodes(): number {
    return this.#sums[1] ?? 0;
  }

  get cost(): number {
    return this.#sums[2] ?? 0;
  }

  copy(): Pick {
    const copy = new Pick(this.#nodes);
    copy.has.set(this.has);
    copy.#sums.set(this.#sums);
    return copy;
  }

  /** Adds nodes; the caller sees to it that the set is closed. */
  add(nodes: Int32Array): void {
    addNodes(this.#nodes, this.has, this.#sums, nodes);
  }

  /**
   * Adds the nodes without units whose last user is deleted with the others: they are freed and their worth is lost
   * in any case.
   */
  complete(): void {
    const { parent, hasUnits } = this.#nodes;
    this.add(completing(parent, hasUnits, this.has));
  }

  /**
   * Takes out what is not needed: as long as there is a node with units without which (and without what it holds) the
   * goal is still reached, the dearest such is taken out. In the result every unit is needed.
   */
  trim(goal: Amount): void {
    while (this.#dropSpare(goal));
  }

  /** @returns whether there was a node to spare. */
  #dropSpare(goal: Amount): boolean {
    const spare = spareNodes(this.#nodes, this.has, this.#sums, goal.bytes, goal.inodes);
    // The dearest first.
    const order = ascending(spare.cost.map((cost) => -cost));
    return dropInOrder(this.#nodes, this.has, this.#sums, goal, spare.nodes, order);
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
}

/** One number for an amount: the needed resources, each measured by its goal, `bytesPart` of them bytes. */
export function weightFor(goal: Amount, amount: Amount, bytesPart = 0.5): number {
  return weightOf(goal.bytes, goal.inodes, amount.bytes, amount.inodes, bytesPart);
}

/** The same for each node. */
export function weights(nodes: Clearable, goal: Amount, mix: number): Float64Array {
  const weight = new Float64Array(nodes.count);
  for (let node = 0; node < nodes.count; node++) {
    weight[node] = weightOf(goal.bytes, goal.inodes, nodes.bytes[node] ?? 0, nodes.inodes[node] ?? 0, mix);
  }
  return weight;
}

function weightOf(
  goalBytes: number,
  goalInodes: number,
  ofBytes: number,
  ofInodes: number,
  bytesPart: number,
): number {
  const bytes = goalBytes > 0 ? ofBytes / goalBytes : 0;
  const inodes = goalInodes > 0 ? ofInodes / goalInodes : 0;
  return goalBytes > 0 && goalInodes > 0 ? bytesPart * bytes + (1 - bytesPart) * inodes : bytes + inodes;
}

// The hot loops of a big store are functions of their own; see id-index.ts. Sums are bytes, inodes, cost.

function addNodes(nodes: Clearable, has: Uint8Array, sums: Float64Array, list: Int32Array): void {
  let [bytes, inodes, cost] = [sums[0] ?? 0, sums[1] ?? 0, sums[2] ?? 0];
  for (let at = 0; at < list.length; at++) {
    const node = list[at] ?? 0;
    if (has[node] === 1) continue;
    has[node] = 1;
    bytes += nodes.bytes[node] ?? 0;
    inodes += nodes.inodes[node] ?? 0;
    cost += nodes.cost[node] ?? 0;
  }
  [sums[0], sums[1], sums[2]] = [bytes, inodes, cost];
}

/** Nodes without units and without kept nodes above. */
function completing(parent: Int32Array, hasUnits: Uint8Array, has: Uint8Array): Int32Array {
  const found: number[] = [];
  const isHeld = new Uint8Array(parent.length);
  for (let node = parent.length - 1; node >= 0; node--) {
    if (has[node] === 1) continue;
    const below = parent[node] ?? -1;
    if (isHeld[node] === 0 && hasUnits[node] === 0) found.push(node);
    else if (below >= 0) isHeld[below] = 1;
  }
  return Int32Array.from(found);
}

/** Nodes with units without which the goal is still reached, and what each costs with what it holds. */
function spareNodes(
  nodes: Clearable,
  has: Uint8Array,
  sums: Float64Array,
  goalBytes: number,
  goalInodes: number,
): { readonly nodes: readonly number[]; readonly cost: Float64Array } {
  const spare: number[] = [];
  const costs: number[] = [];
  const overBytes = (sums[0] ?? 0) - goalBytes;
  const overInodes = (sums[1] ?? 0) - goalInodes;
  for (let node = 0; node < nodes.count; node++) {
    // Most nodes alone are more than there is to spare.
    if (has[node] === 0 || (nodes.bytes[node] ?? 0) > overBytes) continue;
    if ((nodes.inodes[node] ?? 0) > overInodes || nodes.hasUnits[node] === 0) continue;
    const cost = costOfSpare(nodes, has, sums, goalBytes, goalInodes, node);
    if (cost < 0) continue;
    spare.push(node);
    costs.push(cost);
  }
  return { nodes: spare, cost: Float64Array.from(costs) };
}

/** What a node and all that it holds cost; -1 where the goal is not reached without them. */
function costOfSpare(
  nodes: Clearable,
  has: Uint8Array,
  sums: Float64Array,
  goalBytes: number,
  goalInodes: number,
  node: number,
): number {
  let bytes = sums[0] ?? 0;
  let inodes = sums[1] ?? 0;
  let cost = 0;
  for (let at = node; at >= 0 && has[at] === 1; at = nodes.parent[at] ?? -1) {
    bytes -= nodes.bytes[at] ?? 0;
    inodes -= nodes.inodes[at] ?? 0;
    cost += nodes.cost[at] ?? 0;
    if (bytes < goalBytes || inodes < goalInodes) return -1;
  }
  return cost;
}

/** Takes out those of some nodes that are still to spare when it is their turn. @returns whether there was one. */
function dropInOrder(
  nodes: Clearable,
  has: Uint8Array,
  sums: Float64Array,
  goal: Amount,
  spare: readonly number[],
  order: Int32Array,
): boolean {
  const { bytes: goalBytes, inodes: goalInodes } = goal;
  let hasDropped = false;
  for (let at = 0; at < order.length; at++) {
    const node = spare[order[at] ?? 0] ?? 0;
    if (has[node] === 0 || costOfSpare(nodes, has, sums, goalBytes, goalInodes, node) < 0) continue;
    hasDropped = true;
    // With it all below it, which it holds.
    for (let below = node; below >= 0 && has[below] === 1; below = nodes.parent[below] ?? -1) {
      has[below] = 0;
      sums[0] = (sums[0] ?? 0) - (nodes.bytes[below] ?? 0);
      sums[1] = (sums[1] ?? 0) - (nodes.inodes[below] ?? 0);
      sums[2] = (sums[2] ?? 0) - (nodes.cost[below] ?? 0);
    }
  }
  return hasDropped;
}
