/** What only Podman has: other programs work on its store, and it does not list their containers. */
import { afterEach, expect, it } from 'vitest';
import { cleaner, deletedNames } from '../../../harness/program/cleaner.ts';
import { listContainers, listTags } from '../../../harness/engine/engine-api.ts';
import { loadImages } from '../../../harness/engine/images.ts';
import { type PodmanEngine, startPodman } from '../../../harness/engine/podman.ts';

let engine: PodmanEngine;

afterEach(async () => {
  await engine.dispose();
});

it('keeps the image of a working container of buildah, which the engine does not list', async () => {
  engine = await startPodman();
  await loadImages(engine, {
    layers: { base: { bytes: 1000, shell: true }, built: { bytes: 9e6 }, free: { bytes: 4e6 } },
    images: [
      { tags: ['localhost/built:1'], layers: ['base', 'built'] },
      { tags: ['localhost/free:1'], layers: ['base', 'free'] },
    ],
  });
  await engine.buildah('from', '--pull-never', '--name', 'working', 'localhost/built:1');
  expect(await listContainers(engine)).toEqual([]);

  const status = cleaner(engine, ['status', '--json']);
  expect((await status.exited).code).toBe(0);
  const { images } = status.json<{
    images: { tags: string[]; usedBy: { name: string; state: string }[] }[];
  }>();
  expect(images.find(({ tags }) => tags.includes('localhost/built:1'))?.usedBy).toMatchObject([
    { name: 'working', state: 'external' },
  ]);
  const cli = cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1 });
  expect((await cli.exited).code).toBe(3);
  expect(deletedNames(cli)).toEqual(['localhost/free:1']);
  expect(cli.records.some(({ event }) => event === 'image.kept')).toBe(false);
  expect(await listTags(engine)).toEqual(['localhost/built:1']);
});

it('continues where an engine refuses an image for unknown reasons', async () => {
  engine = await startPodman();
  await loadImages(engine, {
    layers: { base: { bytes: 1000, shell: true }, built: { bytes: 9e6 }, free: { bytes: 4e6 } },
    images: [
      { tags: ['localhost/built:1'], layers: ['base', 'built'] },
      { tags: ['localhost/free:1'], layers: ['base', 'free'] },
    ],
  });
  await engine.buildah('from', '--pull-never', '--name', 'working', 'localhost/built:1');
  // A path from which the store cannot be seen: the engine's refusal is all there is.
  const settings = { PATH_TO_CHECK: engine.disk.path };
  const cli = cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1, settings });
  expect((await cli.exited).code).toBe(3);
  expect(deletedNames(cli)).toEqual(['localhost/free:1']);
  const kept = await cli.waitForEvent('image.kept');
  expect(kept['reason']).toContain('the engine refused: ');
  expect(await listTags(engine)).toEqual(['localhost/built:1']);
});
