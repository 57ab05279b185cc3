/**
 * SIGTERM at any moment, whatever the API server does: no stack trace, an exit within 10 s, and the next start
 * continues.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { cordonAnnotation } from '../../../src/cluster/cordon-rules.ts';
import { imagesOnBase, load } from '../../engine/scenario.ts';
import type { Cli } from '../../../harness/program/cli.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { type NodeScene, startNodeScene } from '../node-scene.ts';

let on: NodeScene;
let node: string;

beforeAll(async () => {
  on = await startNodeScene();
});

afterAll(async () => {
  await on.dispose();
});

beforeEach(async () => {
  node = await on.scene.node();
  await load(on.engine, imagesOnBase({ big: 9, small: 3 }));
});

afterEach(async () => {
  await on.reset();
});

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
  on.scene.proxy.addRule({ match: () => true, stall: 'before' });
  // With a critical level that is never reached it waits for the cordon.
  for (let at = 0; at < 6; at++) {
    const cli = on.cleanerOn(node, ['run'], at % 2 === 0 ? {} : { MAX_CORDONED_NODES: '2' });
    await cli.waitForEvent(at < 3 ? 'config.warning' : 'daemon.started');
    await stopped(cli);
  }
});

it('in mid-sweep with the API server away; the next start takes the cordon off', async () => {
  const stalled = on.wire.addRule({ match: ({ method }) => method === 'DELETE', times: 1, stall: 'after' });
  const cli = on.cleanerOn(node, ['run']);
  await waitFor('a deletion', () => stalled.hits === 1);
  expect(await on.scene.state(node)).toMatchObject({ unschedulable: true, marked: true });
  await on.scene.proxy.refuse('refused');
  await stopped(cli);
  stalled.release();
  expect(await on.scene.state(node)).toMatchObject({ unschedulable: true, marked: true });
  await on.scene.proxy.accept();
  const next = on.cleanerOn(node, ['run'], { THRESHOLD_HIGH: '99', THRESHOLD_LOW: '98' });
  await next.waitForEvent('node.uncordoned');
  expect(await on.scene.state(node)).toEqual({ unschedulable: false, taints: [], marked: false });
});

it('a finished check does not wait for another cleaner’s cordon', async () => {
  const now = new Date().toISOString();
  const mark = {
    time: now,
    renewed: now,
    pod: 'images/other',
    process: '1:7:100',
    reason: 'full',
    mode: 'cordon',
  };
  await on.scene.change(node, {
    metadata: { annotations: { [cordonAnnotation]: JSON.stringify(mark) } },
    spec: { unschedulable: true },
  });
  const cli = on.cleanerOn(node, ['run', '--once'], { THRESHOLD_HIGH: '99', THRESHOLD_LOW: '98' });
  expect((await cli.exited).code, cli.stderr).toBe(0);
  // Had it waited, the mark would have counted as left behind by then, and been removed.
  expect(await on.scene.state(node)).toMatchObject({ unschedulable: true, marked: true });
});
