/** The disk that is watched is the one that deleting images moves, and where it is not, nothing is deleted for nothing. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createDisk, type Disk } from '../../../harness/machine/disk.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { listTags } from '../../../harness/engine/engine-api.ts';
import { startWireProxy } from '../../../harness/wire/wire-proxy.ts';
import { cleaner, deletedNames, imagesOnBase, load } from '../scenario.ts';

let engine: DockerEngine;
const undo: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
  await engine.dispose();
});

async function anotherDisk(sizeMiB = 200): Promise<Disk> {
  const disk = await createDisk({ sizeMiB });
  undo.push(() => {
    disk.dispose();
  });
  return disk;
}

interface StatusJson {
  readonly usage: { readonly path: string };
  readonly dataRoot: { readonly code: string; readonly message: string } | null;
  readonly space: { readonly path: string; readonly parts: Record<string, { bytes: number }> } | null;
  readonly spaceProblem: string | null;
}

async function status(settings: Readonly<Record<string, string>> = {}): Promise<StatusJson> {
  const cli = cleaner(engine, ['status', '--json'], { settings });
  expect((await cli.exited).code, cli.stderr).toBe(0);
  return cli.json<StatusJson>();
}

describe('layers on a disk of their own below the path', () => {
  it('are what is gauged: that disk is swept when it is full, and not when the other one is', async () => {
    engine = await startDockerEngine({ disk: { sizeMiB: 100 } });
    const disk = await anotherDisk(200);
    await engine.stop();
    const folder = join(engine.dataRoot, 'overlay2');
    execFileSync('rm', ['-rf', folder]);
    // dockerd unmounts what is mounted below its data directory when it starts; a link is kept.
    mkdirSync(join(disk.path, 'layers'));
    symlinkSync(join(disk.path, 'layers'), folder);
    undo.push(() => engine.stop());
    await engine.start();
    await load(engine, imagesOnBase({ big: 30, mid: 20, small: 10 }));
    const seen = await status();
    expect(seen).toMatchObject({ usage: { path: folder }, dataRoot: null, spaceProblem: null });
    // The account is that of the disk that is watched: it names it, and its parts are its size.
    const { totalBytes: size } = await disk.usage();
    expect(seen.space).toMatchObject({ path: folder, total: { bytes: size } });
    const parts = Object.values(seen.space?.parts ?? {});
    expect(Math.abs(parts.reduce((sum, { bytes }) => sum + bytes, 0) - size)).toBeLessThan(size / 100);
    expect(seen.space?.parts['imagesUnused']?.bytes).toBeGreaterThan(60e6);

    // The small root disk is full of something else.
    const { availableBytes } = await engine.disk.usage();
    await engine.disk.occupy('ballast', availableBytes - 1e6);
    const idle = cleaner(engine, ['run', '--once'], { high: 80, low: 60 });
    expect((await idle.exited).code, idle.stderr).toBe(0);
    expect(deletedNames(idle)).toEqual([]);

    const { bytesPercent, totalBytes } = await disk.usage();
    const low = bytesPercent - (100 * 25 * 1024 * 1024) / totalBytes;
    const cli = cleaner(engine, ['run', '--once'], { high: bytesPercent - 1, low });
    expect((await cli.exited).code, cli.stderr).toBe(0);
    expect(deletedNames(cli)).toEqual(['big:1']);
    expect((await disk.usage()).bytesPercent).toBeLessThan(low);
  });
});

describe('a path on another filesystem than the images', () => {
  it('is not swept: exit status 3, logged once, unless a setting asks for it', async () => {
    engine = await startDockerEngine();
    await load(engine, imagesOnBase({ big: 9, mid: 6 }));
    const disk = await anotherDisk();
    await disk.occupy('ballast', 100e6);
    const settings = { PATH_TO_CHECK: disk.path };
    const once = cleaner(engine, ['run', '--once'], { high: 20, low: 10, settings });
    expect((await once.exited).code, once.stderr).toBe(3);
    const skipped = await once.waitForEvent('sweep.skipped');
    expect(String(skipped['reason'])).toContain('deleting images cannot free space here');
    expect(await listTags(engine)).toEqual(['big:1', 'mid:1']);

    const daemon = cleaner(engine, ['run'], {
      high: 20,
      low: 10,
      settings: { ...settings, INTERVAL_SECONDS: '1' },
    });
    for (let check = 0, since = 0; check < 3; check += 1) {
      await daemon.waitForEvent(
        (record) => record.event === 'check.completed' && daemon.records.indexOf(record) >= since,
      );
      since = daemon.records.length;
    }
    daemon.kill('SIGTERM');
    expect((await daemon.exited).code).toBe(0);
    const said = daemon.records.filter(({ event }) => event === 'sweep.skipped');
    expect(said.map(({ level, repeated }) => [level, repeated])).toEqual(
      said.map((_, at) => (at === 0 ? ['warn', false] : ['debug', true])),
    );
    expect(said.length).toBeGreaterThan(1);
    expect(await listTags(engine)).toEqual(['big:1', 'mid:1']);

    // The right disk is there after all: the earlier finding is checked again.
    const late = await anotherDisk(100);
    await late.occupy('ballast', 50e6);
    const waiting = cleaner(engine, ['run'], {
      high: 1,
      low: 0.5,
      settings: { PATH_TO_CHECK: late.path, INTERVAL_SECONDS: '1' },
    });
    await waiting.waitForEvent('sweep.skipped');
    execFileSync('mount', ['--bind', engine.dataRoot, late.path]);
    undo.push(() => void execFileSync('umount', [late.path]));
    await waiting.waitForEvent('sweep.completed');
    waiting.kill('SIGTERM');
    await waiting.exited;
    expect(await listTags(engine)).toEqual([]);
    await load(engine, imagesOnBase({ big: 9, mid: 6 }));

    const anyway = { ...settings, SWEEP_OTHER_FILESYSTEM: '1' };
    const cli = cleaner(engine, ['run', '--once'], { high: 20, low: 10, settings: anyway });
    expect((await cli.exited).code).toBe(3);
    expect(deletedNames(cli)).toContain('big:1');
  });

  it('where that is not known, stops after the first deletion that should have shown', async () => {
    engine = await startDockerEngine();
    await load(engine, imagesOnBase({ big: 9, mid: 6, small: 4 }));
    const disk = await anotherDisk();
    await disk.occupy('ballast', 100e6);
    const socketPath = `${engine.disk.workspace.path}/proxy.sock`;
    const proxy = await startWireProxy({ target: { socketPath: engine.socketPath }, listen: { socketPath } });
    undo.push(() => proxy.dispose());
    const info = (await engine.expect('GET', '/info')).json<Record<string, unknown>>();
    proxy.addRule({
      match: ({ path }) => path.endsWith('/info'),
      respond: { status: 200, body: { ...info, DockerRootDir: '/not/to/be/seen' } },
    });
    const cli = cleaner(engine, ['run', '--once'], {
      dockerHost: proxy.dockerHost,
      high: 20,
      low: 10,
      settings: { PATH_TO_CHECK: disk.path },
    });
    expect((await cli.exited).code, cli.stderr).toBe(3);
    expect(deletedNames(cli)).toEqual(['big:1']);
    expect(await cli.waitForEvent('sweep.completed')).toMatchObject({ stoppedBecause: 'ineffective' });
    const warning = await cli.waitForEvent('config.warning');
    expect(String(warning['message'])).toContain('/not/to/be/seen; that folder');
  });
});

describe('a path that is not set', () => {
  it('is asked of an engine that starts later than the daemon', async () => {
    engine = await startDockerEngine();
    await engine.stop();
    // A stand-in that records whether it was asked.
    rmSync(engine.socketPath, { force: true });
    const early = createServer((socket) => socket.destroy()).listen(engine.socketPath);
    const cli = cleaner(engine, ['run'], { high: 99, settings: { PATH_TO_CHECK: '' } });
    await once(early, 'connection');
    early.close();
    await once(early, 'close');
    await engine.start();
    expect((await cli.waitForEvent('daemon.started'))['path']).toBe(engine.dataRoot);
    // Who waits says for whom.
    expect(cli.records.map(({ event }) => event)).toContain('engine.unavailable');
    cli.kill('SIGTERM');
    expect((await cli.exited).code, cli.stderr).toBe(0);
  });

  it('is where the engine says that it keeps its images', async () => {
    engine = await startDockerEngine();
    expect(await status({ PATH_TO_CHECK: '' })).toMatchObject({
      usage: { path: engine.dataRoot },
      dataRoot: null,
    });
  });
});

it('the layers’ folder as the path is no reason for a warning', async () => {
  engine = await startDockerEngine();
  await load(engine, imagesOnBase({ big: 9 }));
  expect((await status({ PATH_TO_CHECK: join(engine.dataRoot, 'overlay2') })).dataRoot).toBeNull();
});

it('a filesystem without a size is an error, like a path that cannot be measured', async () => {
  engine = await startDockerEngine();
  const folder = join(engine.disk.workspace.path, 'sizeless');
  mkdirSync(folder);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=0', 'tmpfs', folder]);
  undo.push(() => void execFileSync('umount', [folder]));
  for (const command of [['status'], ['plan'], ['run', '--once']]) {
    const cli = cleaner(engine, command, { settings: { PATH_TO_CHECK: folder } });
    expect((await cli.exited).code).toBe(1);
    expect(cli.stderr).toContain('reports no size');
  }
});
