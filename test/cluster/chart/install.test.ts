/**
 * The chart on a real API server with RBAC: what is installed is accepted, its permissions are exactly those that it
 * says, and uninstalling runs the hook before it removes them. There is no kubelet and no controller here: the test
 * itself stands in for the Job controller where helm waits for the hook.
 */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chart, helm, startHelm, tryKubectl } from '../../../harness/cluster/helm.ts';
import { startApiServer, type ApiServer } from '../../../harness/cluster/kubernetes.ts';
import { permissions } from '../../../harness/cluster/permissions.ts';
import { isHook, render } from '../../../harness/cluster/rendered-chart.ts';
import { waitFor } from '../../../harness/machine/wait.ts';

const namespace = 'images';
const account = 'cleaner-docker-image-cleaner';
const manifests = fileURLToPath(new URL('../../../deploy/kubernetes/', import.meta.url));
const daemonSetPath = `/apis/apps/v1/namespaces/${namespace}/daemonsets/${account}`;

let server: ApiServer;
let kubeconfig: string;

beforeAll(async () => {
  server = await startApiServer();
  kubeconfig = server.adminKubeconfig();
  for (const name of [namespace, 'dind', 'podman'])
    await server.expect('POST', '/api/v1/namespaces', { body: { metadata: { name } } });
  for (const name of ['n1', 'n2'])
    await server.expect('POST', '/api/v1/nodes', { body: { metadata: { name } } });
  helm(['install', 'cleaner', chart, '--namespace', namespace, '--set', 'cleaner.maxCordonedNodes=2'], {
    kubeconfig,
  });
});

afterAll(async () => {
  await server.dispose();
});

describe('helm install', () => {
  it('makes every object that the chart renders, as it renders it', async () => {
    const wanted = render(['cleaner.maxCordonedNodes=2']).filter((object) => !isHook(object));
    expect(wanted.length).toBeGreaterThanOrEqual(8);
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: wanted });
    const { stderr, stdout } = tryKubectl(['get', '-f', '-', '-o', 'name'], { kubeconfig, input: list });
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toHaveLength(wanted.length);
    const daemonSet = (await server.expect('GET', daemonSetPath)).json<{
      spec: { template: { spec: unknown } };
    }>();
    expect(daemonSet.spec.template.spec).toMatchObject({
      serviceAccountName: account,
      priorityClassName: 'system-node-critical',
    });
  });

  it('renders nothing that the server would refuse, hooks and options included', () => {
    const options = [
      ...[
        'cleaner.maxCordonedNodes=2',
        'state.enabled=true',
        'resourceQuota.create=true',
        'tolerateEverything=true',
      ],
      ...['cleaner.thresholdType=absolute', 'cleaner.thresholdHigh=40e9', 'cleaner.cordonMode=taint'],
      ...['metrics.service.enabled=true', 'metrics.dashboard.enabled=true', 'extraArgs[0]=--log-level=debug'],
      ...[
        'extraVolumes[0].name=more',
        'extraVolumeMounts[0].name=more',
        'extraVolumeMounts[0].mountPath=/more',
      ],
      ...['podLabels.a=b', 'podAnnotations.a=b', 'commonLabels.a=b', 'imagePullSecrets[0].name=pull'],
      ...[
        'nodeSelector.pool=build',
        'extraEnv[0].name=TZ',
        'extraEnv[0].value=UTC',
        'fullnameOverride=other',
      ],
    ];
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: render(options) });
    const { stderr, stdout } = tryKubectl(['create', '--dry-run=server', '-o', 'name', '-f', '-'], {
      kubeconfig,
      input: list,
    });
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toHaveLength(render(options).length);
  });

  it.each([
    ['docker in docker', 'dind', ['--values', `${chart}/values-dind.yaml`]],
    [
      'podman, without a cordon',
      'podman',
      ['--values', `${chart}/values-podman.yaml`, '--set', 'cleaner.cordonMode=none'],
    ],
  ])('works next to it for %s', (_, into, args) => {
    helm(['install', 'cleaner', chart, '--namespace', into, ...args], { kubeconfig });
    // A second time with other values, as an upgrade.
    helm(['upgrade', 'cleaner', chart, '--namespace', into, ...args, '--set', 'cleaner.thresholdHigh=70'], {
      kubeconfig,
    });
    const status = helm(['status', 'cleaner', '--namespace', into, '--output', 'json'], { kubeconfig });
    expect(JSON.parse(status)).toMatchObject({ info: { status: 'deployed' }, version: 2 });
  });
});

