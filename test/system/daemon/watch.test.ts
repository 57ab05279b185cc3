/**
 * The wait between two checks, on real filesystems: a disk that fills fast is read more often than one that does not.
 */
import { execFileSync } from 'node:child_process';
import { statfsSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { Watch } from '../../../src/daemon/watch.ts';
import { ImageDisk } from '../../../src/disk/image-disk.ts';
import { temporaryFolder } from '../../unit/disk/walk/tree.ts';

const WATCH_SECONDS = 2;
const thresholds = { type: 'relative', high: 80, low: 60 } as const;

function mounted(): string {
  const folder = temporaryFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64M', 'tmpfs', folder]);
  onTestFinished(() => void execFileSync('umount', [folder]));
  return folder;
}

/** Fills half of what is left to HIGH: it approaches HIGH and never reaches it. */
function fillHalfWay(folder: string, name: number): void {
  const { blocks, bavail, bsize } = statfsSync(folder);
  const left = bsize * (bavail - blocks * (1 - thresholds.high / 100));
  writeFileSync(`${folder}/${name}`, Buffer.alloc(Math.max(0, Math.floor(left / 2))));
}

test('reads sooner where usage would reach HIGH sooner at its pace', async () => {
  const over = new AbortController();
  const looks = { quiet: 0, filling: 0 };
  const watching = async (which: keyof typeof looks, looked: (folder: string) => void): Promise<void> => {
    const folder = mounted();
    const disk = new ImageDisk(folder, 'relative');
    const watch = new Watch({
      disk,
      rules: { thresholds },
      report: () => undefined,
      watchSeconds: WATCH_SECONDS,
      heard: () => undefined,
      looked: () => {
        looks[which] += 1;
        looked(folder);
      },
      stop: over.signal,
    });
    const usage = await disk.usage(over.signal);
    looked(folder);
    await watch.wait(600_000, { usage, wasInVain: false });
  };
  await Promise.all([
    watching('filling', (folder) => fillHalfWay(folder, looks.filling)),
    watching('quiet', () => {
      if (looks.quiet === 5) over.abort();
    }),
  ]);
  // Each look of the other is worth two, but for the first ones, which only see the pace.
  expect(looks.filling).toBeGreaterThanOrEqual(7);
}, 60_000);
