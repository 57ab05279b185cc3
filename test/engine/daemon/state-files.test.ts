/** The files that the settings name, with the real executable: errors are reported at the start. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { createDisk } from '../../../harness/machine/disk.ts';
import { cleaner, imagesOnBase, load } from '../scenario.ts';

let engine: DockerEngine;
let folder: string;

beforeAll(async () => {
  engine = await startDockerEngine();
  await load(engine, imagesOnBase({ one: 5, two: 3 }));
  folder = join(engine.disk.workspace.path, 'state');
  mkdirSync(folder);
});

afterAll(async () => {
  await engine.dispose();
});

const kinds: readonly (readonly [string, (path: string) => void])[] = [
  ['a named pipe', (path) => void execFileSync('mkfifo', [path])],
  ['a directory', (path) => void mkdirSync(path)],
  ['a device', (path) => void execFileSync('mknod', [path, 'c', '1', '5'])],
  [
    'a symbolic link',
    (path) => {
      symlinkSync('/dev/null', path);
    },
  ],
];

describe.each([
  ['STATE_FILE', ''],
  ['STATE_FILE', '.layers'],
  ['STATE_FILE', '.activity'],
  ['RECORD_TRACE', ''],
] as const)('%s%s', (name, end) => {
  it.each(kinds)('that is %s is refused at the start, with status 2', async (what, make) => {
    const file = join(folder, `${name}-${what.replaceAll(' ', '-')}`);
    make(`${file}${end}`);
    // Not only for one check: a daemon must not wait for somebody at the other end of a pipe.
    const cli = cleaner(engine, ['run'], { settings: { [name]: file } });
    expect(await cli.exited).toEqual({ code: 2, signal: null });
    expect(cli.records).toMatchObject([
      { event: 'engine.chosen' },
      { event: 'file.refused', level: 'error', path: `${file}${end}` },
    ]);
    expect(cli.records[1]?.['message']).toContain(`DOCKER_IMAGE_CLEANER_${name}: ${file}${end} is ${what}`);
    rmSync(`${file}${end}`, { recursive: true });
  });
});

it('a socket is refused as well', async () => {
  const file = join(folder, 'listening');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(file, resolve));
  const cli = cleaner(engine, ['run'], { settings: { STATE_FILE: file } });
  expect((await cli.exited).code).toBe(2);
  server.close();
});

describe('a file that cannot be written', () => {
  it.each(['STATE_FILE', 'RECORD_TRACE'])(
    '%s is reported before the daemon starts, and cleaning continues',
    async (name) => {
      const file = join(folder, 'not', 'there');
      const cli = cleaner(engine, ['run', '--once', '--dry-run'], {
        high: 0.2,
        low: 0.1,
        settings: { [name]: file },
      });
      expect((await cli.exited).code).toBe(0);
      const events = cli.records.map(({ event }) => event);
      expect(events.indexOf('history.write-failed')).toBeGreaterThanOrEqual(0);
      expect(events.indexOf('history.write-failed')).toBeLessThan(events.indexOf('daemon.started'));
      const failed = cli.records.filter(
        ({ event, path }) => event === 'history.write-failed' && path === file,
      );
      expect(failed).toHaveLength(1);
      expect(events).toContain('sweep.completed');
    },
  );

  it('a read-only filesystem is reported at the start as well', async () => {
    const disk = await createDisk({ sizeMiB: 16 });
    execFileSync('mount', ['-o', 'remount,ro', disk.path]);
    const file = join(disk.path, 'state.json');
    const cli = cleaner(engine, ['run', '--once'], { settings: { STATE_FILE: file } });
    expect((await cli.exited).code).toBe(0);
    const failed = cli.records.find(({ event }) => event === 'history.write-failed');
    expect(failed?.['message']).toContain('EROFS');
    disk.dispose();
  });
});

describe('files in order', () => {
  it('are made for their owner only', async () => {
    const file = join(folder, 'good.json');
    const cli = cleaner(engine, ['run', '--once', '--dry-run'], {
      high: 0.2,
      low: 0.1,
      settings: { STATE_FILE: file, RECORD_TRACE: join(folder, 'good.trace') },
    });
    expect((await cli.exited).code).toBe(0);
    for (const path of [file, `${file}.layers`, join(folder, 'good.trace')])
      expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('that are damaged are reported and rebuilt, also the measured layers', async () => {
    const file = join(folder, 'good.json');
    writeFileSync(`${file}.layers`, '{"half');
    const cli = cleaner(engine, ['run', '--once', '--dry-run'], {
      high: 0.2,
      low: 0.1,
      settings: { STATE_FILE: file },
    });
    expect((await cli.exited).code).toBe(0);
    expect(cli.records.filter(({ event }) => event === 'history.state-lost')).toMatchObject([
      { path: `${file}.layers`, level: 'warn' },
    ]);
    expect(() => JSON.parse(readFileSync(`${file}.layers`, 'utf8')) as unknown).not.toThrow();
  });

  it('`plan` says that it plans without a usage history', async () => {
    const file = join(folder, 'damaged.json');
    writeFileSync(file, 'no JSON');
    const cli = cleaner(engine, ['plan', '--json'], { settings: { STATE_FILE: file } });
    expect((await cli.exited).code).toBe(0);
    expect(cli.stderr).toContain(`planned without usage history: ${file} cannot be used`);
  });
});