describe('the plain manifests', () => {
  it('are accepted', () => {
    const files = ['1-namespace', '2-permissions', '3-daemonset'].flatMap((name) => [
      '-f',
      `${manifests}${name}.yaml`,
    ]);
    const { status, stderr } = tryKubectl(['apply', ...files], { kubeconfig });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});

const cordon = JSON.stringify({
  metadata: { annotations: { 'hub.jupyter.org/image-cleaner-cordoned': '{}' } },
  spec: { unschedulable: true },
});

function event(inNamespace: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { generateName: 'n1.', namespace: inNamespace },
    involvedObject: {
      kind: 'Node',
      name: 'n1',
      ...(inNamespace === 'default' ? {} : { namespace: inNamespace }),
    },
    reason: 'ImageCleanStarted',
    type: 'Normal',
  });
}

function lease(name: string, holderIdentity = ''): string {
  return JSON.stringify({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace },
    spec: { holderIdentity },
  });
}

describe("the pods' account", () => {
  it('may do exactly what the README says', async () => {
    const nodes = ' nodes * get+patch';
    expect(await permissions(server, { namespace, name: account }, 'default')).toEqual(
      [nodes, ' events * create+patch'].sort(),
    );
    expect(await permissions(server, { namespace, name: account }, namespace)).toEqual(
      [
        nodes,
        'coordination.k8s.io leases * create',
        'coordination.k8s.io leases docker-image-cleaner-slot-0+docker-image-cleaner-slot-1 get+update',
      ].sort(),
    );
    expect(await permissions(server, { namespace, name: account }, 'kube-system')).toEqual([nodes]);
  });

  it('may do what a sweep does', async () => {
    const own = { kubeconfig: await server.serviceAccountKubeconfig(namespace, account) };
    const did = (args: string[], input?: string): void => {
      const { status, stderr } = tryKubectl(args, input === undefined ? own : { ...own, input });
      expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: '' });
    };
    did(['get', 'node', 'n1']);
    did(['patch', 'node', 'n1', '--type=merge', '-p', cordon]);
    did(['create', '-f', '-'], event('default'));
    did(['create', '-f', '-'], lease('docker-image-cleaner-slot-0'));
    did(['replace', '-f', '-'], lease('docker-image-cleaner-slot-0', 'n1'));
  });

  it.each<[string, string[], string?]>([
    ['list nodes', ['get', 'nodes']],
    ['delete a node', ['delete', 'node', 'n1']],
    ["change a node's status", ['patch', 'node', 'n1', '--subresource=status', '--type=merge', '-p', '{}']],
    [
      'create a node',
      ['create', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n9' } }),
    ],
    ['read secrets', ['get', 'secrets', '-n', namespace]],
    ['read pods', ['get', 'pods', '-n', namespace]],
    ['read events', ['get', 'events', '-n', 'default']],
    ['write events elsewhere', ['create', '-f', '-'], event(namespace)],
    ['list leases', ['get', 'leases', '-n', namespace]],
    [
      "take another program's lease",
      ['patch', 'lease', 'other', '-n', namespace, '--type=merge', '-p', '{}'],
    ],
    ['delete a slot', ['delete', 'lease', 'docker-image-cleaner-slot-0', '-n', namespace]],
    ['change its DaemonSet', ['delete', 'daemonset', account, '-n', namespace]],
    [
      'give itself more',
      [
        'create',
        'clusterrolebinding',
        'more',
        '--clusterrole=cluster-admin',
        `--serviceaccount=${namespace}:${account}`,
      ],
    ],
  ])('may not %s', async (_, args, input) => {
    // Something to take, so that the answer cannot be "not found".
    await server.request('POST', `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`, {
      body: { metadata: { name: 'other' } },
    });
    const own = await server.serviceAccountKubeconfig(namespace, account);
    const { status, stderr } = tryKubectl(args, {
      kubeconfig: own,
      ...(input === undefined ? {} : { input }),
    });
    expect(status).toBe(1);
    expect(stderr).toContain('forbidden');
  });

  it('may do nothing at all without a cordon', async () => {
    const own = await server.serviceAccountKubeconfig('podman', account);
    const { stdout } = tryKubectl(['auth', 'can-i', '--list', '--no-headers', '-n', 'podman'], {
      kubeconfig: own,
    });
    const resources = stdout.split('\n').filter((line) => /^[a-z]/.test(line));
    expect(resources.length).toBeGreaterThan(0);
    for (const line of resources) expect(line).toMatch(/^selfsubject\w+\.authorization\.k8s\.io /);
  });
});

