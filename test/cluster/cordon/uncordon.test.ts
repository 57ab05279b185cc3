/**
 * `docker-image-cleaner uncordon`: the real executable with the accounts that the chart makes for the pods and for its
 * uninstall hook. There is no garbage collector here: the test itself ends a DaemonSet that is being deleted.
 */
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cordonAnnotation, cordonTaintKey, formatMark } from '../../../src/cluster/cordon-rules.ts';
import { ClusterError } from '../../../src/cluster/error.ts';
import { connectUncordoner, type NodeResult } from '../../../src/cluster/uncordon.ts';
import { runCli, type Cli, type CliExit } from '../../../harness/program/cli.ts';
import { tryKubectl } from '../../../harness/cluster/helm.ts';
import { isHook, only, podSpec, render } from '../../../harness/cluster/rendered-chart.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import type { SeenRequest } from '../../../harness/wire/wire-rules.ts';
import { account, namespace, never, startScene, type Scene } from '../scene.ts';

let scene: Scene;
/** Through the proxy, with the rights of the chart's uninstall hook. */
let hookKubeconfig: string;
const running: Cli[] = [];

const chart = render();
const daemonSetPath = `/apis/apps/v1/namespaces/${namespace}/daemonsets/${account}`;

beforeAll(async () => {
  scene = await startScene();
  const kinds = ['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'];
  const items = chart.filter((object) => kinds.includes(object.kind) && isHook(object));
  const { status, stderr } = tryKubectl(['create', '-f', '-'], {
    kubeconfig: scene.server.adminKubeconfig(),
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  });
  if (status !== 0) throw new Error(`The hook's roles cannot be created: ${stderr}`);
  const { port } = scene.proxy;
  hookKubeconfig = await scene.server.serviceAccountKubeconfig(namespace, `${account}-uninstall`, port);
});
afterEach(async () => {
  for (const cli of running.splice(0)) await cli.dispose();
  await scene.reset();
  await scene.server.expect('DELETE', '/api/v1/nodes');
});
afterAll(async () => {
  await scene.dispose();
});

function start(args: readonly string[], kubeconfig: string, env: Record<string, string> = {}): Cli {
  const cli = runCli(['uncordon', ...args], { env: { KUBECONFIG: kubeconfig, ...env } });
  running.push(cli);
  return cli;
}

interface Ended extends CliExit {
  readonly lines: string[];
  readonly stderr: string;
}

async function end(cli: Cli): Promise<Ended> {
  const exit = await cli.exited;
  return { ...exit, lines: cli.stdout.split('\n').filter(Boolean).sort(), stderr: cli.stderr };
}

async function uncordon(args: readonly string[], kubeconfig = scene.kubeconfig): Promise<Ended> {
  return end(start(args, kubeconfig));
}

/** What a cleaner's pod writes on its node. */
function mark(pod: string, mode: 'cordon' | 'taint' = 'cordon'): Record<string, string> {
  return { [cordonAnnotation]: formatMark({ time: '2026-01-01T00:00:00.000Z', pod, reason: 'test', mode }) };
}

const cordoned = { unschedulable: true };
const byExistingTool = { [cordonAnnotation]: 'true' };
const done = { code: 0, signal: null, stderr: '' };
const untouched = { unschedulable: true, taints: [], marked: true };
const free = { unschedulable: false, taints: [], marked: false };
const isPatchOf =
  (node: string) =>
  ({ method, path }: SeenRequest): boolean =>
    method === 'PATCH' && path.endsWith(`/${node}`);

