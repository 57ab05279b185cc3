/**
 * In place of the existing tool in BinderHub's chart (helm-chart/binderhub/templates/image-cleaner.yaml at b9fad99): the
 * very variables, mounts, permissions and grace period that it gives its pod, in a mount namespace that looks like one.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { imagesOnBase, load } from '../engine/scenario.ts';
import { program, runCli, type Cli } from '../../harness/program/cli.ts';
import { type DockerEngine, startDockerEngine } from '../../harness/engine/docker-engine.ts';
import { listTags } from '../../harness/engine/engine-api.ts';
import { waitFor } from '../../harness/machine/wait.ts';
import { startWireProxy, type WireProxy } from '../../harness/wire/wire-proxy.ts';
import { type Scene, startScene } from './scene.ts';

let scene: Scene;
let engine: DockerEngine;
let wire: WireProxy;
let node: string;
/** The host's socket directory, which BinderHub mounts over /var/run; the token is mounted inside of that. */
let socketFolder: string;
const pods: Cli[] = [];

const binderNamespace = 'binder';
const binderAccount = 'binder-image-cleaner';

/** BinderHub's rbac.yaml: nodes of any name, nothing else. */
async function grantAsBinderHubDoes(): Promise<void> {
  const group = 'rbac.authorization.k8s.io';
  const subjects = [{ kind: 'ServiceAccount', name: binderAccount, namespace: binderNamespace }];
  const made: [string, object][] = [
    ['/api/v1/namespaces', { metadata: { name: binderNamespace } }],
    [`/api/v1/namespaces/${binderNamespace}/serviceaccounts`, { metadata: { name: binderAccount } }],
    [
      `/apis/${group}/v1/clusterroles`,
      {
        metadata: { name: binderAccount },
        rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'patch'] }],
      },
    ],
    [
      `/apis/${group}/v1/clusterrolebindings`,
      {
        metadata: { name: binderAccount },
        subjects,
        roleRef: { apiGroup: group, kind: 'ClusterRole', name: binderAccount },
      },
    ],
  ];
  for (const [path, body] of made) await scene.server.expect('POST', path, { body });
}

/** What kubelet mounts into every pod with a service account. */
async function writeToken(): Promise<void> {
  const folder = join(socketFolder, 'secrets/kubernetes.io/serviceaccount');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'token'),
    await scene.server.serviceAccountToken(binderNamespace, binderAccount),
  );
  writeFileSync(join(folder, 'ca.crt'), scene.server.authority.cert);
  writeFileSync(join(folder, 'namespace'), binderNamespace);
}

beforeAll(async () => {
  [scene, engine] = await Promise.all([startScene(), startDockerEngine()]);
  await grantAsBinderHubDoes();
  socketFolder = join(engine.disk.workspace.path, 'host-run');
  mkdirSync(socketFolder);
  await writeToken();
  wire = await startWireProxy({
    target: { socketPath: engine.socketPath },
    listen: { socketPath: join(socketFolder, 'docker.sock') },
  });
});

afterAll(async () => {
  await wire.dispose();
  await engine.dispose();
  await scene.dispose();
});

beforeEach(async () => {
  node = await scene.node();
});

afterEach(async () => {
  for (const pod of pods.splice(0)) await pod.dispose();
  wire.clear();
});

/** A pod of BinderHub's DaemonSet; the thresholds are what its `imageCleaner.host` section says. */
function pod(thresholds: Readonly<Record<string, string>>, args: readonly string[] = []): Cli {
  const lookLikeAPod = [
    'mount -t tmpfs none /var/lib && mkdir /var/lib/host',
    'mount --bind "$DATA" /var/lib/host',
    'mount --bind "$SOCKETS" "$(readlink -f /var/run)"',
    'unset DATA SOCKETS && exec "$@"',
  ].join(' && ');
  const command = [process.execPath, program, ...args];
  const cli = runCli(['--propagation', 'private', 'sh', '-c', lookLikeAPod, 'pod', ...command], {
    node: 'unshare',
    script: '--mount',
    env: {
      DATA: engine.dataRoot,
      SOCKETS: socketFolder,
      // What the chart sets …
      DOCKER_IMAGE_CLEANER_NODE_NAME: node,
      DOCKER_IMAGE_CLEANER_PATH_TO_CHECK: '/var/lib/host',
      DOCKER_IMAGE_CLEANER_DELAY_SECONDS: '1',
      DOCKER_IMAGE_CLEANER_MIN_AGE_SECONDS: '0',
      ...thresholds,
      DOCKER_HOST: 'unix:///var/run/docker.sock',
      // … and what Kubernetes does, in every pod.
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(scene.server.port),
    },
  });
  pods.push(cli);
  return cli;
}

const relative = {
  DOCKER_IMAGE_CLEANER_THRESHOLD_TYPE: 'relative',
  DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH: '70',
  DOCKER_IMAGE_CLEANER_THRESHOLD_LOW: '40',
};

it('sweeps inside the cordon by the pod’s own account, and the pod after one that was killed uncordons', async () => {
  await load(engine, imagesOnBase({ a: 25, b: 25, c: 25, d: 25, e: 25, f: 25 }));
  const stalled = wire.addRule({ match: ({ method }) => method === 'DELETE', times: 1, stall: 'before' });
  const first = pod(relative);
  await waitFor('a deletion', () => stalled.hits === 1);
  expect(await scene.state(node)).toMatchObject({ unschedulable: true, marked: true });
  // terminationGracePeriodSeconds: 0.
  first.kill('SIGKILL');
  await first.exited;
  stalled.release();
  expect((await scene.state(node)).unschedulable).toBe(true);

  const second = pod(relative);
  await second.waitForEvent('node.uncordoned');
  const report = await second.waitForEvent('sweep.completed');
  expect(report).toMatchObject({ stoppedBecause: 'reached-low', reachedLow: true });
  expect(report['usedAfter']).toBeLessThan(40);
  await waitFor('the uncordon', async () => !(await scene.state(node)).unschedulable);
  expect((await scene.state(node)).marked).toBe(false);
  const left = await listTags(engine);
  expect(left.length).toBeGreaterThan(0);
  expect(left.length).toBeLessThan(6);
  // It may not write events, says so, and goes on.
  const missing = second.records.filter(({ event }) => event === 'cluster.access-missing');
  expect(missing.map(({ required }) => required)).not.toContain(true);
  expect(missing.some(({ message }) => String(message).includes('events'))).toBe(true);
});

it('takes absolute thresholds as Helm writes them', async () => {
  const cli = pod(
    {
      DOCKER_IMAGE_CLEANER_THRESHOLD_TYPE: 'absolute',
      DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH: '4e+10',
      DOCKER_IMAGE_CLEANER_THRESHOLD_LOW: '1e+10',
    },
    ['plan', '--json'],
  );
  expect((await cli.exited).code).toBe(0);
  expect(cli.json()).toMatchObject({
    triggered: false,
    thresholds: { type: 'absolute', high: 4e10, low: 1e10 },
    usage: { path: '/var/lib/host' },
  });
});
