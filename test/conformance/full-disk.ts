/** The main job on a disk on which nothing at all is free: an engine that cannot write what it deletes. */
import { closeSync, fsyncSync, mkdirSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { cleaner, deletedNames } from '../../harness/program/cleaner.ts';
import type { Disk } from '../../harness/machine/disk.ts';
import {
  type DockerEngine,
  type DockerEngineOptions,
  startDockerEngine,
} from '../../harness/engine/docker-engine.ts';
import { createContainer, listTags, tagImage } from '../../harness/engine/engine-api.ts';
import { loadImages } from '../../harness/engine/images.ts';

const MiB = 1024 * 1024;
const tags = Array.from({ length: 12 }, (_, at) => `big:${at + 1}`);

/** Writes until not a byte more fits. @returns the file that can be made shorter to make room. */
async function fillBlocks(disk: Disk): Promise<string> {
  const { availableBytes } = await disk.usage();
  await disk.occupy('ballast', availableBytes - 64 * 1024);
  const path = join(disk.path, 'rest');
  const file = openSync(path, 'w');
  for (const size of [65_536, 4096, 1]) {
    try {
      for (;;) writeSync(file, Buffer.alloc(size, 1));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
    }
  }
  fsyncSync(file);
  closeSync(file);
  expect((await disk.usage()).availableBytes).toBe(0);
  return path;
}

/** Makes files until no inode is left. */
async function fillInodes(disk: Disk): Promise<void> {
  const folder = join(disk.path, 'files');
  mkdirSync(folder);
  try {
    for (let at = 0; ; at += 1) writeFileSync(join(folder, String(at)), '');
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  }
  expect((await disk.usage()).availableInodes).toBe(0);
}

/**
 * @param options of the engine; called when the tests begin, since a root folder may have to be made.
 * @param store whether the engine always can delete on a disk without a free block.
 */
export function cleansFullDisks(
  name: string,
  options: () => Promise<DockerEngineOptions>,
  store: 'deletes' | 'deletes as its database has room',
): void {
  describe(`a really full disk under ${name}`, () => {
    let engine: DockerEngine;

    async function start(inodes?: number): Promise<void> {
      const disk = { sizeMiB: 400, ...(inodes !== undefined && { inodes }) };
      engine = await startDockerEngine({ ...(await options()), disk });
      const load = (tag: string, size: number): Promise<readonly string[]> =>
        loadImages(engine, {
          layers: { [tag]: { bytes: size * MiB, shell: tag === 'used' } },
          images: [{ tags: [`${tag}:1`], layers: [tag] }],
        });
      for (const [tag, size] of Object.entries({ big: 30, mid: 20, used: 10 })) await load(tag, size);
      // Each removed name leaves containerd room in its database, so there another image has them.
      const named = store === 'deletes' ? 'big:1' : 'mid:1';
      for (const tag of tags.slice(1)) await tagImage(engine, named, tag);
      await createContainer(engine, 'used:1');
    }

    afterEach(async () => {
      await engine.dispose();
    });

    it(
      store === 'deletes'
        ? 'is swept with 0 bytes free, an image with 12 tags too, and what stays keeps its names'
        : 'is swept with 0 bytes free, or loses one image at most, says what to do, and is swept once some kB are free',
      async () => {
        await start();
        const rest = await fillBlocks(engine.disk);
        const total = (await engine.disk.usage()).totalBytes;
        const goal = { high: 99, low: 100 - (100 * 25 * MiB) / total };
        if (store !== 'deletes') {
          const stuck = cleaner(engine, ['run', '--once'], goal);
          const { code } = await stuck.exited;
          const report = await stuck.waitForEvent('sweep.completed');
          expect(Number(report['deletedImages'])).toBeLessThanOrEqual(1);
          if (code !== 0) {
            expect(report).toMatchObject({ stoppedBecause: 'deletions-failed', reachedLow: false });
            expect(JSON.stringify(report['remaining'])).toContain('free some 100 kB');
          }
          expect((await listTags(engine)).length).toBeGreaterThanOrEqual(2);
          truncateSync(rest, 0);
        }
        const cli = cleaner(engine, ['run', '--once'], goal);
        expect((await cli.exited).code, cli.stderr).toBe(0);
        const left = await listTags(engine);
        expect(left).toContain('used:1');
        if (store === 'deletes') {
          expect(await cli.waitForEvent('sweep.completed')).toMatchObject({
            reachedLow: true,
            failedDeletions: 0,
          });
          expect(deletedNames(cli)).toEqual(['big:1']);
          expect(left).toEqual(['mid:1', 'used:1']);
        }
      },
    );

    it('is swept with 0 inodes free', async () => {
      await start(6000);
      await fillInodes(engine.disk);
      const cli = cleaner(engine, ['run', '--once'], { high: 99.99, low: 99.9 });
      expect((await cli.exited).code, cli.stderr).toBe(0);
      expect(await cli.waitForEvent('sweep.completed')).toMatchObject({
        reachedLow: true,
        failedDeletions: 0,
      });
      expect(await listTags(engine)).toContain('used:1');
    });
  });
}
