/** What is measured in surroundings that are not the usual ones: priorities, subvolumes, a trace with the disk's own figures. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { removeContainer, runContainer } from '../../../harness/engine/engine-api.ts';
import { loadImages } from '../../../harness/engine/images.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { cleaner, deletedNames, imagesOnBase, load } from '../scenario.ts';

let engine: DockerEngine | undefined;

afterEach(async () => {
  await engine?.dispose();
  engine = undefined;
});

it('a program with a higher nice value than its helpers measures too, without the right to lower it', () => {
  const source = `
    import { walkTrees } from '${join(import.meta.dirname, '../../../src/disk/walk/walk.ts')}';
    const [total] = await walkTrees(['/usr/share/doc/base-files'], new AbortController().signal);
    process.stdout.write(JSON.stringify(total));`;
  const args = ['--reuid', '65534', '--clear-groups', 'nice', '-n', '15', process.execPath];
  const out = execFileSync('setpriv', [...args, '--input-type=module-typescript', '-e', source], {
    encoding: 'utf8',
    cwd: '/',
  });
  expect(JSON.parse(out)).toMatchObject({
    inodes: expect.any(Number) as number,
    bytes: expect.any(Number) as number,
  });
});

it('absolute thresholds count the subvolumes of the btrfs driver, and a sweep reaches LOW by them', async () => {
  const started = await startDockerEngine({
    disk: { sizeMiB: 600, filesystem: 'btrfs' },
    storageDriver: 'btrfs',
  });
  engine = started;
  const sizes = { big: 60, mid: 40, small: 20 };
  for (const [name, size] of Object.entries(sizes)) {
    await loadImages(started, {
      layers: { [name]: { bytes: size * 1e6 } },
      images: [{ tags: [`${name}:1`], layers: [name] }],
    });
  }
  // btrfs decides about blocks when it commits.
  execFileSync('sync', ['-f', started.dataRoot]);
  const settings = { THRESHOLD_TYPE: 'absolute' };
  const status = cleaner(started, ['status', '--json'], { high: '1e9', settings });
  expect((await status.exited).code, status.stderr).toBe(0);
  const { usage } = status.json<{ usage: { allocated: { bytes: number } } }>();
  expect(usage.allocated.bytes).toBeGreaterThan(115e6);
  expect(usage.allocated.bytes).toBeLessThan(200e6);
  const cli = cleaner(started, ['run', '--once'], { high: '100MB', low: '80MB', settings });
  expect((await cli.exited).code, cli.stderr).toBe(0);
  expect(deletedNames(cli)[0]).toBe('big:1');
  expect(cli.records.filter(({ event }) => event === 'prediction.missed')).toEqual([]);
});

it('a recorded trace has the sizes and inodes measured on the disk', async () => {
  const started = await startDockerEngine();
  engine = started;
  await load(started, imagesOnBase({ app: 5 }, { files: 300 }));
  const trace = join(started.disk.workspace.path, 'trace.jsonl');
  const daemon = cleaner(started, ['run'], {
    high: 99,
    settings: { RECORD_TRACE: trace, HTTP_ADDRESS: '127.0.0.1:0', INTERVAL_SECONDS: '1' },
  });
  await daemon.waitForEvent('history.synced');
  // The layers are measured at the first check that somebody is shown.
  const checks = (): number => daemon.records.filter(({ event }) => event === 'check.completed').length;
  await waitFor('two checks', () => Promise.resolve(checks() >= 2 ? true : undefined));
  const container = await runContainer(started, 'app:1', { command: ['/bin/true'] });
  await waitFor('the end of the use', async () => {
    const answer = await started.expect('GET', `/containers/${container}/json`);
    return answer.json<{ State: { Status: string } }>().State.Status === 'exited' ? true : undefined;
  });
  await removeContainer(started, container);
  await daemon.waitForEvent((record) => record.event === 'check.completed' && checks() >= 4);
  daemon.kill('SIGTERM');
  expect((await daemon.exited).code).toBe(0);
  const line = JSON.parse(readFileSync(trace, 'utf8').split('\n')[0] ?? '') as {
    layers: { bytes: number; inodes?: number }[];
  };
  expect(Math.max(...line.layers.map(({ inodes = 0 }) => inodes))).toBeGreaterThan(300);
});

it('plan on a healthy host shows what a sweep would delete at the high threshold, in words and as JSON', async () => {
  const started = await startDockerEngine();
  engine = started;
  await load(started, imagesOnBase({ big: 9, mid: 6 }));
  const text = cleaner(started, ['plan'], { high: 90, low: 85 });
  expect((await text.exited).code, text.stderr).toBe(0);
  expect(text.stdout).toContain('At the high threshold (90.0%) it would delete:');
  expect(text.stdout).toContain('big:1');
  const json = cleaner(started, ['plan', '--json'], { high: 90, low: 85 });
  expect((await json.exited).code, json.stderr).toBe(0);
  expect(json.json()).toMatchObject({
    triggered: false,
    victims: [],
    atHigh: {
      victims: [{ references: ['big:1'] }, { references: ['mid:1'] }],
      predicted: { reachesLow: true },
    },
  });
  const due = cleaner(started, ['plan', '--json'], { high: 0.2, low: 0.1 });
  expect((await due.exited).code, due.stderr).toBe(0);
  expect(due.json()).toMatchObject({ triggered: true, atHigh: null });
});
