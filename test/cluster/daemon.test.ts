/** The real executable on a real engine under a real API server: cordon, delete, uncordon, whatever happens. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cordonAnnotation } from '../../src/cluster/cordon-rules.ts';
import { slotName } from '../../src/cluster/slot-rules.ts';
import { imagesOnBase, load } from '../engine/scenario.ts';
import { type Cli, type CliOptions } from '../../harness/program/cli.ts';
import type { DockerEngine } from '../../harness/engine/docker-engine.ts';
import { listTags, tagImage } from '../../harness/engine/engine-api.ts';
import { waitFor } from '../../harness/machine/wait.ts';
import type { SeenRequest, WireProxy } from '../../harness/wire/wire-proxy.ts';
import { namespace, type Scene } from './scene.ts';
import { type NodeScene, startNodeScene } from './node-scene.ts';

let on: NodeScene;
let scene: Scene;
let engine: DockerEngine;
let wire: WireProxy;
let node: string;

const isDelete = (request: SeenRequest): boolean => request.method === 'DELETE';

beforeAll(async () => {
  on = await startNodeScene();
  ({ scene, engine, wire } = on);
});

afterAll(async () => {
  await on.dispose();
});

beforeEach(async () => {
  node = await scene.node();
  await load(engine, imagesOnBase({ big: 9, mid: 6, small: 3 }));
});

afterEach(async () => {
  await on.reset();
});

/** A cleaner for the node; see NodeScene. */
function onNode(
  args: readonly string[],
  settings: Record<string, string> = {},
  env: CliOptions['env'] = {},
): Cli {
  return on.cleanerOn(node, args, settings, env);
}

/** A deletion that is under way until released. */
function duringDeletion(): { reached: Promise<void>; release: () => void } {
  const stalled = wire.addRule({ match: isDelete, times: 1, stall: 'after' });
  return {
    reached: waitFor('a deletion', () => stalled.hits === 1).then(() => undefined),
    release: () => stalled.release(),
  };
}

async function eventReasons(): Promise<string[]> {
  const answer = await scene.server.expect(
    'GET',
    `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=${node}`,
  );
  return answer
    .json<{ items: { reason: string }[] }>()
    .items.map(({ reason }) => reason)
    .sort();
}

const free = { unschedulable: false, taints: [], marked: false };

describe('a sweep on a node', () => {
  it('cordons, deletes, uncordons and leaves events', async () => {
    const deletion = duringDeletion();
    const cli = onNode(['run', '--once']);
    await deletion.reached;
    expect(await scene.state(node)).toMatchObject({ unschedulable: true, marked: true });
    const mark = (await scene.read(node)).metadata.annotations?.[cordonAnnotation] ?? '';
    expect(JSON.parse(mark)).toMatchObject({
      pod: 'cleaner/cleaner-abcde',
      reason: expect.stringContaining('used') as string,
    });
    deletion.release();
    expect((await cli.exited).code).toBe(3);
    expect(await scene.state(node)).toEqual(free);
    expect(await listTags(engine)).toEqual([]);
    expect(await eventReasons()).toEqual(['ImageCleanInsufficient', 'ImageCleanStarted']);
  });

  it('taints instead if configured', async () => {
    const deletion = duringDeletion();
    const cli = onNode(['run', '--once'], { CORDON_MODE: 'taint' });
    await deletion.reached;
    expect(await scene.state(node)).toMatchObject({
      unschedulable: false,
      marked: true,
      taints: ['docker-image-cleaner.jupyter.org/cleaning'],
    });
    deletion.release();
    await cli.exited;
    expect(await scene.state(node)).toEqual(free);
  });

  it('never cordons with cordoning off, nor in a dry run', async () => {
    const off = onNode(['run', '--once'], { CORDON_MODE: 'none' });
    await off.exited;
    const dry = onNode(['run', '--once', '--dry-run']);
    await dry.exited;
    for (const cli of [off, dry])
      expect(cli.records.filter(({ event }) => event === 'node.cordoned')).toEqual([]);
    expect(scene.proxy.requests.filter((request) => request.path.includes('/events'))).toEqual([]);
    expect(await listTags(engine)).toEqual([]);
  });

  it('leaves the administrator’s cordon as it is', async () => {
    await scene.change(node, { spec: { unschedulable: true } });
    const cli = onNode(['run', '--once']);
    await cli.exited;
    await cli.waitForEvent('node.already-cordoned');
    expect(await scene.state(node)).toEqual({ unschedulable: true, taints: [], marked: false });
    expect(await listTags(engine)).toEqual([]);
  });

  it('leaves the node cordoned when somebody removes our annotation in mid-sweep', async () => {
    const deletion = duringDeletion();
    const cli = onNode(['run', '--once']);
    await deletion.reached;
    await scene.change(node, { metadata: { annotations: { [cordonAnnotation]: null } } });
    deletion.release();
    await cli.exited;
    expect(await scene.state(node)).toEqual({ unschedulable: true, taints: [], marked: false });
  });

  it('has no cordon and no request for a node below HIGH, after the start-up checks', async () => {
    const cli = onNode(['run'], { THRESHOLD_HIGH: '99', THRESHOLD_LOW: '98' });
    await waitFor(
      'three checks',
      () => cli.records.filter(({ event }) => event === 'check.completed').length >= 3,
    );
    const asked = scene.proxy.requests.length;
    const seen = cli.records.length;
    await waitFor(
      'three more',
      () => cli.records.slice(seen).filter(({ event }) => event === 'check.completed').length >= 3,
    );
    expect(scene.proxy.requests).toHaveLength(asked);
    cli.kill();
    expect((await cli.exited).code).toBe(0);
  });
});

