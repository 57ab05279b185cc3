/** The engine by a Docker context, over ssh, over TCP with TLS, and where its disk is another machine's: two real engines. */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority, type Authority } from '../../../harness/wire/certificates.ts';
import { type Cli, runCli } from '../../../harness/program/cli.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { listTags } from '../../../harness/engine/engine-api.ts';
import { freePort } from '../../../harness/engine/registry.ts';
import { type Sshd, startSshd } from '../../../harness/wire/sshd.ts';
import { createWorkspace, type Workspace } from '../../../harness/machine/workspace.ts';
import { imagesOnBase, load } from '../scenario.ts';

let workspace: Workspace;
let authority: Authority;
let one: DockerEngine;
let two: DockerEngine;
let sshd: Sshd;
let home: string;

beforeAll(async () => {
  workspace = createWorkspace();
  home = join(workspace.path, 'home');
  authority = await createAuthority(workspace.path);
  const server = authority.sign('server', '/CN=server', ['IP:127.0.0.1']);
  authority.sign('client', '/CN=client');
  const port = await freePort();
  one = await startDockerEngine();
  two = await startDockerEngine({
    flags: [
      ...['--host', `tcp://127.0.0.1:${port}`, '--tlsverify', '--tlscacert', authority.certPath],
      ...['--tlscert', server.certPath, '--tlskey', server.keyPath],
    ],
  });
  await load(one, imagesOnBase({ one: 6 }));
  await load(two, imagesOnBase({ two: 8, second: 4 }));
  context('one', one.dockerHost);
  context('two', `tcp://127.0.0.1:${port}`, { ca: 'ca.crt', cert: 'client.crt', key: 'client.key' });
  context('half', `tcp://127.0.0.1:${port}`, { ca: 'ca.crt', cert: 'client.crt' });
  sshd = await startSshd(workspace, { DOCKER_HOST: two.dockerHost });
  context('far', `ssh://127.0.0.1:${sshd.port}`);
});

afterAll(async () => {
  sshd.dispose();
  await one.dispose();
  await two.dispose();
  workspace.dispose();
});

function context(name: string, host: string, tls: Readonly<Record<string, string>> = {}): void {
  const id = createHash('sha256').update(name).digest('hex');
  const meta = join(home, '.docker/contexts/meta', id);
  mkdirSync(meta, { recursive: true });
  const endpoint = { Host: host, SkipTLSVerify: false };
  writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: endpoint } }));
  const files = join(home, '.docker/contexts/tls', id, 'docker');
  mkdirSync(files, { recursive: true });
  for (const [file, from] of Object.entries(tls))
    copyFileSync(join(workspace.path, from), join(files, `${file}.pem`));
}

function cli(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, string>> = {},
  within: readonly string[] = [],
): Cli {
  const all = { DELAY_SECONDS: '0', MIN_AGE_SECONDS: '0', LOG_FORMAT: 'json', ...settings };
  const prefixed = Object.entries(all).map(([name, value]) => [`DOCKER_IMAGE_CLEANER_${name}`, value]);
  return runCli(args, {
    env: { HOME: home, PATH: sshd.searchPath(), ...(Object.fromEntries(prefixed) as object), ...env },
    within,
  });
}

/** The complaint, one line, of a command that refuses. */
async function refusal(env: Readonly<Record<string, string>>, args = ['status'], code = 2): Promise<string> {
  const refused = cli(args, env);
  expect((await refused.exited).code, refused.stderr).toBe(code);
  const lines = refused.stderr.trim().split('\n');
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}

describe('a Docker context', () => {
  it('names the engine: DOCKER_CONTEXT, currentContext, and DOCKER_HOST over both; the first line says so', async () => {
    const config = join(home, '.docker/config.json');
    writeFileSync(config, JSON.stringify({ currentContext: 'one' }));
    try {
      const current = cli(['status'], {});
      expect((await current.exited).code, current.stderr).toBe(0);
      expect(current.stdout.split('\n')[0]).toBe(
        `Docker Engine 20.10.24+dfsg1 at ${one.dockerHost}, API 1.41 (context one (currentContext of ${config}))`,
      );
      expect(current.stdout).toContain('one:1');
      const named = cli(['plan'], { DOCKER_CONTEXT: 'two' });
      expect((await named.exited).code, named.stderr).toBe(0);
      expect(named.stdout.split('\n')[0]).toMatch(/tcp:\/\/127.*\(context two \(DOCKER_CONTEXT\)\)$/);
      const host = cli(['status'], { DOCKER_CONTEXT: 'one', DOCKER_HOST: two.dockerHost });
      expect((await host.exited).code, host.stderr).toBe(0);
      expect(host.stdout.split('\n')[0]).toContain('(DOCKER_HOST)');
      expect(host.stdout).toContain('two:1');
    } finally {
      rmSync(config);
    }
  });

  it('is what run cleans, by TCP with its TLS files; the first log line names it', async () => {
    const before = await listTags(one);
    const run = cli(['run', '--once', '--dry-run'], { DOCKER_CONTEXT: 'two' }, { THRESHOLD_HIGH: '0.2' });
    expect((await run.exited).code, run.stderr).toBe(0);
    expect(run.records[0]).toMatchObject({
      event: 'engine.chosen',
      reason: 'context two (DOCKER_CONTEXT)',
    });
    const would = run.records.filter(({ event }) => event === 'image.would-delete');
    expect(would.flatMap(({ references }) => references)).toEqual(['two:1', 'second:1']);
    expect(await listTags(one)).toEqual(before);
  });

  it('that cannot be used is one line', async () => {
    expect(await refusal({ DOCKER_CONTEXT: 'typo' })).toMatch(/DOCKER_CONTEXT="typo": no such context/);
    expect(await refusal({ DOCKER_CONTEXT: 'half' })).toMatch(/key\.pem is missing beside cert\.pem/);
    const config = join(home, '.docker/config.json');
    writeFileSync(config, '{"currentContext"');
    try {
      expect(await refusal({})).toMatch(/config\.json.*repair it, or set DOCKER_HOST/);
    } finally {
      rmSync(config);
    }
  });
});

