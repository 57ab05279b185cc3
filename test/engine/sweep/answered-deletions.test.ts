/** An engine that answers a deletion with "done" and does nothing: an existing image was not deleted. */
import { afterEach, expect, it } from 'vitest';
import { startDockerEngine, type DockerEngine } from '../../../harness/engine/docker-engine.ts';
import { listTags, runContainer, waitForContainer } from '../../../harness/engine/engine-api.ts';
import { startWireProxy, type WireProxy } from '../../../harness/wire/wire-proxy.ts';
import { cleaner, deletedNames, imagesOnBase, load } from '../scenario.ts';

let engine: DockerEngine;
let proxy: WireProxy;

async function start(): Promise<void> {
  engine = await startDockerEngine();
  proxy = await startWireProxy({
    target: { socketPath: engine.socketPath },
    listen: { socketPath: `${engine.disk.workspace.path}/proxy.sock` },
  });
}

afterEach(async () => {
  await proxy.dispose();
  await engine.dispose();
});

const everything = { high: 0.2, low: 0.1 };

it('an image that is still there is kept with its reason, and a row of them does not end the sweep', async () => {
  await start();
  const names = Array.from({ length: 9 }, (_, at) => `lie${at}`);
  const ids = await load(
    engine,
    imagesOnBase({ ...Object.fromEntries(names.map((name) => [name, 2])), last: 1 }),
  );
  const lies = new Set(names.map((name) => ids[name] ?? ''));
  for (const id of lies)
    proxy.addRule({
      match: ({ method, path }) => method === 'DELETE' && path.includes(id),
      respond: { status: 200, body: [{ Deleted: id }] },
    });
  const cli = cleaner(engine, ['run', '--once'], { ...everything, dockerHost: proxy.dockerHost });
  expect((await cli.exited).code, cli.stderr).toBe(3);
  expect(deletedNames(cli)).toEqual(['last:1']);
  const kept = cli.records.filter(({ event }) => event === 'image.kept');
  expect(new Set(kept.map(({ id }) => id))).toEqual(lies);
  expect(kept[0]?.['reason']).toBe('the engine answered that it was deleted, but the image is still there');
  expect(await cli.waitForEvent('sweep.completed')).toMatchObject({
    deletedImages: 1,
    failedDeletions: 0,
    stoppedBecause: 'no-candidates',
  });
  // Each was asked for once.
  expect(proxy.count(({ method }) => method === 'DELETE')).toBe(10);
});

it('a name that is still there ends the deletion of its image', async () => {
  await start();
  await load(engine, {
    layers: { one: { bytes: 3_000_000 } },
    images: [{ tags: ['one:1', 'one:2'], layers: ['one'] }],
  });
  proxy.addRule({
    match: ({ method }) => method === 'DELETE',
    respond: { status: 200, body: [{ Untagged: 'one:1' }] },
  });
  const cli = cleaner(engine, ['run', '--once'], { ...everything, dockerHost: proxy.dockerHost });
  expect((await cli.exited).code).toBe(3);
  const kept = cli.records.find(({ event }) => event === 'image.kept');
  expect(kept?.['reason']).toBe('the engine answered that it was deleted, but the name one:1 is still there');
  expect(proxy.count(({ method }) => method === 'DELETE')).toBe(1);
  expect(await listTags(engine)).toEqual(['one:1', 'one:2']);
});

it('a stopped container that is still there is kept', async () => {
  await start();
  const ids = await load(engine, imagesOnBase({ used: 2 }));
  const id = await runContainer(engine, ids['used'] ?? '', { command: ['/bin/sh', '-c', 'true'] });
  await waitForContainer(engine, id);
  proxy.addRule({
    match: ({ method, path }) => method === 'DELETE' && path.includes('/containers/'),
    respond: { status: 204 },
  });
  const cli = cleaner(engine, ['run', '--once'], {
    ...everything,
    dockerHost: proxy.dockerHost,
    settings: { CLEAN: 'images,stopped-containers', STOPPED_CONTAINER_AGE_SECONDS: '0' },
  });
  expect((await cli.exited).code).toBe(3);
  expect(cli.records.filter(({ event }) => event === 'container.deleted')).toEqual([]);
  const kept = cli.records.find(({ event }) => event === 'container.kept');
  expect(kept?.['reason']).toBe('the engine answered that it was deleted, but the container is still there');
  expect(deletedNames(cli)).toEqual([]);
});

it('what the disk shows is not asked about again, and what it does not show is', async () => {
  await start();
  const ids = await load(engine, imagesOnBase({ one: 3, two: 2, lie: 4 }, { files: 20 }));
  const lie = ids['lie'] ?? '';
  proxy.addRule({
    match: ({ method, path }) => method === 'DELETE' && path.includes(lie),
    respond: { status: 200, body: [{ Deleted: lie }] },
  });
  const cli = cleaner(engine, ['run', '--once'], { ...everything, dockerHost: proxy.dockerHost });
  expect((await cli.exited).code, cli.stderr).toBe(3);
  expect(deletedNames(cli)).toEqual(['one:1', 'two:1']);
  expect(cli.records.find(({ event }) => event === 'image.kept')).toMatchObject({ id: lie });
  const looks = (name: string): number =>
    proxy.count(({ method, path }) => method === 'GET' && path.includes(`/images/${ids[name] ?? ''}/json`));
  // Right before each deletion, always.
  expect([looks('one'), looks('two'), looks('lie')]).toEqual([1, 1, 2]);
});
