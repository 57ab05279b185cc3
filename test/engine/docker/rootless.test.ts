/** Rootless Docker and Podman, real ones: layers belong to sub-IDs, and are mounted by the kernel or by fuse-overlayfs. */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleaner, deletedNames } from '../../../harness/program/cleaner.ts';
import type { Cli } from '../../../harness/program/cli.ts';
import { du } from '../../../harness/machine/du.ts';
import { createContainer, listTags } from '../../../harness/engine/engine-api.ts';
import { loadImages } from '../../../harness/engine/images.ts';
import {
  firstSubId,
  type RootlessEngine,
  rootlessUid,
  startRootless,
} from '../../../harness/engine/rootless.ts';
import { expectTrue } from '../prediction/predictions.ts';

const MB = 1e6;
const everything = { high: 0.2, low: 0.1 };

interface Status {
  readonly engine: { readonly name: string };
  readonly dataRoot: unknown;
  readonly layerSource: string;
  readonly space: { readonly parts: Readonly<Record<string, { readonly bytes: number }>> } | null;
  readonly images: readonly {
    readonly tags: readonly string[];
    readonly uniqueBytes: number;
    readonly exact: boolean;
  }[];
}

describe.each([
  ['docker', 'kernel'],
  ['docker', 'fuse-overlayfs'],
  ['podman', 'kernel'],
  ['podman', 'fuse-overlayfs'],
] as const)('rootless %s, layers mounted by %s', (name, mounts) => {
  let engine: RootlessEngine;

  beforeAll(async () => {
    engine = await startRootless({ engine: name, mounts });
    for (const [tag, layer] of Object.entries({ used: 3, big: 20, small: 8 })) {
      await loadImages(engine, {
        layers: {
          base: { bytes: 1000, shell: true },
          [tag]: { bytes: layer * MB, files: 30, owner: 1000 },
        },
        images: [{ tags: [`localhost/${tag}:1`], layers: ['base', tag] }],
      });
    }
    await createContainer(engine, 'localhost/used:1');
  });

  afterAll(async () => {
    await engine.dispose();
  });

  function clean(args: readonly string[], options: Parameters<typeof cleaner>[2] = {}): Cli {
    return cleaner(engine, args, options);
  }
  async function status(options: Parameters<typeof cleaner>[2] = {}): Promise<Status> {
    const cli = clean(['status', '--json'], options);
    expect((await cli.exited).code, cli.stderr).toBe(0);
    return cli.json<Status>();
  }

  it('has files of sub-IDs in its layers', () => {
    const owners = new Set<number>();
    const visit = (folder: string): void => {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        owners.add(lstatSync(join(folder, entry.name), { throwIfNoEntry: false })?.uid ?? rootlessUid);
        if (entry.isDirectory()) visit(join(folder, entry.name));
      }
    };
    visit(engine.dataRoot);
    expect([...owners].sort()).toEqual([rootlessUid, firstSubId + 999]);
  });

  it('is measured by root as any other: exactly, every byte by what it is for', async () => {
    const seen = await status();
    expect(seen.dataRoot).toBeNull();
    expect(seen.layerSource).toContain('measured on the disk');
    const big = seen.images.find(({ tags }) => tags.includes('localhost/big:1'));
    expect(big?.exact).toBe(true);
    expect(big?.uniqueBytes).toBeGreaterThan(20 * MB);
    expect(big?.uniqueBytes).toBeLessThan(20.6 * MB);
    const parts = seen.space?.parts ?? {};
    const below = ['imagesInUse', 'imagesUnused', 'buildCache', 'containerLayers', 'containerLogs', 'engine']
      .map((kind) => parts[kind]?.bytes ?? 0)
      .reduce((sum, bytes) => sum + bytes, 0);
    expect(Math.abs(below - du(engine.dataRoot).bytes)).toBeLessThan(MB);
    expect(parts['leftovers']?.bytes).toBe(0);
  });

  it('is seen by its own user too, who may not enter those layers: estimated, and so it says', async () => {
    const seen = await status({ uid: rootlessUid });
    expect(seen.layerSource).toMatch(/estimated|not measured|may not/);
    expect(seen.images).toHaveLength(3);
  });

  it('is swept as planned: predictions come true, and what a container holds is kept', async () => {
    const cli = clean(['run', '--once'], everything);
    expect((await cli.exited).code, cli.stderr).toBe(3);
    expect(deletedNames(cli)).toEqual(['localhost/big:1', 'localhost/small:1']);
    for (const record of cli.records.filter(({ event }) => event === 'image.deleted')) expectTrue([record]);
    expect(await listTags(engine)).toEqual(['localhost/used:1']);
  });
});