describe('nothing leaves a node cordoned', () => {
  it('SIGTERM in mid-sweep', async () => {
    const deletion = duringDeletion();
    const cli = onNode(['run']);
    await deletion.reached;
    cli.kill('SIGTERM');
    // At once, although the deletion is still under way.
    await waitFor('the uncordon', async () => !(await scene.state(node)).unschedulable);
    deletion.release();
    expect((await cli.exited).code).toBe(0);
    expect(await scene.state(node)).toEqual(free);
  });

  it('a sweep that takes longer than it may', async () => {
    const deletion = duringDeletion();
    const cli = onNode(['run', '--once'], { MAX_CORDON_SECONDS: '1' });
    await deletion.reached;
    await cli.waitForEvent('cordon.time-limit');
    await waitFor('the uncordon', async () => !(await scene.state(node)).unschedulable);
    deletion.release();
    await cli.exited;
    expect(await cli.waitForEvent('sweep.completed')).toMatchObject({
      stoppedBecause: 'cordon-time-limit',
      deletedImages: 1,
    });
    expect(await listTags(engine)).toHaveLength(2);
  });

  it('an API server that is away when the sweep ends', async () => {
    const deletion = duringDeletion();
    const cli = onNode(['run', '--once']);
    await deletion.reached;
    await scene.proxy.refuse('refused');
    deletion.release();
    await cli.waitForEvent('cluster.failing');
    expect((await scene.state(node)).unschedulable).toBe(true);
    await scene.proxy.accept();
    await cli.exited;
    expect(await scene.state(node)).toEqual(free);
    expect(cli.records.filter(({ event }) => event === 'cluster.failing')).toHaveLength(1);
  });

  it('a sweep that fails: the engine disappears right after the node is cordoned', async () => {
    wire.addRule({ match: ({ path }) => path.includes('/containers/json'), cut: 'before' });
    const cli = onNode(['run', '--once']);
    expect((await cli.exited).code).toBe(1);
    await cli.waitForEvent('node.cordoned');
    await cli.waitForEvent('engine.unavailable');
    expect(await scene.state(node)).toEqual(free);
    expect(await listTags(engine)).toHaveLength(3);
  });

  it('a node that is deleted meanwhile', async () => {
    const deletion = duringDeletion();
    const cli = onNode(['run', '--once']);
    await deletion.reached;
    await scene.server.expect('DELETE', `/api/v1/nodes/${node}`);
    deletion.release();
    expect((await cli.exited).code).toBe(3);
    await cli.waitForEvent('node.gone');
  });

  it('a cordon that the original tool left behind', async () => {
    await scene.change(node, {
      spec: { unschedulable: true },
      metadata: { annotations: { [cordonAnnotation]: 'true' } },
    });
    const cli = onNode(['run'], { THRESHOLD_HIGH: '99', THRESHOLD_LOW: '98' });
    expect(await cli.waitForEvent('node.uncordoned')).toMatchObject({ leftBehind: true });
    expect(await scene.state(node)).toEqual(free);
  });

  it('kill -9 at every request of a sweep, to the engine or the API server, then a restart', async () => {
    // A whole sweep counts the steps; then each is a crash point of its own.
    wire.clear();
    scene.proxy.clear();
    await onNode(['run', '--once']).exited;
    const steps = { engine: wire.requests.length, cluster: scene.proxy.requests.length };
    expect(steps.cluster).toBeGreaterThan(4);
    const points = [
      ...Array.from({ length: steps.cluster }, (_, index) => ({ proxy: scene.proxy, index })),
      ...Array.from({ length: steps.engine }, (_, index) => ({ proxy: wire, index })),
    ];
    for (const { proxy, index } of points) {
      await load(engine, imagesOnBase({ big: 2 }));
      for (const when of ['before', 'after'] as const) {
        wire.clear();
        scene.proxy.clear();
        let seen = 0;
        const rule = proxy.addRule({ match: () => seen++ === index, stall: when });
        const cli = onNode(['run', '--once']);
        await Promise.race([cli.exited, waitFor('the crash point', () => rule.hits === 1)]);
        cli.kill('SIGKILL');
        await cli.exited;
        rule.release();
        rule.remove();
        const next = onNode(['run'], { THRESHOLD_HIGH: '99', THRESHOLD_LOW: '98' });
        await waitFor(`a schedulable node after a kill ${when} request ${index}`, async () => {
          const state = await scene.state(node);
          return !state.unschedulable && !state.marked;
        });
        next.kill();
        await next.exited;
        expect(await scene.state(node)).toEqual(free);
      }
    }
  }, 900_000);
});