describe('an engine over ssh', () => {
  it('is shown from its API alone, saying what cannot be known, and planned without thresholds', async () => {
    const status = cli(['status'], { DOCKER_CONTEXT: 'far' });
    expect((await status.exited).code, status.stderr).toBe(0);
    expect(status.stdout.split('\n')[0]).toContain(`ssh://127.0.0.1:${sshd.port}`);
    expect(status.stdout).toContain('cannot be measured from here');
    expect(status.stdout).toContain('two:1');
    const plan = cli(['plan'], { DOCKER_HOST: `ssh://127.0.0.1:${sshd.port}` });
    expect((await plan.exited).code, plan.stderr).toBe(0);
    expect(plan.stdout).toContain('Usage of the disk is unknown here.');
    expect(plan.stdout).toMatch(/two:1[^]*second:1/);
    const json = cli(['plan', '--json'], { DOCKER_CONTEXT: 'far' });
    expect((await json.exited).code, json.stderr).toBe(0);
    expect(json.json()).toMatchObject({ triggered: false, thresholds: { type: 'images', low: 0 } });
  });

  it('is not swept by thresholds that need its disk; by a budget of images it is', async () => {
    const line = await refusal({ DOCKER_CONTEXT: 'far' }, ['run', '--once']);
    expect(line).toContain('DOCKER_IMAGE_CLEANER_THRESHOLD_TYPE=images');
    const budget = {
      THRESHOLD_TYPE: 'images',
      THRESHOLD_HIGH: '10MiB',
      THRESHOLD_LOW: '7MiB',
    };
    const run = cli(['run', '--once'], { DOCKER_CONTEXT: 'far' }, budget);
    expect((await run.exited).code, run.stderr).toBe(0);
    expect(await run.waitForEvent('sweep.completed')).toMatchObject({ reachedLow: true, deletedImages: 1 });
    expect(await listTags(two)).toEqual(['second:1']);
    const again = cli(['run', '--once'], { DOCKER_CONTEXT: 'far' }, budget);
    expect((await again.exited).code, again.stderr).toBe(0);
    expect(again.records.filter(({ event }) => event === 'sweep.started')).toEqual([]);
  });

  it('that asks for a password, or has no docker, is one line', async () => {
    const asking = await refusal(
      { DOCKER_CONTEXT: 'far', PATH: sshd.searchPath({ withoutKey: true }) },
      ['status'],
      1,
    );
    expect(asking).toMatch(/Permission denied \(publickey,password/);
    expect(asking).toContain('without prompting');
    const nobody = await refusal({ DOCKER_HOST: `ssh://127.0.0.1:${await freePort()}` }, ['status'], 1);
    expect(nobody).toMatch(/Connection refused/);
  });
});

it('an engine whose data directory is not on this machine, as in a virtual machine, is like one on another host', async () => {
  const hidden = [
    'unshare',
    '-m',
    'sh',
    '-c',
    `for at in ${one.disk.path} /var/lib/docker; do [ ! -d $at ] || mount -t tmpfs none $at || exit; done; exec "$@"`,
    'sh',
  ];
  const status = cli(['status'], { DOCKER_HOST: one.dockerHost }, {}, hidden);
  expect((await status.exited).code, status.stderr).toBe(0);
  expect(status.stdout).toContain(`in ${one.dataRoot}, which is not on this machine`);
  const run = cli(['run', '--once'], { DOCKER_HOST: one.dockerHost }, {}, hidden);
  expect((await run.exited).code).toBe(2);
  expect(run.stderr).toContain('THRESHOLD_TYPE=images');
});

it('thresholds by images count the same on a disk that is here', async () => {
  const settings = {
    THRESHOLD_TYPE: 'images',
    THRESHOLD_HIGH: '5MiB',
    THRESHOLD_LOW: '4MiB',
  };
  const run = cli(['run', '--once'], { DOCKER_HOST: one.dockerHost }, settings);
  expect((await run.exited).code, run.stderr).toBe(0);
  expect(await run.waitForEvent('sweep.completed')).toMatchObject({ reachedLow: true, deletedImages: 1 });
  expect(await listTags(one)).toEqual([]);
});