describe('one node', () => {
  it.each([
    ['the existing tool', cordoned, byExistingTool],
    ['a pod that is gone', cordoned, mark('elsewhere/gone')],
    ['a taint', { taints: [{ key: cordonTaintKey, effect: 'NoSchedule' }] }, mark('images/gone', 'taint')],
  ])('is uncordoned after %s, and a second time changes nothing', async (_, spec, annotations) => {
    const node = await scene.node(spec, annotations);
    const env = { DOCKER_IMAGE_CLEANER_NODE_NAME: node, DOCKER_IMAGE_CLEANER_CORDON_MODE: 'none' };
    expect(await end(start([], scene.kubeconfig, env))).toEqual({
      ...done,
      lines: [`node ${node}: uncordoned`],
    });
    expect(await scene.state(node)).toEqual(free);
    expect(await uncordon(['--node-name', node])).toMatchObject({
      ...done,
      lines: [expect.stringContaining('left as it is')],
    });
    expect(await scene.state(node)).toEqual(free);
  });

  it('finds the API server by ~/.kube/config, as kubectl does; KUBECONFIG wins over it', async () => {
    const node = await scene.node(cordoned, byExistingTool);
    const home = mkdtempSync(join(tmpdir(), 'home-'));
    try {
      mkdirSync(join(home, '.kube'));
      const config = join(home, '.kube/config');
      writeFileSync(config, '{ broken: [');
      const broken = await end(start(['--node-name', node], '', { HOME: home }));
      expect(broken.code).toBe(2);
      expect(broken.stderr).toContain(`${config} cannot be read`);
      expect(await end(start(['--node-name', node], scene.kubeconfig, { HOME: home }))).toMatchObject(done);
      copyFileSync(scene.kubeconfig, config);
      expect(await end(start(['--node-name', node], '', { HOME: home }))).toMatchObject({
        ...done,
        lines: [expect.stringContaining('left as it is')],
      });
    } finally {
      rmSync(home, { recursive: true });
    }
  });

  it("leaves an administrator's cordon", async () => {
    const node = await scene.node(cordoned);
    expect(await uncordon(['--node-name', node])).toMatchObject({
      ...done,
      lines: [expect.stringMatching(/left as it is: no image cleaner cordoned it$/)],
    });
    expect(await scene.state(node)).toEqual({ unschedulable: true, taints: [], marked: false });
  });

  it('that does not exist needs nothing', async () => {
    expect(await uncordon(['--node-name', 'gone'])).toMatchObject({
      ...done,
      lines: ['node gone: the node does not exist'],
    });
  });

  it('is reported as uncordoned though the answer was lost', async () => {
    const node = await scene.node(cordoned, byExistingTool);
    scene.proxy.addRule({ match: isPatchOf(node), times: 1, cut: 'after' });
    expect(await uncordon(['--node-name', node])).toMatchObject({
      ...done,
      lines: [`node ${node}: uncordoned`],
    });
    expect(await scene.state(node)).toEqual(free);
  });

  it('is left cordoned when somebody removes the mark just before', async () => {
    const node = await scene.node(cordoned, byExistingTool);
    const before = async (): Promise<void> =>
      scene.change(node, { metadata: { annotations: { [cordonAnnotation]: null } } });
    scene.proxy.addRule({ match: isPatchOf(node), times: 1, before });
    expect(await uncordon(['--node-name', node])).toMatchObject({
      ...done,
      lines: [expect.stringContaining('left as it is')],
    });
    expect(await scene.state(node)).toEqual({ unschedulable: true, taints: [], marked: false });
  });
});

