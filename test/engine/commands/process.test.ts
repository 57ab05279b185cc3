/** The real executable as a process: exit statuses, signals, what it prints where. */
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noProtections } from '../../../src/core/eligible/rules.ts';
import { findChoosers } from '../../../src/simulate/choosers.ts';
import { families, generate } from '../../../src/simulate/generate/families.ts';
import { simulateJson } from '../../../src/simulate/report/json.ts';
import { replayed } from '../../unit/simulate/replayed.ts';
import { runCli } from '../../../harness/program/cli.ts';
import type { DockerEngine } from '../../../harness/engine/docker-engine.ts';
import { listTags } from '../../../harness/engine/engine-api.ts';
import type { WireProxy } from '../../../harness/wire/wire-proxy.ts';
import { cleaner, engineBehindProxy } from '../scenario.ts';

let engine: DockerEngine;
let proxy: WireProxy;

beforeAll(async () => {
  ({ engine, proxy } = await engineBehindProxy());
});

afterAll(async () => {
  await proxy.dispose();
  await engine.dispose();
});

const everything = { high: 0.2, low: 0.1 };

describe('looking without touching', () => {
  it('plan --json prints the plan and nothing else on standard output, and deletes nothing', async () => {
    proxy.clear();
    const cli = cleaner(engine, ['plan', '--json'], { ...everything, dockerHost: proxy.dockerHost });
    expect(await cli.exited).toEqual({ code: 0, signal: null });
    const plan = cli.json<{ victims: { references: string[] }[]; kept: { references: string[] }[] }>();
    expect(plan).toMatchObject({
      engine: { apiVersion: expect.any(String) as string, storageDriver: 'overlay2' },
      usage: { path: engine.dataRoot, unit: 'percent', used: expect.any(Number) as number },
      thresholds: { type: 'relative', high: 0.2, low: 0.1 },
      triggered: true,
      predicted: { reachesLow: expect.any(Boolean) as boolean, freedBytes: expect.any(Number) as number },
    });
    expect(plan.victims.map((victim) => victim.references)).toEqual([['big:1'], ['mid:1'], ['small:1']]);
    for (const victim of plan.victims) {
      expect(Object.keys(victim)).toEqual(
        expect.arrayContaining(['kind', 'id', 'references', 'sizeBytes', 'reason']),
      );
    }
    expect(plan.kept).toMatchObject([
      { kind: 'image', references: ['used:1'], reason: 'used by container holder (created)' },
    ]);
    expect(proxy.requests.filter((request) => request.method !== 'GET')).toEqual([]);
  });

  it('plan does not call a sweep due below HIGH', async () => {
    const cli = cleaner(engine, ['plan', '--json'], { high: 99, low: 98 });
    expect((await cli.exited).code).toBe(0);
    expect(cli.json()).toMatchObject({ triggered: false, victims: [] });
  });

  it('status --json names the container that uses an image', async () => {
    const cli = cleaner(engine, ['status', '--json']);
    expect((await cli.exited).code).toBe(0);
    const { images } = cli.json<{
      images: { tags: string[]; inUse: boolean; usedBy: { name: string }[] }[];
    }>();
    expect(images.find(({ tags }) => tags.includes('used:1'))).toMatchObject({
      inUse: true,
      usedBy: [{ name: 'holder', state: 'created' }],
    });
    expect(images.find(({ tags }) => tags.includes('big:1'))).toMatchObject({ inUse: false, usedBy: [] });
  });

  it('simulate --json prints a row for each policy, and nothing else on standard output', async () => {
    const cli = runCli([
      'simulate',
      '--generate',
      'ci',
      '--days',
      '2',
      '--policy',
      'lru,clairvoyant',
      '--json',
    ]);
    expect(await cli.exited).toEqual({ code: 0, signal: null });
    expect(cli.json<{ policies: { policy: string }[] }>().policies.map(({ policy }) => policy)).toEqual([
      'lru',
      'clairvoyant',
    ]);
  });

  it('simulate --keep-file protects by the lines of a file, as KEEP_FILE does, and refuses one that is none', async () => {
    const file = `${engine.disk.workspace.path}/keep`;
    const deletedWith = async (given: string, ...args: readonly string[]): Promise<number> => {
      const cli = runCli(['simulate', ...given.split(' '), '--json', ...args]);
      expect(await cli.exited, cli.stderr).toEqual({ code: 0, signal: null });
      return cli.json<{ policies: { imagesDeleted: number }[] }>().policies[0]?.imagesDeleted ?? -1;
    };
    writeFileSync(file, '# nothing goes\nre:.\n');
    // The second is so much that processes of its own replay it.
    for (const given of [
      '--generate ci --days 3 --capacity 20% --policy lru',
      '--generate binder --seed 3 --days 28 --capacity 80% --policy lru,docuum,kubelet,existing-tool',
    ]) {
      expect(await deletedWith(given), given).toBeGreaterThan(0);
      expect(await deletedWith(given, '--keep-file', file), given).toBe(0);
    }
    writeFileSync(file, 're:(\n');
    const refused = runCli(['simulate', '--generate', 'ci', '--keep-file', file]);
    expect((await refused.exited).code).toBe(2);
    expect(refused.stderr).toContain('--keep-file: ');
  });

  it('simulate replays in processes of its own as it does here, and refuses before it replays', async () => {
    const options =
      '--generate binder --seed 3 --days 20 --capacity 10%,20% --policy lru,value,biggest'.split(' ');
    const cli = runCli(['simulate', ...options, '--keep', 're:nothing', '--json']);
    expect(await cli.exited).toEqual({ code: 0, signal: null });
    const binder = families.find(({ name }) => name === 'binder') ?? expect.fail();
    const trace = generate(binder, 3, 20);
    // Large enough that helper processes are used.
    expect(6 * trace.startsMs.length).toBeGreaterThan(30_000);
    const results = replayed(trace, findChoosers('lru,value,biggest'), {
      capacity: [
        { kind: 'share', share: 0.1 },
        { kind: 'share', share: 0.2 },
      ],
      inodes: undefined,
      high: { type: 'relative', value: 80 },
      low: { type: 'relative', value: 60 },
      soft: undefined,
      bandwidth: 50e6,
      sweepSeconds: 10,
      protections: noProtections,
      sweepThresholds: false,
    });
    expect(cli.json()).toEqual(JSON.parse(JSON.stringify(simulateJson(trace, results))));

    const refused = runCli(['simulate', ...options, '--html', '/nowhere/report.html']);
    expect(await refused.exited).toEqual({ code: 1, signal: null });
    expect(refused.stderr).toMatch(/cannot write \/nowhere\/report.html: no such directory/);
    expect(refused.stdout).toBe('');
  });

  it.each([['plan'], ['status']])('%s shows every image and its reason as text', async (command) => {
    const cli = cleaner(engine, [command], everything);
    expect((await cli.exited).code).toBe(0);
    for (const name of ['used:1', 'big:1', 'mid:1', 'small:1', 'holder']) expect(cli.stdout).toContain(name);
    expect(cli.stdout).not.toContain('\u001b');
  });

  it('run --dry-run says what it would delete, once, and deletes nothing', async () => {
    proxy.clear();
    const settings = { INTERVAL_SECONDS: '1' };
    const cli = cleaner(engine, ['run', '--dry-run'], {
      ...everything,
      settings,
      dockerHost: proxy.dockerHost,
    });
    await cli.waitForEvent('sweep.skipped');
    cli.kill();
    expect((await cli.exited).code).toBe(0);
    const would = cli.records.filter((record) => record.event === 'image.would-delete');
    expect(would.map((record) => record['references'])).toEqual([['big:1'], ['mid:1'], ['small:1']]);
    expect(proxy.requests.filter((request) => request.method !== 'GET')).toEqual([]);
  });
});

