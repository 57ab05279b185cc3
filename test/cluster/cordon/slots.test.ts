/** The limit on nodes cleaned at the same time, on real Leases: never more holders than slots, whatever happens to them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { NodeObject } from '../../../src/cluster/api.ts';
import type { ClusterOptions } from '../../../src/cluster/cluster.ts';
import { atExit } from '../../../harness/machine/cleanup.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import type { SeenRequest } from '../../../harness/wire/wire-proxy.ts';
import { account, namespace, never, startScene, type Scene } from '../scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
});
afterEach(async () => {
  await scene.reset();
  await scene.server.expect('DELETE', `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`);
});
afterAll(async () => {
  await scene.dispose();
});

const one = { maxCordonedNodes: 1, leaseDurationSeconds: 3 } satisfies Partial<ClusterOptions>;
const isLease = (request: SeenRequest): boolean => request.path.includes('/leases');

it('gives a slot to one node after the other', async () => {
  const [a, b] = [await scene.node(), await scene.node()];
  const first = await scene.connect(a, one);
  const second = await scene.connect(b, one);
  const hold = await first.cluster.hold('test', never);
  expect((await scene.lease(0))?.spec).toMatchObject({ holderIdentity: a, leaseDurationSeconds: 3 });
  const waiting = second.cluster.hold('test', never);
  await waitFor('the second to wait', () => second.events().includes('slot.waiting'));
  expect((await scene.state(b)).unschedulable).toBe(false);
  await hold.release(never);
  await (await waiting).release(never);
  expect((await scene.lease(0))?.spec?.holderIdentity).toBeUndefined();
  expect([await scene.state(a), await scene.state(b)].some((state) => state.unschedulable)).toBe(false);
});

it('keeps a slot by renewing it, longer than a lease lasts', async () => {
  const [a, b] = [await scene.node(), await scene.node()];
  const first = await scene.connect(a, one);
  const hold = await first.cluster.hold('test', never);
  const second = await scene.connect(b, one);
  const giveUp = new AbortController();
  const waiting = second.cluster.hold('test', giveUp.signal);
  const renewals = (): number => scene.proxy.count((r) => isLease(r) && r.method === 'PUT');
  await waitFor('many renewals', () => renewals() > 4);
  expect(hold.lost.aborted).toBe(false);
  expect((await scene.lease(0))?.spec?.holderIdentity).toBe(a);
  giveUp.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await hold.release(never);
});

it('takes over the slot of a process that was killed, and a restart takes its own back at once', async () => {
  const [a, b] = [await scene.node(), await scene.node()];
  const script = fileURLToPath(new URL('holder.ts', import.meta.url));
  const seconds = 3;
  const hold = async (): Promise<() => Promise<void>> => {
    const child = spawn(process.execPath, [script, a, scene.directKubeconfig, String(seconds)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const forget = atExit(() => child.kill('SIGKILL'));
    await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error('the holder ended'))),
    ]);
    return async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      forget();
    };
  };
  await (
    await hold()
  )();
  const { resourceVersion } = (await scene.lease(0))?.metadata ?? {};
  expect((await scene.lease(0))?.spec?.holderIdentity).toBe(a);
  // A restart of the same node: at once, though the lease has not expired for anybody else.
  const kill = await hold();
  expect((await scene.lease(0))?.metadata.resourceVersion).not.toBe(resourceVersion);
  await kill();

  const other = await scene.connect(b, { ...one, leaseDurationSeconds: seconds });
  const taken = await other.cluster.hold('test', never);
  expect(other.reports).toContainEqual({ event: 'slot.taken', slot: 'docker-image-cleaner-slot-0' });
  expect((await scene.lease(0))?.spec?.holderIdentity).toBe(b);
  await taken.release(never);
  // And the killed one's node is recovered by its next run.
  expect(await (await scene.connect(a)).cluster.recover(never)).toBe('released');
  expect((await scene.state(a)).unschedulable).toBe(false);
});

it('tells a holder that cannot renew before its slot is free for others, and uncordons', async () => {
  const [a, b] = [await scene.node(), await scene.node()];
  const cutOff = await scene.server.startProxy();
  try {
    const kubeconfig = await scene.server.serviceAccountKubeconfig(namespace, account, cutOff.port);
    const first = await scene.connect(a, { ...one, environment: { KUBECONFIG: kubeconfig } });
    const hold = await first.cluster.hold('test', never);
    const order: string[] = [];
    hold.lost.addEventListener('abort', () => order.push('lost'));
    const second = await scene.connect(b, one);
    const waiting = second.cluster.hold('test', never).then((held) => {
      order.push('taken');
      return held;
    });
    await cutOff.refuse('reset');
    const taken = await waiting;
    expect(order).toEqual(['lost', 'taken']);
    expect(first.events()).toContain('slot.lost');
    // The cut-off one uncordons when it can, without being asked, and leaves the other's slot alone.
    await cutOff.accept();
    await waitFor('the first node to be uncordoned', async () => !(await scene.state(a)).unschedulable);
    expect((await scene.lease(0))?.spec?.holderIdentity).toBe(b);
    await hold.release(never);
    await taken.release(never);
    await first.cluster.close(AbortSignal.abort());
  } finally {
    await cutOff.dispose();
  }
});

it('loses the slot when somebody takes the lease or deletes it', async () => {
  const node = await scene.node();
  const { cluster } = await scene.connect(node, one);
  for (const act of ['DELETE', 'PATCH'] as const) {
    const hold = await cluster.hold('test', never);
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/docker-image-cleaner-slot-0`;
    const body = { spec: { holderIdentity: 'somebody' } };
    const patch = { body, contentType: 'application/merge-patch+json' };
    await scene.server.expect(act, path, act === 'PATCH' ? patch : {});
    await waitFor('the loss', () => hold.lost.aborted);
    await hold.release(never);
    expect((await scene.state(node)).unschedulable).toBe(false);
  }
  expect((await scene.lease(0))?.spec?.holderIdentity).toBe('somebody');
});

it.each([
  ['before', 'POST'],
  ['after', 'POST'],
  ['before', 'PUT'],
  ['after', 'PUT'],
] as const)('gets through a connection cut %s a %s of the lease', async (cut, method) => {
  const node = await scene.node();
  const { cluster } = await scene.connect(node, one);
  const rule = scene.proxy.addRule({ match: (r) => isLease(r) && r.method === method, times: 1, cut });
  const hold = await cluster.hold('test', never);
  await waitFor('the fault', () => rule.hits === 1);
  const before = (await scene.lease(0))?.metadata.resourceVersion;
  await waitFor('a renewal', async () => (await scene.lease(0))?.metadata.resourceVersion !== before);
  expect(hold.lost.aborted).toBe(false);
  await hold.release(never);
  expect((await scene.lease(0))?.spec?.holderIdentity).toBeUndefined();
});

it('never lets more than 3 of 100 nodes be cordoned, and all get their turn', async () => {
  const limit = 3;
  const names = await Promise.all(Array.from({ length: 100 }, () => scene.node()));
  const listing = await scene.server.expect('GET', '/api/v1/nodes?limit=1');
  const { resourceVersion } = listing.json<{ metadata: { resourceVersion: string } }>().metadata;
  const cordoned = new Set<string>();
  const seen = new Set<string>();
  let most = 0;
  const watching = new AbortController();
  const watch = scene.server
    .request('GET', `/api/v1/nodes?watch=true&resourceVersion=${resourceVersion}`, {
      signal: watching.signal,
      onLine: (line) => {
        const { object } = JSON.parse(line) as { object: NodeObject };
        const { name } = object.metadata;
        if (object.spec?.unschedulable === true) seen.add(name);
        if (object.spec?.unschedulable === true) cordoned.add(name);
        else cordoned.delete(name);
        most = Math.max(most, cordoned.size);
      },
    })
    .catch(() => undefined);
  await Promise.all(
    names.map(async (name) => {
      const { cluster } = await scene.connect(name, {
        maxCordonedNodes: limit,
        leaseDurationSeconds: 8,
        requestTimeoutMs: 10_000,
        environment: { KUBECONFIG: scene.directKubeconfig },
      });
      const hold = await cluster.hold('test', never);
      // What is held overlaps for real: give the others the chance to go wrong.
      await scene.read(name);
      await hold.release(never);
    }),
  );
  await waitFor('the last uncordon to be seen', () => seen.size === names.length && cordoned.size === 0);
  watching.abort();
  await watch;
  expect(most).toBeLessThanOrEqual(limit);
  expect(most).toBeGreaterThan(1);
  expect(seen).toEqual(new Set(names));
});
