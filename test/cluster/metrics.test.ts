/** What /metrics shows of the cluster, compared with what really happened: a real engine under a real API server. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { slotName } from '../../src/cluster/slot-rules.ts';
import { imagesOnBase, load } from '../engine/scenario.ts';
import type { Cli, LogRecord } from '../../harness/program/cli.ts';
import type { DockerEngine } from '../../harness/engine/docker-engine.ts';
import { parseExposition } from '../../harness/program/exposition.ts';
import { send } from '../../harness/wire/http.ts';
import { waitFor } from '../../harness/machine/wait.ts';
import type { WireProxy } from '../../harness/wire/wire-proxy.ts';
import { namespace, type Scene } from './scene.ts';
import { type NodeScene, startNodeScene } from './node-scene.ts';

let on: NodeScene;
let scene: Scene;
let engine: DockerEngine;
let wire: WireProxy;
let node: string;

beforeAll(async () => {
  on = await startNodeScene();
  ({ scene, engine, wire } = on);
});

beforeEach(async () => {
  node = await scene.node();
  await load(engine, imagesOnBase({ big: 9, small: 3 }));
});

afterEach(async () => {
  await on.reset();
});

afterAll(async () => {
  await on.dispose();
});

interface Served {
  readonly cli: Cli;
  /** A series as it is now, without the names' prefix; undefined where it is absent. */
  readonly metric: (series: string) => Promise<number | undefined>;
}

/** A daemon on the node that sweeps at once, with its server. */
async function serve(settings: Record<string, string> = {}): Promise<Served> {
  const cli = on.cleanerOn(node, ['run'], { HTTP_ADDRESS: '127.0.0.1:0', ...settings });
  const { url } = await cli.waitForEvent('http.listening');
  const port = Number(new URL(String(url)).port);
  return {
    cli,
    metric: async (series) => {
      const { text } = await send({ port }, 'GET', '/metrics', { headers: { Host: 'localhost' } });
      return parseExposition(text).values.get(`docker_image_cleaner_${series}`);
    },
  };
}

/** The first deletion is under way until it is released. */
function duringDeletion(): { readonly reached: Promise<unknown>; readonly release: () => void } {
  const stalled = wire.addRule({ match: ({ method }) => method === 'DELETE', times: 1, stall: 'after' });
  return { reached: waitFor('a deletion', () => stalled.hits === 1), release: () => stalled.release() };
}

const secondsBetween = (from: LogRecord, to: LogRecord): number =>
  (Date.parse(String(to['time'])) - Date.parse(String(from['time']))) / 1000;

describe('a cordon', () => {
  it('is shown while it lasts, and how long it lasted', async () => {
    const deletion = duringDeletion();
    const { cli, metric } = await serve();
    await deletion.reached;
    expect(await scene.state(node)).toMatchObject({ unschedulable: true });
    expect(await metric('node_cordoned')).toBe(1);
    expect(await metric('cordon_waiting')).toBe(0);
    const early = (await metric('cordoned_seconds_total')) ?? Number.NaN;
    await waitFor(
      'the seconds to go on',
      async () => ((await metric('cordoned_seconds_total')) ?? 0) > early,
    );
    deletion.release();
    const uncordoned = await cli.waitForEvent('node.uncordoned');
    expect(await scene.state(node)).toMatchObject({ unschedulable: false });
    expect(await metric('node_cordoned')).toBe(0);
    const lasted = await metric('cordoned_seconds_total');
    expect(lasted).toBeCloseTo(secondsBetween(await cli.waitForEvent('node.cordoned'), uncordoned), 0);
    // It is over: nothing is added to it.
    await cli.waitForEvent('check.completed', { since: cli.records.length });
    expect(await metric('cordoned_seconds_total')).toBe(lasted);
    expect(await metric('sweeps_total{outcome="no-candidates"}')).toBe(1);
    expect(await metric('cordons_skipped_total')).toBe(0);
    expect(await metric('api_server_errors_total{task="cordon"}')).toBe(0);
  });

  it('that is not needed is absent: none without a node name', async () => {
    const { cli, metric } = await serve({ NODE_NAME: '' });
    await cli.waitForEvent('sweep.completed');
    expect(await metric('cordoned_seconds_total')).toBe(0);
    for (const series of ['node_cordoned', 'cordon_waiting', 'api_server_failing{task="cordon"}'])
      expect(await metric(series)).toBeUndefined();
  });
});

