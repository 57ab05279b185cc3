/** Who may ask the real daemon what: health checks on a port of their own, the token, what a proxy could be fooled with. */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Cli } from '../../../harness/program/cli.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { type Answer, send } from '../../../harness/wire/http.ts';
import { rawClient } from '../../../harness/engine/raw-client.ts';
import { freePort } from '../../../harness/engine/registry.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { startWireProxy, type WireProxy } from '../../../harness/wire/wire-proxy.ts';
import { cleaner } from '../scenario.ts';

const token = 'correct-horse-battery-staple';
const everything = ['/', '/page.js', '/metrics', '/api/status.json', '/api/events', '/nowhere'];

let engine: DockerEngine;
let proxy: WireProxy;
let tokenFile: string;
const running: Cli[] = [];

beforeAll(async () => {
  engine = await startDockerEngine();
  const folder = engine.disk.workspace.path;
  proxy = await startWireProxy({
    target: { socketPath: engine.socketPath },
    listen: { socketPath: `${folder}/proxy.sock` },
  });
  tokenFile = `${folder}/token`;
});

afterEach(async () => {
  for (const cli of running.splice(0)) await cli.dispose();
  proxy.clear();
});

afterAll(async () => {
  await proxy.dispose();
  await engine.dispose();
});

function start(settings: Readonly<Record<string, string>>, dockerHost = proxy.dockerHost): Cli {
  const cli = cleaner(engine, ['run'], {
    high: 99,
    low: 98,
    dockerHost,
    settings: { INTERVAL_SECONDS: '1', ...settings },
  });
  running.push(cli);
  return cli;
}

type Get = (path: string, headers?: Readonly<Record<string, string>>) => Promise<Answer>;

/** What listens for the page or the health checks, once it does. */
async function listener(
  cli: Cli,
  serves: 'page' | 'probes',
): Promise<{ readonly record: Readonly<Record<string, unknown>>; readonly port: number; readonly get: Get }> {
  const record = await cli.waitForEvent(
    (one) => one['event'] === 'http.listening' && one['serves'] === serves,
  );
  const port = Number(new URL(String(record['url'])).port);
  return {
    record,
    port,
    get: (path, headers) => send({ port }, 'GET', path, { headers: { Host: 'localhost', ...headers } }),
  };
}

