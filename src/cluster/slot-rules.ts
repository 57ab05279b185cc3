/**
 * The rules of the slots, pure: leases as they were read → which of them may be taken. Other clocks are not trusted:
 * a lease has expired when *we* have seen it unchanged for its whole duration (as client-go's leader election does).
 */
import type { LeaseObject } from './api.ts';

/** Since when (monotonic milliseconds) a lease is known to us in its present version. */
export interface Observation {
  readonly version: string;
  readonly sinceMs: number;
}

export interface SeenLease {
  readonly name: string;
  /** Undefined: the lease does not exist yet. */
  readonly lease: LeaseObject | undefined;
  readonly observation: Observation | undefined;
}

export type Claim =
  | { readonly kind: 'create'; readonly name: string }
  | {
      readonly kind: 'take';
      readonly name: string;
      readonly lease: LeaseObject;
      readonly from: string | undefined;
    };

export function slotName(index: number): string {
  return `docker-image-cleaner-slot-${index}`;
}

export function holderOf(lease: LeaseObject): string | undefined {
  const holder = lease.spec?.holderIdentity;
  return holder === undefined || holder === null || holder === '' ? undefined : holder;
}

/** The observation after looking again: the old one while the version is the same. */
export function observe(before: Observation | undefined, lease: LeaseObject, nowMs: number): Observation {
  const version = lease.metadata.resourceVersion ?? '';
  return before?.version === version ? before : { version, sinceMs: nowMs };
}

function hasExpired(seen: SeenLease, nowMs: number, defaultSeconds: number): boolean {
  if (seen.lease === undefined || seen.observation === undefined) return false;
  const seconds = seen.lease.spec?.leaseDurationSeconds ?? defaultSeconds;
  return nowMs - seen.observation.sinceMs > seconds * 1000;
}

/**
 * What to try, best first: a slot that is ours already (from an earlier run, or a try whose answer was lost), then free ones in
 * the order given, then those whose holder has not been heard of for the whole duration.
 */
export function claims(
  seen: readonly SeenLease[],
  me: string,
  nowMs: number,
  defaultSeconds: number,
): readonly Claim[] {
  const own: Claim[] = [];
  const free: Claim[] = [];
  const expired: Claim[] = [];
  for (const each of seen) {
    const { name, lease } = each;
    if (lease === undefined) {
      free.push({ kind: 'create', name });
      continue;
    }
    const from = holderOf(lease);
    const claim: Claim = { kind: 'take', name, lease, from };
    if (from === me) own.push(claim);
    else if (from === undefined) free.push(claim);
    else if (hasExpired(each, nowMs, defaultSeconds)) expired.push(claim);
  }
  return [...own, ...free, ...expired];
}

/**
 * How long after the start of the last successful renewal a holder may still believe that it holds: two thirds of the
 * duration. Others wait for the whole of it, counted from later; the third is for ending the sweep and uncordoning.
 */
export function beliefMs(durationSeconds: number): number {
  return (durationSeconds * 1000 * 2) / 3;
}

/** RFC 3339 with microseconds, as Kubernetes' MicroTime wants it. */
export function microTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}
