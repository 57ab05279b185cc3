/**
 * What CRI-O does otherwise than containerd, on a real containerd whose answers are changed on the wire as recorded ones
 * are: CRI-O itself is in no package here.
 */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Containerd, listCriImages, startContainerd } from '../../../harness/engine/containerd.ts';
import { answerAsCrio, removals } from '../../../harness/engine/cri/crio-answers.ts';
import { type GrpcProxy, isCall, startGrpcProxy } from '../../../harness/wire/grpc-proxy.ts';
import { criCleaner, criTags, deletedTags, importEach } from './scenario.ts';
import { imagesOnBase } from '../scenario.ts';

let containerd: Containerd;
let proxy: GrpcProxy;
const everything = { high: 0.2, low: 0.1 };

beforeAll(async () => {
  containerd = await startContainerd({ disk: { sizeMiB: 300 } });
});

afterAll(async () => {
  await containerd.dispose();
});

afterEach(() => {
  proxy.dispose();
});

async function proxied(): Promise<string> {
  proxy = await startGrpcProxy(containerd.socketPath, join(containerd.disk.workspace.path, 'proxy.sock'));
  return proxy.endpoint;
}

it('images that RemoveImage leaves although it answers OK are kept, and those behind them are deleted', async () => {
  const names = Array.from({ length: 9 }, (_, at) => `readonly${at}`);
  const sizes = Object.fromEntries(names.map((name) => [name, 3]));
  const ids = await importEach(containerd, imagesOnBase({ ...sizes, own: 2 }));
  const readOnly = new Set(names.map((name) => (ids[name] ?? '').replace('sha256:', '')));
  const endpoint = await proxied();
  answerAsCrio(proxy, { isIgnored: (asked) => readOnly.has(asked) });
  const cli = criCleaner({ ...containerd, endpoint }, ['run', '--once'], {
    ...everything,
    settings: { PATH_TO_CHECK: containerd.dataRoot },
  });
  expect((await cli.exited).code, cli.stderr).toBe(3);
  expect(deletedTags(cli)).toEqual(['own:1']);
  const kept = cli.records.filter(({ event }) => event === 'image.kept');
  expect(kept).toHaveLength(9);
  for (const { reason } of kept)
    expect(reason).toBe('the engine answered that it was deleted, but the image is still there');
  expect(await cli.waitForEvent('sweep.completed')).toMatchObject({
    deletedImages: 1,
    stoppedBecause: 'no-candidates',
  });
  expect(await criTags(containerd)).toEqual(names.map((name) => `${name}:1`));
});

it('an artifact is deleted by its digest, and is gone afterwards', async () => {
  const id = 'fb'.repeat(32);
  const digest = `localhost/models/bert@sha256:${id}`;
  const artifact = { id, repoTags: ['localhost/models/bert:1'], repoDigests: [digest], size: 60_000_000 };
  const endpoint = await proxied();
  answerAsCrio(proxy, { listed: [artifact], isIgnored: (asked) => asked === id });
  const cli = criCleaner({ ...containerd, endpoint }, ['run', '--once'], {
    ...everything,
    settings: { PATH_TO_CHECK: containerd.dataRoot, KEEP: 'readonly*,own' },
  });
  expect((await cli.exited).code, cli.stderr).toBe(3);
  expect(removals(proxy)).toEqual([digest]);
  expect(deletedTags(cli)).toEqual(['localhost/models/bert:1']);
});

it('an image that CRI-O refuses as one in use is kept, not failed', async () => {
  await importEach(containerd, imagesOnBase({ refused: 4, free: 2 }));
  const endpoint = await proxied();
  const says =
    'deleting image: image used by 8f2c: image is in use by a container: consider listing external containers and force-removing image';
  proxy.addRule({ match: isCall('RemoveImage'), times: 1, respond: { status: 2, body: says } });
  const cli = criCleaner({ ...containerd, endpoint }, ['run', '--once'], {
    ...everything,
    settings: { PATH_TO_CHECK: containerd.dataRoot, KEEP: 'readonly*,own' },
  });
  expect((await cli.exited).code, cli.stderr).toBe(3);
  expect(cli.records.filter(({ event }) => event === 'image.delete-failed')).toEqual([]);
  const kept = cli.records.find(({ event }) => event === 'image.kept');
  expect(kept?.['reason']).toContain('image is in use by a container');
  expect(deletedTags(cli)).toEqual(['free:1']);
  expect(await listCriImages(containerd)).not.toHaveLength(0);
});

it('a path above a store that has a disk of its own is noticed by the device', async () => {
  const endpoint = await proxied();
  const above = containerd.disk.workspace.path;
  const cli = criCleaner({ endpoint, dataRoot: above }, ['status', '--json'], { high: 99.9 });
  expect((await cli.exited).code, cli.stderr).toBe(0);
  const { dataRoot } = cli.json<{ dataRoot: { code: string; message: string } | null }>();
  expect(dataRoot?.code).toBe('another-filesystem');
  expect(dataRoot?.message).toContain(containerd.dataRoot);
});
