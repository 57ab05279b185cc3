/**
 * The chart's pods on real runtimes that are laid out as the distributions of Kubernetes do it: with no values where the
 * program finds the runtime, with the chart's presets where they are needed or wanted. kubelet's part, mounting and rights, is
 * done by the harness.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { criTags, importEach } from '../../engine/cri/scenario.ts';
import { imagesOnBase, load } from '../../engine/scenario.ts';
import type { Cli } from '../../../harness/program/cli.ts';
import { type Containerd, startContainerd } from '../../../harness/engine/containerd.ts';
import { runPodWith } from '../../../harness/engine/cri/pods.ts';
import { startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { listTags, runContainer } from '../../../harness/engine/engine-api.ts';
import { hostRoot, layOut, type NodeLayout } from '../../../harness/engine/node-layout.ts';
import { runInPod } from '../../../harness/cluster/node-pod.ts';
import { only, type PodSpec, podSpec, render } from '../../../harness/cluster/rendered-chart.ts';

const containerdLayout: NodeLayout = {
  folder: '/var/lib/containerd',
  socket: '/run/containerd/containerd.sock',
};
const k3s: NodeLayout = {
  folder: '/var/lib/rancher/k3s/agent/containerd',
  socket: '/run/k3s/containerd/containerd.sock',
};
const rke2: NodeLayout = { ...k3s, folder: '/var/lib/rancher/rke2/agent/containerd' };
const k0s: NodeLayout = { folder: '/var/lib/k0s/containerd', socket: '/run/k0s/containerd.sock' };
const microk8s: NodeLayout = {
  folder: '/var/snap/microk8s/common/var/lib/containerd',
  socket: '/var/snap/microk8s/common/run/containerd.sock',
};

/** What the tests need beside: no API server, no state on this machine, nothing served. */
const beside = [
  'cleaner.cordonMode=none',
  'state.enabled=false',
  'http.enabled=false',
  'probes.enabled=false',
  'cleaner.minAgeSeconds=0',
  'cleaner.delaySeconds=0',
];

function pod(files: readonly string[], set: readonly string[] = []): PodSpec {
  return podSpec(only(render([...beside, ...set], files), 'DaemonSet'));
}

interface Status {
  readonly usage: { readonly path: string };
  readonly images: readonly { readonly tags: readonly string[]; readonly exact: boolean }[];
}

async function status(cli: Cli): Promise<Status> {
  const exit = await cli.exited;
  expect(exit, cli.stderr).toEqual({ code: 0, signal: null });
  return cli.json<Status>();
}

const dispose: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const each of dispose.splice(0)) await each();
});

async function startOn(layout: NodeLayout): Promise<Containerd> {
  const containerd = await startContainerd({ disk: { sizeMiB: 200 }, layout });
  dispose.push(async () => await containerd.dispose());
  const ids = await importEach(containerd, imagesOnBase({ used: 5, unused: 20 }));
  await runPodWith(containerd, 'pod', ids['used'] ?? '');
  return containerd;
}

describe('the chart’s pod', () => {
  it.each([
    ['containerd', containerdLayout, [[], ['values-containerd.yaml']]],
    ['k3s', k3s, [[], ['values-k3s.yaml']]],
    ['RKE2', rke2, [[], ['values-rke2.yaml']]],
    ['k0s', k0s, [[], ['values-k0s.yaml']]],
    ['MicroK8s', microk8s, [['values-microk8s.yaml']]],
  ] as const)(
    'finds the runtime and its images on a node of %s, and sweeps what no pod uses',
    async (_, layout, ways) => {
      const containerd = await startOn(layout);
      const workspace = containerd.disk.workspace.path;
      for (const files of ways) {
        const seen = await status(runInPod(pod(files), workspace, ['status', '--json']));
        expect(seen.usage.path, files.join()).toBe(layout.folder);
        expect(seen.images.map(({ exact }) => exact)).not.toContain(false);
        expect(seen.images.flatMap(({ tags }) => tags)).toContain('docker.io/library/unused:1');
      }
      const low = ['cleaner.thresholdHigh=0.2', 'cleaner.thresholdLow=0.1'];
      const cli = runInPod(pod(ways[0], low), workspace, ['run', '--once']);
      // Above the threshold to the end: everything that may be deleted is.
      expect((await cli.exited).code, cli.stderr).toBe(3);
      expect(await criTags(containerd)).toEqual(['used:1']);
    },
  );

  it('cleans the Docker Engine that kubelet has by a shim, and not the containerd beside it', async () => {
    const containerd = await startOn(containerdLayout);
    const workspace = containerd.disk.workspace.path;
    const run = join(hostRoot(workspace), 'run');
    const engine = await startDockerEngine({
      disk: { sizeMiB: 200 },
      flags: ['--host', `unix://${run}/docker.sock`],
    });
    dispose.unshift(async () => await engine.dispose());
    await load(engine, imagesOnBase({ used: 5, unused: 20 }));
    await runContainer(engine, 'used:1');
    layOut({ folder: '/var/lib/docker', socket: '/run/docker.sock' }, workspace, engine.dataRoot);
    const alone = await status(runInPod(pod([]), workspace, ['status', '--json']));
    expect(alone.usage.path).toBe('/var/lib/containerd');
    mkdirSync(join(run, 'cri-dockerd.sock'));
    const seen = await status(runInPod(pod([]), workspace, ['status', '--json']));
    expect(seen.usage.path).toBe('/var/lib/docker');
    expect(seen.images.map(({ exact }) => exact)).not.toContain(false);
    const low = ['cleaner.thresholdHigh=0.2', 'cleaner.thresholdLow=0.1'];
    for (const files of [[], ['values-docker.yaml']]) {
      const cli = runInPod(pod(files, low), workspace, ['run', '--once']);
      expect((await cli.exited).code, cli.stderr).toBe(3);
      expect(await listTags(engine)).toEqual(['used:1']);
    }
    expect(await criTags(containerd)).toEqual(['unused:1', 'used:1']);
  });

  it('names the sockets it searched for on a node without a known runtime', async () => {
    const containerd = await startOn(containerdLayout);
    const workspace = join(containerd.disk.workspace.path, 'empty');
    for (const folder of ['run', 'var/lib'])
      mkdirSync(join(hostRoot(workspace), folder), { recursive: true });
    const cli = runInPod(pod([]), workspace, ['run', '--once']);
    expect((await cli.exited).code).toBe(1);
    const warning = cli.records.find(({ event }) => event === 'config.warning');
    expect(String(warning?.['message'])).toMatch(/HOST_RUN=\/host\/run: .*k3s.*engine\.hostSocketDir/);
  });
});
