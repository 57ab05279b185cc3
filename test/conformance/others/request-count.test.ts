/** What reading Docker's containerd store costs: requests to the engine, for any number of images. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleaner } from '../../../harness/program/cleaner.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { engineRoot } from '../../../harness/machine/engine-root.ts';
import { loadImages } from '../../../harness/engine/images.ts';
import { startWireProxy, type WireProxy } from '../../../harness/wire/wire-proxy.ts';

let engine: DockerEngine;
let proxy: WireProxy;
let loaded = 0;

beforeAll(async () => {
  engine = await startDockerEngine({
    disk: { sizeMiB: 400 },
    root: await engineRoot('sid'),
    containerdStore: true,
  });
  const socketPath = join(engine.disk.workspace.path, 'proxy.sock');
  proxy = await startWireProxy({ target: engine, listen: { socketPath } });
});

afterAll(async () => {
  await proxy.dispose();
  await engine.dispose();
});

/** Loads images that share a layer, up to this number. */
async function fill(images: number): Promise<void> {
  const layers: Record<string, { bytes: number }> = { base: { bytes: 200_000 } };
  const names: string[] = [];
  for (; loaded < images; loaded++) {
    names.push(`many${loaded}`);
    layers[`many${loaded}`] = { bytes: 20_000 };
  }
  await loadImages(engine, {
    layers,
    images: names.map((name) => ({ tags: [`${name}:1`], layers: ['base', name] })),
  });
}

/** What `plan` asks the engine, one line a request, without what follows a `?`. */
async function asked(): Promise<readonly string[]> {
  const before = proxy.requests.length;
  const cli = cleaner({ ...engine, dockerHost: proxy.dockerHost }, ['plan', '--json'], {
    high: 0.2,
    low: 0.1,
  });
  expect((await cli.exited).code, cli.stderr).toBe(0);
  expect(cli.json<{ victims: readonly unknown[] }>().victims.length).toBe(loaded);
  return proxy.requests
    .slice(before)
    .map(({ method, path }) => `${method} ${path.replace(/^\/v[\d.]+/, '').replace(/\?.*/s, '')}`);
}

it('plan asks the same few questions of 10 images and of 80', async () => {
  await fill(10);
  const few = await asked();
  await fill(80);
  const many = await asked();
  expect(many).toEqual(few);
  expect(few.length).toBeLessThan(10);
});
