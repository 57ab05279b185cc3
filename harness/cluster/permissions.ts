/** What a ServiceAccount may do, according to the API server's own authorizer. */
import { tryKubectl } from './helm.ts';
import type { ApiServer } from './kubernetes.ts';

interface ResourceRule {
  readonly verbs: string[];
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly resourceNames?: string[];
}

/** All that an account may do with resources in a namespace, beyond what every account may: the API server's own word. */
export async function permissions(
  server: ApiServer,
  account: { readonly namespace: string; readonly name: string },
  inNamespace: string,
): Promise<string[]> {
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    spec: { namespace: inNamespace },
  };
  const own = await server.serviceAccountKubeconfig(account.namespace, account.name);
  const { stdout, stderr } = tryKubectl(['create', '-o', 'json', '-f', '-'], {
    kubeconfig: own,
    input: JSON.stringify(body),
  });
  if (stderr !== '') throw new Error(stderr);
  const { status } = JSON.parse(stdout) as { status: { resourceRules: ResourceRule[] } };
  return status.resourceRules
    .filter(({ apiGroups }) => !apiGroups.includes('authorization.k8s.io'))
    .flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
      resources.map((resource) =>
        [apiGroups.join('+'), resource, resourceNames?.join('+') ?? '*', verbs.join('+')].join(' '),
      ),
    )
    .sort();
}
