/** A real registry on 127.0.0.1, so that images get digests and pulls are pulls. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ApiEngine } from './api-engine.ts';
import { listImages, removeImage, tagImage } from './engine-api.ts';
import { send } from './http.ts';
import { throwStreamedError } from './images.ts';
import { commandPath, ensureCommands } from './packages.ts';
import { waitFor } from './wait.ts';
import { createWorkspace } from './workspace.ts';

/** A TCP port on 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
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

/** Pushes `host/repository:tag`, which the engine must have. */
export async function pushImage(engine: ApiEngine, name: string, tag: string): Promise<void> {
  const answer = await engine.expect('POST', `/images/${name}/push?tag=${tag}`, {
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

/**
 * Turns an image of the engine into one that has only a digest: pushes it, removes it with all its names, pulls it by
 * its digest. Returns the one reference left, `host/repository@sha256:…`.
 */
export async function digestOnlyImage(
  engine: ApiEngine,
  registry: Registry,
  reference: string,
  repository: string,
): Promise<string> {
  const name = `${registry.host}/${repository}`;
  await tagImage(engine, reference, `${name}:pushed`);
  await pushImage(engine, name, 'pushed');
  const image = (await listImages(engine)).find((each) => each.RepoTags?.includes(`${name}:pushed`));
  const byDigest = image?.RepoDigests?.find((digest) => digest.startsWith(`${name}@`));
  if (image === undefined || byDigest === undefined) throw new Error(`${name} has no digest after its push.`);
  await removeImage(engine, image.Id, { force: true });
  await pullImage(engine, name, byDigest.slice(name.length + 1));
  return byDigest;
}
