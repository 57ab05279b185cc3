import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { DiskError } from '../../../src/disk/filesystem/error.ts';
import { measureFilesystem } from '../../../src/disk/filesystem/filesystem.ts';
import { ImageDisk } from '../../../src/disk/image-disk.ts';
import { du } from '../../../harness/machine/du.ts';
import { temporaryFolder } from '../../unit/disk/walk/tree.ts';

const signal = new AbortController().signal;

function df(path: string, field: string): number {
  return Number(execFileSync('df', ['-B1', `--output=${field}`, path], { encoding: 'utf8' }).split('\n')[1]);
}

test('the gauges are those of df', async () => {
  const folder = temporaryFolder();
  const gauges = await measureFilesystem(folder, signal);
  expect(gauges.bytes.total).toBe(df(folder, 'size'));
  expect(gauges.inodes?.total).toBe(df(folder, 'itotal'));
  // Others write on this filesystem meanwhile, so what is available is only near.
  expect(Math.abs(gauges.bytes.available - df(folder, 'avail'))).toBeLessThan(gauges.bytes.total / 100);
  const inodes = gauges.inodes;
  if (inodes === undefined) throw new Error('the test needs a filesystem with an inode count');
  expect(Math.abs(inodes.available - df(folder, 'iavail'))).toBeLessThan(inodes.total / 100);
});

test('a filesystem without a size is an error', async () => {
  await expect(measureFilesystem('/proc', new AbortController().signal)).rejects.toMatchObject({
    name: 'DiskError',
    code: 'failed',
    message: expect.stringContaining('reports no size') as string,
  });
});

test('a missing path is an error that names it and the setting', async () => {
  const path = `${temporaryFolder()}/not-here`;
  const error = await measureFilesystem(path, signal).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DiskError);
  expect(error).toMatchObject({ code: 'missing', path });
  expect(String(error)).toContain(path);
  expect(String(error)).toContain('DOCKER_IMAGE_CLEANER_PATH_TO_CHECK');
});

test('an aborted measurement throws the reason of the abort', async () => {
  const reason = new Error('stop');
  await expect(measureFilesystem('/', AbortSignal.abort(reason))).rejects.toBe(reason);
});

test('absolute mode carries the allocated bytes, relative mode does not walk', async () => {
  const folder = temporaryFolder();
  expect((await new ImageDisk(folder, 'absolute').usage(signal)).allocated).toEqual(du(folder));
  expect((await new ImageDisk(folder, 'relative').usage(signal)).allocated).toBeUndefined();
});