describe('exit statuses', () => {
  it.each([['plan'], ['status'], ['run', '--once']])(
    '%s %s: 1 when the engine cannot be reached',
    async (...args) => {
      const cli = cleaner(engine, args, { dockerHost: `unix://${engine.disk.workspace.path}/nobody.sock` });
      expect((await cli.exited).code).toBe(1);
      expect(cli.stderr).toContain('nobody.sock');
    },
  );

  it.each([['plan'], ['status'], ['run', '--once']])('%s %s: 1 when the path is missing', async (...args) => {
    const cli = cleaner(engine, args, { settings: { PATH_TO_CHECK: '/no/such/folder' } });
    expect((await cli.exited).code).toBe(1);
    expect(cli.stderr).toContain('/no/such/folder');
  });

  it('2 for every bad value, naming its variable, before the engine is touched', async () => {
    const variables = [
      'THRESHOLD_HIGH',
      'THRESHOLD_LOW',
      'INTERVAL_SECONDS',
      'DELAY_SECONDS',
      'TIMEOUT_SECONDS',
      'THRESHOLD_TYPE',
      'LOG_FORMAT',
      'LOG_LEVEL',
      'DRY_RUN',
    ];
    const bad = fc.string({ minLength: 1, maxLength: 12 }).map((text) => `!${text.replaceAll('\0', '0')}`);
    proxy.clear();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...variables),
        bad,
        fc.constantFrom('plan', 'status', 'run'),
        async (variable, value, command) => {
          const cli = cleaner(engine, [command], {
            dockerHost: proxy.dockerHost,
            settings: { [variable]: value },
          });
          expect((await cli.exited).code).toBe(2);
          expect(cli.stderr).toContain(`DOCKER_IMAGE_CLEANER_${variable}`);
          expect(cli.stdout).toBe('');
        },
      ),
      // Each is a process of its own; the values themselves are tried by the thousand in the unit tests.
      { numRuns: 12 },
    );
    expect(proxy.requests).toEqual([]);
  });

  it('2 for an unknown command; 0 for --help and --version, also of each command', async () => {
    expect((await runCli(['sweep']).exited).code).toBe(2);
    for (const args of [
      ['--help'],
      ['--version'],
      ['run', '--help'],
      ['plan', '--help'],
      ['status', '--help'],
    ]) {
      const cli = runCli(args);
      expect((await cli.exited).code, args.join(' ')).toBe(0);
      expect(cli.stdout).not.toBe('');
    }
  });
});