describe('--all', () => {
  it('finds every marked node, over more than one page, and touches no other', async () => {
    const others = await Promise.all(Array.from({ length: 130 }, async () => scene.node()));
    const marked = [
      await scene.node(cordoned, byExistingTool),
      await scene.node(cordoned, mark('elsewhere/cleaner-abcde')),
      await scene.node({}, mark('images/killed')),
    ];
    const admins = await scene.node(cordoned);
    expect(await uncordon(['--all'], hookKubeconfig)).toEqual({
      ...done,
      lines: marked.map((node) => `node ${node}: uncordoned`).sort(),
    });
    for (const node of marked) expect(await scene.state(node)).toEqual(free);
    expect(await scene.state(admins)).toMatchObject({ unschedulable: true });
    expect(scene.proxy.requests.filter(({ path }) => path.includes('continue=')).length).toBeGreaterThan(0);
    const patched = scene.proxy.requests.filter(({ method }) => method === 'PATCH');
    expect(patched.map(({ path }) => path).sort()).toEqual(
      marked.map((node) => `/api/v1/nodes/${node}`).sort(),
    );
    expect(patched.some(({ path }) => others.some((node) => path.endsWith(node)))).toBe(false);

    expect(await uncordon(['--all'], hookKubeconfig)).toMatchObject({
      ...done,
      lines: ['no node carries the mark of an image cleaner'],
    });
  });

  it('ends with status 1 when a node is left cordoned, and uncordons the others', async () => {
    const [stuck, other] = [
      await scene.node(cordoned, byExistingTool),
      await scene.node(cordoned, byExistingTool),
    ];
    scene.proxy.addRule({ match: isPatchOf(stuck), respond: { status: 500, body: { message: 'broken' } } });
    const { lines, ...exit } = await uncordon(['--all'], hookKubeconfig);
    expect(exit).toEqual({ ...done, code: 1 });
    const told: Record<string, unknown> = {
      [other]: `node ${other}: uncordoned`,
      [stuck]: expect.stringMatching(new RegExp(`^node ${stuck}: not uncordoned: .*500 broken$`)) as unknown,
    };
    // The API server lists nodes by name.
    expect(lines).toEqual([stuck, other].sort().map((node) => told[node]));
    expect(await scene.state(stuck)).toEqual(untouched);
    expect(await scene.state(other)).toEqual(free);
  });
});

/** In-process, with less patience than the executable has. */
describe('what does not get better', () => {
  const connect = async (kubeconfig: string): ReturnType<typeof connectUncordoner> =>
    connectUncordoner({ podName: 'test', environment: { KUBECONFIG: kubeconfig }, patienceMs: 1500 });

  it('is a missing permission: its error names it', async () => {
    const uncordoner = await connect(scene.kubeconfig);
    const listing = (async (): Promise<NodeResult[]> => {
      const results: NodeResult[] = [];
      for await (const result of uncordoner.marked(never)) results.push(result);
      return results;
    })();
    await expect(listing).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('cannot list resource "nodes"') as string,
    });
  });

  it('is an API server that does not return', async () => {
    const node = await scene.node(cordoned, byExistingTool);
    const uncordoner = await connect(scene.kubeconfig);
    await scene.proxy.refuse('reset');
    const { outcome } = await uncordoner.node(node, never);
    expect(outcome).toBeInstanceOf(ClusterError);
    expect(outcome).toMatchObject({ code: 'unreachable' });
    expect(await scene.state(node)).toEqual(untouched);
  });

  it('is one that hangs', async () => {
    const node = await scene.node(cordoned, byExistingTool);
    const uncordoner = await connect(scene.kubeconfig);
    scene.proxy.addRule({ match: () => true, stall: 'before' });
    expect(await uncordoner.node(node, never)).toMatchObject({ outcome: { code: 'timeout' } });
  });
});

