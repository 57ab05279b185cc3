/** The real executable on a real containerd, through CRI, under a real API server: what kubelet's own node has. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { criCleaner, criTags, deletedTags, importEach } from '../engine/cri/scenario.ts';
import { imagesOnBase } from '../engine/scenario.ts';
import type { Cli } from '../../harness/program/cli.ts';
import { type Containerd, startContainerd } from '../../harness/engine/containerd.ts';
import { runPodWith } from '../../harness/engine/cri/pods.ts';
import { type GrpcProxy, isCall, startGrpcProxy } from '../../harness/wire/grpc-proxy.ts';
import { waitFor } from '../../harness/machine/wait.ts';
import { answerAsKubelet, applyRole, type KubeletAnswers } from './kubelet.ts';
import { type Scene, startScene } from './scene.ts';

let scene: Scene;
let containerd: Containerd;
let wire: GrpcProxy;
let kubelet: KubeletAnswers;
let node: string;
const running: Cli[] = [];

beforeAll(async () => {
  [scene, containerd] = await Promise.all([startScene(), startContainerd({ disk: { sizeMiB: 300 } })]);
  wire = await startGrpcProxy(containerd.socketPath, `${containerd.disk.workspace.path}/proxy.sock`);
  kubelet = await answerAsKubelet(scene);
});

afterAll(async () => {
  kubelet.close();
  wire.dispose();
  await containerd.dispose();
  await scene.dispose();
});

beforeEach(async () => {
  node = await kubelet.node();
  kubelet.configz = { kubeletconfig: { imageGCHighThresholdPercent: 85 } };
});

afterEach(async () => {
  for (const cli of running.splice(0)) await cli.dispose();
  await scene.reset();
});

function onNode(
  args: readonly string[],
  limits: { readonly high: number; readonly low: number },
  settings: Readonly<Record<string, string>> = {},
): Cli {
  const at = { endpoint: wire.endpoint, dataRoot: containerd.dataRoot };
  const cli = criCleaner(at, args, {
    ...limits,
    settings: { RUNTIME: 'cri', NODE_NAME: node, INTERVAL_SECONDS: '1', ...settings },
    env: { KUBECONFIG: scene.kubeconfig, POD_NAME: 'cleaner-abcde', POD_NAMESPACE: 'cleaner' },
  });
  running.push(cli);
  return cli;
}

const warnings = ({ records }: Cli): string[] =>
  records.filter(({ event }) => event === 'config.warning').map(({ message }) => String(message));
const free = { unschedulable: false, taints: [], marked: false };

describe('a sweep on a node of containerd', () => {
  it('cordons, deletes what no pod uses, and uncordons', async () => {
    const ids = await importEach(containerd, imagesOnBase({ used: 9, big: 9, small: 3 }));
    await runPodWith(containerd, 'pod', ids['used'] ?? '');
    const stalled = wire.addRule({ match: isCall('RemoveImage'), times: 1, stall: 'after' });
    const cli = onNode(['run', '--once'], { high: 0.2, low: 0.1 });
    await waitFor('a deletion under way', () => stalled.hits === 1);
    expect(await scene.state(node)).toMatchObject({ unschedulable: true, marked: true });
    stalled.release();
    expect((await cli.exited).code, cli.stderr).toBe(3);
    expect(await scene.state(node)).toEqual(free);
    expect(deletedTags(cli)).toEqual(['big:1', 'small:1']);
    expect(await criTags(containerd)).toEqual(['used:1']);
    const events = cli.records.map(({ event }) => event);
    const at = (event: string): number => events.indexOf(event);
    expect(at('node.cordoned')).toBeGreaterThan(-1);
    expect(at('node.cordoned')).toBeLessThan(at('image.deleted'));
    expect(at('node.uncordoned')).toBeGreaterThan(at('sweep.completed'));
  });

  it('uncordons when it is stopped mid-sweep', async () => {
    await importEach(containerd, imagesOnBase({ one: 6, two: 3 }));
    const stalled = wire.addRule({ match: isCall('RemoveImage'), times: 1, stall: 'after' });
    const cli = onNode(['run'], { high: 0.2, low: 0.1 });
    await waitFor('a deletion under way', () => stalled.hits === 1);
    cli.kill();
    await cli.waitForEvent('daemon.stopping');
    stalled.release();
    expect((await cli.exited).code, cli.stderr).toBe(0);
    expect(await scene.state(node)).toEqual(free);
    expect(await criTags(containerd)).toContain('two:1');
  });
});

describe('the daemon on a node whose kubelet collects images too', () => {
  it('warns when kubelet would begin first, where it may read kubelet’s configuration', async () => {
    await applyRole(scene, ['rbac.readKubeletConfig=true']);
    const late = onNode(['run', '--once'], { high: 90, low: 80 });
    expect((await late.exited).code, late.stderr).toBe(0);
    expect(warnings(late)).toEqual([
      expect.stringMatching(/HIGH=90 is not below the 85% .*imageGCHighThresholdPercent/),
    ]);
    const early = onNode(['run', '--once'], { high: 84, low: 80 });
    expect((await early.exited).code, early.stderr).toBe(0);
    expect(warnings(early)).toEqual([]);
    expect(kubelet.asked).toEqual(['/configz', '/configz']);
  });

  it('reports nothing without the permission', async () => {
    await applyRole(scene, []);
    const cli = onNode(['run', '--once'], { high: 90, low: 80 });
    expect((await cli.exited).code, cli.stderr).toBe(0);
    expect(warnings(cli)).toEqual([]);
    expect(kubelet.asked).toEqual([]);
  });
});