describe('helm uninstall', () => {
  it('lets the hook end the pods and uncordon, and only then takes the permissions away', async () => {
    const release = new AbortController();
    const outcome = startHelm(['uninstall', 'cleaner', '--namespace', namespace, '--timeout', '2m'], {
      kubeconfig,
      signal: release.signal,
    });
    try {
      const jobPath = `/apis/batch/v1/namespaces/${namespace}/jobs/${account}-uninstall`;
      await waitFor('the hook', async () => (await server.request('GET', jobPath)).status === 200);

      // The pods still have the permissions to uncordon.
      expect((await server.request('GET', daemonSetPath)).status).toBe(200);
      expect(await permissions(server, { namespace, name: account }, 'kube-system')).toEqual([
        ' nodes * get+patch',
      ]);

      // What the Job's program does, with the Job's account.
      const hook = `${account}-uninstall`;
      expect(await permissions(server, { namespace, name: hook }, namespace)).toEqual(
        [' nodes * get+list+patch', `apps daemonsets ${account} get+delete`].sort(),
      );
      const own = { kubeconfig: await server.serviceAccountKubeconfig(namespace, hook) };
      const deleted = tryKubectl(
        ['delete', 'daemonset', account, '-n', namespace, '--cascade=foreground', '--wait=false'],
        own,
      );
      expect(deleted).toMatchObject({ status: 0, stderr: '' });
      // Foreground: the DaemonSet is there as long as its pods are; the garbage collector ends that, here the test.
      expect((await server.expect('GET', daemonSetPath)).text).toContain('foregroundDeletion');
      await server.expect('PATCH', daemonSetPath, {
        body: { metadata: { finalizers: null } },
        contentType: 'application/merge-patch+json',
      });
      expect(tryKubectl(['get', 'daemonset', account, '-n', namespace], own).stderr).toContain('NotFound');
      expect(tryKubectl(['get', 'nodes'], own)).toMatchObject({ status: 0, stderr: '' });
      const undo =
        '{"metadata":{"annotations":{"hub.jupyter.org/image-cleaner-cordoned":null}},"spec":{"unschedulable":null}}';
      expect(tryKubectl(['patch', 'node', 'n1', '--type=merge', '-p', undo], own)).toMatchObject({
        status: 0,
        stderr: '',
      });

      await server.expect('PATCH', `${jobPath}/status`, {
        body: { status: { succeeded: 1, conditions: [{ type: 'Complete', status: 'True' }] } },
        contentType: 'application/merge-patch+json',
      });
      expect(await outcome).toMatchObject({ status: 0 });
    } finally {
      release.abort();
      await outcome.catch(() => undefined);
    }

    const left = tryKubectl(
      [
        'get',
        'daemonsets,jobs,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings',
        '-A',
        '-o',
        'name',
        '-l',
        'app.kubernetes.io/instance=cleaner',
      ],
      { kubeconfig },
    );
    expect(left.status).toBe(0);
    // The other releases of the same name, in other namespaces, are untouched.
    const expected = tryKubectl(
      [
        'get',
        'serviceaccounts,daemonsets',
        '-A',
        '--no-headers',
        '-o',
        'custom-columns=N:.metadata.namespace',
        '-l',
        'app.kubernetes.io/instance=cleaner',
      ],
      { kubeconfig },
    );
    expect(expected.stdout.trim().split('\n').sort()).toEqual(['dind', 'dind', 'podman', 'podman']);
    expect(left.stdout).not.toContain(`.${namespace}`);
    expect(left.stdout).not.toContain('uninstall');
  });
});
