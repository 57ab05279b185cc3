/** An image that a container mounts by a name that was given to another image since. */
import { afterEach, describe, expect, it } from 'vitest';
import { cleaner } from '../../../harness/program/cleaner.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { hasImage, tagImage } from '../../../harness/engine/engine-api.ts';
import { engineRoot } from '../../../harness/machine/engine-root.ts';
import { loadImages } from '../../../harness/engine/images.ts';

let engine: DockerEngine;

afterEach(async () => {
  await engine.dispose();
});

describe.each([
  ['Docker 28', false],
  ['Docker 28 with the containerd store', true],
])('a mounted image whose name has moved, on %s', (_name, containerdStore) => {
  it('is kept, before and right before the deletion', async () => {
    engine = await startDockerEngine({
      disk: { sizeMiB: 400 },
      root: await engineRoot('sid'),
      containerdStore,
    });
    const load = async (tag: string, layer: string): Promise<string> => {
      const layers = { [layer]: { bytes: 5e6, shell: true } };
      const [id = ''] = await loadImages(engine, { layers, images: [{ tags: [tag], layers: [layer] }] });
      const list = (await engine.expect('GET', '/images/json')).json<{ Id: string; RepoTags: string[] }[]>();
      return list.find(({ RepoTags }) => RepoTags.includes(tag))?.Id ?? id;
    };
    await load('base:1', 'base');
    const old = await load('data:1', 'first');
    // A name elsewhere: only the mount shows that it is meant.
    await tagImage(engine, 'data:1', 'elsewhere:1');
    const mounts = [{ Type: 'image', Source: 'data:1', Target: '/mnt' }];
    const answer = await engine.expect('POST', '/containers/create', {
      body: { Image: 'base:1', HostConfig: { NetworkMode: 'none', Mounts: mounts } },
    });
    await engine.expect('POST', `/containers/${answer.json<{ Id: string }>().Id}/start`);
    await load('data:1', 'second');
    const free = await load('free:1', 'free');

    const plan = cleaner(engine, ['plan', '--json'], { high: 0.2, low: 0.1 });
    expect((await plan.exited).code, plan.stderr).toBe(0);
    const { kept } = plan.json<{ kept: { id: string; code: string; reason: string }[] }>();
    expect(kept.find(({ id }) => id === old)).toMatchObject({
      code: 'in-use',
      reason: expect.stringContaining('which mounts data:1') as string,
    });
    const cli = cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1 });
    await cli.exited;
    expect(await hasImage(engine, old)).toBe(true);
    expect(await hasImage(engine, free)).toBe(false);
  });
});
