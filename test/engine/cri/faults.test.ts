/** Faults between the cleaner and a CRI runtime: faults on the wire, a runtime that restarts. */
import { join } from 'node:path';
import { Daemon } from '../../../src/daemon/daemon.ts';
import { ImageDisk } from '../../../src/disk/image-disk.ts';
import { createCriEngine } from '../../../src/engine/cri/cri-engine.ts';
import type { DaemonEvent } from '../../../src/events/events.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Containerd, startContainerd } from '../../../harness/engine/containerd.ts';
import { createPodContainer, runPod } from '../../../harness/engine/cri/pods.ts';
import { type GrpcProxy, isCall, startGrpcProxy } from '../../../harness/wire/grpc-proxy.ts';
import type { SeenRequest } from '../../../harness/wire/wire-rules.ts';
import { criTags, importEach } from './scenario.ts';
import { imagesOnBase } from '../scenario.ts';
import { rulesWith } from '../../../harness/program/plan-rules.ts';

let containerd: Containerd;
let proxy: GrpcProxy | undefined;

beforeAll(async () => {
  containerd = await startContainerd({ disk: { sizeMiB: 300 } });
});

afterAll(async () => {
  await containerd.dispose();
});

afterEach(() => {
  proxy?.dispose();
  proxy = undefined;
});

function room(name: string): string {
  return join(containerd.disk.workspace.path, name);
}

async function proxied(): Promise<GrpcProxy> {
  proxy = await startGrpcProxy(containerd.socketPath, room('proxy.sock'));
  return proxy;
}

/** A cleaner that wants everything gone, behind the proxy; in this process, so that its waits can be shortened. */
function daemonBehind({ timeoutSeconds = 20 } = {}): {
  readonly daemon: Daemon;
  readonly events: DaemonEvent[];
} {
  const events: DaemonEvent[] = [];
  const socketPath = proxy?.socketPath ?? containerd.socketPath;
  const daemon = new Daemon({
    engine: createCriEngine(`unix://${socketPath}`, {
      findSocket: () => Promise.resolve(socketPath),
      timeoutMs: timeoutSeconds * 1000,
    }),
    disk: new ImageDisk(containerd.dataRoot, 'relative'),
    report: (event) => events.push(event),
    rules: rulesWith({ thresholds: { type: 'relative', high: 0.2, low: 0.1 } }),
    intervalSeconds: 1,
    delaySeconds: 0,
    timeoutSeconds,
    dryRun: false,
    stop: new AbortController().signal,
    abandon: new AbortController().signal,
    settleMs: 200,
  });
  return { daemon, events };
}

/** The images of all events of a name, without Docker Hub's prefix. */
function namesIn(events: readonly DaemonEvent[], name: DaemonEvent['event']): string[] {
  return events.flatMap((event) =>
    event.event === name && 'references' in event
      ? [(event.references[0] ?? '').replace('docker.io/library/', '')]
      : [],
  );
}

