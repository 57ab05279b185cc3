/** The HTTP server of the real daemon on a real engine: health, JSON, live events, and what it does not do. */
import { connect } from 'node:net';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Cli } from '../../../harness/program/cli.ts';
import type { DockerEngine } from '../../../harness/engine/docker-engine.ts';
import { listTags } from '../../../harness/engine/engine-api.ts';
import { send, type Answer } from '../../../harness/wire/http.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import type { WireProxy } from '../../../harness/wire/wire-proxy.ts';
import { cleaner, type CleanerOptions, engineBehindProxy, imagesOnBase, load } from '../scenario.ts';

let engine: DockerEngine;
let proxy: WireProxy;
const running: Cli[] = [];

beforeAll(async () => {
  ({ engine, proxy } = await engineBehindProxy());
});

afterEach(async () => {
  for (const cli of running.splice(0)) await cli.dispose();
  proxy.clear();
});

afterAll(async () => {
  await proxy.dispose();
  await engine.dispose();
});

interface Served {
  readonly cli: Cli;
  readonly port: number;
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Answer>;
}

/** The daemon with its server, once it listens. */
async function serve(options: CleanerOptions = {}, address = '127.0.0.1:0'): Promise<Served> {
  const cli = cleaner(engine, ['run'], {
    high: 99,
    low: 98,
    dockerHost: proxy.dockerHost,
    ...options,
    settings: { HTTP_ADDRESS: address, INTERVAL_SECONDS: '1', ...options.settings },
  });
  running.push(cli);
  const { url } = await cli.waitForEvent('http.listening');
  const port = Number(new URL(String(url)).port);
  return {
    cli,
    port,
    get: (path, headers) => send({ port }, 'GET', path, { headers: { Host: 'localhost', ...headers } }),
  };
}

async function untilSeen({ get }: Served): Promise<void> {
  await waitFor('the first look', async () => (await get('/api/status.json')).status === 200);
}

/** Where `status --json` and the server may differ: their snapshots are of different moments. */
function withoutTime(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) =>
      ['ageSeconds', 'available', 'percentUsed', 'used', 'space', 'predicted'].includes(key)
        ? undefined
        : inner,
    ),
  );
}

