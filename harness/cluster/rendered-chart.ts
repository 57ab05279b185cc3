/** The chart as rendered by the real helm, as objects to ask questions of. */
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { chart, helm } from './helm.ts';

/** A Kubernetes object, as far as the tests look into it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly [field: string]: unknown;
}

export interface PolicyRule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly resourceNames?: string[];
  readonly verbs: string[];
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: string[];
  readonly env: { name: string; value?: string; valueFrom?: { fieldRef: { fieldPath: string } } }[];
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly privileged: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: { drop: string[]; add?: string[] };
  };
  readonly ports?: { name: string; containerPort: number }[];
  readonly livenessProbe?: object;
  readonly readinessProbe?: object;
  readonly volumeMounts?: {
    name: string;
    mountPath: string;
    readOnly?: boolean;
    mountPropagation?: string;
    recursiveReadOnly?: string;
  }[];
}

export interface PodSpec {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly priorityClassName?: string;
  readonly securityContext: Record<string, unknown>;
  readonly containers: [Container];
  readonly volumes?: {
    name: string;
    hostPath?: { path: string; type: string };
    secret?: { secretName: string; defaultMode: number; items: { key: string; path: string }[] };
  }[];
  readonly tolerations: { key?: string; operator: string; effect?: string }[];
}

/** The objects in YAML documents; empty documents are left out. */
export function parseObjects(yaml: string): KubernetesObject[] {
  return parseAllDocuments(yaml)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);
}

/**
 * What `helm template` makes of the chart. `set` as in --set; `files` are values files of the chart itself; `more` further
 * arguments, such as what the cluster can do.
 */
export function render(
  set: readonly string[] = [],
  files: readonly string[] = [],
  more: readonly string[] = [],
): KubernetesObject[] {
  return parseObjects(
    helm([
      ...['template', 'cleaner', chart, '--namespace', 'images'],
      ...files.flatMap((file) => ['--values', join(chart, file)]),
      ...set.flatMap((value) => ['--set', value]),
      ...more,
    ]),
  );
}

/** True for an object that exists only during a hook of helm (uninstall, test). */
export function isHook(object: KubernetesObject): boolean {
  return object.metadata.annotations?.['helm.sh/hook'] !== undefined;
}

/** The one object of a kind. @throws Error when there is none or more than one. */
export function only(objects: readonly KubernetesObject[], kind: string): KubernetesObject {
  const found = objects.filter((object) => object.kind === kind);
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`Wanted one ${kind}, found ${found.length}.`);
  return first;
}

/** The pod's specification in a DaemonSet, a Job or a Pod. */
export function podSpec(object: KubernetesObject): PodSpec {
  const spec = object['spec'] as PodSpec | { template: { spec: PodSpec } };
  return 'template' in spec ? spec.template.spec : spec;
}

/** The environment's plain values by name. */
export function environment(container: Container): Record<string, string | undefined> {
  return Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
}
