/** A real registry on 127.0.0.1, so that images get digests and pulls are pulls. */
import { spawn } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ApiEngine } from './api-engine.ts';
import { removeImage, tagImage } from './engine-api.ts';
import { send } from '../wire/http.ts';
import { throwStreamedError } from './images.ts';
import { commandPath, ensureCommands } from '../machine/packages.ts';
import { waitFor } from '../machine/wait.ts';
import { createWorkspace } from '../machine/workspace.ts';

/**
 * A TCP port on 127.0.0.1 that was free a moment ago. None that the kernel gives to who asks for any, or connects somewhere: with
 * tests beside each other it would often be taken before the server that it is meant for has started.
 */
export async function freePort(): Promise<number> {
  const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/);
  const given = Number(range[0]);
  for (;;) {
    const server = createServer();
    server.listen(randomInt(Math.min(10_000, given - 1), given), '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue;
      throw error;
    }
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  }
}

export interface Registry {
  /** e.g. `127.0.0.1:40123`: the first part of image names in it. Engines take it without TLS, being loopback. */
  readonly host: string;
  dispose(): void;
}

/** Starts a registry of its own. @throws Error with its output when it does not answer. */
export async function startRegistry(): Promise<Registry> {
  await ensureCommands(['docker-registry']);
  const workspace = createWorkspace();
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const config = join(workspace.path, 'registry.json'); // JSON is YAML
  const storage = { filesystem: { rootdirectory: join(workspace.path, 'data') }, delete: { enabled: true } };
  writeFileSync(config, JSON.stringify({ version: 0.1, storage, http: { addr: host } }));
  const child = spawn(commandPath('docker-registry'), ['serve', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4000);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  let ended = false;
  child.once('close', () => (ended = true));
  child.once('error', () => (ended = true));
  try {
    await waitFor('the registry to answer', async () => {
      if (ended) throw new Error('docker-registry ended');
      return send({ port }, 'GET', '/v2/').then(
        (answer) => answer.status === 200,
        () => false,
      );
    });
  } catch (error) {
    workspace.dispose();
    throw new Error(`The registry did not start:\n${output}`, { cause: error });
  }
  return {
    host,
    dispose: () => {
      workspace.dispose();
    },
  };
}

/**
 * Pushes `host/repository:tag`, which the engine must have. (Podman needs to know that there is no TLS; Docker
 * ignores it.)
 */
export async function pushImage(engine: ApiEngine, name: string, tag: string): Promise<void> {
  const answer = await engine.expect('POST', `/images/${name}/push?tag=${tag}&tlsVerify=false`, {
    headers: { 'X-Registry-Auth': Buffer.from('{}').toString('base64') },
  });
  throwStreamedError(answer.text);
}

/** Pulls by tag or `sha256:…` digest. */
export async function pullImage(engine: ApiEngine, name: string, tagOrDigest: string): Promise<void> {
  const answer = await engine.expect(
    'POST',
    `/images/create?fromImage=${encodeURIComponent(name)}&tag=${encodeURIComponent(tagOrDigest)}`,
  );
  throwStreamedError(answer.text);
}

/** The digest of `HOST:PORT/REPOSITORY` in its registry, `sha256:…`, as the registry itself computes it. */
export async function digestOf(name: string, tag: string): Promise<string> {
  const [, port, repository] = /:(\d+)\/(.+)$/.exec(name) ?? [];
  const types = [
    'vnd.docker.distribution.manifest.v2',
    'vnd.oci.image.manifest.v1',
    'vnd.oci.image.index.v1',
  ];
  const answer = await send({ port: Number(port) }, 'GET', `/v2/${repository}/manifests/${tag}`, {
    headers: { Accept: types.map((type) => `application/${type}+json`).join(', ') },
  });
  if (answer.status !== 200) throw new Error(`The registry has no ${name}:${tag}: ${answer.text}`);
  return `sha256:${createHash('sha256').update(answer.text).digest('hex')}`;
}

/**
 * Turns an image of the engine into one that has only a digest: pushes it, removes it with all its names, pulls it by
 * its digest. Returns the one reference left, `host/repository@sha256:…`.
 */
export async function digestOnlyImage(
  engine: ApiEngine,
  registry: Registry,
  reference: string,
  repository: string,
  pull = pullImage,
): Promise<string> {
  const name = `${registry.host}/${repository}`;
  await tagImage(engine, reference, `${name}:pushed`);
  await pushImage(engine, name, 'pushed');
  const digest = await digestOf(name, 'pushed');
  const { Id } = (await engine.expect('GET', `/images/${name}:pushed/json`)).json<{ Id: string }>();
  await removeImage(engine, Id, { force: true });
  await pull(engine, name, digest);
  return `${name}@${digest}`;
}
