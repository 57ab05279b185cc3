/**
 * Layers in the store that no image refers to: what a crash of the engine in the middle of a load leaves behind. They
 * hold their layers, so an image that shares them frees less than expected.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { listTags } from '../../../harness/engine/engine-api.ts';
import { loadImages, type StoreSpec } from '../../../harness/engine/images.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { deletionsIn, expectTrue, settle } from './predictions.ts';
import { cleaner, deletedNames, load } from '../scenario.ts';

let engine: DockerEngine;
beforeEach(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 400 } });
});
afterEach(async () => {
  await engine.dispose();
});

const layers = {
  base: { bytes: 1e6, shell: true },
  shared: { bytes: 5e6, files: 800 },
  own: { bytes: 4e6, files: 600 },
  other: { bytes: 3e6, files: 500 },
  left: { bytes: 6e6, files: 900 },
  // Long under way, so that the engine dies while it is being unpacked.
  slow: { bytes: 60e6, files: 12_000 },
} satisfies StoreSpec['layers'];
const images = [
  { tags: ['own:1'], layers: ['base', 'shared', 'own'] },
  { tags: ['other:1'], layers: ['base', 'other'] },
];
const ghost = { tags: ['ghost:1'], layers: ['base', 'shared', 'left', 'slow'] };

/** Loads an image and kills the engine when its layer `left` is in the store and `slow` is not. */
async function crashWhileLoading(): Promise<void> {
  const entries = (): number => {
    const folder = join(engine.dataRoot, 'image/overlay2/layerdb/sha256');
    return existsSync(folder) ? readdirSync(folder).length : 0;
  };
  const before = entries();
  const loading = loadImages(engine, { layers, images: [ghost] }).then(
    () => 'loaded',
    () => 'broken',
  );
  await waitFor('the first layer to be in the store', () => Promise.resolve(entries() > before));
  await engine.kill();
  expect(await loading).toBe('broken');
  expect(entries()).toBe(before + 1);
  await engine.start();
}

it.each(['biggest', 'reclaimable'])(
  'hold their layers, policy %s: each prediction comes true',
  async (policy) => {
    await load(engine, { layers, images });
    await crashWhileLoading();
    expect(await listTags(engine)).toEqual(['other:1', 'own:1']);
    settle(engine);
    const sweep = cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1, settings: { POLICY: policy } });
    expect((await sweep.exited).code).toBe(3);
    expect(deletedNames(sweep).toSorted()).toEqual(['other:1', 'own:1']);
    const deleted = deletionsIn(sweep.records);
    expectTrue(deleted);
    // The base and the shared layer are kept: the leftover needs them.
    const own = deleted.find(({ references }) => String(references) === 'own:1');
    expect(Number(own?.['predictedInodes'])).toBeGreaterThan(600);
    expect(Number(own?.['predictedInodes'])).toBeLessThan(800);
  },
);

it('frees all, where the leftovers hold none of its layers', async () => {
  await load(engine, { layers, images });
  await crashWhileLoading();
  settle(engine);
  const settings = { KEEP: 'own' };
  const sweep = cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1, settings });
  expect((await sweep.exited).code).toBe(3);
  expect(deletedNames(sweep)).toEqual(['other:1']);
  const deleted = deletionsIn(sweep.records);
  expectTrue(deleted);
  expect(Number(deleted[0]?.['predictedInodes'])).toBeGreaterThan(500);
});
