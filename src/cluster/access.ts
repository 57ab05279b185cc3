/**
 * May we do what we will have to do? Asked at start-up with SelfSubjectAccessReviews, which every authenticated user may
 * make (ClusterRole system:basic-user), so that a missing permission is found before the first emergency.
 */
import type { AccessQuestion, KubernetesApi } from './api.ts';
import { slotName } from './slot-rules.ts';

export interface AccessNeeds {
  readonly nodeName: string;
  readonly cordons: boolean;
  /** 0: no limit, no leases. */
  readonly slots: number;
  /** Where the leases are. */
  readonly namespace: string;
}

export interface MissingAccess extends AccessQuestion {
  /** False: the cleaner works without it, only less is seen of it. */
  readonly required: boolean;
  /** One line for the log: what is missing and what to do. */
  readonly message: string;
}

interface Need extends AccessQuestion {
  readonly required: boolean;
  readonly purpose: string;
}

/** A Node has no namespace; the events of such objects are kept in this one. */
export const eventNamespace = 'default';

/** Every permission that is used, and nothing else. */
export function neededAccess(needs: AccessNeeds): readonly Need[] {
  const required = true;
  const node = {
    group: '',
    resource: 'nodes',
    name: needs.nodeName,
    required,
    purpose: 'to cordon the node',
  };
  const lease = {
    group: 'coordination.k8s.io',
    resource: 'leases',
    namespace: needs.namespace,
    required,
    purpose: 'to limit the nodes that are cleaned at the same time',
  };
  const event = {
    group: '',
    resource: 'events',
    namespace: eventNamespace,
    required: false,
    purpose: 'to show sweeps in "kubectl describe node"',
  };
  return [
    ...(needs.cordons ? ['get', 'patch'].map((verb) => ({ ...node, verb })) : []),
    ...(needs.cordons && needs.slots > 0
      ? [
          // Creating cannot be limited to names, so the question has none.
          { ...lease, verb: 'create' },
          ...['get', 'update'].map((verb) => ({ ...lease, verb, name: slotName(0) })),
        ]
      : []),
    ...(needs.cordons ? ['create', 'patch'].map((verb) => ({ ...event, verb })) : []),
  ];
}

function describe(need: Need): string {
  const group = need.group === '' ? '' : ` in the API group "${need.group}"`;
  const where = need.namespace === undefined ? '' : ` in the namespace "${need.namespace}"`;
  const name = need.name === undefined ? '' : ` (${need.name})`;
  const consequence = need.required
    ? 'grant it (the chart does with rbac.create), or switch cordoning off (DOCKER_IMAGE_CLEANER_CORDON_MODE=none)'
    : 'sweeps continue without it';
  return `missing permission: verb "${need.verb}" on resource "${need.resource}"${name}${group}${where}, needed ${need.purpose}: ${consequence}`;
}

/** The permissions that are missing; empty when all is well. @throws ClusterError when the server cannot be asked. */
export async function missingAccess(
  api: KubernetesApi,
  needs: AccessNeeds,
  signal: AbortSignal,
): Promise<readonly MissingAccess[]> {
  const missing: MissingAccess[] = [];
  for (const need of neededAccess(needs)) {
    const { verb, group, resource, namespace, name } = need;
    const question = { verb, group, resource, ...(namespace && { namespace }), ...(name && { name }) };
    if (!(await api.isAllowed(question, signal))) {
      missing.push({ ...question, required: need.required, message: describe(need) });
    }
  }
  return missing;
}
