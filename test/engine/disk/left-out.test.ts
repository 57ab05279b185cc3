/** What somebody makes in a container or a volume keeps nothing else from being measured and cleaned. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { du } from '../../../harness/machine/du.ts';
import { cleaner, deletedNames, imagesOnBase, load } from '../scenario.ts';

let engine: DockerEngine;

afterEach(async () => {
  await engine.dispose();
});

const MB = 1e6;

/** Absolute thresholds at which the biggest image must be deleted, by what is allocated now. */
function limits(allocated: number): { high: string; low: string; settings: Record<string, string> } {
  const kB = (bytes: number): string => `${Math.round(bytes / 1000)}KB`;
  return {
    high: kB(allocated - 2 * MB),
    low: kB(allocated - 8 * MB),
    settings: { THRESHOLD_TYPE: 'absolute' },
  };
}

describe('in absolute mode', () => {
  it('an entry that the filesystem cannot read is left out and logged once, and the sweep continues', async () => {
    engine = await startDockerEngine();
    await load(engine, imagesOnBase({ big: 20, small: 5 }));
    await engine.expect('POST', '/volumes/create', { body: { Name: 'odd' } });
    const data = join(engine.dataRoot, 'volumes/odd/_data');
    mkdirSync(join(data, 'bad'));
    mkdirSync(join(data, 'good'));
    writeFileSync(join(data, 'good', 'file'), Buffer.alloc(3 * MB, 1));
    await engine.stop();
    const { path } = engine.disk;
    const total = du(engine.dataRoot).bytes;
    // As after a power failure: a name whose inode is gone.
    const device = execFileSync('findmnt', ['-n', '-o', 'SOURCE', path], { encoding: 'utf8' }).trim();
    const file = execFileSync('losetup', ['-n', '-O', 'BACK-FILE', device], { encoding: 'utf8' }).trim();
    execFileSync('umount', [path]);
    const inside = data.slice(path.length);
    execFileSync('debugfs', ['-w', '-R', `clri ${inside}/bad`, file], { stdio: 'pipe' });
    execFileSync('mount', ['-o', 'loop', file, path]);
    await engine.start();

    const status = cleaner(engine, ['status', '--json'], limits(total));
    expect((await status.exited).code, status.stderr).toBe(0);
    const { layerSource } = status.json<{ layerSource: string }>();
    expect(layerSource).toContain('1 folder left out');
    const { high, low, settings } = limits(total);
    const daemon = cleaner(engine, ['run'], { high, low, settings: { ...settings, INTERVAL_SECONDS: '1' } });
    await daemon.waitForEvent('sweep.completed');
    const since = daemon.records.length;
    await daemon.waitForEvent(
      (record) => record.event === 'check.completed' && daemon.records.indexOf(record) >= since,
    );
    daemon.kill('SIGTERM');
    expect((await daemon.exited).code, daemon.stderr).toBe(0);
    expect(deletedNames(daemon)).toEqual(['big:1']);
    const told = daemon.records.filter(({ event }) => event === 'path.left-out');
    expect(told).toMatchObject([{ level: 'warn', path: expect.stringContaining('bad') as string }]);
  });

  it('a path of 7 kB and more does not end the measurement', async () => {
    engine = await startDockerEngine();
    await load(engine, imagesOnBase({ big: 20, small: 5 }));
    await engine.expect('POST', '/volumes/create', { body: { Name: 'deep' } });
    const script = `chdir $ARGV[0]; for (1..40) { my $name = 'd' x 255; mkdir $name or die $!; chdir $name or die $! }`;
    execFileSync('perl', ['-e', script, join(engine.dataRoot, 'volumes/deep/_data')]);
    const { high, low, settings } = limits(du(engine.dataRoot).bytes);
    const cli = cleaner(engine, ['run', '--once'], { high, low, settings });
    expect((await cli.exited).code, cli.stderr).toBe(0);
    expect(deletedNames(cli)).toEqual(['big:1']);
  });
});
