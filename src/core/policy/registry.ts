/** All policies by name. A new policy is a file beside this one and a line in the list. */
import { biggest } from './biggest.ts';
import { lru } from './lru.ts';
import type { Policy } from './policy.ts';
import { reclaimable } from './reclaimable.ts';
import { value } from './value.ts';

export const policies: readonly Policy[] = [biggest, reclaimable, lru, value];

export const defaultPolicy: Policy = biggest;

/** @throws RangeError, which lists the known ones. */
export function findPolicy(name: string): Policy {
  const policy = policies.find((known) => known.name === name);
  if (policy !== undefined) return policy;
  throw new RangeError(
    `unknown policy "${name}"; expected one of ${policies.map((known) => known.name).join(', ')}`,
  );
}
