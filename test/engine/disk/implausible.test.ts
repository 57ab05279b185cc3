/**
 * A count that cannot be true deletes nothing. The path is an overlay of the engine's data and a large file on a disk
 * of their own: what is counted below the path is far above what its filesystem has in use, as if a measurement had
 * left its tree.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDisk, type Disk } from '../../../harness/machine/disk.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { du } from '../../../harness/machine/du.ts';
import { listTags } from '../../../harness/engine/engine-api.ts';
import { cleaner, imagesOnBase, load } from '../scenario.ts';

const MB = 1e6;
let small: Disk;
let engine: DockerEngine;
let path: string;

beforeAll(async () => {
  small = await createDisk({ sizeMiB: 100 });
  engine = await startDockerEngine({ disk: { sizeMiB: 400 } });
  await load(engine, imagesOnBase({ big: 8, middle: 6 }));
  const astray = join(engine.disk.path, 'astray');
  mkdirSync(join(astray, 'volumes/odd/_data'), { recursive: true });
  writeFileSync(join(astray, 'volumes/odd/_data/file'), Buffer.alloc(200 * MB, 1));
  path = join(engine.disk.workspace.path, 'overlay');
  for (const folder of [path, join(small.path, 'upper'), join(small.path, 'work')]) mkdirSync(folder);
  // xino: all files are of one device, so that nothing is left out as another filesystem.
  const options = `xino=on,lowerdir=${astray}:${engine.dataRoot},upperdir=${small.path}/upper,workdir=${small.path}/work`;
  execFileSync('mount', ['-t', 'overlay', '-o', options, 'overlay', path]);
});
afterAll(async () => {
  await engine.dispose();
  small.dispose();
});

/** A threshold below everything that could be believed. */
const settings = { THRESHOLD_TYPE: 'absolute', THRESHOLD_HIGH: '2KB', THRESHOLD_LOW: '1KB' };

it('a count clearly above what the filesystem has in use deletes nothing, and is reported', async () => {
  expect(du(path).bytes).toBeGreaterThan(200 * MB);
  const cli = cleaner(engine, ['run', '--once'], { settings: { ...settings, PATH_TO_CHECK: path } });
  expect((await cli.exited).code, cli.stderr).toBe(1);
  const { message } = await cli.waitForEvent('path.unavailable');
  expect(message).toMatch(/was counted as 2\d\d MB, and its filesystem has .* in use: that is impossible/);
  expect(await listTags(engine)).toEqual(['big:1', 'middle:1']);
});

it('the same thresholds sweep where the count is true', async () => {
  const cli = cleaner(engine, ['run', '--once'], { settings });
  expect((await cli.exited).code, cli.stderr).toBe(3);
  expect(await listTags(engine)).toEqual([]);
});