describe('the daemon as a process', () => {
  it('collects its garbage before it waits, where Node lets it', async () => {
    const cli = cleaner(engine, ['run'], { high: 99, nodeFlags: ['--expose-gc', '--trace-gc'] });
    await cli.waitForEvent('check.completed');
    cli.kill();
    await cli.exited;
    // V8's own words (a collection that was called for counts as testing), on standard output, where the daemon says nothing.
    expect(cli.stdout).toMatch(/Mark-Compact.*testing/);
  });

  it('waits for an engine that is not up yet, logging it once, and continues when it is', async () => {
    await proxy.refuse('gone');
    const cli = cleaner(engine, ['run'], {
      high: 99,
      low: 98,
      dockerHost: proxy.dockerHost,
      settings: { INTERVAL_SECONDS: '1' },
    });
    await cli.waitForEvent('engine.unavailable');
    await proxy.accept();
    await cli.waitForEvent('check.completed');
    expect(cli.records.filter((record) => record.event === 'engine.unavailable')).toHaveLength(1);
    cli.kill('SIGINT');
    expect(await cli.exited).toEqual({ code: 0, signal: null });
  });

  it('SIGTERM in mid-sweep: the deletion under way is finished, no further one begun, exit 0', async () => {
    proxy.clear();
    const stalled = proxy.addRule({
      match: (request) => request.method === 'DELETE',
      times: 1,
      stall: 'after',
    });
    const cli = cleaner(engine, ['run'], { ...everything, dockerHost: proxy.dockerHost });
    await expect.poll(() => stalled.hits, { timeout: 30_000 }).toBe(1);
    cli.kill('SIGTERM');
    await cli.waitForEvent('daemon.stopping');
    stalled.release();
    expect(await cli.exited).toEqual({ code: 0, signal: null });
    expect(await cli.waitForEvent('sweep.completed')).toMatchObject({
      stoppedBecause: 'stopped',
      deletedImages: 1,
    });
    expect(proxy.count((request) => request.method === 'DELETE')).toBe(1);
    expect(await listTags(engine)).toEqual(['mid:1', 'small:1', 'used:1']);
  });

  it('SIGTERM while the engine hangs: the request is abandoned in time, exit 0', async () => {
    proxy.clear();
    const stalled = proxy.addRule({ match: (request) => request.method === 'DELETE', stall: 'before' });
    const cli = cleaner(engine, ['run'], { ...everything, dockerHost: proxy.dockerHost });
    await expect.poll(() => stalled.hits, { timeout: 30_000 }).toBe(1);
    cli.kill('SIGTERM');
    expect(await cli.exited).toEqual({ code: 0, signal: null });
    expect(cli.records.at(-1)).toMatchObject({ event: 'daemon.stopped' });
    expect(await listTags(engine)).toEqual(['mid:1', 'small:1', 'used:1']);
  });

  it('a second signal ends it at once', async () => {
    proxy.clear();
    const stalled = proxy.addRule({ match: (request) => request.method === 'DELETE', stall: 'before' });
    const cli = cleaner(engine, ['run'], { ...everything, dockerHost: proxy.dockerHost });
    await expect.poll(() => stalled.hits, { timeout: 30_000 }).toBe(1);
    cli.kill('SIGTERM');
    await cli.waitForEvent('daemon.stopping');
    cli.kill('SIGTERM');
    expect(await cli.exited).toEqual({ code: 143, signal: null });
    expect(cli.records.some((record) => record.event === 'daemon.stopped')).toBe(false);
  });
});

describe('secrets', () => {
  const secret = 'hunter2-planted';
  const commands = [['plan'], ['status'], ['plan', '--json'], ['run', '--once', '--log-level', 'trace']];

  it('of the environment are never written, even where they are part of a refused value', async () => {
    for (const args of commands) {
      const cli = cleaner(engine, args, {
        high: 99,
        low: 98,
        settings: { TOKEN: secret },
        env: { REGISTRY_PASSWORD: secret, HTTP_PROXY: `http://user:${secret}@127.0.0.1:1` },
      });
      await cli.exited;
      // The warning names the unknown variable, so it was seen; its value is not told.
      expect(cli.stderr).toContain('DOCKER_IMAGE_CLEANER_TOKEN');
      expect(cli.stdout + cli.stderr).not.toContain(secret);
    }
  });

  it('in the address of the engine are refused without being written', async () => {
    for (const args of commands) {
      const cli = cleaner(engine, args, {
        ...everything,
        dockerHost: `tcp://user:${secret}@127.0.0.1:1`,
      });
      expect((await cli.exited).code).toBe(2);
      expect(cli.stderr).toContain('DOCKER_HOST');
      expect(cli.stdout + cli.stderr).not.toContain(secret);
    }
  });
});
