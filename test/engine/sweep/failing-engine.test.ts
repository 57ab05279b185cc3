/**
 * An engine that answers deletions with errors: what it did nevertheless counts, what it refuses as such ends the sweep, and
 * nothing is tried again at each check. In the same process, so that checks can be made one by one.
 */
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Daemon } from '../../../src/daemon/daemon.ts';
import { ImageDisk } from '../../../src/disk/image-disk.ts';
import { createDockerEngine } from '../../../src/engine/docker/docker-engine.ts';
import type { DaemonEvent } from '../../../src/events/events.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { createContainer, listTags, tagImage } from '../../../harness/engine/engine-api.ts';
import { type SeenRequest, startWireProxy, type WireProxy } from '../../../harness/wire/wire-proxy.ts';
import { cleaner as cleanerCli, imagesOnBase, load } from '../scenario.ts';
import { rulesWith } from '../../../harness/program/plan-rules.ts';

let engine: DockerEngine;
let proxy: WireProxy;
let events: DaemonEvent[];
let ids: Readonly<Record<string, string>>;

const isDelete = (request: SeenRequest): boolean => request.method === 'DELETE';
const reports = () => events.flatMap((event) => (event.event === 'sweep.completed' ? [event] : []));
const tries = (): number => proxy.requests.filter(isDelete).length;

/** The request of a rule, done behind the proxy's back: the client gets another answer. */
async function doIt({ path }: SeenRequest): Promise<void> {
  await engine.expect('DELETE', path.replace(/^\/v[^/]+/, ''));
}

/** Wants everything gone, and tries again what failed after an hour. */
function daemon(): Daemon {
  const address = { kind: 'unix', path: `${engine.disk.workspace.path}/proxy.sock` } as const;
  return new Daemon({
    engine: createDockerEngine(address, { timeoutMs: 20_000 }),
    disk: new ImageDisk(engine.dataRoot, 'relative'),
    report: (event) => events.push(event),
    rules: rulesWith({ thresholds: { type: 'relative', high: 0.2, low: 0.1 } }),
    intervalSeconds: 3600,
    delaySeconds: 0,
    timeoutSeconds: 20,
    dryRun: false,
    stop: new AbortController().signal,
    abandon: new AbortController().signal,
    settleMs: 200,
  });
}

beforeEach(async () => {
  events = [];
  engine = await startDockerEngine();
  proxy = await startWireProxy({
    target: { socketPath: engine.socketPath },
    listen: { socketPath: `${engine.disk.workspace.path}/proxy.sock` },
  });
  ids = await load(engine, imagesOnBase({ big: 9, mid: 6, small: 3 }));
});

afterEach(async () => {
  await proxy.dispose();
  await engine.dispose();
});

it('an error after which the image is gone counts as a deletion, and the sweep continues', async () => {
  proxy.addRule({
    match: isDelete,
    times: 1,
    before: doIt,
    respond: { status: 500, body: { message: 'gc failed' } },
  });
  await daemon().check();
  expect(reports()).toMatchObject([{ deletedImages: 3, failedDeletions: 0 }]);
  expect(await listTags(engine)).toEqual([]);
});

it('an error after which only a name is gone is progress: the deletion of the image is completed', async () => {
  await tagImage(engine, 'big:1', 'big:2');
  await tagImage(engine, 'big:1', 'big:3');
  proxy.addRule({
    match: isDelete,
    before: doIt,
    respond: { status: 500, body: { message: 'no space left on device' } },
  });
  await daemon().check();
  expect(reports()).toMatchObject([{ deletedImages: 3, failedDeletions: 0 }]);
  expect(await listTags(engine)).toEqual([]);
});

it('an image that is kept after an error has all its names again', async () => {
  await tagImage(engine, 'big:1', 'big:2');
  let wasUsed = false;
  proxy.addRule({
    match: (request) => isDelete(request) && request.path.includes('big'),
    times: 1,
    before: async (request) => {
      await doIt(request);
      await createContainer(engine, ids['big'] ?? '');
      wasUsed = true;
    },
    respond: { status: 500, body: { message: 'no space left on device' } },
  });
  await daemon().check();
  expect(wasUsed).toBe(true);
  expect(await listTags(engine)).toEqual(['big:1', 'big:2']);
});

it('an image whose names return as fast as they are removed keeps them all', async () => {
  for (const name of ['other/a:1', 'other/b:1']) await tagImage(engine, 'big:1', name);
  const before = await listTags(engine);
  // Somebody restores the name that was removed before; only we can restore the last one.
  let last = '';
  proxy.addRule({
    match: (request) => isDelete(request) && /big|other/.test(request.path),
    before: async ({ path }) => {
      if (last !== '') await tagImage(engine, ids['big'] ?? '', last);
      last = decodeURIComponent(/images\/([^?]+)/.exec(path)?.[1] ?? '');
    },
  });
  await daemon().check();
  expect(events.find(({ event }) => event === 'image.kept')).toMatchObject({
    reason: expect.stringContaining('new names faster') as string,
  });
  expect((await listTags(engine)).filter((name) => /big|other/.test(name))).toEqual(
    before.filter((name) => /big|other/.test(name)),
  );
});

