/**
 * The eleven requests this project makes of Kubernetes, and as much of the objects as it reads. Stable APIs only:
 * core/v1, apps/v1, coordination.k8s.io/v1 (1.14), authorization.k8s.io/v1.
 */
import type { ApiRequest, Connection } from './client.ts';

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

/**
 * Metadata alone (stable since 1.15): a node's status lists its images and is a hundred times as long. A server that cannot
 * do so sends whole nodes.
 */
const metadataList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/** Nodes in one answer. */
const pageSize = 100;

const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };

/** The requests over a connection. Each throws ClusterError, or the signal's reason when aborted. */
export class KubernetesApi {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The server's word is taken for the shape of its own objects: it validates them against their schema. */
  async #send<T>(request: ApiRequest, signal: AbortSignal): Promise<T> {
    return (await this.#connection.send(request, signal)) as T;
  }

  async #get<T>(path: string, what: string, signal: AbortSignal): Promise<T> {
    return await this.#send({ method: 'GET', path, what }, signal);
  }

  /** Every node's name and annotations; nothing else of it is asked for. */
  async listNodes(signal: AbortSignal): Promise<readonly NodeMetadata[]> {
    const nodes: NodeMetadata[] = [];
    let next: string | undefined = '';
    while (next !== undefined) {
      const path = `/api/v1/nodes?limit=${pageSize}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
      const page: { items: NodeMetadata[]; metadata?: { continue?: string } } = await this.#send(
        { method: 'GET', path, accept: metadataList, what: 'list nodes' },
        signal,
      );
      nodes.push(...page.items);
      next = page.metadata?.continue === '' ? undefined : page.metadata?.continue;
    }
    return nodes;
  }

  async getNode(name: string, signal: AbortSignal): Promise<NodeObject> {
    return await this.#get(nodePath(name), `read node ${name}`, signal);
  }

  /** What the node's kubelet is set to, from itself. Needs `get` on `nodes/proxy`, which allows far more than this. */
  async getKubeletConfig(name: string, signal: AbortSignal): Promise<unknown> {
    return await this.#get(`${nodePath(name)}/proxy/configz`, `read kubelet’s settings on ${name}`, signal);
  }

  async patchNode(name: string, body: readonly PatchOperation[], signal: AbortSignal): Promise<NodeObject> {
    const contentType = 'application/json-patch+json';
    const what = `change node ${name}`;
    return await this.#send({ method: 'PATCH', path: nodePath(name), body, contentType, what }, signal);
  }

  async getLease(namespace: string, name: string, signal: AbortSignal): Promise<LeaseObject> {
    return await this.#get(`${leases(namespace)}/${name}`, `read lease ${namespace}/${name}`, signal);
  }

  async createLease(namespace: string, object: LeaseObject, signal: AbortSignal): Promise<LeaseObject> {
    const what = `create lease ${namespace}/${object.metadata.name}`;
    const body = { ...lease, ...object };
    return await this.#send({ method: 'POST', path: leases(namespace), body, what }, signal);
  }

  /** Replaces it if it is still at the resourceVersion it carries. */
  async updateLease(namespace: string, object: LeaseObject, signal: AbortSignal): Promise<LeaseObject> {
    const { name } = object.metadata;
    const path = `${leases(namespace)}/${name}`;
    const body = { ...lease, ...object };
    return await this.#send({ method: 'PUT', path, body, what: `change lease ${namespace}/${name}` }, signal);
  }

  async createEvent(event: EventObject, signal: AbortSignal): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'Event', ...event };
    const path = events(event.metadata.namespace);
    await this.#send({ method: 'POST', path, body, what: 'create an event' }, signal);
  }

  /** Sets fields of an event that exists. */
  async patchEvent(
    namespace: string,
    name: string,
    body: Partial<EventObject>,
    signal: AbortSignal,
  ): Promise<void> {
    const path = `${events(namespace)}/${encodeURIComponent(name)}`;
    const contentType = 'application/merge-patch+json';
    await this.#send({ method: 'PATCH', path, body, contentType, what: 'count an event' }, signal);
  }

  async isAllowed(question: AccessQuestion, signal: AbortSignal): Promise<boolean> {
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' };
    const body = { ...review, spec: { resourceAttributes: question } };
    const what = `ask whether we may ${question.verb} ${question.resource}`;
    const answer = await this.#send<{ status?: { allowed?: boolean } }>(
      { method: 'POST', path, body, what },
      signal,
    );
    return answer.status?.allowed === true;
  }

  /** @throws ClusterError `not-found` when it is gone, and with it, after `deleteDaemonSet`, all its pods. */
  async getDaemonSet(namespace: string, name: string, signal: AbortSignal): Promise<void> {
    await this.#get(daemonSet(namespace, name), `read DaemonSet ${namespace}/${name}`, signal);
  }

  /** Deletes it in the foreground: it is there until its pods are gone. May be repeated. */
  async deleteDaemonSet(namespace: string, name: string, signal: AbortSignal): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Foreground' };
    const what = `delete DaemonSet ${namespace}/${name}`;
    await this.#send({ method: 'DELETE', path: daemonSet(namespace, name), body, what }, signal);
  }
}

function nodePath(name: string): string {
  return `/api/v1/nodes/${encodeURIComponent(name)}`;
}

function leases(namespace: string): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
}

function events(namespace: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
}

function daemonSet(namespace: string, name: string): string {
  return `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/daemonsets/${encodeURIComponent(name)}`;
}
