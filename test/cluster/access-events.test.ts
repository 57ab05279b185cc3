/** Start-up checks against real RBAC, events as kubectl shows them, and ways to a server that lead nowhere. */
import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EventObject } from '../../src/cluster/api.ts';
import { connectCluster } from '../../src/cluster/cluster.ts';
import { findClientTool } from '../../harness/cluster/kubernetes-binaries.ts';
import { waitFor } from '../../harness/machine/wait.ts';
import { namespace, never, startScene, type Scene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
});
afterEach(async () => {
  await scene.reset();
});
afterAll(async () => {
  await scene.dispose();
});

async function eventsOf(node: string): Promise<EventObject[]> {
  const path = `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=${node}`;
  return (await scene.server.expect('GET', path)).json<{ items: EventObject[] }>().items;
}

describe('permissions', () => {
  it('finds all that is needed', async () => {
    const { cluster } = await scene.connect(await scene.node(), { maxCordonedNodes: 3 });
    expect(await cluster.checkAccess(never)).toEqual([]);
  });

  it('names each verb and resource that is missing', async () => {
    await scene.server.expect('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, {
      body: { metadata: { name: 'nobody' } },
    });
    const kubeconfig = await scene.server.serviceAccountKubeconfig(namespace, 'nobody', scene.proxy.port);
    const name = await scene.node();
    const environment = { KUBECONFIG: kubeconfig };
    const { cluster, reports, errors } = await scene.connect(name, { environment, maxCordonedNodes: 1 });
    const missing = await cluster.checkAccess(never);
    expect(missing.map(({ verb, resource, required }) => `${verb} ${resource} ${required}`)).toEqual([
      'get nodes true',
      'patch nodes true',
      'create leases true',
      'get leases true',
      'update leases true',
      'create events false',
      'patch events false',
    ]);
    expect(missing[1]?.message).toContain(`verb "patch" on resource "nodes" (${name})`);
    // With cordoning off nothing is needed, and recovering is not a failure.
    const off = await scene.connect(name, { environment, cordonMode: 'none' });
    expect(await off.cluster.checkAccess(never)).toEqual([]);
    expect(await off.cluster.recover(never)).toBe('absent');
    expect(off.reports).toEqual([]);
    // Without the permission a hold waits and says why, once.
    const giveUp = new AbortController();
    const holding = cluster.hold('test', giveUp.signal);
    await waitFor('the failure', () => reports.length > 0);
    giveUp.abort(new Error('enough'));
    await expect(holding).rejects.toThrow('enough');
    expect(reports).toMatchObject([{ event: 'cluster.failing', task: 'slot' }]);
    expect(errors).toMatchObject([{ code: 'forbidden' }]);
  });

  it('says so when there is no way to an API server', async () => {
    const options = {
      nodeName: 'x',
      podName: 'x',
      cordonMode: 'cordon',
      maxCordonedNodes: 0,
      report: () => undefined,
    } as const;
    await expect(connectCluster({ ...options, environment: {} })).rejects.toThrow(/no KUBECONFIG/);
    await expect(
      connectCluster({ ...options, environment: { KUBECONFIG: '/nonexistent' } }),
    ).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('/nonexistent') as string });
  });
});

describe('events', () => {
  it('appear in kubectl describe node, counted when they repeat', async () => {
    const name = await scene.node();
    const { cluster } = await scene.connect(name);
    cluster.emit({ reason: 'ImageCleanStarted', message: 'bytes 91%' });
    cluster.emit({ reason: 'ImageCleanCompleted', message: 'freed 3.2 GB' });
    cluster.emit({ reason: 'ImageCleanStarted', message: 'bytes 92%' });
    await cluster.close(AbortSignal.timeout(20_000));
    const events = (await eventsOf(name)).sort((a, b) => a.reason.localeCompare(b.reason));
    expect(events.map(({ reason, message, count, type }) => ({ reason, message, count, type }))).toEqual([
      { reason: 'ImageCleanCompleted', message: 'freed 3.2 GB', count: 1, type: 'Normal' },
      { reason: 'ImageCleanStarted', message: 'bytes 92%', count: 2, type: 'Normal' },
    ]);
    const kubectl = spawnSync(
      await findClientTool('kubectl'),
      ['--kubeconfig', scene.server.adminKubeconfig(), 'describe', 'node', name],
      { encoding: 'utf8' },
    );
    expect(kubectl.stdout).toMatch(/Normal\s+ImageCleanStarted\s+.*x2.*docker-image-cleaner\s+bytes 92%/);
  });

  it('writes a new one when the server has forgotten the old', async () => {
    const name = await scene.node();
    const { cluster } = await scene.connect(name);
    cluster.emit({ reason: 'ImageCleanStarted', message: 'first' });
    await waitFor('the event', async () => (await eventsOf(name)).length === 1);
    const path = `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=${name}`;
    await scene.server.expect('DELETE', path);
    cluster.emit({ reason: 'ImageCleanStarted', message: 'second' });
    await cluster.close(AbortSignal.timeout(20_000));
    expect(await eventsOf(name)).toMatchObject([{ message: 'second', count: 1 }]);
  });

  it('disturbs nothing when it cannot be written, and is logged once', async () => {
    const name = await scene.node();
    const { cluster, reports } = await scene.connect(name);
    scene.proxy.addRule({ match: (r) => r.path.includes('/events'), respond: { status: 500 } });
    for (const message of ['a', 'b', 'c']) cluster.emit({ reason: 'ImageCleanFailed', message });
    const hold = await cluster.hold('test', never);
    await hold.release(never);
    await cluster.close(never);
    expect(reports.filter((report) => report.event === 'cluster.failing')).toMatchObject([{ task: 'event' }]);
    expect(await eventsOf(name)).toEqual([]);
  });
});