const bearer = (text: string): Record<string, string> => ({ Authorization: `Bearer ${text}` });
const basic = (user: string, password: string): Record<string, string> => ({
  Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

describe('health checks on an address of their own', () => {
  it('are served there and nowhere else, and nothing else is served there', async () => {
    const cli = start({ HTTP_ADDRESS: '127.0.0.1:0', PROBE_ADDRESS: '127.0.0.1:0' });
    const page = await listener(cli, 'page');
    const probes = await listener(cli, 'probes');
    expect(probes.port).not.toBe(page.port);
    await waitFor('readiness', async () => (await probes.get('/readyz')).status === 200);
    expect((await probes.get('/healthz')).status).toBe(200);
    for (const path of everything) expect((await probes.get(path)).status, path).toBe(404);
    for (const path of ['/healthz', '/readyz']) expect((await page.get(path)).status, path).toBe(404);
    await waitFor('the first look', async () => (await page.get('/api/status.json')).status === 200);
    const stalled = proxy.addRule({ match: () => true, cut: 'before' });
    await waitFor('it to be not ready', async () => (await probes.get('/readyz')).status === 503);
    stalled.remove();
    await waitFor('readiness again', async () => (await probes.get('/readyz')).status === 200);
  });

  it('without a page cost an idle check no more than the ping', async () => {
    const cli = start({ PROBE_ADDRESS: '127.0.0.1:0' });
    const { get } = await listener(cli, 'probes');
    await waitFor('readiness', async () => (await get('/readyz')).status === 200);
    await cli.waitForEvent('check.completed', { since: cli.records.length });
    proxy.requests.splice(0);
    await cli.waitForEvent('check.completed', { since: cli.records.length });
    expect(new Set(proxy.requests.map(({ path }) => path.replace(/^\/v[\d.]+/, '')))).toEqual(
      new Set(['/_ping']),
    );
    cli.kill();
    expect(await cli.exited).toEqual({ code: 0, signal: null });
  });

  it('where the port is taken, nothing is served at all', async () => {
    const first = start({ PROBE_ADDRESS: '127.0.0.1:0' });
    const { port } = await listener(first, 'probes');
    const second = start({ HTTP_ADDRESS: '127.0.0.1:0', PROBE_ADDRESS: `127.0.0.1:${port}` });
    expect(await second.exited).toEqual({ code: 2, signal: null });
    expect(second.records).toHaveLength(2);
    expect(second.records[1]).toMatchObject({ event: 'http.failed', address: `127.0.0.1:${port}` });
    expect(second.stderr).toContain('DOCKER_IMAGE_CLEANER_PROBE_ADDRESS');
  });
});

describe('a token', () => {
  it('is asked for by everything but the health checks', async () => {
    writeFileSync(tokenFile, `${token}\n`);
    const cli = start({ HTTP_ADDRESS: '127.0.0.1:0', HTTP_TOKEN_FILE: tokenFile });
    const { record, get, port } = await listener(cli, 'page');
    expect(record).toMatchObject({ authentication: true });
    await waitFor(
      'the first look',
      async () => (await get('/api/status.json', bearer(token))).status === 200,
    );
    for (const path of ['/healthz', '/readyz']) expect((await get(path)).status, path).toBe(200);
    const wrong = [
      {},
      bearer('wrong-horse-battery-staple'),
      bearer(token.slice(0, -1)),
      bearer(`${token}x`),
      bearer(''),
      basic(token, ''),
      basic('user', 'wrong'),
      { Authorization: token },
      { Authorization: `Basic ${token}` },
      { Authorization: `Digest ${token}` },
    ];
    for (const path of everything)
      for (const headers of wrong) expect((await get(path, headers)).status, path).toBe(401);
    expect((await send({ port }, 'POST', '/', { headers: { Host: 'localhost' } })).status).toBe(401);
    for (const headers of [bearer(token), basic('anybody', token), { Authorization: `bearer  ${token}` }])
      for (const path of ['/', '/metrics', '/api/status.json'])
        expect((await get(path, headers)).status, path).toBe(200);
    expect((await get('/nowhere', bearer(token))).status).toBe(404);
    expect(`${cli.stdout}${cli.stderr}`).not.toContain(token);
  });

  it('makes a browser ask for a password', async () => {
    writeFileSync(tokenFile, token);
    const { port } = await listener(
      start({ HTTP_ADDRESS: '127.0.0.1:0', HTTP_TOKEN_FILE: tokenFile }),
      'page',
    );
    const client = await rawClient(port, 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await waitFor('the answer', () => client.isClosed);
    expect(client.received).toMatch(/^HTTP\/1.1 401 [^]*WWW-Authenticate: Basic realm=/);
  });

  it('is read again, through links as Kubernetes makes them; what cannot be read changes nothing', async () => {
    const folder = `${engine.disk.workspace.path}/secret`;
    const put = (version: string, content: string | undefined): void => {
      mkdirSync(`${folder}/${version}`, { recursive: true });
      if (content !== undefined) writeFileSync(`${folder}/${version}/token`, content);
      rmSync(`${folder}/..new`, { force: true });
      symlinkSync(version, `${folder}/..new`);
      renameSync(`${folder}/..new`, `${folder}/..data`);
    };
    put('..1', token);
    symlinkSync('..data/token', `${folder}/token`);
    const cli = start({ HTTP_ADDRESS: '127.0.0.1:0', HTTP_TOKEN_FILE: `${folder}/token` });
    const { get } = await listener(cli, 'page');
    expect((await get('/metrics', bearer(token))).status).toBe(200);
    put('..2', undefined);
    await cli.waitForEvent((one) => one['event'] === 'config.warning', { timeoutMs: 120_000 });
    expect((await get('/metrics', bearer(token))).status).toBe(200);
    const other = 'another-horse-battery-staple';
    put('..3', other);
    await waitFor('the new token', async () => (await get('/metrics', bearer(other))).status === 200, {
      timeoutMs: 120_000,
    });
    expect((await get('/metrics', bearer(token))).status).toBe(401);
    expect(cli.records.filter(({ event }) => event === 'config.warning')).toHaveLength(1);
  });

  const useless: readonly (readonly [string, (path: string) => void, RegExp])[] = [
    ['is not there', () => undefined, /no such file/],
    ['is empty', (path) => writeFileSync(path, '\n'), /too short/],
    ['is short', (path) => writeFileSync(path, 'hunter2'), /too short/],
    ['has several lines', (path) => writeFileSync(path, `${token}\n${token}\n`), /more than one word/],
    ['is a picture', (path) => writeFileSync(path, Buffer.alloc(100, 0xff)), /more than one word/],
    ['is huge', (path) => writeFileSync(path, 'x'.repeat(100_000)), /longer than/],
    ['is a directory', (path) => void mkdirSync(path), /expected a plain file/],
    ['is a pipe', (path) => void spawnSync('mkfifo', [path]), /expected a plain file/],
    ['never ends', (path) => symlinkSync('/dev/zero', path), /expected a plain file/],
  ];
  it.each(useless)('file that %s: one line, exit 2, and no check', async (what, make, said) => {
    const path = `${engine.disk.workspace.path}/useless-${what.replaceAll(' ', '-')}`;
    make(path);
    const cli = start({ HTTP_ADDRESS: '127.0.0.1:0', HTTP_TOKEN_FILE: path });
    expect(await cli.exited).toEqual({ code: 2, signal: null });
    expect(cli.records).toHaveLength(2);
    expect(cli.records[1]).toMatchObject({ event: 'file.refused', path, level: 'error' });
    expect(cli.stderr).toMatch(said);
    expect(cli.stderr).not.toContain('hunter2');
  });
});

describe('what could be meant in two ways', () => {
  it.each([
    ['two Host headers', 'Host: localhost\r\nHost: evil.example.org\r\n'],
    ['two equal ones', 'Host: localhost\r\nHost: localhost\r\n'],
    ['two in other letters', 'HOST: 127.0.0.1\r\nhost: localhost\r\n'],
  ])('%s are refused, on the page and on the health checks', async (_, headers) => {
    const cli = start({ HTTP_ADDRESS: '127.0.0.1:0', PROBE_ADDRESS: '127.0.0.1:0' });
    for (const { port } of [await listener(cli, 'page'), await listener(cli, 'probes')]) {
      const client = await rawClient(port, `GET /healthz HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);
      await waitFor('the answer', () => client.isClosed);
      expect(client.received).toMatch(/^HTTP\/1.1 400 /);
    }
  });
});

describe('what is logged at the start', () => {
  /** What a process listens on, as the kernel has it, e.g. `[::]:8080`. */
  function listening(pid: number): readonly string[] {
    const { stdout } = spawnSync('ss', ['-H', '-l', '-t', '-n', '-p'], { encoding: 'utf8' });
    return stdout
      .split('\n')
      .filter((line) => line.includes(`pid=${String(pid)},`))
      .map((line) => (line.trim().split(/\s+/)[3] ?? '').replace(/^\*:/, '[::]:'));
  }

  it.each(['127.0.0.1', '', '[::1]', '0.0.0.0', 'localhost'])(
    'is what the kernel listens on, with %j before the colon',
    async (host) => {
      const cli = start({ HTTP_ADDRESS: `${host}:0`, PROBE_ADDRESS: `${host}:0` });
      const page = await listener(cli, 'page');
      const probes = await listener(cli, 'probes');
      expect([page.record['address'], probes.record['address']].toSorted()).toEqual(
        listening(cli.pid).toSorted(),
      );
      expect(page.record['msg']).toContain(`(listening on ${String(page.record['address'])}, without auth`);
      expect((await fetch(`${String(page.record['url'])}metrics`)).status).toBe(200);
    },
  );

  it('is one warning of an engine without TLS', async () => {
    const port = await freePort();
    await using plain = await startDockerEngine({ flags: ['--host', `tcp://127.0.0.1:${String(port)}`] });
    const cli = start({ PATH_TO_CHECK: plain.dataRoot }, `tcp://127.0.0.1:${String(port)}`);
    await cli.waitForEvent('check.completed');
    await cli.waitForEvent('check.completed', { since: cli.records.length });
    const warnings = cli.records.filter(({ event }) => event === 'config.warning');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({
      level: 'warn',
      message: expect.stringContaining('without TLS') as string,
    });
  });
});
