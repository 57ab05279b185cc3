/**
 * Docker's containerd image store where containerd collects later than the engine answers: something holds what
 * deleted images were made of (a lease of a build or a pull, here the label that marks a root), and releases it while
 * the sweep waits.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { cleaner, deletedNames } from '../../../harness/program/cleaner.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { listTags } from '../../../harness/engine/engine-api.ts';
import { engineRoot } from '../../../harness/machine/engine-root.ts';
import { loadImages } from '../../../harness/engine/images.ts';
import { commandPath, ensureCommands } from '../../../harness/machine/packages.ts';

const run = promisify(execFile);
const MiB = 1024 * 1024;
let engine: DockerEngine;

afterEach(async () => {
  await engine.dispose();
});

/** A command to the containerd that dockerd started. */
async function ctr(...args: readonly string[]): Promise<string> {
  const address = join(engine.disk.workspace.path, 'run/containerd/containerd.sock');
  const { stdout } = await run(commandPath('ctr'), ['--address', address, '--namespace', 'moby', ...args]);
  return stdout;
}

/** Marks all content as in use, or removes the mark and lets containerd collect. */
async function markAll(as: 'root' | 'unused'): Promise<void> {
  const label = `containerd.io/gc.root=${as === 'root' ? 'test' : ''}`;
  const snapshots = ['snapshots', '--snapshotter', 'overlayfs'];
  const [, ...lines] = (await ctr(...snapshots, 'list')).trim().split('\n');
  for (const line of lines) await ctr(...snapshots, 'label', line.split(/\s+/)[0] ?? '', label);
  for (const digest of (await ctr('content', 'list', '--quiet')).trim().split('\n'))
    await ctr('content', 'label', digest, label);
  if (as === 'root') return;
  await ctr('leases', 'create', '--id', 'collect');
  await ctr('leases', 'delete', '--sync', 'collect');
}

it("a sweep on the containerd store waits for containerd's delayed collection, and deletes no more than needed", async () => {
  await ensureCommands(['ctr']);
  engine = await startDockerEngine({
    disk: { sizeMiB: 500 },
    root: await engineRoot('sid'),
    containerdStore: true,
  });
  for (const [name, size] of Object.entries({ big: 40, mid: 30, small: 20 })) {
    const layers = { [name]: { bytes: size * MiB } };
    await loadImages(engine, { layers, images: [{ tags: [`localhost/${name}:1`], layers: [name] }] });
  }
  const plan = cleaner(engine, ['plan', '--json'], { high: 0.2, low: 0.1 });
  expect((await plan.exited).code, plan.stderr).toBe(0);
  const [big = 0, mid = 0] = plan
    .json<{ victims: { predictedBytes: number }[] }>()
    .victims.map(({ predictedBytes }) => predictedBytes);
  await markAll('root');
  const { bytesPercent: used, totalBytes } = await engine.disk.usage();
  const low = used - (100 * (big + mid / 2)) / totalBytes;
  const cli = cleaner(engine, ['run', '--once'], { high: used - 1, low });
  const awaited = await cli.waitForEvent('space.awaited');
  expect(Number(awaited['missingBytes'])).toBeGreaterThan(60 * MiB);
  await markAll('unused');
  expect((await cli.exited).code, cli.stderr).toBe(0);
  expect(Number((await cli.waitForEvent('space.appeared'))['freedBytes'])).toBeGreaterThan(60 * MiB);
  const report = await cli.waitForEvent('sweep.completed');
  expect(report).toMatchObject({ reachedLow: true, deletedImages: 2 });
  expect(deletedNames(cli)).toEqual(['localhost/big:1', 'localhost/mid:1']);
  expect(await listTags(engine)).toEqual(['localhost/small:1']);
});