describe('what it serves', () => {
  it('the same as plan --json and status --json', async () => {
    const served = await serve({ high: 99, low: 0.1 });
    await untilSeen(served);
    for (const command of ['plan', 'status'] as const) {
      const cli = cleaner(engine, [command, '--json'], { high: 99, low: 0.1, dockerHost: proxy.dockerHost });
      expect((await cli.exited).code).toBe(0);
      const answer = (await served.get(`/api/${command}.json`)).json();
      expect(withoutTime(answer)).toEqual(withoutTime(cli.json()));
    }
  });

  it('every byte of the layer forest once', async () => {
    const served = await serve({ high: 99, low: 0.1 });
    await untilSeen(served);
    const layers = (await served.get('/api/layers.json')).json<{
      bytes: number;
      units: { name: string; state: string; victim: number | null }[];
      segments: { parent: number; bytes: number; state: string; users: number; tops: number[] }[];
    }>();
    const base = layers.segments.find(({ parent }) => parent === -1);
    expect(base).toMatchObject({ users: 4, state: 'in-use', tops: [] });
    expect(layers.segments).toHaveLength(5);
    expect(layers.segments.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(layers.bytes);
    const { images } = (await served.get('/api/status.json')).json<{
      images: { tags: string[]; uniqueBytes: number; sharedBytes: number }[];
    }>();
    // All layers of the image in use are shared: its container holds them, too.
    const used = images.find(({ tags }) => tags.includes('used:1'));
    expect(layers.bytes).toBe(
      images.reduce((sum, { uniqueBytes }) => sum + uniqueBytes, used?.sharedBytes ?? 0),
    );
    const unit = (name: string) => layers.units.find((one) => one.name === name);
    expect(unit('used:1')).toMatchObject({ state: 'in-use', victim: null });
    expect(unit('big:1')).toMatchObject({ state: 'unused', victim: 0 });
  });

  it('usage over time, and every look without a question to the engine', async () => {
    const served = await serve({ settings: { INTERVAL_SECONDS: '3600' } });
    await untilSeen(served);
    const before = proxy.requests.length;
    for (const path of ['/', '/api/status.json', '/api/plan.json', '/api/layers.json', '/api/activity.json'])
      for (let i = 0; i < 10; i++) await served.get(path);
    await served.get('/healthz');
    expect(proxy.requests.length).toBe(before);
    const activity = (await served.get('/api/activity.json')).json<{
      samples: { blocks: number; inodes: number }[];
    }>();
    expect(activity).toMatchObject({ problem: null, sweep: null, sweeps: [], dryRun: false });
    expect(activity.samples.length).toBeGreaterThan(0);
    expect(activity.samples[0]?.blocks).toBeGreaterThan(0);
  });

  it('304 to who has it already', async () => {
    const served = await serve({ settings: { INTERVAL_SECONDS: '3600' } });
    await untilSeen(served);
    const etag = await new Promise<string>((resolve, reject) => {
      request({ port: served.port, path: '/api/plan.json' }, (response) => {
        response.resume();
        resolve(response.headers.etag ?? '');
      })
        .once('error', reject)
        .end();
    });
    expect(etag).toMatch(/^".+"$/);
    expect((await served.get('/api/plan.json', { 'If-None-Match': etag })).status).toBe(304);
  });
});

describe('what an idle check costs', () => {
  const perCheck = async (cli: Cli): Promise<readonly string[]> => {
    const check = async (): Promise<void> => {
      await cli.waitForEvent('check.completed', { since: cli.records.length });
    };
    await check();
    await check();
    proxy.requests.splice(0);
    await check();
    return proxy.requests.map(
      ({ method, path }) => `${method} ${path.replace(/^\/v[\d.]+/, '').replace(/\?.*/, '')}`,
    );
  };

  it('one ping, as always, where nothing is served', async () => {
    const cli = cleaner(engine, ['run'], {
      high: 99,
      low: 98,
      dockerHost: proxy.dockerHost,
      settings: { INTERVAL_SECONDS: '1' },
    });
    running.push(cli);
    expect(new Set(await perCheck(cli))).toEqual(new Set(['GET /_ping']));
  });

  it('two lists beside, where something is', async () => {
    const { cli } = await serve();
    expect(new Set(await perCheck(cli))).toEqual(
      new Set(['GET /_ping', 'GET /images/json', 'GET /containers/json']),
    );
  });
});

describe('what it refuses', () => {
  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s, on every path', async (method) => {
    const served = await serve({ settings: { INTERVAL_SECONDS: '3600' } });
    for (const path of ['/', '/api/plan.json', '/healthz', '/images/prune']) {
      const answer = await send({ port: served.port }, method, path, {
        headers: { Host: 'localhost' },
        ...(method !== 'OPTIONS' && { body: { force: true } }),
      });
      expect(answer.status, path).toBe(405);
    }
  });

  it('names of other sites, so that a browser cannot be turned against it', async () => {
    const served = await serve({ settings: { INTERVAL_SECONDS: '3600' } });
    for (const path of ['/', '/api/status.json', '/api/events']) {
      expect((await served.get(path, { Host: 'evil.example.org' })).status, path).toBe(421);
    }
    expect((await served.get('/healthz', { Host: `127.0.0.1:${served.port}` })).status).toBe(200);
    expect((await served.get('/nowhere')).status).toBe(404);
  });

  it('but not the names that HTTP_ALLOWED_HOSTS allows', async () => {
    const settings = { INTERVAL_SECONDS: '3600', HTTP_ALLOWED_HOSTS: 'nas.lan *.ts.net' };
    const served = await serve({ settings });
    const statusAs = async (host: string): Promise<number> => (await served.get('/', { Host: host })).status;
    expect(await statusAs(`nas.lan:${served.port}`)).toBe(200);
    expect(await statusAs('box.tail1234.ts.net')).toBe(200);
    expect(await statusAs('evil.example.org')).toBe(421);
    expect(await statusAs('nas.lan.example.org')).toBe(421);
  });

  it('to start where the port is taken: one line, exit 2, and no check', async () => {
    const { port } = await serve({ settings: { INTERVAL_SECONDS: '3600' } });
    const second = cleaner(engine, ['run'], {
      high: 99,
      low: 98,
      dockerHost: engine.dockerHost,
      settings: { HTTP_ADDRESS: `127.0.0.1:${port}` },
    });
    expect(await second.exited).toEqual({ code: 2, signal: null });
    expect(second.records).toHaveLength(2);
    expect(second.records[1]).toMatchObject({ event: 'http.failed', level: 'error' });
    expect(second.stderr).toContain('taken by another process');
  });
});