describe("the chart's uninstall hook", () => {
  const { args } = podSpec(only(chart, 'Job')).containers[0];
  const inPod = { POD_NAMESPACE: namespace, DOCKER_IMAGE_CLEANER_LOG_FORMAT: 'text' };

  function hook(hookArgs = args): Cli {
    expect(hookArgs[0]).toBe('uncordon');
    return start(hookArgs.slice(1), hookKubeconfig, inPod);
  }

  async function createDaemonSet(): Promise<void> {
    const body = only(chart, 'DaemonSet');
    await scene.server.expect('POST', `/apis/apps/v1/namespaces/${namespace}/daemonsets`, { body });
  }

  /** What the garbage collector does when the last pod is gone. */
  async function endDaemonSet(): Promise<void> {
    await scene.server.expect('PATCH', daemonSetPath, {
      body: { metadata: { finalizers: null } },
      contentType: 'application/merge-patch+json',
    });
  }

  async function isBeingDeleted(): Promise<boolean> {
    return (await scene.server.expect('GET', daemonSetPath)).text.includes('foregroundDeletion');
  }

  const pod = `${namespace}/${account}-x7k2p`;

  it('waits for the pods, uncordons the nodes that they left, and no others', async () => {
    await createDaemonSet();
    const left = await scene.node(cordoned, mark(pod));
    const tainted = await scene.node(
      { taints: [{ key: cordonTaintKey, effect: 'NoSchedule' }] },
      mark(`${namespace}/${account}-bcdfg`, 'taint'),
    );
    const others = [
      await scene.node(cordoned, byExistingTool),
      await scene.node(cordoned, mark(`elsewhere/${account}-x7k2p`)),
      await scene.node(cordoned, mark(`${namespace}/${account}-dind-x7k2p`)),
      await scene.node(cordoned, mark(`${namespace}/other-x7k2p`)),
    ];
    const admins = await scene.node(cordoned);

    const cli = hook();
    await waitFor('the deletion', isBeingDeleted);
    const isPoll = ({ method, path, status }: SeenRequest): boolean =>
      method === 'GET' && path === daemonSetPath && status === 200;
    await waitFor('two looks', () => scene.proxy.requests.filter(isPoll).length >= 2);
    expect(await scene.state(left)).toEqual(untouched);
    expect(cli.stdout).toBe('');
    await endDaemonSet();

    expect(await end(cli)).toEqual({
      ...done,
      lines: [
        `daemonset ${namespace}/${account}: deleted, its pods have ended`,
        ...[left, tainted].map((node) => `node ${node}: uncordoned`),
      ].sort(),
    });
    for (const node of [left, tainted]) expect(await scene.state(node)).toEqual(free);
    for (const node of others) expect(await scene.state(node)).toEqual(untouched);
    expect(await scene.state(admins)).toEqual({ unschedulable: true, taints: [], marked: false });
    expect(scene.proxy.requests.filter(({ status }) => status === 403)).toEqual([]);

    expect(await end(hook())).toEqual({
      ...done,
      lines: [
        `daemonset ${namespace}/${account}: does not exist`,
        'no node carries the mark of one of its pods',
      ],
    });
  });

  it('continues when the pods do not end in time', async () => {
    await createDaemonSet();
    const left = await scene.node(cordoned, mark(pod));
    expect(await end(hook(['uncordon', '--delete-daemonset', account, '--wait-seconds', '1']))).toEqual({
      ...done,
      lines: [
        `daemonset ${namespace}/${account}: deleted, but after 1 s its pods may still be running; continuing`,
        `node ${left}: uncordoned`,
      ],
    });
    expect(await scene.state(left)).toEqual(free);
    await endDaemonSet();
  });

  it('leaves a node that another cleaner has taken over meanwhile', async () => {
    const node = await scene.node(cordoned, mark(pod));
    const other = mark(`elsewhere/${randomUUID()}`);
    const before = async (): Promise<void> => scene.change(node, { metadata: { annotations: other } });
    scene.proxy.addRule({ match: isPatchOf(node), times: 1, before });
    expect(await end(hook())).toMatchObject({
      ...done,
      lines: [
        expect.stringContaining('does not exist'),
        expect.stringContaining('another image cleaner now holds the cordon'),
      ],
    });
    expect(await scene.state(node)).toEqual(untouched);
  });

  it('ends on a signal, with status 1', async () => {
    await createDaemonSet();
    const cli = hook();
    await waitFor('the deletion', isBeingDeleted);
    cli.kill('SIGTERM');
    expect(await end(cli)).toEqual({
      code: 1,
      signal: null,
      lines: [],
      stderr: 'SIGTERM: stopping; run it again to finish\n',
    });
    await endDaemonSet();
  });
});
