/** Boosted trees as train.py writes them. */
import { readFileSync } from 'node:fs';
import * as v from 'valibot';

/** Feature, threshold (up to it: left), left, right, value, 1 where it is a leaf. */
const node = v.tuple([v.number(), v.number(), v.number(), v.number(), v.number(), v.number()]);
const schema = v.object({ base: v.number(), trees: v.array(v.array(node)) });

export type Trees = v.InferOutput<typeof schema>;

/** @throws v.ValiError when the file holds something else. */
export function readTrees(path: string): Trees {
  return v.parse(schema, JSON.parse(readFileSync(path, 'utf8')));
}

/** How likely it is. */
export function likely({ base, trees }: Trees, features: readonly number[]): number {
  let sum = base;
  for (const tree of trees) {
    let at = tree[0];
    while (at !== undefined && at[5] === 0) at = tree[(features[at[0]] ?? 0) <= at[1] ? at[2] : at[3]];
    sum += at?.[4] ?? 0;
  }
  return 1 / (1 + Math.exp(-sum));
}
