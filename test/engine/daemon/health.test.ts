/** /healthz and /readyz of the real daemon: what makes them bad, and good again. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Cli } from '../../../harness/program/cli.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { type Answer, send } from '../../../harness/wire/http.ts';
import { mountStuckPath, type StuckPath } from '../../../harness/machine/stuck-path.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { startWireProxy, type WireProxy } from '../../../harness/wire/wire-proxy.ts';
import { cleaner, type CleanerOptions } from '../scenario.ts';

let engine: DockerEngine;
let proxy: WireProxy;
let path: StuckPath;
const running: Cli[] = [];

beforeAll(async () => {
  engine = await startDockerEngine();
  const { workspace } = engine.disk;
  proxy = await startWireProxy({
    target: { socketPath: engine.socketPath },
    listen: { socketPath: `${workspace.path}/proxy.sock` },
  });
  path = await mountStuckPath(engine.dataRoot, `${workspace.path}/stuck`);
});

afterEach(async () => {
  path.release();
  for (const cli of running.splice(0)) await cli.dispose();
  proxy.clear();
});

afterAll(async () => {
  await path.dispose();
  await proxy.dispose();
  await engine.dispose();
});

interface Served {
  readonly cli: Cli;
  readonly get: (path: string) => Promise<Answer>;
}

/** The daemon with its server, once it listens. */
async function serve(options: CleanerOptions = {}): Promise<Served> {
  const cli = cleaner(engine, ['run'], {
    high: 99,
    low: 98,
    dockerHost: proxy.dockerHost,
    ...options,
    settings: { HTTP_ADDRESS: '127.0.0.1:0', INTERVAL_SECONDS: '1', ...options.settings },
  });
  running.push(cli);
  const { url } = await cli.waitForEvent('http.listening');
  const port = Number(new URL(String(url)).port);
  return { cli, get: (where) => send({ port }, 'GET', where, { headers: { Host: 'localhost' } }) };
}

describe('health', () => {
  it('is ready once the first check has ended, and not while the engine is away', async () => {
    await proxy.refuse('gone');
    const served = await serve();
    await served.cli.waitForEvent('engine.unavailable');
    expect(await served.get('/readyz')).toMatchObject({ status: 503 });
    expect((await served.get('/readyz')).text).toContain('proxy.sock');
    expect((await served.get('/healthz')).status).toBe(200);
    expect((await served.get('/api/status.json')).status).toBe(503);
    await proxy.accept();
    await waitFor('readiness', async () => (await served.get('/readyz')).status === 200);
  });

  it('an engine that hangs makes it not ready, and the loop lives on', async () => {
    const served = await serve({ settings: { TIMEOUT_SECONDS: '1' } });
    await waitFor('readiness', async () => (await served.get('/readyz')).status === 200);
    const rule = proxy.addRule({ match: () => true, stall: 'before' });
    await served.cli.waitForEvent('engine.unavailable');
    expect((await served.get('/readyz')).status).toBe(503);
    expect((await served.get('/healthz')).status).toBe(200);
    rule.remove();
    rule.release();
    await waitFor('readiness again', async () => (await served.get('/readyz')).status === 200);
  });

  it('an engine that dies makes it not ready, and one that returns ready', async () => {
    const { cli, get } = await serve();
    await waitFor('readiness', async () => (await get('/readyz')).status === 200);
    await engine.kill();
    await cli.waitForEvent('engine.unavailable');
    expect(await get('/readyz')).toMatchObject({ status: 503 });
    expect((await get('/healthz')).status).toBe(200);
    await engine.start();
    await waitFor('readiness again', async () => (await get('/readyz')).status === 200);
  });

  it('a path that answers nothing hangs the loop: neither healthy nor ready, until it answers again', async () => {
    const { cli, get } = await serve({
      settings: { PATH_TO_CHECK: path.path, TIMEOUT_SECONDS: '1', INTERVAL_SECONDS: '3' },
    });
    const view = async (): Promise<number> => (await get('/api/activity.json')).json<{ view: number }>().view;
    const first = await waitFor('the first look', view);
    await waitFor('the next look', async () => (await view()) > first);
    // Between two checks: what hangs is the measurement, which has little time, and no walk, which has hours.
    path.hang();
    const bad = await waitFor(
      'the loop to be called hung',
      async () => {
        const answer = await get('/healthz');
        return answer.status === 503 ? answer : undefined;
      },
      { timeoutMs: 120_000 },
    );
    expect(bad.text).toContain('The loop hangs');
    expect(await get('/readyz')).toMatchObject({
      status: 503,
      text: expect.stringContaining('hangs') as string,
    });
    // What was known is still shown.
    expect((await get('/api/plan.json')).status).toBe(200);
    expect((await get('/metrics')).status).toBe(200);
    const since = cli.records.length;
    path.release();
    await cli.waitForEvent('check.completed', { since });
    expect((await get('/healthz')).status).toBe(200);
    await waitFor('readiness', async () => (await get('/readyz')).status === 200);
  });
});
