/** The default of PATH_TO_CHECK, on Docker's containerd image store: containerd's folder, not Docker's. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleaner } from '../../../harness/program/cleaner.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { engineRoot } from '../../../harness/machine/engine-root.ts';
import { loadImages } from '../../../harness/engine/images.ts';

let engine: DockerEngine;

beforeAll(async () => {
  engine = await startDockerEngine({ root: await engineRoot('sid'), containerdStore: true });
  await loadImages(engine, {
    layers: { big: { bytes: 9e6 } },
    images: [{ tags: ['big:1'], layers: ['big'] }],
  });
});

afterAll(async () => {
  await engine.dispose();
});

it.each(['', 'containerd/daemon'])('the path %j is right, without a warning', async (folder) => {
  const settings = { PATH_TO_CHECK: folder === '' ? '' : join(engine.dataRoot, folder) };
  const cli = cleaner(engine, ['status', '--json'], { settings });
  expect((await cli.exited).code, cli.stderr).toBe(0);
  expect(cli.json()).toMatchObject({
    usage: { path: join(engine.dataRoot, 'containerd/daemon') },
    dataRoot: null,
    layerSource: expect.stringMatching(/^measured on the disk by containerd/) as string,
  });
});
