/**
 * The eleven requests this project makes of Kubernetes, and as much of the objects as it reads. Stable APIs only:
 * core/v1, apps/v1, coordination.k8s.io/v1 (1.14), authorization.k8s.io/v1.
 */
import type { Connection } from './client.ts';

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
  readonly timeAdded?: string;
}

/** A Node, as far as cordons go. The server leaves empty fields out. */
export interface NodeObject {
  readonly metadata: {
    readonly name: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly unschedulable?: boolean;
    readonly taints?: readonly Taint[];
  };
}

/** What a list of nodes says of each. */
export type NodeMetadata = Pick<NodeObject, 'metadata'>;

/** JSON patch (RFC 6902). */
export type PatchOperation =
  | { readonly op: 'test' | 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

export interface LeaseObject {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number | null;
    /** MicroTime: RFC 3339 with six digits of a second. */
    readonly acquireTime?: string | null;
    readonly renewTime?: string | null;
    readonly leaseTransitions?: number | null;
  };
}

/** core/v1 Event, as kubelet writes them. */
export interface EventObject {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly involvedObject: { readonly kind: 'Node'; readonly name: string; readonly uid: string };
  readonly reason: string;
  readonly message: string;
  readonly type: 'Normal' | 'Warning';
  readonly source: { readonly component: string; readonly host: string };
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly count: number;
}

/** What a SelfSubjectAccessReview asks: may I? */
export interface AccessQuestion {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

export interface KubernetesApi {
  /** Every node's name and annotations; nothing else of it is asked for. */
  listNodes(signal: AbortSignal): Promise<readonly NodeMetadata[]>;
  getNode(name: string, signal: AbortSignal): Promise<NodeObject>;
  /** What the node's kubelet is set to, from itself. Needs `get` on `nodes/proxy`, which allows far more than this. */
  getKubeletConfig(name: string, signal: AbortSignal): Promise<unknown>;
  patchNode(name: string, patch: readonly PatchOperation[], signal: AbortSignal): Promise<NodeObject>;
  getLease(namespace: string, name: string, signal: AbortSignal): Promise<LeaseObject>;
  createLease(namespace: string, lease: LeaseObject, signal: AbortSignal): Promise<LeaseObject>;
  /** Replaces it if it is still at the resourceVersion it carries. */
  updateLease(namespace: string, lease: LeaseObject, signal: AbortSignal): Promise<LeaseObject>;
  createEvent(event: EventObject, signal: AbortSignal): Promise<void>;
  /** Sets fields of an event that exists. */
  patchEvent(
    namespace: string,
    name: string,
    fields: Partial<EventObject>,
    signal: AbortSignal,
  ): Promise<void>;
  isAllowed(question: AccessQuestion, signal: AbortSignal): Promise<boolean>;
  /** @throws ClusterError `not-found` when it is gone, and with it, after `deleteDaemonSet`, all its pods. */
  getDaemonSet(namespace: string, name: string, signal: AbortSignal): Promise<void>;
  /** Deletes it in the foreground: it is there until its pods are gone. May be repeated. */
  deleteDaemonSet(namespace: string, name: string, signal: AbortSignal): Promise<void>;
}

/**
 * Metadata alone (stable since 1.15): a node's status lists its images and is a hundred times as long. A server that cannot
 * do so sends whole nodes.
 */
const metadataList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/** Nodes in one answer. */
const pageSize = 100;

const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };

/** The requests over a connection. Each throws ClusterError, or the signal's reason when aborted. */
export function kubernetesApi(connection: Connection): KubernetesApi {
  const node = (name: string): string => `/api/v1/nodes/${encodeURIComponent(name)}`;
  const leases = (namespace: string): string =>
    `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
  const events = (namespace: string): string => `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
  // The server's word is taken for the shape of its own objects: it validates them against their schema.
  const send = async <T>(...args: Parameters<Connection['send']>): Promise<T> =>
    (await connection.send(...args)) as T;

  const daemonSet = (namespace: string, name: string): string =>
    `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/daemonsets/${encodeURIComponent(name)}`;

  return {
    async listNodes(signal) {
      const nodes: NodeMetadata[] = [];
      let next: string | undefined = '';
      while (next !== undefined) {
        const query = `limit=${pageSize}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
        const page: { items: NodeMetadata[]; metadata?: { continue?: string } } = await send(
          { method: 'GET', path: `/api/v1/nodes?${query}`, accept: metadataList, what: 'list nodes' },
          signal,
        );
        nodes.push(...page.items);
        next = page.metadata?.continue === '' ? undefined : page.metadata?.continue;
      }
      return nodes;
    },
    getNode: (name, signal) => send({ method: 'GET', path: node(name), what: `read node ${name}` }, signal),
    getKubeletConfig: (name, signal) =>
      send(
        { method: 'GET', path: `${node(name)}/proxy/configz`, what: `read kubelet’s settings on ${name}` },
        signal,
      ),
    patchNode: (name, patch, signal) =>
      send(
        {
          method: 'PATCH',
          path: node(name),
          body: patch,
          contentType: 'application/json-patch+json',
          what: `change node ${name}`,
        },
        signal,
      ),
    getLease: (namespace, name, signal) =>
      send(
        { method: 'GET', path: `${leases(namespace)}/${name}`, what: `read lease ${namespace}/${name}` },
        signal,
      ),
    createLease: (namespace, object, signal) =>
      send(
        {
          method: 'POST',
          path: leases(namespace),
          body: { ...lease, ...object },
          what: `create lease ${namespace}/${object.metadata.name}`,
        },
        signal,
      ),
    updateLease: (namespace, object, signal) =>
      send(
        {
          method: 'PUT',
          path: `${leases(namespace)}/${object.metadata.name}`,
          body: { ...lease, ...object },
          what: `change lease ${namespace}/${object.metadata.name}`,
        },
        signal,
      ),
    async createEvent(event, signal) {
      const body = { apiVersion: 'v1', kind: 'Event', ...event };
      const { namespace } = event.metadata;
      await send({ method: 'POST', path: events(namespace), body, what: 'create an event' }, signal);
    },
    async patchEvent(namespace, name, fields, signal) {
      await send(
        {
          method: 'PATCH',
          path: `${events(namespace)}/${encodeURIComponent(name)}`,
          body: fields,
          contentType: 'application/merge-patch+json',
          what: 'count an event',
        },
        signal,
      );
    },
    async isAllowed(question, signal) {
      const review = await send<{ status?: { allowed?: boolean } }>(
        {
          method: 'POST',
          path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
          body: {
            apiVersion: 'authorization.k8s.io/v1',
            kind: 'SelfSubjectAccessReview',
            spec: { resourceAttributes: question },
          },
          what: `ask whether we may ${question.verb} ${question.resource}`,
        },
        signal,
      );
      return review.status?.allowed === true;
    },
    async getDaemonSet(namespace, name, signal) {
      const what = `read DaemonSet ${namespace}/${name}`;
      await send({ method: 'GET', path: daemonSet(namespace, name), what }, signal);
    },
    async deleteDaemonSet(namespace, name, signal) {
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Foreground' };
      const what = `delete DaemonSet ${namespace}/${name}`;
      await send({ method: 'DELETE', path: daemonSet(namespace, name), body, what }, signal);
    },
  };
}
