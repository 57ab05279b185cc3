import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOfStatus } from '../../../src/cluster/error.ts';
import { backoffMs } from '../../../src/cluster/retry.ts';
import { beliefMs, claims, microTime, observe, type SeenLease } from '../../../src/cluster/slot-rules.ts';

function seen(name: string, holder: string | undefined, sinceMs: number, seconds = 60): SeenLease {
  const lease = {
    metadata: { name, resourceVersion: '1' },
    spec: { holderIdentity: holder ?? null, leaseDurationSeconds: seconds },
  };
  return { name, lease, observation: { version: '1', sinceMs } };
}

describe('the rules of the slots', () => {
  it('take our own first, then free ones, then expired ones, and no others', () => {
    const leases: SeenLease[] = [
      seen('expired', 'a', 0),
      seen('alive', 'b', 50_000),
      seen('free', undefined, 99_000),
      { name: 'new', lease: undefined, observation: undefined },
      seen('own', 'me', 99_000),
    ];
    const names = claims(leases, 'me', 100_000, 60).map(({ name, kind }) => `${kind} ${name}`);
    expect(names).toEqual(['take own', 'take free', 'create new', 'take expired']);
  });

  it("believe a lease's own duration, ours where it has none", () => {
    expect(claims([seen('x', 'a', 0, 200)], 'me', 100_000, 60)).toEqual([]);
    const lease = { metadata: { name: 'x', resourceVersion: '1' }, spec: { holderIdentity: 'a' } };
    const without = { name: 'x', lease, observation: { version: '1', sinceMs: 0 } };
    expect(claims([without], 'me', 60_000, 60)).toEqual([]);
    expect(claims([without], 'me', 60_001, 60)).toHaveLength(1);
  });

  it('never let a holder believe while another may take: any delays, any times of looking', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 600 }),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.double({ min: 0, max: 1e5, noNaN: true }),
        fc.double({ min: 0, max: 1e5, noNaN: true }),
        (seconds, startedMs, writtenAfterMs, seenAfterMs) => {
          const seenMs = startedMs + writtenAfterMs + seenAfterMs;
          const beliefEndsMs = startedMs + beliefMs(seconds);
          const other = [seen('x', 'a', seenMs, seconds)];
          expect(claims(other, 'me', beliefEndsMs, seconds)).toEqual([]);
        },
      ),
    );
  });

  it('start to count again with every renewal', () => {
    const lease = (resourceVersion: string) => ({ metadata: { name: 'x', resourceVersion } });
    const first = observe(undefined, lease('1'), 10);
    expect(observe(first, lease('1'), 99)).toEqual({ version: '1', sinceMs: 10 });
    expect(observe(first, lease('2'), 99)).toEqual({ version: '2', sinceMs: 99 });
  });

  it('write times as Kubernetes reads them', () => {
    expect(microTime(0)).toBe('1970-01-01T00:00:00.000000Z');
  });
});

describe('trying again', () => {
  it('doubles up to the cap, upper half random, and never before the server wants', () => {
    const backoff = { firstMs: 100, capMs: 1000 };
    expect([1, 2, 3, 4, 5, 1000].map((n) => backoffMs(backoff, n, 1))).toEqual([
      100, 200, 400, 800, 1000, 1000,
    ]);
    expect(backoffMs(backoff, 1, 0)).toBe(50);
    expect(backoffMs(backoff, 1, 0, 7)).toBe(7000);
  });

  it.each([
    [400, '', 'invalid'],
    [401, '', 'forbidden'],
    [403, '', 'forbidden'],
    [404, '', 'not-found'],
    [409, '', 'conflict'],
    [422, 'testing value /metadata/resourceVersion failed: test failed', 'conflict'],
    [422, 'remove operation does not apply: doc is missing key: /spec/unschedulable', 'conflict'],
    [422, 'Node "x" is invalid: spec.taints[0].key: Required value', 'invalid'],
    [429, '', 'rate-limited'],
    [500, '', 'failed'],
    [503, '', 'unreachable'],
  ])('reads status %i %s as %s', (status, message, code) => {
    expect(codeOfStatus(status, message)).toBe(code);
  });
});