describe('a sweep', () => {
  it('finds out that an image is gone although the answer to its deletion was cut off', async () => {
    await importEach(containerd, imagesOnBase({ first: 4, second: 2 }));
    const wire = await proxied();
    wire.addRule({ match: isCall('RemoveImage'), times: 1, cut: 'after' });
    const { events, daemon } = daemonBehind();
    await daemon.check();
    expect(namesIn(events, 'image.delete-unanswered')).toEqual(['first:1']);
    expect(namesIn(events, 'image.deleted')).toEqual(['first:1', 'second:1']);
    expect(wire.count('/RemoveImage')).toBe(2);
    expect(await criTags(containerd)).toEqual([]);
  });

  it('has no second deletion in flight while one is not answered', async () => {
    await importEach(containerd, imagesOnBase({ first: 4, second: 2 }));
    const wire = await proxied();
    const stalled = wire.addRule({ match: isCall('RemoveImage'), stall: 'before' });
    const { events, daemon } = daemonBehind({ timeoutSeconds: 1 });
    await daemon.check();
    expect(namesIn(events, 'image.delete-unanswered')).toEqual(['first:1']);
    expect(namesIn(events, 'image.delete-failed')).toEqual(['first:1']);
    expect(events.find(({ event }) => event === 'sweep.completed')).toMatchObject({
      stoppedBecause: 'engine-unavailable',
    });
    expect(wire.count('/RemoveImage')).toBe(1);
    stalled.remove();
    expect(await criTags(containerd)).toEqual(['first:1', 'second:1']);
  });

  it('continues after a call that the runtime answers with an error', async () => {
    const wire = await proxied();
    wire.addRule({ match: isCall('RemoveImage'), times: 1, respond: { status: 2, body: 'image is busy' } });
    const { events, daemon } = daemonBehind();
    await daemon.check();
    expect(namesIn(events, 'image.delete-failed')).toEqual(['first:1']);
    expect(namesIn(events, 'image.deleted')).toEqual(['second:1']);
    expect(await criTags(containerd)).toEqual(['first:1']);
  });

  it('keeps an image that comes into use between the plan and its turn', async () => {
    const ids = await importEach(containerd, imagesOnBase({ first: 4 }));
    const wire = await proxied();
    // The first list of containers is the plan's, the second the look right before the deletion.
    let lists = 0;
    const isSecondList = (request: SeenRequest): boolean =>
      isCall('ListContainers')(request) && ++lists === 2;
    wire.addRule({
      match: isSecondList,
      before: async () => {
        const pod = await runPod(containerd, { name: 'late' });
        await createPodContainer(containerd, pod, { image: ids['first'] ?? '' });
      },
    });
    const { events, daemon } = daemonBehind();
    await daemon.check();
    expect(wire.count('/RemoveImage')).toBe(0);
    expect(events.find(({ event }) => event === 'image.kept')).toMatchObject({
      reason: 'container late/main (created) uses it now',
    });
    expect(await criTags(containerd)).toEqual(['first:1']);
  });

  it('deletes nothing while the runtime does not report what is in use', async () => {
    await importEach(containerd, imagesOnBase({ second: 2 }));
    const wire = await proxied();
    let lists = 0;
    const stalled = wire.addRule({
      match: (request) => isCall('ListContainers')(request) && ++lists === 2,
      stall: 'before',
    });
    const { events, daemon } = daemonBehind({ timeoutSeconds: 1 });
    await daemon.check();
    expect(stalled.hits).toBe(1);
    expect(events.find(({ event }) => event === 'sweep.completed')).toMatchObject({
      stoppedBecause: 'engine-unavailable',
      deletedImages: 0,
    });
    expect(wire.count('/RemoveImage')).toBe(0);
    stalled.remove();
    await daemon.check();
    expect(namesIn(events, 'image.deleted')).toEqual(['second:1']);
    expect(await criTags(containerd)).toEqual(['first:1']);
  });

  it('is not begun on a list that was cut off', async () => {
    await importEach(containerd, imagesOnBase({ second: 2 }));
    const wire = await proxied();
    wire.addRule({ match: isCall('ListContainers'), times: 1, cut: 'after' });
    const { events, daemon } = daemonBehind();
    expect((await daemon.check()).outcome).toBe('unavailable');
    expect(wire.count('/RemoveImage')).toBe(0);
    expect((await daemon.check()).outcome).toBe('swept');
    expect(namesIn(events, 'image.deleted')).toEqual(['second:1']);
  });

  it('asks for the containers last, right before it deletes', async () => {
    await importEach(containerd, imagesOnBase({ second: 2 }));
    const wire = await proxied();
    await daemonBehind().daemon.check();
    const names = wire.requests.map(({ path }) => path.split('/').at(-1));
    const before = names.slice(0, names.indexOf('RemoveImage'));
    expect(before.slice(-3)).toEqual(['ImageStatus', 'ListContainers', 'ListPodSandbox']);
  });

  it('continues when the runtime is restarted in the middle of it', async () => {
    await importEach(containerd, imagesOnBase({ one: 4, two: 3, three: 2 }));
    const wire = await proxied();
    let removals = 0;
    let restarted: Promise<void> | undefined;
    wire.addRule({
      match: (request) => isCall('RemoveImage')(request) && ++removals === 2,
      before: () => (restarted = containerd.restart()),
    });
    const { events, daemon } = daemonBehind();
    await daemon.check();
    await restarted;
    // The deletion under way was lost with the connection: that image is kept for now, the others are deleted.
    expect(namesIn(events, 'image.delete-unanswered')).toEqual(['two:1']);
    expect(namesIn(events, 'image.deleted')).toEqual(['one:1', 'three:1']);
    expect(events.filter(({ event }) => event === 'sweep.completed')).toHaveLength(1);
    await daemon.check();
    expect(await criTags(containerd)).toEqual(['first:1']);
  });

  it('ends when the runtime does not return, and the next check logs it once', async () => {
    await importEach(containerd, imagesOnBase({ one: 4, two: 3 }));
    const wire = await proxied();
    wire.addRule({
      match: isCall('RemoveImage'),
      times: 1,
      before: () => containerd.kill({ socket: 'removed' }),
    });
    const { events, daemon } = daemonBehind({ timeoutSeconds: 2 });
    await daemon.check();
    expect((await daemon.check()).outcome).toBe('unavailable');
    expect((await daemon.check()).outcome).toBe('unavailable');
    await containerd.start();
    expect((await daemon.check()).outcome).toBe('swept');
    const about = events.map(({ event }) => event).filter((event) => event.startsWith('engine.'));
    expect(about.filter((event) => event === 'engine.connected')).toHaveLength(2);
    expect(await criTags(containerd)).toEqual(['first:1']);
  });
});
