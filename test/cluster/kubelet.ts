/**
 * Where kubelet would be: a small HTTPS server that gives what kubelet publishes. Asked through a real API server's proxy to
 * the node, so who may ask is decided by the API server's RBAC, with the chart's own role.
 */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { tryKubectl } from '../../harness/cluster/helm.ts';
import { isHook, render } from '../../harness/cluster/rendered-chart.ts';
import { waitFor } from '../../harness/machine/wait.ts';
import { account, namespace, type Scene } from './scene.ts';

export interface KubeletAnswers {
  /** What it answers. */
  configz: unknown;
  /** What it was asked for since the last node. */
  readonly asked: readonly string[];
  /** Makes a Node whose kubelet this is, and gives its name. */
  node(): Promise<string>;
  close(): void;
}

/** The API server proxies to no loopback address. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const found = all.find(({ internal, family }) => !internal && family === 'IPv4');
  if (found === undefined) throw new Error('This machine has no address but the loopback one.');
  return found.address;
}

export async function answerAsKubelet(scene: Scene): Promise<KubeletAnswers> {
  const asked: string[] = [];
  const { key, cert } = scene.server.authority.sign('kubelet', '/CN=node', ['IP:127.0.0.1']);
  const server = createServer({ key, cert }, (request, response) => {
    asked.push(request.url ?? '');
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(answers.configz));
  });
  server.listen(0);
  await once(server, 'listening');
  const answers: KubeletAnswers = {
    configz: undefined,
    asked,
    async node() {
      const name = await scene.node();
      await scene.server.expect('PATCH', `/api/v1/nodes/${name}/status`, {
        body: {
          status: {
            addresses: [{ type: 'InternalIP', address: ownAddress() }],
            daemonEndpoints: { kubeletEndpoint: { Port: (server.address() as AddressInfo).port } },
          },
        },
        contentType: 'application/merge-patch+json',
      });
      asked.length = 0;
      return name;
    },
    close() {
      server.close();
    },
  };
  return answers;
}

/** The chart's role with these values, once the API server applies it. */
export async function applyRole(scene: Scene, set: readonly string[]): Promise<void> {
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
