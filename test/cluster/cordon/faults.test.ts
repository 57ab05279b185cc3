/** The cordon on a real API server that fails in every way a network and a server can. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cordonAnnotation } from '../../../src/cluster/cordon-rules.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import type { SeenRequest } from '../../../harness/wire/wire-proxy.ts';
import { never, startScene, type Scene } from '../scene.ts';

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
    const { cluster, reports, errors } = await scene.connect(name);
    const rule = scene.proxy.addRule({ match: isNode, times: 3, ...fault });
    const hold = await cluster.hold('test', never);
    expect(await scene.state(name)).toEqual(cordoned);
    await hold.release(never);
    expect(await scene.state(name)).toEqual(open);
    expect(rule.hits).toBe(3);
    // Told once, however often it failed.
    expect(errors.map((error) => error.code)).toEqual(code === undefined ? [] : [code]);
    expect(reports.filter((report) => report.event === 'cluster.working')).toHaveLength(errors.length);
  });

  it('does not retry before the server allows it', async () => {
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

  it('gives up on a missing answer, and asks again', async () => {
    const name = await scene.node();
    const { cluster, reports, errors } = await scene.connect(name, { requestTimeoutMs: 300 });
    const rule = scene.proxy.addRule({ match: isPatch, times: 1, stall: 'after' });
    await cluster.hold('test', never);
    expect(await scene.state(name)).toEqual(cordoned);
    expect(reports[0]).toMatchObject({ event: 'cluster.failing', task: 'cordon' });
    expect(errors[0]).toMatchObject({ code: 'timeout' });
    rule.release();
  });

  it('waits for a server that is away at the start, and can be called off', async () => {
    const name = await scene.node();
    const { cluster, events } = await scene.connect(name);
    await scene.proxy.refuse();
    const critical = new AbortController();
    const holding = cluster.hold('test', critical.signal);
    await waitFor('the failure to be told', () => events().includes('cluster.failing'));
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
    // The proxy holds back our change and sends it after we have cancelled and released.
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
    expect(reports.map((report) => report.event)).toEqual([
      'node.cordoned',
      'cluster.failing',
      'cluster.working',
      'node.uncordoned',
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
