/** Images of another platform on Docker's containerd store: they are not unpacked, and what they take is their content. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleaner, deletedNames } from '../../../harness/program/cleaner.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { engineRoot } from '../../../harness/machine/engine-root.ts';
import { hasImage, removeImage, tagImage } from '../../../harness/engine/engine-api.ts';
import { send } from '../../../harness/wire/http.ts';
import { loadImages, throwStreamedError } from '../../../harness/engine/images.ts';
import { digestOf, pushImage, startRegistry } from '../../../harness/engine/registry.ts';

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

it('are predicted from their content, and deleted', async () => {
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

it('keep what their label protects, where only another platform of several is here', async () => {
  const registry = await startRegistry();
  try {
    const port = Number(registry.host.split(':')[1]);
    const name = `${registry.host}/several`;
    const manifests: object[] = [];
    const type = 'application/vnd.docker.distribution.manifest.v2+json';
    for (const architecture of ['amd64', 's390x']) {
      await loadImages(engine, {
        layers: { [architecture]: { bytes: 3 * MB } },
        images: [
          {
            tags: [`one:${architecture}`],
            layers: [architecture],
            architecture,
            labels: { 'docker-image-cleaner.keep': 'true' },
          },
        ],
      });
      await tagImage(engine, `one:${architecture}`, `${name}:${architecture}`);
      await pushImage(engine, name, architecture);
      const answer = await send({ port }, 'GET', `/v2/several/manifests/${architecture}`, {
        headers: { Accept: type },
      });
      const digest = await digestOf(`${registry.host}/several`, architecture);
      const size = Buffer.byteLength(answer.text);
      manifests.push({ mediaType: type, digest, size, platform: { os: 'linux', architecture } });
      await removeImage(engine, `one:${architecture}`, { force: true });
      await removeImage(engine, `${name}:${architecture}`, { force: true });
    }
    const list = 'application/vnd.docker.distribution.manifest.list.v2+json';
    const body = { schemaVersion: 2, mediaType: list, manifests };
    const put = await send({ port }, 'PUT', '/v2/several/manifests/1', {
      body,
      headers: { 'Content-Type': list },
    });
    expect(put.status, put.text).toBe(201);
    const pulled = await engine.expect(
      'POST',
      `/images/create?fromImage=${encodeURIComponent(name)}&tag=1&platform=${encodeURIComponent('linux/s390x')}`,
    );
    throwStreamedError(pulled.text);
    const plan = cleaner(engine, ['plan', '--json'], { high: 0.2, low: 0.1 });
    expect((await plan.exited).code, plan.stderr).toBe(0);
    const { kept } = plan.json<{ kept: { code: string; references: string[] }[] }>();
    expect(kept.find(({ references }) => references.includes(`${name}:1`))?.code).toBe('keep-label');
    await cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1 }).exited;
    expect(await hasImage(engine, `${name}:1`)).toBe(true);
  } finally {
    registry.dispose();
  }
});
