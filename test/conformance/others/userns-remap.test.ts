/** Docker whose containers have users of their own (`--userns-remap`): its root is a folder below the data directory, `<uid>.<gid>`. */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { cleaner } from '../../../harness/program/cleaner.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { du } from '../../../harness/machine/du.ts';
import { engineRoot } from '../../../harness/machine/engine-root.ts';
import { loadImages } from '../../../harness/engine/images.ts';

const MB = 1e6;
let engine: DockerEngine;

afterEach(async () => {
  await engine.dispose();
});

/** The IDs that the engine may give to its containers' users, in the root that it runs in. */
function grantIds(root: string): void {
  for (const name of ['subuid', 'subgid']) {
    const path = join(root, 'etc', name);
    if (!/^daemon:/m.test(readFileSync(path, 'utf8'))) appendFileSync(path, 'daemon:200000:65536\n');
  }
}

interface Status {
  readonly usage: { readonly path: string; readonly allocated: { readonly bytes: number } };
  readonly dataRoot: { readonly code: string } | null;
  readonly layerSource: string;
}

it.each([
  { store: 'the classic store', containerdStore: false, folder: '', source: /^measured on the disk$/ },
  {
    store: 'the containerd store',
    containerdStore: true,
    folder: 'containerd/daemon',
    source: /^measured on the disk by containerd/,
  },
])('absolute thresholds count all of $store, wherever the path is', async (each) => {
  const root = await engineRoot('sid');
  grantIds(root);
  const { containerdStore } = each;
  engine = await startDockerEngine({ root, containerdStore, flags: ['--userns-remap=daemon'] });
  await loadImages(engine, {
    layers: { base: { bytes: 30 * MB }, many: { bytes: 5 * MB, files: 50 } },
    images: [{ tags: ['base:1'], layers: ['base', 'many'] }],
  });
  const status = async (path: string): Promise<Status> => {
    const settings = { PATH_TO_CHECK: path, THRESHOLD_TYPE: 'absolute' };
    const cli = cleaner(engine, ['status', '--json'], { high: '2GB', low: '1GB', settings });
    expect((await cli.exited).code, cli.stderr).toBe(0);
    return cli.json();
  };
  const remapped = join(engine.dataRoot, '200000.200000');
  const unset = await status('');
  expect(unset.usage.path).toBe(join(remapped, each.folder));
  expect(unset.dataRoot).toBeNull();
  expect(unset.layerSource).toMatch(each.source);
  for (const path of ['', remapped, engine.dataRoot]) {
    const { usage } = path === '' ? unset : await status(path);
    expect(usage.allocated.bytes, path).toBeGreaterThan(35 * MB);
    expect(Math.abs(usage.allocated.bytes - du(usage.path).bytes), path).toBeLessThan(MB);
  }
});