it('an error after which the image is gone but no space is freed ends the sweep, until there is room', async () => {
  let ballast = '';
  proxy.addRule({
    match: isDelete,
    times: 1,
    before: async (request) => {
      const before = (await engine.disk.usage()).availableBytes;
      await doIt(request);
      const freed = (await engine.disk.usage()).availableBytes - before;
      ballast = await engine.disk.occupy('ballast', freed);
    },
    respond: { status: 500, body: { message: 'gc failed' } },
  });
  const cleaner = daemon();
  await cleaner.check();
  expect(reports()).toMatchObject([{ deletedImages: 1, stoppedBecause: 'deletions-failed' }]);
  expect(reports()[0]?.remaining.join()).toContain('gc failed');
  expect(await cleaner.check()).toEqual({ outcome: 'skipped' });
  expect(tries()).toBe(1);
  rmSync(ballast);
  expect(await cleaner.check()).toMatchObject({ outcome: 'swept', sweep: { deletedImages: 2 } });
});

it('a refusal of deletions as such (403) ends the sweep at the first, and is not asked for again at each check', async () => {
  proxy.addRule({ match: isDelete, respond: { status: 403, body: { message: 'forbidden by policy' } } });
  const cleaner = daemon();
  await cleaner.check();
  expect(reports()).toMatchObject([{ deletedImages: 0, failedDeletions: 1, stoppedBecause: 'denied' }]);
  expect(reports()[0]?.remaining.join()).toContain('forbidden by policy');
  expect(await cleaner.check()).toEqual({ outcome: 'skipped' });
  expect(tries()).toBe(1);
});

it('what cannot be deleted is tried once, not at each check, and does not keep others from going', async () => {
  const small = ids['small'] ?? '';
  proxy.addRule({
    match: (request) => isDelete(request) && !request.path.includes(small),
    respond: { status: 500, body: { message: 'the image is in a read-only store' } },
  });
  const cleaner = daemon();
  await cleaner.check();
  expect(reports()).toMatchObject([
    { deletedImages: 1, failedDeletions: 2, stoppedBecause: 'no-candidates' },
  ]);
  expect(await listTags(engine)).toEqual(['big:1', 'mid:1']);
  const before = tries();
  expect(await cleaner.check()).toEqual({ outcome: 'skipped' });
  expect(tries()).toBe(before);
  // New images are tried.
  await load(engine, imagesOnBase({ late: 1 }));
  await cleaner.check();
  expect(tries()).toBe(before + 1);
});

it('a sweep in which every deletion failed says so, and not that nothing was left', async () => {
  proxy.addRule({ match: isDelete, respond: { status: 500, body: { message: 'layer does not exist' } } });
  await daemon().check();
  expect(reports()).toMatchObject([
    { deletedImages: 0, failedDeletions: 3, stoppedBecause: 'deletions-failed' },
  ]);
  expect(reports()[0]?.remaining.join()).toContain('layer does not exist');
});

it('the requests that docs/security.md names for a socket proxy are enough', async () => {
  const allowed = [
    /^GET \/_ping$/,
    /^GET \/(v[\d.]+\/)?version$/,
    /^GET \/v[\d.]+\/info$/,
    /^GET \/v[\d.]+\/images\/(json|[^?]+\/(json|history))(\?|$)/,
    /^GET \/v[\d.]+\/containers\/json\?/,
    /^GET \/v[\d.]+\/events\?/,
    /^DELETE \/v[\d.]+\/images\/[^/]/,
    /^POST \/v[\d.]+\/images\/[^?]+\/tag\?/,
    /^GET \/v[\d.]+\/containers\/[^/]+\/json(\?|$)/,
    /^DELETE \/v[\d.]+\/containers\/[^/]+/,
    /^GET \/v[\d.]+\/system\/df(\?|$)/,
    /^POST \/v[\d.]+\/build\/prune\?/,
  ];
  proxy.addRule({
    match: ({ method, path }) => !allowed.some((pattern) => pattern.test(`${method} ${path}`)),
    respond: { status: 403, body: { message: 'forbidden by the proxy' } },
  });
  const clean = { CLEAN: 'images,build-cache,stopped-containers', STOPPED_CONTAINER_AGE_SECONDS: '0' };
  const options = {
    dockerHost: proxy.dockerHost,
    high: 0.2,
    low: 0.1,
    settings: { ...clean, POLICY: 'lru' },
  };
  for (const command of [['status'], ['plan'], ['run', '--once']]) {
    const cli = cleanerCli(engine, command, options);
    expect([0, 3], cli.stderr).toContain((await cli.exited).code);
  }
  expect(proxy.requests.filter(({ status }) => status === 403)).toEqual([]);
  expect(await listTags(engine)).toEqual([]);
});