describe('an API server that is away', () => {
  it('does not sweep, and does as soon as it is back', async () => {
    const cli = onNode(['run'], { THRESHOLD_CRITICAL: '100' });
    await cli.waitForEvent('sweep.completed');
    await load(engine, imagesOnBase({ late: 4 }));
    await scene.proxy.refuse('refused');
    await tagImage(engine, 'late:1', 'late:2');
    await cli.waitForEvent('cluster.failing');
    expect(await listTags(engine)).toEqual(['late:1', 'late:2']);
    await scene.proxy.accept();
    await waitFor('the sweep', async () => (await listTags(engine)).length === 0);
    cli.kill();
    await cli.exited;
    expect(await scene.state(node)).toEqual(free);
  });

  it('is not waited for from the critical threshold upwards', async () => {
    await scene.proxy.refuse('refused');
    const cli = onNode(['run', '--once'], { THRESHOLD_CRITICAL: '0.3' });
    await cli.waitForEvent('cordon.skipped', { timeoutMs: 90_000 });
    await cli.waitForEvent('sweep.completed');
    expect(await listTags(engine)).toEqual([]);
  });
});

describe('a limit on nodes that sweep at the same time', () => {
  it('is waited for, and not from the critical threshold upwards', async () => {
    const time = new Date().toISOString().replace('Z', '000Z');
    const spec = { holderIdentity: 'elsewhere', leaseDurationSeconds: 3600, renewTime: time };
    await scene.server.expect('POST', `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`, {
      body: { metadata: { name: slotName(0) }, spec },
    });
    const patient = onNode(['run'], { MAX_CORDONED_NODES: '1', THRESHOLD_CRITICAL: '100' });
    await patient.waitForEvent('slot.waiting');
    patient.kill();
    expect((await patient.exited).code).toBe(0);
    expect(await listTags(engine)).toHaveLength(3);

    const critical = onNode(['run', '--once'], { MAX_CORDONED_NODES: '1', THRESHOLD_CRITICAL: '0.3' });
    await critical.waitForEvent('slot.waiting');
    await critical.waitForEvent('cordon.skipped');
    await critical.exited;
    expect(await listTags(engine)).toEqual([]);
    expect(await scene.state(node)).toEqual(free);
    expect(critical.records.filter(({ event }) => event === 'node.cordoned')).toEqual([]);
  });
});

describe('permissions', () => {
  it('missing ones are named at start-up, a line each, exit 2', async () => {
    await scene.server.expect('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, {
      body: { metadata: { name: `nobody-${node}` } },
    });
    const kubeconfig = await scene.server.serviceAccountKubeconfig(namespace, `nobody-${node}`);
    const cli = onNode(['run'], {}, { KUBECONFIG: kubeconfig });
    expect((await cli.exited).code).toBe(2);
    const missing = cli.records.filter(
      ({ event, required }) => event === 'cluster.access-missing' && required === true,
    );
    expect(missing.map(({ message }) => typeof message)).toHaveLength(2);
    expect(cli.stderr).toMatch(/get.*nodes/);
    expect(cli.stderr).toMatch(/patch.*nodes/);
    expect(await listTags(engine)).toHaveLength(3);
  });

  it('an unconfigured API server is reported, exit 2', async () => {
    const cli = onNode(['run'], {}, { KUBECONFIG: '/no/such/kubeconfig' });
    expect((await cli.exited).code).toBe(2);
    expect(cli.stderr).not.toContain('    at ');
  });
});
