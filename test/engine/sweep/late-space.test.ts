/**
 * Delayed space, freed some time after a deletion: on btrfs by nature, elsewhere because of an open file. It is
 * waited for, is not mistaken for a deletion that did not help, and no more is deleted than needed.
 */
import { execFile } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import type { Cli, LogRecord } from '../../../harness/program/cli.ts';
import {
  type DockerEngine,
  type DockerEngineOptions,
  startDockerEngine,
} from '../../../harness/engine/docker-engine.ts';
import { listTags } from '../../../harness/engine/engine-api.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { cleaner, deletedNames, imagesOnBase, load } from '../scenario.ts';

const run = promisify(execFile);
const MiB = 1024 * 1024;
let engine: DockerEngine;
let held: FileHandle[] = [];

afterEach(async () => {
  await letGo();
  await engine.dispose();
});

async function engineWith(
  options: DockerEngineOptions,
  sizesMiB: Readonly<Record<string, number>>,
): Promise<void> {
  engine = await startDockerEngine(options);
  await load(engine, imagesOnBase(sizesMiB));
  // Pending writes would change usage meanwhile.
  await run('sync', ['-f', engine.dataRoot]);
}

/** Opens the big files of all layers: deleted, they remain on the disk until they are closed. */
async function hold(): Promise<void> {
  const files = globSync(`${engine.dataRoot}/overlay2/*/diff/**`).filter((path) => {
    const stats = statSync(path);
    return stats.isFile() && stats.size >= MiB;
  });
  held = await Promise.all(files.map((path) => open(path)));
}

async function letGo(): Promise<void> {
  await Promise.all(held.map((file) => file.close()));
  held = [];
}

/** Thresholds that the present usage exceeds by this much. */
async function wanting(freeMiB: number): Promise<{ high: number; low: number }> {
  const { bytesPercent: used, totalBytes } = await engine.disk.usage();
  return { high: used - 0.5, low: used - (100 * freeMiB * MiB) / totalBytes };
}

const named = (cli: Cli, event: string): LogRecord[] =>
  cli.records.filter((record) => record.event === event);

describe('delayed space', () => {
  it('is waited for on btrfs, and no more is deleted than needed', async () => {
    const disk = { sizeMiB: 600, filesystem: 'btrfs' } as const;
    await engineWith({ disk, storageDriver: 'overlay2' }, { big: 60, mid: 50, small: 40, tiny: 30 });
    const cli = cleaner(engine, ['run', '--once'], await wanting(85));
    expect(await cli.exited, cli.stderr).toEqual({ code: 0, signal: null });
    expect(deletedNames(cli)).toEqual(['big:1', 'mid:1']);
    const [awaited] = named(cli, 'space.awaited');
    expect(Number(awaited?.['missingBytes'])).toBeGreaterThan(40 * MiB);
    expect(Number(named(cli, 'space.appeared')[0]?.['freedBytes'])).toBeGreaterThan(40 * MiB);
    const report = await cli.waitForEvent('sweep.completed');
    expect(report).toMatchObject({ reachedLow: true, stoppedBecause: 'reached-low', deletedImages: 2 });
    expect(Number(report['freedBytes'])).toBeGreaterThan(85 * MiB);
    expect(await listTags(engine)).toEqual(['small:1', 'tiny:1']);
  });

  it('is waited for before a sweep is called ineffective', async () => {
    const sizes = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`image${index}`, 4]));
    await engineWith({ disk: { sizeMiB: 260 } }, sizes);
    await hold();
    // More than eight deletions can free, so nothing is waited for until eight have freed nothing.
    const cli = cleaner(engine, ['run', '--once'], await wanting(40));
    await cli.waitForEvent('space.awaited');
    expect(deletedNames(cli)).toHaveLength(8);
    await letGo();
    const appeared = await cli.waitForEvent('space.appeared');
    expect(Number(appeared['freedBytes'])).toBeGreaterThan(30 * MiB);
    expect((await cli.exited).code, cli.stderr).toBe(0);
    const report = await cli.waitForEvent('sweep.completed');
    expect(report).toMatchObject({ stoppedBecause: 'reached-low', outstandingBytes: 0 });
    expect(deletedNames(cli).length).toBeGreaterThan(8);
    expect(await listTags(engine)).not.toEqual([]);
  });

  it('that does not appear is in the report; a later check reports when it does, and a sweep is tried again', async () => {
    await engineWith({ disk: { sizeMiB: 260 } }, { big: 40, small: 2 });
    await engine.disk.occupy('not-images', 100 * MiB);
    await hold();
    const daemon = cleaner(engine, ['run'], { high: 20, low: 10, settings: { INTERVAL_SECONDS: '1' } });
    const report = await daemon.waitForEvent('sweep.completed');
    expect(report).toMatchObject({ reachedLow: false, stoppedBecause: 'no-candidates', deletedImages: 2 });
    expect(Number(report['outstandingBytes'])).toBeGreaterThan(39 * MiB);
    expect(String(report['remaining'])).toContain('had not been freed yet');
    expect(named(daemon, 'space.appeared')).toEqual([]);

    await daemon.waitForEvent('sweep.skipped');
    const seen = daemon.records.length;
    await letGo();
    const appeared = await daemon.waitForEvent('space.appeared', { since: seen });
    expect(Number(appeared['freedBytes'])).toBeGreaterThan(39 * MiB);
    await daemon.waitForEvent('sweep.started', { since: seen });
    daemon.kill();
    expect((await daemon.exited).code).toBe(0);
  });

  it('is not waited for after a signal to stop', async () => {
    const sizes = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`image${index}`, 4]));
    await engineWith({ disk: { sizeMiB: 260 } }, sizes);
    await hold();
    const daemon = cleaner(engine, ['run'], await wanting(38));
    await daemon.waitForEvent('space.awaited');
    daemon.kill();
    expect((await daemon.exited).code).toBe(0);
    const report = await daemon.waitForEvent('sweep.completed');
    expect(report).toMatchObject({ stoppedBecause: 'stopped', deletedImages: 8 });
    expect(Number(report['outstandingBytes'])).toBeGreaterThan(30 * MiB);
  });

  it('holds back the next step of gentle mode', async () => {
    await engineWith({ disk: { sizeMiB: 260 } }, { big: 40, mid: 30, small: 20 });
    await hold();
    const soft = (await engine.disk.usage()).bytesPercent - 20;
    const settings = { SOFT_THRESHOLD: String(soft), QUIET_SECONDS: '0', INTERVAL_SECONDS: '1' };
    const daemon = cleaner(engine, ['run'], { high: 99, low: 1, settings });
    await daemon.waitForEvent('image.deleted');
    const seen = daemon.records.length;
    await waitFor(
      'two checks',
      () => daemon.records.slice(seen).filter(({ event }) => event === 'check.completed').length >= 2,
    );
    expect(deletedNames(daemon)).toEqual(['big:1']);
    await letGo();
    await daemon.waitForEvent('space.appeared');
    await daemon.waitForEvent('image.deleted', { since: seen });
    expect(deletedNames(daemon)).toEqual(['big:1', 'mid:1']);
    daemon.kill();
    expect((await daemon.exited).code).toBe(0);
  });
});

