/**
 * The policy's expressions, evaluated by a CEL library that follows the language's conformance tests: the API server
 * that the tests start is older than ValidatingAdmissionPolicy. Not tested here is Kubernetes' own part: matching
 * requests, and filling in `request`.
 */
import { run, type CelInput } from '@bufbuild/cel';
import { describe, expect, it } from 'vitest';
import { only, render } from '../../../harness/cluster/rendered-chart.ts';

interface Named {
  readonly name: string;
  readonly expression: string;
}
interface Policy {
  readonly failurePolicy: string;
  readonly matchConditions: Named[];
  readonly variables: Named[];
  readonly validations: { expression: string; message: string }[];
}
interface Node {
  metadata: {
    name: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    finalizers?: string[];
  };
  spec: {
    unschedulable?: boolean;
    podCIDR?: string;
    providerID?: string;
    taints?: { key: string; value?: string; effect: string }[];
  };
}
interface Request {
  userInfo: { username: string; extra?: Record<string, string[]> };
  subResource: string;
}

const objects = render(['admissionPolicy.enabled=true']);
const policy = only(objects, 'ValidatingAdmissionPolicy')['spec'] as Policy;
const cleaner = 'system:serviceaccount:images:cleaner-docker-image-cleaner';
const hook = `${cleaner}-uninstall`;
const ours = 'hub.jupyter.org/image-cleaner-cordoned';
const ourTaint = { key: 'docker-image-cleaner.jupyter.org/cleaning', effect: 'NoSchedule' };

/** A CEL error is a value here, and is not `true`; Kubernetes refuses the request then (failurePolicy: Fail). */
function evaluate(expression: string, bindings: Record<string, unknown>): unknown {
  return run(expression, bindings as Record<string, CelInput>);
}

function request(username = cleaner, node: string | null = 'n1', subResource = ''): Request {
  const extra = node === null ? {} : { extra: { 'authentication.kubernetes.io/node-name': [node] } };
  return { userInfo: { username, ...extra }, subResource };
}

function plainNode(): Node {
  return {
    metadata: {
      name: 'n1',
      labels: { 'kubernetes.io/hostname': 'n1' },
      annotations: { 'volumes/attach': 'true' },
    },
    spec: {
      podCIDR: '10.0.0.0/24',
      providerID: 'cloud://1',
      taints: [{ key: 'dedicated', value: 'user', effect: 'NoSchedule' }],
    },
  };
}

/** The messages of refusals; empty when the request is allowed. */
function refused(change: (node: Node) => void, by: Request = request(), oldObject = plainNode()): string[] {
  const object = structuredClone(oldObject);
  change(object);
  const variables: Record<string, unknown> = {};
  const bindings = { object, oldObject, request: by, variables };
  for (const { name, expression } of policy.variables) variables[name] = evaluate(expression, bindings);
  return policy.validations
    .filter(({ expression }) => evaluate(expression, bindings) !== true)
    .map(({ message }) => message);
}

const bare = (): Node => ({ metadata: { name: 'n1' }, spec: {} });
const cordon = (node: Node): void => {
  node.spec.unschedulable = true;
  node.metadata.annotations = { ...node.metadata.annotations, [ours]: '{"pod":"images/cleaner-x"}' };
};
const taint = (node: Node): void => {
  node.spec.taints = [...(node.spec.taints ?? []), ourTaint];
};

describe('what a pod needs is let through', () => {
  it.each([
    ['cordoning', plainNode(), cordon],
    ['cordoning a node without annotations', bare(), cordon],
    ['tainting', plainNode(), taint],
    ['tainting a node without taints', bare(), taint],
  ])('%s, and back', (_, node, change) => {
    expect(refused(change, request(), node)).toEqual([]);
    const changed = structuredClone(node);
    change(changed);
    const back = (object: Node): void => {
      Object.assign(object, structuredClone(node));
    };
    expect(refused(back, request(), changed)).toEqual([]);
  });

  it('also for the uninstall hook, on every node', () => {
    expect(refused(cordon, request(hook, null))).toEqual([]);
    expect(refused(cordon, request(hook, 'n7'))).toEqual([]);
  });
});

describe('everything else is refused', () => {
  it.each<[string, RegExp, Request]>([
    ["another node's cordon", /only the node on which its pod runs/, request(cleaner, 'n2')],
    ['a token of no node', /only the node on which its pod runs/, request(cleaner, null)],
    ["the node's status", /subresources/, request(cleaner, 'n1', 'status')],
  ])('%s', (_, message, by) => {
    expect(refused(cordon, by)).toEqual([expect.stringMatching(message)]);
  });

  it.each<[string, RegExp, (node: Node) => void]>([
    ['a new label', /labels/, (node) => (node.metadata.labels = { ...node.metadata.labels, a: 'b' })],
    ['no labels any more', /labels/, (node) => delete node.metadata.labels],
    [
      'a new annotation',
      /annotation/,
      (node) => (node.metadata.annotations = { ...node.metadata.annotations, a: 'b' }),
    ],
    [
      'a changed annotation',
      /annotation/,
      (node) => (node.metadata.annotations = { 'volumes/attach': 'false' }),
    ],
    ['an annotation gone', /annotation/, (node) => (node.metadata.annotations = {})],
    ['no annotations any more', /annotation/, (node) => delete node.metadata.annotations],
    ['a finalizer', /finalizers/, (node) => (node.metadata.finalizers = ['a/b'])],
    ["another's taint gone", /no taint but/, (node) => (node.spec.taints = [])],
    ["another's taint", /no taint but/, (node) => node.spec.taints?.push({ key: 'x', effect: 'NoSchedule' })],
    [
      "another's taint changed",
      /no taint but/,
      (node) => Object.assign(node.spec.taints?.[0] ?? {}, { value: 'x' }),
    ],
    [
      'our taint, but evicting',
      /not evict/,
      (node) => node.spec.taints?.push({ ...ourTaint, effect: 'NoExecute' }),
    ],
    ['the pod network', /spec but/, (node) => (node.spec.podCIDR = '10.9.0.0/24')],
    ['the provider', /spec but/, (node) => delete node.spec.providerID],
  ])('%s, for the pod and for the hook', (_, message, change) => {
    for (const by of [request(), request(hook)])
      expect(refused(change, by)).toEqual([expect.stringMatching(message)]);
  });
});

it('does not affect other accounts', () => {
  expect(policy.failurePolicy).toBe('Fail');
  const matches = (username: string): unknown[] =>
    policy.matchConditions.map(({ expression }) => evaluate(expression, { request: request(username) }));
  expect(matches(cleaner)).toEqual([true]);
  expect(matches(hook)).toEqual([true]);
  expect(matches('system:node:n1')).toEqual([false]);
  expect(matches('system:serviceaccount:other:cleaner-docker-image-cleaner')).toEqual([false]);
  expect(only(objects, 'ValidatingAdmissionPolicyBinding')['spec']).toEqual({
    policyName: only(objects, 'ValidatingAdmissionPolicy').metadata.name,
    validationActions: ['Deny'],
  });
});
