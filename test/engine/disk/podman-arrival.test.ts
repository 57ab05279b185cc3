/** When an image arrived in a containers/storage store, as Podman and CRI-O share it: by its manifest's time. */
import { statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { tagImage } from '../../../harness/engine/engine-api.ts';
import { loadImages } from '../../../harness/engine/images.ts';
import { type PodmanEngine, startPodman } from '../../../harness/engine/podman.ts';
import { startRegistry } from '../../../harness/engine/registry.ts';
import { cleaner } from '../scenario.ts';

let engine: PodmanEngine;

afterEach(async () => {
  await engine.dispose();
});

interface PlanJson {
  readonly kept: readonly { readonly id: string; readonly code: string }[];
  readonly victims: readonly { readonly id: string }[];
}

async function plan(): Promise<PlanJson> {
  const cli = cleaner(engine, ['plan', '--json'], {
    ...{ high: 0.2, low: 0.1 },
    settings: { MIN_AGE_SECONDS: '3600' },
  });
  expect((await cli.exited).code, cli.stderr).toBe(0);
  return cli.json<PlanJson>();
}

it('an old image that was just loaded or pulled again is young, and one that has lain there is not', async () => {
  engine = await startPodman();
  const spec = {
    layers: { one: { bytes: 3e6, shell: true } },
    images: [{ tags: ['one:1'], layers: ['one'], created: '2020-01-01T00:00:00Z' }],
  };
  const [id = ''] = await loadImages(engine, spec);
  expect(await plan()).toMatchObject({ victims: [], kept: [{ id, code: 'min-age' }] });

  const manifest = join(engine.dataRoot, 'overlay-images', id.replace('sha256:', ''), 'manifest');
  const twoHoursAgo = new Date(Date.now() - 7_200_000);
  const age = (): void => {
    utimesSync(manifest, twoHoursAgo, twoHoursAgo);
  };
  age();
  expect(await plan()).toMatchObject({ victims: [{ id }], kept: [] });

  await loadImages(engine, spec);
  expect(statSync(manifest).mtimeMs).toBeGreaterThan(twoHoursAgo.getTime());
  expect(await plan()).toMatchObject({ victims: [], kept: [{ id, code: 'min-age' }] });

  const registry = await startRegistry();
  try {
    const pushed = `${registry.host}/one:1`;
    await tagImage(engine, 'localhost/one:1', pushed);
    await engine.command('push', '--tls-verify=false', pushed);
    age();
    await engine.command('pull', '--tls-verify=false', pushed);
    expect(await plan()).toMatchObject({ victims: [], kept: [{ id, code: 'min-age' }] });
  } finally {
    registry.dispose();
  }
});
