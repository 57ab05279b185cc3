/** An image whose labels are larger than the memory that the cleaner may have. */
import { afterEach, expect, it } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { cleaner, deletedNames, load } from '../scenario.ts';

const MB = 1e6;
let engine: DockerEngine;

afterEach(async () => {
  await engine.dispose();
});

it('is listed, kept or deleted like any other, in little memory', async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 400 } });
  const labels = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, n) => [`org.example.label-${n}`, 'y'.repeat(100)]),
  );
  await load(engine, {
    layers: { base: { bytes: 5 * MB }, top: { bytes: 20 * MB } },
    images: [
      { tags: ['monster:1'], layers: ['base', 'top'], labels: { ...labels, monster: 'z'.repeat(48 * MB) } },
      {
        tags: ['kept:1'],
        layers: ['base'],
        labels: { ...labels, 'docker-image-cleaner.keep': 'true' },
      },
    ],
  });
  const cli = cleaner(engine, ['run', '--once'], {
    high: 0.2,
    low: 0.1,
    // A heap in which the answers alone have no room.
    env: { NODE_OPTIONS: '--max-old-space-size=64' },
  });
  expect((await cli.exited).code, cli.stderr).toBe(3);
  expect(deletedNames(cli)).toEqual(['monster:1']);
});
