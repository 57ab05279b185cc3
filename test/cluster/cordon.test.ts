/** The cordon on a real API server: whose it is, what others do meanwhile, and every fault on the wire. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cordonAnnotation, cordonTaintKey, parseMark } from '../../src/cluster/cordon-rules.ts';
import { waitFor } from '../harness/wait.ts';
import type { SeenRequest } from '../harness/wire-proxy.ts';
import { never, startScene, type Scene } from './scene.ts';

const open = { unschedulable: false, taints: [], marked: false };
const cordoned = { unschedulable: true, taints: [], marked: true };
const isPatch = (request: SeenRequest): boolean =>
  request.method === 'PATCH' && request.path.includes('/nodes/');
const isNode = (request: SeenRequest): boolean => request.path.includes('/api/v1/nodes/');

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
    const hold = await cluster.hold('bytes 91 %', never);
    expect(hold.outcome).toBe('cordoned');
    expect(await scene.state(name)).toEqual({ ...held, taints: ['else', ...held.taints] });
    const mark = (await scene.read(name)).metadata.annotations?.[cordonAnnotation] ?? '';
    expect(parseMark(mark)).toMatchObject({ pod: `cleaner-${name}`, reason: 'bytes 91 %', mode: cordonMode });
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
    const { cluster, kinds } = await scene.connect(name, { cordonMode });
    const hold = await cluster.hold('test', never);
    await scene.change(name, { metadata: { annotations: { [cordonAnnotation]: null } } });
    expect(await hold.release(never)).toBe('left');
    expect(await scene.state(name)).toEqual({ ...held, marked: false });
    expect(kinds()).toContain('left-cordoned');
    // And a later life leaves it as well.
    const later = await scene.connect(name, { cordonMode });
    expect(await later.cluster.recover(never)).toBe('absent');
    expect(await scene.state(name)).toEqual({ ...held, marked: false });
  });

  it('takes off what an earlier life left behind, whichever mode that had', async () => {
    for (const earlier of ['cordon', 'taint'] as const) {
      const name = await scene.node();
      await (await scene.connect(name, { cordonMode: earlier })).cluster.hold('test', never);
      const later = await scene.connect(name, { cordonMode, podName: 'another' });
      expect(await later.cluster.recover(never)).toBe('released');
      expect(await scene.state(name)).toEqual(open);
      expect(later.reports).toEqual([{ kind: 'uncordoned', leftBehind: true }]);
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
    const { cluster, kinds } = await scene.connect(name);
    const hold = await cluster.hold('test', never);
    await scene.server.expect('DELETE', `/api/v1/nodes/${name}`);
    expect(await hold.release(never)).toBe('node-gone');
    expect((await cluster.hold('test', never)).outcome).toBe('node-gone');
    expect(await cluster.recover(never)).toBe('node-gone');
    expect(kinds()).toContain('node-gone');
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

describe('faults on the wire', () => {
  it.each([
    ['a conflict', { respond: { status: 409, body: { message: 'conflict' } } }, undefined],
    ['too many requests', { respond: { status: 429, headers: { 'Retry-After': '1' } } }, 'rate-limited'],
    ['a server error', { respond: { status: 500 } }, 'failed'],
    ['a gateway without a server', { respond: { status: 503 } }, 'unreachable'],
    ['a cut', { cut: 'after' }, 'unreachable'],
    ['a slow answer', { delayMs: 300 }, undefined],
  ] as const)('gets through %s', async (_, fault, code) => {
    const name = await scene.node();
    const { cluster, reports } = await scene.connect(name);
    const rule = scene.proxy.addRule({ match: isNode, times: 3, ...fault });
    const hold = await cluster.hold('test', never);
    expect(await scene.state(name)).toEqual(cordoned);
    await hold.release(never);
    expect(await scene.state(name)).toEqual(open);
    expect(rule.hits).toBe(3);
    // Told once, however often it failed.
    const failing = reports.filter((report) => report.kind === 'failing');
    expect(failing.map((report) => report.error.code)).toEqual(code === undefined ? [] : [code]);
    expect(reports.filter((report) => report.kind === 'working-again')).toHaveLength(failing.length);
  });

  it('does not come back before the server wants it to', async () => {
    const name = await scene.node();
    const { cluster } = await scene.connect(name);
    scene.proxy.addRule({
      match: isNode,
      times: 1,
      respond: { status: 429, headers: { 'Retry-After': '1' } },
    });
    await cluster.hold('test', never);
    const [first, second] = scene.proxy.requests.filter(isNode);
    // Backoff alone would be back after 20 ms.
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('gives up an answer that does not come, and asks again', async () => {
    const name = await scene.node();
    const { cluster, reports } = await scene.connect(name, { requestTimeoutMs: 300 });
    const rule = scene.proxy.addRule({ match: isPatch, times: 1, stall: 'after' });
    await cluster.hold('test', never);
    expect(await scene.state(name)).toEqual(cordoned);
    expect(reports[0]).toMatchObject({ kind: 'failing', task: 'cordon', error: { code: 'timeout' } });
    rule.release();
  });

  it('waits for a server that is away at the start, and can be called off', async () => {
    const name = await scene.node();
    const { cluster, kinds } = await scene.connect(name);
    await scene.proxy.refuse();
    const critical = new AbortController();
    const holding = cluster.hold('test', critical.signal);
    await waitFor('the failure to be told', () => kinds().includes('failing'));
    critical.abort(new Error('critical'));
    await expect(holding).rejects.toThrow('critical');
    await scene.proxy.accept();
    const hold = await cluster.hold('test', never);
    expect(await scene.state(name)).toEqual(cordoned);
    await hold.release(never);
    expect(await scene.state(name)).toEqual(open);
  });

  it('undoes a cordon that was called off while it was being made', async () => {
    const name = await scene.node();
    const { cluster } = await scene.connect(name);
    const rule = scene.proxy.addRule({ match: isPatch, times: 1, stall: 'after' });
    const critical = new AbortController();
    const holding = cluster.hold('test', critical.signal);
    await waitFor('the cordon', async () => (await scene.state(name)).unschedulable);
    critical.abort(new Error('critical'));
    await expect(holding).rejects.toThrow('critical');
    rule.release();
    await cluster.close(never);
    expect(await scene.state(name)).toEqual(open);
  });

  it('is safe from a change that arrives after it was given up', async () => {
    const name = await scene.node();
    const { cluster } = await scene.connect(name, { requestTimeoutMs: 60_000 });
    // The proxy keeps our change and sends it by itself after we have called off and released.
    const { resourceVersion } = (await scene.read(name)).metadata;
    const late = [
      { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
      { op: 'add', path: '/metadata/annotations', value: { [cordonAnnotation]: '{"pod":"x"}' } },
      { op: 'add', path: '/spec/unschedulable', value: true },
    ];
    scene.proxy.addRule({ match: isPatch, times: 1, stall: 'before' });
    const critical = new AbortController();
    const holding = cluster.hold('test', critical.signal);
    await waitFor('the change to be on its way', () => scene.proxy.count(isPatch) === 1);
    critical.abort(new Error('critical'));
    await expect(holding).rejects.toThrow('critical');
    await cluster.close(never);
    const contentType = 'application/json-patch+json';
    const answer = await scene.server.request('PATCH', `/api/v1/nodes/${name}`, { body: late, contentType });
    expect(answer.status).toBe(422);
    expect(await scene.state(name)).toEqual(open);
  });

  it('uncordons as soon as a server that was away for the release is back', async () => {
    const name = await scene.node();
    const { cluster, reports } = await scene.connect(name);
    const hold = await cluster.hold('test', never);
    await scene.proxy.refuse('reset');
    await expect(hold.release(AbortSignal.timeout(500))).rejects.toThrow();
    expect(await scene.state(name)).toEqual(cordoned);
    await scene.proxy.accept();
    expect(await hold.release(never)).toBe('released');
    expect(await scene.state(name)).toEqual(open);
    expect(reports.map((report) => report.kind)).toEqual([
      'cordoned',
      'failing',
      'working-again',
      'uncordoned',
    ]);
  });

  it('makes no request while idle, and few in a sweep', async () => {
    const name = await scene.node();
    const { cluster } = await scene.connect(name, { maxCordonedNodes: 3, leaseDurationSeconds: 3 });
    await cluster.checkAccess(never);
    await cluster.recover(never);
    const atStart = scene.proxy.count();
    expect(atStart).toBeLessThanOrEqual(12);
    // Idle while another client works: nothing of ours may come in between.
    const other = await scene.node();
    scene.proxy.clear();
    const hold = await (await scene.connect(other)).cluster.hold('test', never);
    await hold.release(never);
    expect(scene.proxy.requests.map(({ method }) => method)).toEqual(['GET', 'PATCH', 'GET', 'PATCH']);
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
