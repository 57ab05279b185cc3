/**
 * Docker switched to its containerd store on an old data directory, as with Docker 29: the images of the classic
 * store are no longer listed, and their space remains used.
 */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleaner } from '../../../harness/program/cleaner.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { createContainer, listTags } from '../../../harness/engine/engine-api.ts';
import { engineRoot } from '../../../harness/machine/engine-root.ts';
import { loadImages } from '../../../harness/engine/images.ts';

const MB = 1e6;
let engine: DockerEngine;

interface Space {
  readonly space: {
    readonly parts: Readonly<Record<string, { readonly bytes: number }>>;
    readonly leftovers: readonly string[];
  };
}

beforeAll(async () => {
  engine = await startDockerEngine({
    disk: { sizeMiB: 400 },
    root: await engineRoot('sid'),
    storageDriver: '',
  });
  await loadImages(engine, {
    layers: { old: { bytes: 60 * MB, shell: true } },
    images: [{ tags: ['old:1'], layers: ['old'] }],
  });
  await createContainer(engine, 'old:1');
  const config = JSON.stringify({ features: { 'containerd-snapshotter': true } });
  writeFileSync(join(engine.disk.workspace.path, 'daemon.json'), config);
  await engine.restart();
});

afterAll(async () => {
  await engine.dispose();
});

async function space(): Promise<Space['space']> {
  const cli = cleaner(engine, ['status', '--json']);
  expect((await cli.exited).code, cli.stderr).toBe(0);
  return cli.json<Space>().space;
}

describe('after the switch', () => {
  it('the old layers are leftovers at once, not something that is being pulled', async () => {
    expect(await listTags(engine)).toEqual([]);
    const { parts, leftovers } = await space();
    expect(leftovers).toEqual([join(engine.dataRoot, 'overlay2')]);
    expect(parts['leftovers']?.bytes).toBeGreaterThan(60 * MB);
    for (const kind of ['beingWritten', 'imagesUnused', 'imagesInUse', 'containerLayers'])
      expect(parts[kind]?.bytes ?? 0, kind).toBe(0);
    expect(statSync(join(engine.dataRoot, 'overlay2')).isDirectory()).toBe(true);
  });

  it('the new images are not taken for the engine’s own files', async () => {
    await loadImages(engine, {
      layers: { new: { bytes: 20 * MB } },
      images: [{ tags: ['new:1'], layers: ['new'] }],
    });
    const { parts } = await space();
    expect(parts['leftovers']?.bytes).toBeLessThan(70 * MB);
    expect(parts['unknown']?.bytes).toBeGreaterThan(40 * MB);
    expect(parts['engine']?.bytes).toBeLessThan(10 * MB);
  });

  it('a sweep deletes the new images only, and says where the space is instead', async () => {
    const cli = cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1 });
    expect((await cli.exited).code, cli.stderr).toBe(3);
    const report = await cli.waitForEvent('sweep.completed');
    expect(report['deletedImages']).toBe(1);
    expect(JSON.stringify(report['remaining'])).toMatch(/6\d\.\d MB in folders that nothing refers to/);
    expect(statSync(join(engine.dataRoot, 'overlay2')).isDirectory()).toBe(true);
  });
});
