/** What the tests of the cluster share: a real API server, our ServiceAccount with the chart's roles, a proxy, nodes. */
import { randomUUID } from 'node:crypto';
import { connectCluster, type Cluster, type ClusterOptions } from '../../src/cluster/cluster.ts';
import { cordonAnnotation } from '../../src/cluster/cordon-rules.ts';
import type { LeaseObject, NodeObject } from '../../src/cluster/api.ts';
import type { ClusterError } from '../../src/cluster/error.ts';
import type { DaemonEvent } from '../../src/events/events.ts';
import { slotName } from '../../src/cluster/slot-rules.ts';
import { tryKubectl } from '../../harness/cluster/helm.ts';
import { startApiServer, type ApiServer } from '../../harness/cluster/kubernetes.ts';
import { isHook, render } from '../../harness/cluster/rendered-chart.ts';
import { waitFor } from '../../harness/machine/wait.ts';
import type { WireProxy } from '../../harness/wire/wire-proxy.ts';

export const never = new AbortController().signal;
/** The namespace `render` installs to. */
export const namespace = 'images';
/** What the chart calls its ServiceAccount for the release that `render` makes. */
export const account = 'cleaner-docker-image-cleaner';

export interface Client {
  readonly cluster: Cluster;
  readonly reports: DaemonEvent[];
  /** What stood in the way, of each report that something fails. */
  readonly errors: ClusterError[];
  /** The names of the reported events, in order. */
  readonly events: () => string[];
}

export class Scene {
  readonly server: ApiServer;
  readonly proxy: WireProxy;
  /** Through the proxy, with the ServiceAccount's rights. */
  readonly kubeconfig: string;
  /** The same past the proxy. */
  readonly directKubeconfig: string;
  readonly #clients: Client[] = [];

  constructor(server: ApiServer, proxy: WireProxy, kubeconfig: string, directKubeconfig: string) {
    this.server = server;
    this.proxy = proxy;
    this.kubeconfig = kubeconfig;
    this.directKubeconfig = directKubeconfig;
  }

  /** Makes a Node object and gives its name. */
  async node(spec: object = {}, annotations: Record<string, string> = {}): Promise<string> {
    const name = `node-${randomUUID().slice(0, 8)}`;
    const body = { apiVersion: 'v1', kind: 'Node', metadata: { name, annotations }, spec };
    await this.server.expect('POST', '/api/v1/nodes', { body });
    return name;
  }

  async read(name: string): Promise<NodeObject> {
    return (await this.server.expect('GET', `/api/v1/nodes/${name}`)).json<NodeObject>();
  }

  /** What matters of a node: may pods come, with which taints, is our annotation there. */
  async state(name: string): Promise<{ unschedulable: boolean; taints: string[]; marked: boolean }> {
    const node = await this.read(name);
    return {
      unschedulable: node.spec?.unschedulable === true,
      taints: (node.spec?.taints ?? []).map((taint) => taint.key),
      marked: node.metadata.annotations?.[cordonAnnotation] !== undefined,
    };
  }

  /** Changes a node as somebody else would: `kubectl cordon`, `kubectl annotate`. */
  async change(name: string, patch: object): Promise<void> {
    const contentType = 'application/merge-patch+json';
    await this.server.expect('PATCH', `/api/v1/nodes/${name}`, { body: patch, contentType });
  }

  async lease(index: number): Promise<LeaseObject | undefined> {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${slotName(index)}`;
    const answer = await this.server.request('GET', path);
    return answer.status === 404 ? undefined : answer.json<LeaseObject>();
  }

  /** A cleaner's side, through the proxy, with the ServiceAccount's rights. */
  async connect(nodeName: string, options: Partial<ClusterOptions> = {}): Promise<Client> {
    const reports: DaemonEvent[] = [];
    const errors: ClusterError[] = [];
    const cluster = await connectCluster({
      nodeName,
      podName: `cleaner-${nodeName}`,
      cordonMode: 'cordon',
      maxCordonedNodes: 0,
      report: (event, error) => {
        reports.push(event);
        if (error !== undefined) errors.push(error);
      },
      environment: { KUBECONFIG: this.kubeconfig },
      requestTimeoutMs: 2000,
      backoff: { firstMs: 20, capMs: 200 },
      ...options,
    });
    const client = { cluster, reports, errors, events: () => reports.map(({ event }) => event) };
    this.#clients.push(client);
    return client;
  }

  /** Ends what the test's clients still do, and the faults. */
  async reset(): Promise<void> {
    await this.proxy.accept();
    this.proxy.clear();
    for (const { cluster } of this.#clients.splice(0)) await cluster.close(AbortSignal.abort());
  }

  async dispose(): Promise<void> {
    await this.reset();
    await this.proxy.dispose();
    await this.server.dispose();
  }
}

/** Installs the chart's own ServiceAccount and roles, so that a permission it forgets fails the tests. */
async function grant(server: ApiServer): Promise<void> {
  await server.expect('POST', '/api/v1/namespaces', { body: { metadata: { name: namespace } } });
  const kinds = ['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'];
  const items = render(['cleaner.maxCordonedNodes=3']).filter(
    (object) => kinds.includes(object.kind) && !isHook(object),
  );
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const { status, stderr } = tryKubectl(['apply', '-f', '-'], {
    kubeconfig: server.adminKubeconfig(),
    input,
  });
  if (status !== 0) throw new Error(`The chart's roles cannot be applied: ${stderr}`);
}

export async function startScene(): Promise<Scene> {
  const server = await startApiServer();
  try {
    await waitFor(
      'the default namespace',
      async () => (await server.request('GET', '/api/v1/namespaces/default')).status === 200,
    );
    await grant(server);
    const proxy = await server.startProxy();
    const through = await server.serviceAccountKubeconfig(namespace, account, proxy.port);
    return new Scene(server, proxy, through, await server.serviceAccountKubeconfig(namespace, account));
  } catch (error) {
    await server.dispose();
    throw error;
  }
}
