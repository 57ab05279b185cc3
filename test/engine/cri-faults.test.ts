/** What goes wrong between the cleaner and a CRI runtime: bad endpoints, faults on the wire, a runtime that restarts. */
import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { biggest } from '../../src/core/policy/biggest.ts';
import { imagesOnly } from '../../src/core/clean.ts';
import { noProtections } from '../../src/core/protections.ts';
import { Daemon } from '../../src/daemon.ts';
import { ImageDisk } from '../../src/disk/image-disk.ts';
import { createCriEngine } from '../../src/engine/cri/cri-engine.ts';
import type { DaemonEvent } from '../../src/events.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Containerd, startContainerd } from '../harness/containerd.ts';
import { createPodContainer, runPod } from '../harness/cri/pods.ts';
import { startDockerEngine } from '../harness/docker-engine.ts';
import { type GrpcProxy, isCall, startGrpcProxy } from '../harness/grpc-proxy.ts';
import type { SeenRequest } from '../harness/wire-rules.ts';
import { criCleaner, criTags, importEach } from './cri-scenario.ts';
import { imagesOnBase } from './scenario.ts';

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

/** What one look at the endpoint says: one line, and exit status 1. */
async function complaint(endpoint: string, settings: Readonly<Record<string, string>> = {}): Promise<string> {
  const at = { endpoint, dataRoot: containerd.dataRoot };
  const cli = criCleaner(at, ['status'], { high: 99, settings });
  expect((await cli.exited).code).toBe(1);
  expect(cli.stdout).toBe('');
  const lines = cli.stderr.trim().split('\n');
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
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
    policy: biggest,
    protections: noProtections,
    clean: imagesOnly,
    report: (event) => events.push(event),
    thresholds: { type: 'relative', high: 0.2, low: 0.1 },
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

describe('an endpoint that cannot be used is told in one line', () => {
  it('without a socket', async () => {
    expect(await complaint(`unix://${room('nobody.sock')}`)).toMatch(
      /nobody\.sock: there is no socket\. .*RUNTIME_ENDPOINT/,
    );
  });

  it('with a file in its place', async () => {
    writeFileSync(room('file'), '');
    expect(await complaint(`unix://${room('file')}`)).toMatch(/nothing listens there|that is not a socket/);
  });

  it('with nobody listening', async () => {
    const server = createServer().listen(room('dead.sock'));
    await once(server, 'listening');
    // Closed in a way that leaves the socket behind, as a crash does.
    const path = room('dead.sock');
    renameSync(path, room('left.sock'));
    server.close();
    await once(server, 'close');
    expect(await complaint(`unix://${room('left.sock')}`)).toContain('nothing listens there');
  });

  it('that is Docker’s', async () => {
    await using docker = await startDockerEngine();
    expect(await complaint(docker.dockerHost)).toMatch(/does not speak gRPC\. .*DOCKER_HOST/);
  });

  it('that answers in another protocol', async () => {
    const server = await listening(
      'ssh.sock',
      createServer((socket) => {
        socket.on('error', () => undefined);
        socket.end('SSH-2.0-OpenSSH_9.2\r\n');
      }),
    );
    expect(await complaint(`unix://${room('ssh.sock')}`)).toContain('does not speak gRPC');
    server.close();
  });

  it('that speaks gRPC, but is no runtime', async () => {
    await using other = await startContainerd({ isWithoutCri: true });
    expect(await complaint(other.endpoint)).toMatch(/no CRI runtime\. .*disabled_plugins/);
  });

  it('of a runtime that speaks v1alpha2 only', async () => {
    // What no release that can be had here does any more: the wire as such a runtime answers on it.
    const old = createHttp2Server();
    old.on('stream', (stream, headers) => {
      const isOld = String(headers[':path']).startsWith('/runtime.v1alpha2.RuntimeService/');
      const head = { ':status': 200, 'content-type': 'application/grpc' };
      if (!isOld) {
        stream.respond(
          { ...head, 'grpc-status': '12', 'grpc-message': 'unknown service' },
          { endStream: true },
        );
        return;
      }
      stream.respond(head, { waitForTrailers: true });
      stream.on('wantTrailers', () => {
        stream.sendTrailers({ 'grpc-status': '0' });
      });
      stream.end(Buffer.alloc(5));
    });
    old.listen(room('old.sock'));
    await once(old, 'listening');
    const says = await complaint(`unix://${room('old.sock')}`);
    old.close();
    expect(says).toContain('speaks CRI v1alpha2 only; CRI v1 is needed');
  });

  it('that the user may not use', async () => {
    const at = { endpoint: containerd.endpoint, dataRoot: containerd.dataRoot };
    chmodSync(containerd.socketPath, 0o600);
    const cli = criCleaner(at, ['status'], { high: 99, uid: 65534 });
    expect((await cli.exited).code).toBe(1);
    expect(cli.stderr).toContain('no permission to use the socket. Run as root.');
  });

  it('that does not answer in time', async () => {
    const wire = await proxied();
    wire.addRule({ match: isCall('Version'), stall: 'before' });
    expect(await complaint(wire.endpoint, { TIMEOUT_SECONDS: '1' })).toContain('Version of unix://');
  });

  it('that refuses', async () => {
    const wire = await proxied();
    wire.addRule({ match: isCall('ListImages'), respond: { status: 7, body: 'not you' } });
    expect(await complaint(wire.endpoint)).toContain('the runtime refuses us: not you');
  });
});

async function listening(name: string, server: Server): Promise<Server> {
  server.listen(room(name));
  await once(server, 'listening');
  return server;
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

  it('goes on after a call that the runtime answers with an error', async () => {
    const wire = await proxied();
    wire.addRule({ match: isCall('RemoveImage'), times: 1, respond: { status: 2, body: 'image is busy' } });
    const { events, daemon } = daemonBehind();
    await daemon.check();
    expect(namesIn(events, 'image.delete-failed')).toEqual(['first:1']);
    expect(namesIn(events, 'image.deleted')).toEqual(['second:1']);
    expect(await criTags(containerd)).toEqual(['first:1']);
  });

  it('leaves an image that comes into use between the plan and its turn', async () => {
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

  it('asks for the containers last, right before it deletes', async () => {
    await importEach(containerd, imagesOnBase({ second: 2 }));
    const wire = await proxied();
    await daemonBehind().daemon.check();
    const names = wire.requests.map(({ path }) => path.split('/').at(-1));
    const before = names.slice(0, names.indexOf('RemoveImage'));
    expect(before.slice(-3)).toEqual(['ImageStatus', 'ListContainers', 'ListPodSandbox']);
  });

  it('goes on when the runtime is restarted in the midst of it', async () => {
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
    // The deletion under way was lost with the connection: that image stays for now, the others go.
    expect(namesIn(events, 'image.delete-unanswered')).toEqual(['two:1']);
    expect(namesIn(events, 'image.deleted')).toEqual(['one:1', 'three:1']);
    expect(events.filter(({ event }) => event === 'sweep.completed')).toHaveLength(1);
    await daemon.check();
    expect(await criTags(containerd)).toEqual(['first:1']);
  });

  it('ends when the runtime stays away, and the next check says so once', async () => {
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
