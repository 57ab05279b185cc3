/**
 * A count that cannot be true deletes nothing. The path is an overlay whose lower folder is on another, larger disk: what is
 * counted below the path is far above what its filesystem has in use, as it would be if a measurement were led astray.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDisk, type Disk } from '../../harness/disk.ts';
import { type DockerEngine, startDockerEngine } from '../../harness/docker-engine.ts';
import { du } from '../../harness/du.ts';
import { listTags } from '../../harness/engine-api.ts';
import { cleaner, imagesOnBase, load } from './scenario.ts';

const MB = 1e6;
let upper: Disk;
let engine: DockerEngine;

beforeAll(async () => {
  upper = await createDisk({ sizeMiB: 100 });
  engine = await startDockerEngine({ disk: { sizeMiB: 400 }, storageDriver: 'vfs' });
  await engine.stop();
  // A new store, on the overlay.
  const lower = join(engine.disk.path, 'lower');
  const astray = join(lower, 'volumes/odd/_data');
  mkdirSync(astray, { recursive: true });
  writeFileSync(join(astray, 'file'), Buffer.alloc(250 * MB, 1));
  for (const name of ['upper', 'work']) mkdirSync(join(upper.path, name));
  // xino: all files are of one device, so that nothing is left out as another filesystem.
  const dirs = `xino=on,lowerdir=${lower},upperdir=${upper.path}/upper,workdir=${upper.path}/work`;
  execFileSync('mount', ['-t', 'overlay', '-o', dirs, 'overlay', engine.dataRoot]);
  await engine.start();
  await load(engine, imagesOnBase({ big: 8, small: 4 }));
});
afterAll(async () => {
  await engine.dispose();
  upper.dispose();
});

/** Both are above it: what is counted, and what the filesystem has in use. */
const settings = {
  THRESHOLD_TYPE: 'absolute',
  THRESHOLD_HIGH: '2MB',
  THRESHOLD_LOW: '1MB',
};

it('a count clearly above what the filesystem has in use deletes nothing, and is told', async () => {
  expect(du(engine.dataRoot).bytes).toBeGreaterThan(250 * MB);
  const cli = cleaner(engine, ['run', '--once'], { settings });
  expect((await cli.exited).code, cli.stderr).toBe(1);
  const { message } = await cli.waitForEvent('path.unavailable');
  expect(message).toMatch(/was counted as 2\d\d MB, and its filesystem has \d+(\.\d+)? MB in use/);
  expect(await listTags(engine)).toEqual(['big:1', 'small:1']);
});

it('relative thresholds, which are the filesystem’s own, still sweep there', async () => {
  const cli = cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1 });
  expect((await cli.exited).code, cli.stderr).toBe(3);
  expect(await listTags(engine)).toEqual([]);
});
