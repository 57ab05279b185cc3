/** Arithmetic on amounts, of both resources at once. */
import type { Amount } from './thresholds.ts';

export const nothing: Amount = { bytes: 0, inodes: 0 };

export function isNothing(amount: Amount): boolean {
  return amount.bytes === 0 && amount.inodes === 0;
}

export function plus(a: Amount, b: Amount): Amount {
  return { bytes: a.bytes + b.bytes, inodes: a.inodes + b.inodes };
}

export function minus(a: Amount, b: Amount): Amount {
  return { bytes: a.bytes - b.bytes, inodes: a.inodes - b.inodes };
}

/** The amount with its sign turned: what was gained, as a loss. */
export function negative(amount: Amount): Amount {
  return minus(nothing, amount);
}

/** Not below nothing; what is negative takes nothing away. */
export function less(from: Amount, amount: Amount): Amount {
  return greater(minus(from, greater(amount, nothing)), nothing);
}

/** The greater of both, for each resource. */
export function greater(a: Amount, b = a): Amount {
  return { bytes: Math.max(a.bytes, b.bytes), inodes: Math.max(a.inodes, b.inodes) };
}

/** The smaller of both, for each resource. */
export function smaller(a: Amount, b: Amount): Amount {
  return { bytes: Math.min(a.bytes, b.bytes), inodes: Math.min(a.inodes, b.inodes) };
}

export function sum(amounts: Iterable<Amount>): Amount {
  let bytes = 0;
  let inodes = 0;
  for (const amount of amounts) {
    bytes += amount.bytes;
    inodes += amount.inodes;
  }
  return { bytes, inodes };
}
