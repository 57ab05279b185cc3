/** For a clairvoyant policy: the next use of a trace that needs a layer. */
import type { Trace } from '../traces/trace.ts';

/** By entry of the chains of all uses, one after another: the next use that needs the layer; NEVER where there is none. */
export interface NextUses {
  readonly nextUse: Float64Array;
  /** By use: where its entries begin, in the order of its image's layers from the bottom up. */
  readonly begin: Float64Array;
}

export const NEVER = Infinity;

export function nextUses({ imageOf, chains, layers }: Trace): NextUses {
  const begin = new Float64Array(imageOf.length);
  let entries = 0;
  for (let use = 0; use < imageOf.length; use++) {
    begin[use] = entries;
    entries += chains[imageOf[use] ?? 0]?.length ?? 0;
  }
  const nextUse = new Float64Array(entries);
  const next = new Float64Array(layers.length).fill(NEVER);
  for (let use = imageOf.length - 1; use >= 0; use--) {
    const chain = chains[imageOf[use] ?? 0] ?? [];
    const from = begin[use] ?? 0;
    for (let at = 0; at < chain.length; at++) {
      const layer = chain[at] ?? 0;
      nextUse[from + at] = next[layer] ?? NEVER;
      next[layer] = use;
    }
  }
  return { nextUse, begin };
}
