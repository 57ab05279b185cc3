/** Images of another platform on Docker's containerd store: they are not unpacked, and what they take is their content. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleaner, deletedNames } from '../../harness/cleaner.ts';
import { type DockerEngine, startDockerEngine } from '../../harness/docker-engine.ts';
import { engineRoot } from '../../harness/engine-root.ts';
import { loadImages } from '../../harness/images.ts';

const MB = 1e6;
let engine: DockerEngine;

beforeAll(async () => {
  engine = await startDockerEngine({
    disk: { sizeMiB: 400 },
    root: await engineRoot('sid'),
    containerdStore: true,
  });
  await loadImages(engine, {
    layers: { foreign: { bytes: 20 * MB } },
    images: [{ tags: ['foreign:1'], layers: ['foreign'], architecture: 's390x' }],
  });
});

afterAll(async () => {
  await engine.dispose();
});

it('are predicted from their content, and go', async () => {
  const plan = cleaner(engine, ['plan', '--json'], { high: 0.2, low: 0.1 });
  expect((await plan.exited).code, plan.stderr).toBe(0);
  const [victim] = plan.json<{ victims: { predictedBytes: number }[] }>().victims;
  expect(Math.abs((victim?.predictedBytes ?? 0) - 20 * MB)).toBeLessThan(MB);
  const cli = cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1 });
  await cli.exited;
  expect(deletedNames(cli)).toEqual(['foreign:1']);
  const deleted = await cli.waitForEvent('image.deleted');
  expect(Math.abs(Number(deleted['freedBytes']) - 20 * MB)).toBeLessThan(MB);
});
