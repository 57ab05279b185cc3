/** `healthcheck` beside the real daemon: well, engine away, stopped, ended; and `--config` as both read it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Cli, runCli } from '../../../harness/program/cli.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { freePort } from '../../../harness/engine/registry.ts';
import { startWireProxy, type WireProxy } from '../../../harness/wire/wire-proxy.ts';

let engine: DockerEngine;
let proxy: WireProxy;
let conf: string;
let port: number;
let daemon: Cli | undefined;

beforeAll(async () => {
  engine = await startDockerEngine();
  proxy = await startWireProxy({
    target: engine,
    listen: { socketPath: join(engine.disk.workspace.path, 'p.sock') },
  });
  conf = join(engine.disk.workspace.path, 'cleaner.conf');
});
afterEach(async () => {
  await daemon?.dispose();
  daemon = undefined;
});
afterAll(async () => {
  await proxy.dispose();
  await engine.dispose();
});

/** The daemon of a conf file and nothing else. */
async function start(): Promise<Cli> {
  port = await freePort();
  writeFileSync(
    conf,
    [
      '# the whole configuration',
      `DOCKER_HOST=${proxy.dockerHost}`,
      `DOCKER_IMAGE_CLEANER_PATH_TO_CHECK="${engine.dataRoot}"`,
      `DOCKER_IMAGE_CLEANER_HTTP_ADDRESS=:${port}`,
      'DOCKER_IMAGE_CLEANER_INTERVAL_SECONDS=1',
      'DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH=99',
    ].join('\n'),
  );
  daemon = runCli(['run', '--config', conf]);
  await daemon.waitForEvent('http.listening');
  await daemon.waitForEvent('check.completed');
  return daemon;
}

async function ask(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const cli = runCli(['healthcheck', ...args], { env: { DOCKER_IMAGE_CLEANER_CONFIG: conf } });
  const { code } = await cli.exited;
  return { code, stdout: cli.stdout, stderr: cli.stderr };
}

describe('healthcheck', () => {
  it('a daemon that is well', async () => {
    await start();
    expect(await ask()).toEqual({ code: 0, stdout: 'ok\n', stderr: '' });
    expect(await ask('--ready')).toEqual({ code: 0, stdout: 'ok\n', stderr: '' });
  });

  it('an engine that is away: the loop lives, the work cannot be done', async () => {
    const cli = await start();
    await proxy.refuse('gone');
    try {
      await cli.waitForEvent('engine.unavailable');
      expect(await ask()).toMatchObject({ code: 0 });
      const ready = await ask('--ready');
      expect(ready).toMatchObject({ code: 1, stdout: '' });
      expect(ready.stderr).toMatch(/^error: http:\/\/127\.0\.0\.1:\d+\/readyz says 503: .+\n$/);
    } finally {
      await proxy.accept();
    }
  });

  it('a daemon that hangs', async () => {
    const cli = await start();
    cli.kill('SIGSTOP');
    const { code, stderr } = await ask();
    expect(code).toBe(1);
    expect(stderr).toBe(`error: no answer from http://127.0.0.1:${port}/healthz: no data within 5 s\n`);
  });

  it('no daemon', async () => {
    await (await start()).dispose();
    const { code, stderr } = await ask();
    expect(code).toBe(1);
    expect(stderr).toMatch(/no answer from .*ECONNREFUSED/);
  });

  it('a daemon that serves nothing has nothing to ask', async () => {
    writeFileSync(conf, '');
    expect(await ask()).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('nothing to ask') as string,
    });
  });

  it('a bad line of the file: one line, nothing started', async () => {
    writeFileSync(conf, 'DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH=a lot\n');
    const cli = runCli(['run', '--config', conf]);
    expect(await cli.exited).toEqual({ code: 2, signal: null });
    expect(cli.stderr).toMatch(
      new RegExp(`^error: ${conf} line 1: DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH="a lot": .+\\n$`),
    );
  });

  it.each([
    ['a folder', '/etc', 'expected a plain file'],
    ['a file that is not there', '/nowhere.conf', 'there is no such file'],
    ['a device', '/dev/null', 'expected a plain file'],
  ])('%s as the file', async (_what, path, reason) => {
    const cli = runCli(['plan', '--config', path]);
    expect(await cli.exited).toEqual({ code: 2, signal: null });
    expect(cli.stderr).toBe(`error: --config="${path}": ${reason}\n`);
  });
});
