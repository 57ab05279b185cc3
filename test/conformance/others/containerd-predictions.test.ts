/**
 * Predictions on Docker's containerd image store, where an image's files are in snapshots and, packed, in content, and both
 * are shared: with other images, with the build cache, with other namespaces of the same containerd.
 */
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { build, deletionsIn, expectTrue, settle } from '../../engine/prediction/predictions.ts';
import { cleaner } from '../../../harness/program/cleaner.ts';
import { runCommand } from '../../../harness/machine/command.ts';
import { docker } from '../../../harness/engine/docker-client.ts';
import type { LogRecord } from '../../../harness/program/cli.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { runContainer, waitForContainer } from '../../../harness/engine/engine-api.ts';
import { engineRoot } from '../../../harness/machine/engine-root.ts';
import { loadImages } from '../../../harness/engine/images.ts';
import { commandPath, ensureCommands } from '../../../harness/machine/packages.ts';

const MB = 1e6;
const everything = { high: 0.2, low: 0.1 };
let engine: DockerEngine;

async function start(): Promise<void> {
  engine = await startDockerEngine({
    disk: { sizeMiB: 500 },
    root: await engineRoot('sid'),
    containerdStore: true,
  });
}

afterEach(async () => {
  await engine.dispose();
});

async function sweep(settings: Readonly<Record<string, string>> = {}): Promise<readonly LogRecord[]> {
  settle(engine);
  const cli = cleaner(engine, ['run', '--once'], { ...everything, settings });
  expect((await cli.exited).code, cli.stderr).toBe(3);
  return deletionsIn(cli.records);
}

it('come true where images share layers, each at its place', async () => {
  await start();
  await loadImages(engine, {
    layers: {
      base: { bytes: 6 * MB, shell: true },
      mid: { bytes: 3 * MB, files: 300 },
      top: { bytes: 9 * MB },
      side: { bytes: 5 * MB },
    },
    images: [
      // containerd records an image's parents when it unpacks it, which it does not where that exists already.
      { tags: ['mid:1'], layers: ['base', 'mid'] },
      { tags: ['deep:1'], layers: ['base', 'mid', 'top'] },
      { tags: ['side:1'], layers: ['base', 'side'] },
    ],
  });
  const deleted = await sweep();
  expect(deleted).toHaveLength(3);
  expectTrue(deleted);
  expect(deleted.reduce((sum, record) => sum + Number(record['predictedBytes']), 0)).toBeGreaterThan(46 * MB);
});

it('promise nothing that the build cache or a stopped container keeps', async () => {
  await start();
  await loadImages(engine, {
    layers: { base: { bytes: 8 * MB, shell: true } },
    images: [{ tags: ['base:1'], layers: ['base'] }],
  });
  const folders = { big: { files: 1, bytes: 20 * MB } };
  const dockerfile = ['FROM base:1', 'COPY big /big', 'RUN head -c 9000000 /dev/urandom > /noise'];
  await build(engine, { tag: 'built:1', dockerfile, folders, builder: 'buildkit' });
  const deleted = await sweep();
  // The build cache holds all of the base image, and of the built one what it packed.
  expect(deleted.map(({ references }) => (references as string[])[0])).toEqual(['built:1']);
  expectTrue(deleted);
});

it('come true for the build cache and stopped containers, of which no deletion frees less than it says', async () => {
  await start();
  await loadImages(engine, {
    layers: { base: { bytes: 8 * MB, shell: true } },
    images: [{ tags: ['base:1'], layers: ['base'] }],
  });
  const folders = { big: { files: 1, bytes: 20 * MB } };
  const dockerfile = ['FROM base:1', 'COPY big /big', 'RUN head -c 9000000 /dev/urandom > /noise'];
  await build(engine, { tag: 'built:1', dockerfile, folders, builder: 'buildkit' });
  const command = ['/bin/sh', '-c', 'head -c 7000000 /dev/urandom > /written'];
  await waitForContainer(engine, await runContainer(engine, 'built:1', { command }));
  const deleted = await sweep({
    CLEAN: 'images,build-cache,stopped-containers',
    STOPPED_CONTAINER_AGE_SECONDS: '0',
  });
  expect(new Set(deleted.map(({ event }) => event)).size).toBe(3);
  let [predicted, freed] = [0, 0];
  for (const record of deleted) {
    predicted += Number(record['predictedBytes']);
    freed += Number(record['freedBytes']);
    expect(Number(record['predictedBytes']), JSON.stringify(record)).toBeLessThan(
      Number(record['freedBytes']) + 1.05 * MB,
    );
  }
  // What an image and a record both have is promised of neither.
  expect(predicted).toBeGreaterThan(0.9 * freed);
});

it('leave out content that another namespace of containerd has too', async () => {
  await ensureCommands(['ctr']);
  await start();
  await loadImages(engine, {
    layers: { shared: { bytes: 30 * MB } },
    images: [{ tags: ['shared:1'], layers: ['shared'] }],
  });
  const archive = join(engine.disk.workspace.path, 'shared.tar');
  await docker(engine, ['save', '--output', archive, 'shared:1']);
  const address = join(engine.disk.workspace.path, 'run/containerd/containerd.sock');
  const ctr = ['-a', address, '-n', 'other', 'images', 'import', '--no-unpack', archive];
  await runCommand(commandPath('ctr'), ctr);
  const deleted = await sweep();
  expect(deleted).toHaveLength(1);
  expectTrue(deleted);
  expect(Number(deleted[0]?.['predictedBytes'])).toBeLessThan(32 * MB);
});
