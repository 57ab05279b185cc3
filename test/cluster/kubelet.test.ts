/**
 * kubelet's thresholds, read through a real API server's proxy to the node. Where kubelet would be, a small HTTPS server
 * gives the answer that kubelet publishes; who may ask is decided by the API server's RBAC, with the chart's own role.
 */
import { createServer, type Server } from 'node:https';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { tryKubectl } from '../harness/helm.ts';
import { isHook, render } from '../harness/rendered-chart.ts';
import { waitFor } from '../harness/wait.ts';
import { account, namespace, never, startScene, type Scene } from './scene.ts';

let scene: Scene;
let kubelet: Server;
let configz: unknown;
let asked: string[];

beforeAll(async () => {
  scene = await startScene();
  const { key, cert } = scene.server.authority.sign('kubelet', '/CN=node', ['IP:127.0.0.1']);
  kubelet = createServer({ key, cert }, (request, response) => {
    asked.push(request.url ?? '');
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(configz));
  });
  kubelet.listen(0);
  await once(kubelet, 'listening');
});
afterEach(async () => {
  await scene.reset();
});
afterAll(async () => {
  kubelet.close();
  await scene.dispose();
});

/** The API server proxies to no loopback address. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const found = all.find(({ internal, family }) => !internal && family === 'IPv4');
  if (found === undefined) throw new Error('This machine has no address but the loopback one.');
  return found.address;
}

async function nodeWithKubelet(): Promise<string> {
  const name = await scene.node();
  await scene.server.expect('PATCH', `/api/v1/nodes/${name}/status`, {
    body: {
      status: {
        addresses: [{ type: 'InternalIP', address: ownAddress() }],
        daemonEndpoints: { kubeletEndpoint: { Port: (kubelet.address() as AddressInfo).port } },
      },
    },
    contentType: 'application/merge-patch+json',
  });
  asked = [];
  return name;
}

/** The chart's role, once the API server goes by it. */
async function apply(set: readonly string[]): Promise<void> {
  const items = render([...set]).filter(
    ({ kind, ...object }) => kind === 'ClusterRole' && !isHook({ kind, ...object }),
  );
  const { status, stderr } = tryKubectl(['apply', '-f', '-'], {
    kubeconfig: scene.server.adminKubeconfig(),
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  });
  if (status !== 0) throw new Error(stderr);
  const question = { verb: 'get', group: '', resource: 'nodes', subresource: 'proxy', name: 'any' };
  await waitFor('the role to be in force', async () => {
    const review = await scene.server.expect('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { user: `system:serviceaccount:${namespace}:${account}`, resourceAttributes: question },
      },
    });
    return review.json<{ status: { allowed: boolean } }>().status.allowed === set.length > 0;
  });
}

describe('kubelet’s own collection of images', () => {
  const high = (percent: number) => ({ type: 'relative', high: percent }) as const;

  it('is told when it begins before ours, and not otherwise', async () => {
    await apply(['rbac.readKubeletConfig=true']);
    const { cluster } = await scene.connect(await nodeWithKubelet());
    configz = { kubeletconfig: { imageGCHighThresholdPercent: 85, imageGCLowThresholdPercent: 80 } };
    expect(await cluster.checkKubelet(high(84), never)).toBeUndefined();
    expect(asked).toEqual(['/configz']);
    expect(await cluster.checkKubelet(high(85), never)).toMatch(
      /HIGH=85 is not below the 85 % .*imageGCHighThresholdPercent/,
    );
    expect(await cluster.checkKubelet({ type: 'absolute', high: 4e10 }, never)).toBeUndefined();
    configz = {
      kubeletconfig: { imageGCHighThresholdPercent: 100, evictionHard: { 'imagefs.available': '15%' } },
    };
    expect(await cluster.checkKubelet(high(84), never)).toBeUndefined();
    expect(await cluster.checkKubelet(high(90), never)).toContain('evictionHard imagefs.available');
    configz = { kubeletconfig: { evictionHard: { 'imagefs.available': '10Gi' } } };
    expect(await cluster.checkKubelet(high(99), never)).toBeUndefined();
  });

  it('is not told without the permission, which the chart gives only when asked to', async () => {
    await apply([]);
    const { cluster, reports } = await scene.connect(await nodeWithKubelet());
    configz = { kubeletconfig: { imageGCHighThresholdPercent: 1 } };
    expect(await cluster.checkKubelet(high(99), never)).toBeUndefined();
    expect(asked).toEqual([]);
    expect(reports).toEqual([]);
  });

  it.each([[null], ['x'], [{}], [{ kubeletconfig: { imageGCHighThresholdPercent: 'high' } }]])(
    'is not told when kubelet answers %j',
    async (answer) => {
      await apply(['rbac.readKubeletConfig=true']);
      const { cluster } = await scene.connect(await nodeWithKubelet());
      configz = answer;
      expect(await cluster.checkKubelet(high(99), never)).toBeUndefined();
    },
  );
});
