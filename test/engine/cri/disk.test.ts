/** What containerd's databases on the disk say, compared with what the disk does. */
import { cpSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ImageDisk } from '../../../src/disk/image-disk.ts';
import { type Containerd, startContainerd } from '../../../harness/engine/containerd.ts';
import { createPodContainer, runPod } from '../../../harness/engine/cri/pods.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { criCleaner, deletedTags, importEach, keptCodes, type PlanJson } from './scenario.ts';
import { imagesOnBase } from '../scenario.ts';

const MiB = 1024 * 1024;
let containerd: Containerd;
const signal = new AbortController().signal;

afterEach(async () => {
  await containerd.dispose();
});

async function plan(
  settings: Readonly<Record<string, string>> = {},
): Promise<PlanJson & { layerSource: string }> {
  const cli = criCleaner(containerd, ['plan', '--json'], { high: 0.2, low: 0.1, settings });
  expect((await cli.exited).code).toBe(0);
  return cli.json();
}

const metadata = 'io.containerd.metadata.v1.bolt/meta.db';

describe('the sizes of layers', () => {
  it('come true: each image frees what was predicted, files and content, shared layers with the last one', async () => {
    containerd = await startContainerd({ disk: { sizeMiB: 300 } });
    await importEach(containerd, {
      layers: {
        base: { bytes: 3 * MiB, shell: true },
        mid: { bytes: 2 * MiB, files: 400 },
        top: { bytes: 9 * MiB },
        side: { bytes: 5 * MiB },
      },
      images: [
        { tags: ['deep:1'], layers: ['base', 'mid', 'top'] },
        { tags: ['mid:1'], layers: ['base', 'mid'] },
        { tags: ['side:1'], layers: ['base', 'side'] },
      ],
    });
    const { layerSource } = await plan();
    expect(layerSource).toContain('measured on the disk by containerd');
    const cli = criCleaner(containerd, ['run', '--once'], { high: 0.2, low: 0.1 });
    expect((await cli.exited).code).toBe(3);
    const deleted = cli.records.filter(({ event }) => event === 'image.deleted');
    expect(deleted).toHaveLength(3);
    for (const record of deleted) {
      const freed = Number(record['freedBytes']);
      expect(Math.abs(freed - Number(record['predictedBytes'])), String(record['references'])).toBeLessThan(
        Math.max(0.01 * freed, 64 * 1024),
      );
      expect(Math.abs(Number(record['freedInodes']) - Number(record['predictedInodes']))).toBeLessThan(6);
    }
  });

  it('leave out what the container of an untagged image still holds', async () => {
    containerd = await startContainerd();
    const ids = await importEach(containerd, {
      layers: { base: { bytes: 1000, shell: true }, own: { bytes: 4 * MiB }, more: { bytes: 2 * MiB } },
      images: [
        { tags: ['gone:1'], layers: ['base', 'own'] },
        { tags: ['stays:1'], layers: ['base', 'own', 'more'] },
      ],
    });
    const pod = await runPod(containerd, { name: 'pod' });
    await createPodContainer(containerd, pod, { image: ids['gone'] ?? '' });
    await containerd.cri.call('ImageService/RemoveImage', { image: { image: ids['gone'] } });
    const { victims } = await plan();
    expect(victims.map(({ references }) => references[0])).toEqual(['docker.io/library/stays:1']);
    // The files of the two layers below are kept by the container; the content of all three is this image's alone.
    const predicted = victims[0]?.predictedBytes ?? 0;
    expect(predicted).toBeGreaterThan(2 * 2 * MiB + 4 * MiB);
    const cli = criCleaner(containerd, ['run', '--once'], { high: 0.2, low: 0.1 });
    expect((await cli.exited).code).toBe(3);
    const freed = Number((await cli.waitForEvent('image.deleted'))['freedBytes']);
    expect(Math.abs(freed - predicted)).toBeLessThan(64 * 1024);
  });

  it('are estimated where the database is damaged, and the sweep continues', async () => {
    containerd = await startContainerd();
    await importEach(containerd, imagesOnBase({ one: 3 }));
    const copy = join(containerd.disk.workspace.path, 'copy');
    cpSync(
      join(containerd.dataRoot, 'io.containerd.metadata.v1.bolt'),
      join(copy, 'io.containerd.metadata.v1.bolt'),
      {
        recursive: true,
      },
    );
    truncateSync(join(copy, metadata), 5000);
    const facts = await new ImageDisk(copy, 'relative').layers([], signal);
    expect(facts.source).toMatch(/^estimated .*meta\.db cannot be used/);
    expect(facts.layers.size).toBe(0);
  });
});

describe('MIN_AGE', () => {
  it("counts from an image's arrival, not from its build", async () => {
    containerd = await startContainerd();
    await importEach(containerd, imagesOnBase({ fresh: 1 }));
    // Built in 2024 by its own word.
    expect(keptCodes(await plan({ MIN_AGE_SECONDS: '3600' }))).toMatchObject({ 'fresh:1': 'min-age' });
    const cli = criCleaner(containerd, ['run', '--once'], {
      high: 0.2,
      low: 0.1,
      settings: { MIN_AGE_SECONDS: '3600' },
    });
    expect((await cli.exited).code).toBe(3);
    expect(deletedTags(cli)).toEqual([]);
    const ids = (await containerd.cri.call('ImageService/ListImages', {})) as { images: { id: string }[] };
    const appeared = await new ImageDisk(containerd.dataRoot, 'relative').appeared(
      ids.images.map(({ id }) => id),
      signal,
    );
    for (const at of appeared.values()) expect(Math.abs(Date.now() - at)).toBeLessThan(600_000);
  });
});

describe('status', () => {
  it('shows containerd’s own figure of its layers next to the filesystem’s', async () => {
    containerd = await startContainerd();
    await importEach(containerd, imagesOnBase({ one: 9 }));
    interface Status {
      readonly engine: { readonly storeUsage: { readonly bytes: number; readonly inodes: number } };
      readonly usage: { readonly bytes: { readonly total: number; readonly available: number } };
    }
    // containerd adds it up every 10 s.
    const seen = await waitFor('the figure', async () => {
      const cli = criCleaner(containerd, ['status', '--json'], { high: 99 });
      expect((await cli.exited).code).toBe(0);
      const status = cli.json<Status>();
      return status.engine.storeUsage.bytes > 9 * MiB ? status : false;
    });
    const { total, available } = seen.usage.bytes;
    expect(seen.engine.storeUsage.bytes).toBeLessThan(total - available);
    expect(seen.engine.storeUsage.inodes).toBeGreaterThan(10);
    const text = criCleaner(containerd, ['status'], { high: 99 });
    await text.exited;
    expect(text.stdout).toMatch(/the engine's own figure for its layers: .* MB in \d+ inodes/);
  });
});

describe('the path', () => {
  it('is reported as wrong where it is not containerd’s', async () => {
    containerd = await startContainerd();
    const cli = criCleaner({ endpoint: containerd.endpoint, dataRoot: '/usr' }, ['status'], { high: 99.9 });
    await cli.exited;
    expect(cli.stdout).toContain(
      `PATH_TO_CHECK=/usr is not where the engine keeps its images, ${containerd.dataRoot}`,
    );
  });
});