describe('a sweep, live', () => {
  it('is sent as it happens, and a client that does not read neither stalls it nor remains connected', async () => {
    const served = await serve({ high: 0.2, low: 0.1, settings: { INTERVAL_SECONDS: '3600' } });
    const { cli, port, get } = served;
    const deaf = connect({ port });
    deaf.write('GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    deaf.pause();
    deaf.once('error', () => undefined);
    await cli.waitForEvent('sweep.completed');
    expect(await listTags(engine)).toEqual(['used:1']);
    const activity = await waitFor('the sweep in the history', async () => {
      const now = (await get('/api/activity.json')).json<{
        sweeps: { deletedImages: number; freedBytes: number; predictedBytes: number }[];
      }>();
      return now.sweeps.length > 0 ? now : undefined;
    });
    expect(activity.sweeps[0]).toMatchObject({ deletedImages: 3, stoppedBecause: 'no-candidates' });
    await waitFor('the store after it', async () => {
      const status = (await get('/api/status.json')).json<{ images: { tags: string[] }[] }>();
      return status.images.length === 1;
    });
    deaf.destroy();
  });

  it('every deletion is an event, in order', async () => {
    const stalled = proxy.addRule({ match: ({ method }) => method === 'DELETE', times: 1, stall: 'before' });
    await load(engine, imagesOnBase({ big: 9, mid: 6, small: 3 }));
    const { port, cli } = await serve({ high: 0.2, low: 0.1, settings: { INTERVAL_SECONDS: '3600' } });
    const told: { event: string; references?: string[] }[] = [];
    const listener = request({ port, path: '/api/events' }, (response) => {
      const lines = createInterface({ input: response });
      // The daemon's end cuts it off.
      lines.once('error', () => undefined);
      lines.on('line', (line) => {
        if (line.startsWith('data: ')) told.push(JSON.parse(line.slice(6)) as (typeof told)[number]);
      });
    }).end();
    listener.once('error', () => undefined);
    await waitFor('the greeting', () => told.some(({ event }) => event === 'hello'));
    await waitFor('the first deletion', () => stalled.hits === 1);
    stalled.release();
    await waitFor('the end', () => told.some(({ event }) => event === 'sweep.completed'));
    const deleted = told
      .filter(({ event }) => event === 'image.deleted')
      .map(({ references }) => references?.[0]);
    expect(deleted).toEqual(['big:1', 'mid:1', 'small:1']);
    await waitFor('the view after it', () => told.at(-1)?.event === 'view');
    cli.kill();
    expect(await cli.exited).toEqual({ code: 0, signal: null });
    listener.destroy();
  });
});

describe('over a restart', () => {
  it('what was is still shown, where there is a state file', async () => {
    await load(engine, imagesOnBase({ big: 9 }));
    const settings = { STATE_FILE: `${engine.disk.workspace.path}/state.json` };
    type Past = { samples: { atMs: number }[]; sweeps: { startedAtMs: number; deletedImages: number }[] };
    const first = await serve({ high: 0.2, low: 0.1, settings });
    await first.cli.waitForEvent('sweep.completed');
    const before = (await first.get('/api/activity.json')).json<Past>();
    expect(before.sweeps).toHaveLength(1);
    first.cli.kill();
    expect(await first.cli.exited).toEqual({ code: 0, signal: null });

    const second = await serve({ settings });
    const after = (await second.get('/api/activity.json')).json<Past>();
    expect(after.sweeps).toEqual(before.sweeps);
    expect(after.samples[0]).toEqual(before.samples[0]);
    // And it continues.
    const { length } = after.samples;
    await waitFor('the next sample', async () => {
      const { samples } = (await second.get('/api/activity.json')).json<Past>();
      return samples.length > length;
    });
  });
});