describe('what others write during a sweep', () => {
  it.each([
    ['relative', ''],
    // Below the path, or it would not be counted.
    ['absolute', 'docker/'],
  ])(
    'is not counted against its deletions, with %s thresholds: they freed what they freed',
    async (type, folder) => {
      const names = Array.from({ length: 16 }, (_, index) => [`image${index}`, 16] as const);
      await engineWith({ disk: { sizeMiB: 800 } }, Object.fromEntries(names));
      const used = Number((await run('du', ['-s', '--block-size=1', engine.dataRoot])).stdout.split('\t')[0]);
      const thresholds =
        type === 'relative' ? await wanting(60) : { high: `${used - 4 * MiB}B`, low: `${used - 60 * MiB}B` };
      const settings = { DELAY_SECONDS: '2', THRESHOLD_TYPE: type };
      const cli = cleaner(engine, ['run', '--once'], { ...thresholds, settings });
      // As a build does: in each pause much of what the deletion before it freed is used again.
      for (let written = 0, seen = 0; written < 7; written += 1) {
        await cli.waitForEvent('image.deleted', { since: seen });
        seen = cli.records.length;
        await engine.disk.occupy(`${folder}build-${written}`, 10 * MiB);
      }
      expect(await cli.exited, cli.stderr).toEqual({ code: 0, signal: null });
      expect(named(cli, 'space.awaited')).toEqual([]);
      expect(named(cli, 'prediction.missed')).toEqual([]);
      const freed = named(cli, 'image.deleted').map((record) => Number(record['freedBytes']));
      // 60 MiB had to be freed, and 70 MiB were.
      expect(freed.length).toBeGreaterThanOrEqual(8);
      for (const bytes of freed) expect(bytes).toBeGreaterThan(15 * MiB);
      expect(await cli.waitForEvent('sweep.completed')).toMatchObject({ stoppedBecause: 'reached-low' });
    },
  );

  it('ends the wait for delayed space where more must be deleted in any case', async () => {
    const names = Array.from({ length: 12 }, (_, index) => [`image${index}`, 10] as const);
    await engineWith({ disk: { sizeMiB: 400 } }, Object.fromEntries(names));
    await hold();
    const cli = cleaner(engine, ['run', '--once'], await wanting(35));
    await cli.waitForEvent('space.awaited');
    const [deleted, seen] = [deletedNames(cli).length, cli.records.length];
    await engine.disk.occupy('build', 15 * MiB);
    // All held space together is not enough any more: more is deleted, and only then is there a wait again.
    await cli.waitForEvent('space.awaited', { since: seen });
    expect(deletedNames(cli).length).toBeGreaterThan(deleted);
    await letGo();
    expect((await cli.exited).code, cli.stderr).toBe(0);
    expect(await cli.waitForEvent('sweep.completed')).toMatchObject({ stoppedBecause: 'reached-low' });
  });
});
