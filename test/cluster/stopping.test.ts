/** SIGTERM at any moment, whatever the API server does: no stack trace, an exit within 10 s, and the next start goes on. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { cleaner, imagesOnBase, load } from '../engine/scenario.ts';
import type { Cli } from '../harness/cli.ts';
import { type DockerEngine, startDockerEngine } from '../harness/docker-engine.ts';
import { waitFor } from '../harness/wait.ts';
import { startWireProxy, type WireProxy } from '../harness/wire-proxy.ts';
import { type Scene, startScene } from './scene.ts';

let scene: Scene;
let engine: DockerEngine;
let wire: WireProxy;
let node: string;
const running: Cli[] = [];

beforeAll(async () => {
  [scene, engine] = await Promise.all([startScene(), startDockerEngine()]);
  wire = await startWireProxy({
    target: { socketPath: engine.socketPath },
    listen: { socketPath: `${engine.disk.workspace.path}/proxy.sock` },
  });
});

afterAll(async () => {
  await wire.dispose();
  await engine.dispose();
  await scene.dispose();
});

beforeEach(async () => {
  node = await scene.node();
  await load(engine, imagesOnBase({ big: 9, small: 3 }));
});

afterEach(async () => {
  for (const cli of running.splice(0)) await cli.dispose();
  wire.clear();
  await scene.reset();
});

function onNode(args: readonly string[], settings: Record<string, string> = {}): Cli {
  const cli = cleaner(engine, args, {
    high: 0.2,
    low: 0.1,
    dockerHost: wire.dockerHost,
    settings: { NODE_NAME: node, INTERVAL_SECONDS: '1', ...settings },
    env: { KUBECONFIG: scene.kubeconfig, POD_NAME: 'cleaner-abcde', POD_NAMESPACE: 'cleaner' },
  });
  running.push(cli);
  return cli;
}

/** Ends it with SIGTERM, and expects it to be gone within the 10 s that are promised. */
async function stopped(cli: Cli): Promise<void> {
  const startMs = performance.now();
  cli.kill('SIGTERM');
  const { code } = await cli.exited;
  expect(cli.stderr).not.toMatch(/\n\s+at /);
  expect(code, cli.stderr).toBe(0);
  // Not a bench: it is the promise itself.
  expect(performance.now() - startMs).toBeLessThan(10_000);
}

it('at each moment of a start with an API server that does not answer', async () => {
  scene.proxy.addRule({ match: () => true, stall: 'before' });
  // With a critical level that is never reached it waits for the cordon.
  for (let at = 0; at < 6; at++) {
    const cli = onNode(['run'], at % 2 === 0 ? {} : { MAX_CORDONED_NODES: '2' });
    await cli.waitForEvent(at < 3 ? 'config.warning' : 'daemon.started').catch(() => undefined);
    await stopped(cli);
  }
});

it('in mid-sweep with the API server away; the next start takes the cordon off', async () => {
  const stalled = wire.addRule({ match: ({ method }) => method === 'DELETE', times: 1, stall: 'after' });
  const cli = onNode(['run']);
  await waitFor('a deletion', () => stalled.hits === 1);
  expect(await scene.state(node)).toMatchObject({ unschedulable: true, marked: true });
  await scene.proxy.refuse('refused');
  await stopped(cli);
  stalled.release();
  expect(await scene.state(node)).toMatchObject({ unschedulable: true, marked: true });
  await scene.proxy.accept();
  const next = onNode(['run'], { THRESHOLD_HIGH: '99', THRESHOLD_LOW: '98' });
  await next.waitForEvent('node.uncordoned');
  expect(await scene.state(node)).toEqual({ unschedulable: false, taints: [], marked: false });
});