describe('a slot', () => {
  it('that is waited for is shown until it is taken', async () => {
    const time = new Date().toISOString().replace('Z', '000Z');
    const spec = { holderIdentity: 'elsewhere', leaseDurationSeconds: 3600, renewTime: time };
    const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
    await scene.server.expect('POST', leases, { body: { metadata: { name: slotName(0) }, spec } });
    const { cli, metric } = await serve({ MAX_CORDONED_NODES: '1', THRESHOLD_CRITICAL: '100' });
    await cli.waitForEvent('slot.waiting');
    expect(await metric('cordon_waiting')).toBe(1);
    expect(await metric('node_cordoned')).toBe(0);
    expect(await metric('cordoned_seconds_total')).toBe(0);
    const deletion = duringDeletion();
    await scene.server.expect('DELETE', `${leases}/${slotName(0)}`);
    await cli.waitForEvent('slot.taken');
    expect(await metric('cordon_waiting')).toBe(0);
    await deletion.reached;
    expect(await metric('node_cordoned')).toBe(1);
    deletion.release();
    await cli.waitForEvent('sweep.completed');
    await cli.waitForEvent('node.uncordoned');
    expect(await metric('node_cordoned')).toBe(0);
  });
});

describe('an API server that is away', () => {
  it('is shown until it is back, with every failed try; the node is still shown as cordoned', async () => {
    const deletion = duringDeletion();
    const { cli, metric } = await serve();
    await deletion.reached;
    await scene.proxy.refuse('refused');
    deletion.release();
    await cli.waitForEvent(({ event, task }) => event === 'cluster.failing' && task === 'uncordon');
    expect(await metric('api_server_failing{task="uncordon"}')).toBe(1);
    expect(await metric('api_server_failing{task="cordon"}')).toBe(0);
    expect(await metric('api_server_errors_total{task="uncordon"}')).toBe(1);
    expect(await metric('node_cordoned')).toBe(1);
    await scene.proxy.accept();
    const working = await cli.waitForEvent(
      ({ event, task }) => event === 'cluster.working' && task === 'uncordon',
    );
    expect(await metric('api_server_failing{task="uncordon"}')).toBe(0);
    expect(await metric('api_server_errors_total{task="uncordon"}')).toBe(Number(working['tries']) - 1);
    await cli.waitForEvent('node.uncordoned');
    expect(await metric('node_cordoned')).toBe(0);
    expect(await scene.state(node)).toMatchObject({ unschedulable: false });
  });

  it('and a disk that is critical: the sweep without a cordon is counted', async () => {
    const { cli, metric } = await serve({ THRESHOLD_CRITICAL: '0.3' });
    await cli.waitForEvent('node.uncordoned');
    await scene.proxy.refuse('refused');
    await load(engine, imagesOnBase({ next: 9 }));
    await cli.waitForEvent('cordon.skipped', { timeoutMs: 90_000 });
    await waitFor('the sweep', async () => (await metric('sweeps_total{outcome="no-candidates"}')) === 2);
    expect(await metric('cordons_skipped_total')).toBe(1);
    expect(await metric('node_cordoned')).toBe(0);
    expect(await metric('api_server_failing{task="cordon"}')).toBe(1);
    // That series of failures was given up. Its end is reported nevertheless, with all failures.
    await scene.proxy.accept();
    await load(engine, imagesOnBase({ last: 9 }));
    const working = await cli.waitForEvent(
      ({ event, task }) => event === 'cluster.working' && task === 'cordon',
      { timeoutMs: 90_000 },
    );
    expect(Number(working['tries'])).toBeGreaterThan(1);
    expect(await metric('api_server_failing{task="cordon"}')).toBe(0);
    expect(await metric('api_server_errors_total{task="cordon"}')).toBe(Number(working['tries']) - 1);
    await waitFor(
      'the last sweep',
      async () => (await metric('sweeps_total{outcome="no-candidates"}')) === 3,
    );
    expect(await metric('cordons_skipped_total')).toBe(1);
  });
});
