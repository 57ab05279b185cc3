/**
 * What happens around a sweep, made to happen: faults on the wire, an engine that dies, others who work on the same
 * store. In the same process, so that the 30 s that an unanswered deletion is given can be shortened.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Daemon } from '../../../src/daemon/daemon.ts';
import { ImageDisk } from '../../../src/disk/image-disk.ts';
import { createDockerEngine } from '../../../src/engine/docker/docker-engine.ts';
import type { DaemonEvent } from '../../../src/events/events.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import {
  createContainer,
  hasImage,
  listTags,
  removeImage,
  tagImage,
} from '../../../harness/engine/engine-api.ts';
import { startWireProxy, type SeenRequest, type WireProxy } from '../../../harness/wire/wire-proxy.ts';
import { imagesOnBase, load } from '../scenario.ts';
import { rulesWith } from '../../../harness/program/plan-rules.ts';

let engine: DockerEngine;
let proxy: WireProxy;
let events: DaemonEvent[];
let ids: Readonly<Record<string, string>>;

const isDelete = (request: SeenRequest): boolean => request.method === 'DELETE';
const isContainerList = (request: SeenRequest): boolean => request.path.includes('/containers/json');
const named = <Name extends DaemonEvent['event']>(name: Name): Extract<DaemonEvent, { event: Name }>[] =>
  events.filter((event): event is Extract<DaemonEvent, { event: Name }> => event.event === name);
const deleted = (): string[] => named('image.deleted').map((event) => event.references[0] ?? event.id);

interface Overrides {
  readonly timeoutSeconds?: number;
  readonly settleMs?: number;
  readonly stop?: AbortSignal;
  readonly low?: number;
}

/** A cleaner that wants everything gone, behind the proxy. */
function daemonFor(overrides: Overrides = {}): Daemon {
  const address = { kind: 'unix', path: `${engine.disk.workspace.path}/proxy.sock` } as const;
  const timeoutSeconds = overrides.timeoutSeconds ?? 20;
  return new Daemon({
    engine: createDockerEngine(address, { timeoutMs: timeoutSeconds * 1000 }),
    disk: new ImageDisk(engine.dataRoot, 'relative'),
    report: (event) => events.push(event),
    rules: rulesWith({ thresholds: { type: 'relative', high: 0.2, low: overrides.low ?? 0.1 } }),
    intervalSeconds: 1,
    delaySeconds: 0,
    timeoutSeconds,
    dryRun: false,
    stop: overrides.stop ?? new AbortController().signal,
    abandon: new AbortController().signal,
    settleMs: overrides.settleMs ?? 200,
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

describe('the world changes between plan and deletion', () => {
  it('keeps an image that a container has begun to use', async () => {
    // The first list is the plan's, the second the look right before the first deletion.
    let lists = 0;
    proxy.addRule({
      match: (request) => isContainerList(request) && ++lists === 2,
      before: async () => void (await createContainer(engine, 'big:1')),
    });
    await daemonFor().check();
    expect(deleted()).toEqual(['mid:1', 'small:1']);
    expect(named('image.kept')).toMatchObject([
      { id: ids['big'], reason: expect.stringContaining('uses it now') as string },
    ]);
    expect(
      proxy.requests.filter((request) => isDelete(request) && request.path.includes(ids['big'] ?? '?')),
    ).toEqual([]);
    expect(await listTags(engine)).toEqual(['big:1']);
  });

  it("restores an image's names when a container begins to use it in the middle of its deletion", async () => {
    await tagImage(engine, 'big:1', 'big:2');
    await tagImage(engine, 'big:1', 'other:1');
    let deletions = 0;
    proxy.addRule({
      match: (request) => isDelete(request) && ++deletions === 2,
      before: async () => void (await createContainer(engine, ids['big'] ?? '')),
    });
    await daemonFor().check();
    expect(await listTags(engine)).toEqual(['big:1', 'big:2', 'other:1']);
    expect(named('image.kept')).toHaveLength(1);
  });

  it('keeps what the engine refuses (409) and continues', async () => {
    proxy.addRule({
      match: isDelete,
      times: 1,
      before: async () => void (await createContainer(engine, 'big:1')),
    });
    await daemonFor().check();
    expect(deleted()).toEqual(['mid:1', 'small:1']);
    expect(named('image.kept')).toMatchObject([
      { reason: expect.stringContaining('the engine refused') as string },
    ]);
    expect(named('sweep.completed')).toMatchObject([{ failedDeletions: 0 }]);
    expect(await listTags(engine)).toEqual(['big:1']);
  });

  it('keeps an image that was given a name after the plan was made', async () => {
    let lists = 0;
    proxy.addRule({
      match: (request) => isContainerList(request) && ++lists === 2,
      before: () => tagImage(engine, 'big:1', 'wanted:1'),
    });
    await daemonFor().check();
    expect(await listTags(engine)).toEqual(['big:1', 'wanted:1']);
  });

  it('does not delete another image to which the name was moved', async () => {
    await tagImage(engine, 'mid:1', 'precious:1');
    const precious = ids['mid'] ?? '';
    await createContainer(engine, 'mid:1');
    proxy.addRule({
      match: isDelete,
      times: 1,
      // big:1 is planned; at the last moment its name moves to the precious image.
      before: () => tagImage(engine, precious, 'big:1'),
    });
    await daemonFor().check();
    expect(await listTags(engine)).toEqual(['big:1', 'mid:1', 'precious:1']);
    expect(await hasImage(engine, precious)).toBe(true);
    expect(await hasImage(engine, ids['big'] ?? '')).toBe(false);
  });

  it('treats an image that somebody else deletes (404) as gone and continues', async () => {
    proxy.addRule({ match: isDelete, times: 1, before: () => removeImage(engine, 'big:1') });
    await daemonFor().check();
    expect(named('image.gone')).toMatchObject([{ id: ids['big'] }]);
    expect(deleted()).toEqual(['mid:1', 'small:1']);
    expect(named('sweep.completed')).toMatchObject([{ deletedImages: 2, failedDeletions: 0 }]);
  });
});

describe('an engine that does not answer', () => {
  it('waits, checks whether the image is gone, and never has two deletions in flight', async () => {
    const stalled = proxy.addRule({ match: isDelete, times: 1, stall: 'after' });
    await daemonFor({ timeoutSeconds: 1 }).check();
    stalled.release();
    expect(named('image.delete-unanswered')).toMatchObject([{ id: ids['big'] }]);
    expect(deleted()).toEqual(['big:1', 'mid:1', 'small:1']);
    const steps = proxy.requests.filter(
      (request) => request.path.includes(ids['big'] ?? '?') || isDelete(request),
    );
    const unanswered = steps.findIndex(isDelete);
    // After the unanswered deletion the image is checked, then the next one deleted.
    expect(steps[unanswered + 1]).toMatchObject({ method: 'GET' });
  });

  it('deletes nothing else while it is not known how a deletion ended', async () => {
    proxy.addRule({ match: isDelete, stall: 'before' });
    const started = daemonFor({ timeoutSeconds: 1 }).check();
    await started;
    expect(proxy.requests.filter(isDelete)).toHaveLength(1);
    expect(named('sweep.completed')).toMatchObject([
      { stoppedBecause: 'engine-unavailable', deletedImages: 0 },
    ]);
    expect(await listTags(engine)).toHaveLength(3);
  });

  it('continues after a deletion whose connection is cut, whether the engine did it or not', async () => {
    proxy.addRule({ match: isDelete, times: 1, cut: 'after' });
    proxy.addRule({ match: isDelete, times: 1, cut: 'before' });
    await daemonFor().check();
    // The first was done, the second not: that one is tried again in the next sweep.
    expect(deleted()).toEqual(['big:1', 'small:1']);
    expect(named('image.delete-failed')).toMatchObject([{ id: ids['mid'] }]);
    expect(await listTags(engine)).toEqual(['mid:1']);
  });

  it('says once that the engine is away, and sweeps when it is back', async () => {
    await proxy.refuse('refused');
    const daemon = daemonFor();
    expect(await daemon.check()).toEqual({ outcome: 'unavailable' });
    expect(await daemon.check()).toEqual({ outcome: 'unavailable' });
    await proxy.refuse('gone');
    expect(await daemon.check()).toEqual({ outcome: 'unavailable' });
    expect(named('engine.unavailable')).toHaveLength(1);
    await proxy.accept();
    expect(await daemon.check()).toMatchObject({ outcome: 'swept' });
    expect(named('engine.connected')).toHaveLength(1);
  });

  it('treats error answers (500) as such and continues with the next image', async () => {
    proxy.addRule({
      match: isDelete,
      times: 1,
      respond: { status: 500, body: { message: 'layer does not exist' } },
    });
    await daemonFor().check();
    expect(named('image.delete-failed')).toMatchObject([
      { message: expect.stringContaining('layer does not exist') as string },
    ]);
    expect(named('sweep.completed')).toMatchObject([{ failedDeletions: 1, deletedImages: 2 }]);
  });
});

describe('an engine that dies in mid-sweep', () => {
  it('waits for it, continues the same sweep, and reports the failure once', async () => {
    let restart: Promise<void> | undefined;
    const rule = proxy.addRule({
      // The look right before the second deletion.
      match: (request) => isContainerList(request) && deleted().length === 1,
      times: 1,
      before: async () => {
        await engine.kill();
        restart = engine.start();
      },
    });
    const result = await daemonFor({ timeoutSeconds: 60 }).check();
    await restart;
    expect(rule.hits).toBe(1);
    expect(named('engine.unavailable')).toHaveLength(1);
    expect(result).toMatchObject({ outcome: 'swept', sweep: { reachedLow: false, deletedImages: 3 } });
    expect(await listTags(engine)).toEqual([]);
    expect(deleted().sort()).toEqual(['big:1', 'mid:1', 'small:1']);
  });

  it('survives a kill in the middle of a deletion', async () => {
    let restart: Promise<void> | undefined;
    proxy.addRule({
      match: isDelete,
      times: 1,
      before: async () => {
        await engine.kill({ socket: 'removed' });
        restart = delay(500).then(() => engine.start());
      },
    });
    const daemon = daemonFor({ timeoutSeconds: 60, settleMs: 3000 });
    await daemon.check();
    await restart;
    await daemon.check();
    expect(await listTags(engine)).toEqual([]);
  });
});

describe('a signal to stop', () => {
  it('begins no further deletion', async () => {
    const stop = new AbortController();
    proxy.addRule({ match: isDelete, times: 1, before: () => stop.abort() });
    expect(await daemonFor({ stop: stop.signal }).check()).toEqual({ outcome: 'stopped' });
    expect(proxy.requests.filter(isDelete)).toHaveLength(1);
    expect(deleted()).toEqual(['big:1']);
    expect(named('sweep.completed')).toMatchObject([{ stoppedBecause: 'stopped', deletedImages: 1 }]);
  });
});

describe('what is asked of the engine', () => {
  it('costs one small request for an idle check, and per sweep a constant number and a check right before each deletion; the filesystem shows that it is gone', async () => {
    const idle = daemonFor({ low: 98 });
    await idle.check();
    proxy.clear();
    const quiet = new Daemon({
      engine: createDockerEngine(
        { kind: 'unix', path: `${engine.disk.workspace.path}/proxy.sock` },
        { timeoutMs: 20_000 },
      ),
      disk: new ImageDisk(engine.dataRoot, 'relative'),
      report: () => undefined,
      rules: rulesWith({ thresholds: { type: 'relative', high: 99, low: 98 } }),
      intervalSeconds: 1,
      delaySeconds: 0,
      timeoutSeconds: 20,
      dryRun: false,
      stop: new AbortController().signal,
      abandon: new AbortController().signal,
    });
    await quiet.check();
    proxy.clear();
    await quiet.check();
    expect(proxy.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /_ping']);

    proxy.clear();
    await daemonFor().check();
    expect(named('sweep.completed').at(-1)).toMatchObject({ deletedImages: 3 });
    const asked = proxy.requests.map(
      ({ method, path }) => `${method} ${path.replace(/^\/v[\d.]+|\?.*/g, '').replace(/sha256:\w+/, 'ID')}`,
    );
    const count = (what: string): number => asked.filter((request) => request === what).length;
    expect(count('DELETE /images/ID')).toBe(3);
    expect(count('GET /images/ID/json')).toBe(3);
    expect(count('GET /containers/json')).toBeGreaterThanOrEqual(3);
    expect(asked.filter((request) => /system\/df|prune/.test(request))).toEqual([]);
    expect(asked.length - 3 * 3).toBeLessThan(12);
  });
});
