/** Endpoints of CRI that cannot be used: each is reported in one line, with what to do. */
import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Containerd, startContainerd } from '../../../harness/engine/containerd.ts';
import { startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { type GrpcProxy, isCall, startGrpcProxy } from '../../../harness/wire/grpc-proxy.ts';
import { criCleaner } from './scenario.ts';

let containerd: Containerd;
let proxy: GrpcProxy | undefined;

beforeAll(async () => {
  containerd = await startContainerd();
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
async function complaint(
  endpoint: string,
  settings: Readonly<Record<string, string>> = {},
  user: { readonly uid?: number } = {},
): Promise<string> {
  const at = { endpoint, dataRoot: containerd.dataRoot };
  const cli = criCleaner(at, ['status'], { high: 99, settings, ...user });
  expect((await cli.exited).code).toBe(1);
  expect(cli.stdout).toBe('');
  const lines = cli.stderr.trim().split('\n');
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}

describe('an unusable endpoint is reported in one line', () => {
  it('without a socket', async () => {
    expect(await complaint(`unix://${room('nobody.sock')}`)).toMatch(
      /nobody\.sock: no such socket\. .*RUNTIME_ENDPOINT/,
    );
  });

  it('with a file in its place', async () => {
    writeFileSync(room('file'), '');
    expect(await complaint(`unix://${room('file')}`)).toMatch(
      /cannot connect to the runtime at .*: (nothing listens there|not a socket)/,
    );
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

  it('that speaks gRPC, but is not a runtime', async () => {
    await using other = await startContainerd({ isWithoutCri: true });
    expect(await complaint(other.endpoint)).toMatch(/not a CRI runtime\. .*disabled_plugins/);
  });

  it('of a runtime that speaks v1alpha2 only', async () => {
    // No available release does this any more: the answers of such a runtime, on the wire.
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
    expect(says).toContain('speaks only CRI v1alpha2; CRI v1 is needed');
  });

  it('that the user may not use', async () => {
    chmodSync(containerd.socketPath, 0o600);
    expect(await complaint(containerd.endpoint, {}, { uid: 65534 })).toContain(
      'no permission to use the socket. Run as root.',
    );
  });

  it('that does not answer in time', async () => {
    const wire = await proxied();
    wire.addRule({ match: isCall('Version'), stall: 'before' });
    expect(await complaint(wire.endpoint, { TIMEOUT_SECONDS: '1' })).toContain('Version of unix://');
  });

  it('that refuses', async () => {
    const wire = await proxied();
    wire.addRule({ match: isCall('ListImages'), respond: { status: 7, body: 'not you' } });
    expect(await complaint(wire.endpoint)).toContain('the runtime denies access: not you');
  });
});

async function listening(name: string, server: Server): Promise<Server> {
  server.listen(room(name));
  await once(server, 'listening');
  return server;
}
