/** A containerd whose snapshotter has a disk of its own: that disk is watched, and swept when it is full. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type Containerd, startContainerd } from '../../../harness/engine/containerd.ts';
import { createDisk } from '../../../harness/machine/disk.ts';
import { criCleaner, deletedTags, importEach } from './scenario.ts';
import { imagesOnBase } from '../scenario.ts';

let containerd: Containerd;
const undo: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  await containerd.stop();
  for (const step of undo.splice(0).reverse()) await step();
  await containerd.dispose();
});

it('the snapshotter’s disk is gauged, and a full root disk deletes nothing', async () => {
  containerd = await startContainerd({ disk: { sizeMiB: 150 } });
  const disk = await createDisk({ sizeMiB: 200 });
  undo.push(() => {
    disk.dispose();
  });
  await containerd.stop();
  const folder = join(containerd.dataRoot, 'io.containerd.snapshotter.v1.overlayfs');
  const own = join(disk.path, 'snapshots');
  mkdirSync(own);
  // Existing files, those of the sandbox image, move with it.
  execFileSync('cp', ['-a', `${folder}/.`, own]);
  execFileSync('mount', ['--bind', own, folder]);
  undo.push(() => {
    execFileSync('umount', [folder]);
  });
  await containerd.start();
  await importEach(containerd, imagesOnBase({ big: 30, mid: 15, small: 6 }));

  const status = criCleaner(containerd, ['status', '--json'], { high: 99.9 });
  expect((await status.exited).code, status.stderr).toBe(0);
  expect(status.json<{ usage: object; dataRoot: null }>()).toMatchObject({
    usage: { path: folder },
    dataRoot: null,
    space: { path: folder, total: { bytes: (await disk.usage()).totalBytes } },
  });

  const { availableBytes } = await containerd.disk.usage();
  await containerd.disk.occupy('ballast', availableBytes - 2e6);
  const idle = criCleaner(containerd, ['run', '--once'], { high: 80, low: 60 });
  expect((await idle.exited).code, idle.stderr).toBe(0);
  expect(deletedTags(idle)).toEqual([]);

  const { bytesPercent, totalBytes } = await disk.usage();
  const low = bytesPercent - (100 * 25 * 1024 * 1024) / totalBytes;
  const cli = criCleaner(containerd, ['run', '--once'], { high: bytesPercent - 1, low });
  expect((await cli.exited).code, cli.stderr).toBe(0);
  expect(deletedTags(cli)).toEqual(['big:1']);
  expect((await disk.usage()).bytesPercent).toBeLessThan(low);
});
