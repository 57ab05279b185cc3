/** The cordon on a real API server: whose it is, and what others do meanwhile. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cordonAnnotation, cordonTaintKey, parseMark } from '../../../src/cluster/cordon-rules.ts';
import type { SeenRequest } from '../../../harness/wire/wire-proxy.ts';
import { never, startScene, type Scene } from '../scene.ts';

const open = { unschedulable: false, taints: [], marked: false };
const cordoned = { unschedulable: true, taints: [], marked: true };
const isPatch = (request: SeenRequest): boolean =>
  request.method === 'PATCH' && request.path.includes('/nodes/');

let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
});
afterEach(async () => {
  await scene.reset();
});
afterAll(async () => {
  await scene.dispose();
});

describe.each(['cordon', 'taint'] as const)('mode %s', (cordonMode) => {
  const held =
    cordonMode === 'cordon' ? cordoned : { unschedulable: false, taints: [cordonTaintKey], marked: true };

  it('holds and releases, leaving the node as it was', async () => {
    const name = await scene.node({ taints: [{ key: 'else', effect: 'NoSchedule' }] }, { else: 'yes' });
    const before = await scene.read(name);
    const { cluster } = await scene.connect(name, { cordonMode });
    const hold = await cluster.hold('bytes 91%', never);
    expect(hold.outcome).toBe('cordoned');
    expect(await scene.state(name)).toEqual({ ...held, taints: ['else', ...held.taints] });
    const mark = (await scene.read(name)).metadata.annotations?.[cordonAnnotation] ?? '';
    expect(parseMark(mark)).toMatchObject({ pod: `cleaner-${name}`, reason: 'bytes 91%', mode: cordonMode });
    expect(await hold.release(never)).toBe('released');
    const after = await scene.read(name);
    expect({ annotations: after.metadata.annotations, spec: after.spec }).toEqual({
      annotations: before.metadata.annotations,
      spec: before.spec,
    });
  });

  it('leaves a node alone that somebody else cordoned', async () => {
    const name = await scene.node({ unschedulable: true });
    const { metadata } = await scene.read(name);
    const { cluster } = await scene.connect(name, { cordonMode });
    const hold = await cluster.hold('test', never);
    expect(hold.outcome).toBe('foreign');
    expect(await hold.release(never)).toBe('absent');
    expect((await scene.read(name)).metadata.resourceVersion).toBe(metadata.resourceVersion);
  });

  it('leaves the cordon when somebody takes the annotation off during the sweep', async () => {
    const name = await scene.node();
    const { cluster, events } = await scene.connect(name, { cordonMode });
    const hold = await cluster.hold('test', never);
    await scene.change(name, { metadata: { annotations: { [cordonAnnotation]: null } } });
    expect(await hold.release(never)).toBe('left');
    expect(await scene.state(name)).toEqual({ ...held, marked: false });
    expect(events()).toContain('node.left-cordoned');
    // And a later life leaves it as well.
    const later = await scene.connect(name, { cordonMode });
    expect(await later.cluster.recover(never)).toBe('absent');
    expect(await scene.state(name)).toEqual({ ...held, marked: false });
  });

  it('removes what an earlier run left behind, whatever its mode', async () => {
    for (const earlier of ['cordon', 'taint'] as const) {
      const name = await scene.node();
      await (await scene.connect(name, { cordonMode: earlier })).cluster.hold('test', never);
      const later = await scene.connect(name, { cordonMode, podName: 'another' });
      expect(await later.cluster.recover(never)).toBe('released');
      expect(await scene.state(name)).toEqual(open);
      expect(later.reports).toEqual([{ event: 'node.uncordoned', leftBehind: true }]);
    }
  });

  it('holds even where the other mode was left behind and nothing recovered it', async () => {
    const name = await scene.node();
    const earlier = cordonMode === 'cordon' ? 'taint' : 'cordon';
    await (await scene.connect(name, { cordonMode: earlier })).cluster.hold('test', never);
    const { cluster } = await scene.connect(name, { cordonMode });
    const hold = await cluster.hold('test', never);
    expect(await scene.state(name)).toEqual(held);
    await hold.release(never);
    expect(await scene.state(name)).toEqual(open);
  });

  it.each([
    ['acquire', 'before'],
    ['acquire', 'after'],
    ['release', 'before'],
    ['release', 'after'],
  ] as const)('ends well when the connection is cut in %s, %s the change', async (step, cut) => {
    const name = await scene.node();
    const { cluster } = await scene.connect(name, { cordonMode });
    const rule = { match: isPatch, times: 1, cut };
    if (step === 'acquire') scene.proxy.addRule(rule);
    const hold = await cluster.hold('test', never);
    expect(await scene.state(name)).toEqual(held);
    if (step === 'release') scene.proxy.addRule(rule);
    await hold.release(never);
    expect(await scene.state(name)).toEqual(open);
  });
});

describe('others', () => {
  it("recovers the existing tool's bare mark, and no node that an administrator cordoned", async () => {
    const old = await scene.node({ unschedulable: true }, { [cordonAnnotation]: 'true' });
    expect(await (await scene.connect(old)).cluster.recover(never)).toBe('released');
    expect(await scene.state(old)).toEqual(open);
    const foreign = await scene.node({ unschedulable: true });
    expect(await (await scene.connect(foreign)).cluster.recover(never)).toBe('absent');
    expect(await scene.state(foreign)).toEqual({ ...open, unschedulable: true });
  });

  it('reads again when somebody changes the node between reading and writing', async () => {
    const name = await scene.node();
    const { cluster } = await scene.connect(name);
    let changes = 0;
    const interfere = async (): Promise<void> => {
      await scene.change(name, { metadata: { labels: { change: String(changes++) } } });
    };
    scene.proxy.addRule({ match: isPatch, times: 3, before: interfere });
    const hold = await cluster.hold('test', never);
    expect(changes).toBe(3);
    expect(await scene.state(name)).toEqual(cordoned);
    // The administrator cordons at the very moment of our cordon: it stays theirs.
    await hold.release(never);
    scene.proxy.addRule({
      match: isPatch,
      times: 1,
      before: () => scene.change(name, { spec: { unschedulable: true } }),
    });
    const second = await cluster.hold('test', never);
    expect(second.outcome).toBe('foreign');
    await second.release(never);
    expect(await scene.state(name)).toEqual({ ...open, unschedulable: true });
  });

  it('does not mind a node that was uncordoned by hand', async () => {
    const name = await scene.node();
    const hold = await (await scene.connect(name)).cluster.hold('test', never);
    await scene.change(name, { spec: { unschedulable: null } });
    expect(await hold.release(never)).toBe('released');
    expect(await scene.state(name)).toEqual(open);
  });

  it('is done when the node is deleted, before or during', async () => {
    const name = await scene.node();
    const { cluster, events } = await scene.connect(name);
    const hold = await cluster.hold('test', never);
    await scene.server.expect('DELETE', `/api/v1/nodes/${name}`);
    expect(await hold.release(never)).toBe('node-gone');
    expect((await cluster.hold('test', never)).outcome).toBe('node-gone');
    expect(await cluster.recover(never)).toBe('node-gone');
    expect(events()).toContain('node.gone');
  });

  it('ends schedulable with two processes for one node, however they interleave', async () => {
    const name = await scene.node();
    const a = await scene.connect(name, { podName: 'a' });
    const b = await scene.connect(name, { podName: 'b' });
    const [first, second] = [await a.cluster.hold('test', never), await b.cluster.hold('test', never)];
    expect(await first.release(never)).toBe('other-holder');
    expect(await scene.state(name)).toEqual(cordoned);
    expect(await second.release(never)).toBe('released');
    expect(await scene.state(name)).toEqual(open);
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        [a, b].map(async ({ cluster }) => {
          const hold = await cluster.hold('test', never);
          await hold.release(never);
        }),
      );
    }
    expect(await scene.state(name)).toEqual(open);
  });
});

it('does nothing at all with cordoning off', async () => {
  const name = await scene.node({ unschedulable: true }, { [cordonAnnotation]: 'true' });
  const { cluster } = await scene.connect(name, { cordonMode: 'none' });
  const hold = await cluster.hold('test', never);
  expect([hold.outcome, await hold.release(never)]).toEqual(['none', 'none']);
  expect(scene.proxy.count()).toBe(0);
  // But a cordon left behind from before is taken off where permissions allow.
  expect(await cluster.recover(never)).toBe('released');
  expect(await scene.state(name)).toEqual(open);
});
