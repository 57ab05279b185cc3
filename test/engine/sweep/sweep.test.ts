/** The main job on a real engine and a disk that really fills up, with the real executable. */
import { afterEach, describe, expect, it } from 'vitest';
import { formatCount } from '../../../src/core/model/format.ts';
import {
  commitChild,
  createContainer,
  hasImage,
  listImages,
  listTags,
  removeContainer,
  runContainer,
  startContainer,
  stopContainer,
  tagImage,
} from '../../../harness/engine/engine-api.ts';
import {
  type DockerEngine,
  type DockerEngineOptions,
  startDockerEngine,
} from '../../../harness/engine/docker-engine.ts';
import { digestOnlyImage, startRegistry } from '../../../harness/engine/registry.ts';
import { cleaner, deletedNames, imagesOnBase, load } from '../scenario.ts';

const MiB = 1024 * 1024;
let engine: DockerEngine;

async function engineWith(options: DockerEngineOptions = {}): Promise<DockerEngine> {
  engine = await startDockerEngine(options);
  return engine;
}

afterEach(async () => {
  await engine.dispose();
});

describe('a sweep by blocks', () => {
  it('deletes the biggest unused images until below LOW, measures what it freed, and spares every image in use', async () => {
    await engineWith({ disk: { sizeMiB: 260 } });
    await load(
      engine,
      imagesOnBase({ running: 20, exited: 20, created: 20, paused: 20, big: 40, mid: 30, small: 12 }),
    );
    await runContainer(engine, 'running:1');
    await stopContainer(engine, await runContainer(engine, 'exited:1'));
    await createContainer(engine, 'created:1');
    const paused = await runContainer(engine, 'paused:1');
    await engine.expect('POST', `/containers/${paused}/pause`);
    const before = await engine.disk.usage();
    expect(before.bytesPercent).toBeGreaterThan(65);

    const cli = cleaner(engine, ['run', '--once'], { high: 65, low: before.bytesPercent - 20 });
    expect(await cli.exited).toEqual({ code: 0, signal: null });

    const after = await engine.disk.usage();
    expect(deletedNames(cli)).toEqual(['big:1', 'mid:1']);
    const report = await cli.waitForEvent('sweep.completed');
    expect(report).toMatchObject({
      deletedImages: 2,
      failedDeletions: 0,
      reachedLow: true,
      stoppedBecause: 'reached-low',
      dryRun: false,
    });
    // Measured by the filesystem, so it is the filesystem that we compare with; the engine writes a little meanwhile.
    const gained = after.availableBytes - before.availableBytes;
    expect(Math.abs(Number(report['freedBytes']) - gained)).toBeLessThan(MiB);
    expect(Number(report['usedBefore'])).toBeCloseTo(before.bytesPercent, 0);
    expect(Number(report['usedAfter'])).toBeCloseTo(after.bytesPercent, 0);
    expect(await listTags(engine)).toEqual(['created:1', 'exited:1', 'paused:1', 'running:1', 'small:1']);

    const again = cleaner(engine, ['run', '--once'], { high: 65, low: 50 });
    expect((await again.exited).code).toBe(0);
    expect(again.records.some((record) => record.event === 'sweep.started')).toBe(false);
    await engine.expect('POST', `/containers/${paused}/unpause`);
  });

  it('drains a disk that is 100% full', async () => {
    await engineWith({ disk: { sizeMiB: 160 } });
    await load(engine, imagesOnBase({ one: 32, two: 30 }));
    const { availableBytes } = await engine.disk.usage();
    await engine.disk.occupy('ballast', availableBytes - 16 * 1024);
    const full = await engine.disk.usage();
    expect(full.bytesPercent).toBeGreaterThan(99.9);

    const cli = cleaner(engine, ['run', '--once'], { high: 95, low: 85 });
    expect((await cli.exited).code).toBe(0);
    expect(deletedNames(cli)).toEqual(['one:1']);
    expect((await engine.disk.usage()).bytesPercent).toBeLessThan(85);
  });

  it('judges a filesystem without an inode count by blocks alone', async () => {
    await engineWith({ disk: { sizeMiB: 400, filesystem: 'btrfs' }, storageDriver: 'overlay2' });
    await load(engine, imagesOnBase({ one: 60, two: 60 }));
    const { bytesPercent, totalInodes } = await engine.disk.usage();
    expect(totalInodes).toBe(0);
    const status = cleaner(engine, ['status', '--json']);
    expect((await status.exited).code).toBe(0);
    expect(status.json()).toMatchObject({ usage: { inodes: null, resource: 'bytes' } });
    const plan = cleaner(engine, ['plan', '--json'], { high: bytesPercent - 1, low: bytesPercent - 5 });
    expect((await plan.exited).code).toBe(0);
    expect(plan.json()).toMatchObject({ triggered: true });
  });
});

describe('a sweep by inodes', () => {
  it('deletes until inodes are below LOW while blocks are nearly empty', async () => {
    await engineWith({ disk: { sizeMiB: 300, inodes: 6000 } });
    const images = Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`files${index}`, 1]));
    await load(engine, imagesOnBase(images, { bytes: 100_000, files: 1000 }));
    const before = await engine.disk.usage();
    expect(before.inodesPercent).toBeGreaterThan(65);
    expect(before.bytesPercent).toBeLessThan(30);

    const cli = cleaner(engine, ['run', '--once'], { high: 65, low: 50 });
    expect((await cli.exited).code).toBe(0);
    const after = await engine.disk.usage();
    expect(after.inodesPercent).toBeLessThan(50);
    const report = await cli.waitForEvent('sweep.completed');
    expect(Number(report['freedInodes'])).toBe(after.availableInodes - before.availableInodes);
    expect(Number(report['usedBefore'])).toBeCloseTo(before.inodesPercent, 0);
  });
});

describe('a sweep in absolute mode', () => {
  it('deletes until the bytes allocated below the path are below LOW, whatever else fills the disk', async () => {
    await engineWith({ disk: { sizeMiB: 300 } });
    // Small files: what is allocated is far more than the sum of their sizes, 15 MiB.
    await load(engine, imagesOnBase({ one: 5, two: 5, three: 5 }, { files: 5000 }));
    await engine.disk.occupy('not-the-engine', 60 * MiB);
    const absolute = { THRESHOLD_TYPE: 'absolute' };
    const status = cleaner(engine, ['status', '--json'], { high: '1GB', settings: absolute });
    expect((await status.exited).code).toBe(0);
    const used = status.json<{ usage: { used: number } }>().usage.used;
    expect(used).toBeGreaterThan(30 * MiB);
    expect(used).toBeLessThan(100 * MiB);

    const limits = { high: `${Math.round(used / 1e6 - 5)}MB`, low: `${Math.round(used / 1e6 - 8)}MB` };
    const cli = cleaner(engine, ['run', '--once'], { ...limits, settings: absolute });
    expect((await cli.exited).code).toBe(0);
    const report = await cli.waitForEvent('sweep.completed');
    expect(report).toMatchObject({ deletedImages: 1, thresholdType: 'absolute', reachedLow: true });
    expect(Number(report['usedAfter'])).toBeLessThan(used - 8e6);
  });
});

describe('names and families', () => {
  it('deletes an image with several names, in one repository or in two, by removing each name', async () => {
    await engineWith();
    await load(engine, imagesOnBase({ one: 5, two: 4 }));
    await tagImage(engine, 'one:1', 'one:2');
    await tagImage(engine, 'two:1', 'elsewhere/two:latest');
    const cli = cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1 });
    expect((await cli.exited).code).toBe(3);
    expect(await listTags(engine)).toEqual([]);
    expect(deletedNames(cli)).toHaveLength(2);
  });

  it('deletes children before parents, and keeps the parents of an image in use', async () => {
    await engineWith();
    await load(engine, imagesOnBase({ base: 5, used: 3 }));
    const child = await commitChild(engine, 'base:1', { tag: 'child:1' });
    const grandchild = await commitChild(engine, child, { tag: 'grandchild:1' });
    const held = await commitChild(engine, 'used:1', { tag: 'held:1' });
    await createContainer(engine, held);
    const cli = cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1 });
    expect((await cli.exited).code).toBe(3);
    expect(deletedNames(cli)).toEqual(['grandchild:1', 'child:1', 'base:1']);
    expect(await hasImage(engine, grandchild)).toBe(false);
    expect(await listTags(engine)).toEqual(['held:1', 'used:1']);
    expect(await cli.waitForEvent('sweep.completed')).toMatchObject({
      failedDeletions: 0,
      stoppedBecause: 'no-candidates',
    });
  });

  it('deletes an image that has only a digest', async () => {
    await engineWith();
    await load(engine, imagesOnBase({ pulled: 5 }));
    const registry = await startRegistry();
    try {
      const reference = await digestOnlyImage(engine, registry, 'pulled:1', 'team/pulled');
      expect(await listTags(engine)).toEqual([]);
      const cli = cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1 });
      expect((await cli.exited).code).toBe(3);
      expect(deletedNames(cli)).toEqual([reference]);
      expect(await listImages(engine)).toEqual([]);
    } finally {
      registry.dispose();
    }
  });

  it('deletes untagged images before named ones', async () => {
    await engineWith();
    await load(engine, imagesOnBase({ named: 8, nameless: 3 }));
    const id = (await engine.expect('GET', '/images/nameless:1/json')).json<{ Id: string }>().Id;
    await tagImage(engine, 'named:1', 'nameless:1');
    const cli = cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1 });
    expect((await cli.exited).code).toBe(3);
    expect(deletedNames(cli)[0]).toBe(id);
    expect(deletedNames(cli)).toHaveLength(2);
  });
});

describe('a sweep that does not help', () => {
  it('ends, says where the space is, exits with 3, and the daemon does not repeat it until something changes', async () => {
    await engineWith();
    const { availableBytes } = await engine.disk.usage();
    await engine.disk.occupy('not-images', Math.round(availableBytes * 0.8));
    await load(engine, imagesOnBase({ used: 5, unused: 1 }));
    await createContainer(engine, 'used:1', { name: 'holder' });

    const daemon = cleaner(engine, ['run'], { high: 60, low: 50, settings: { INTERVAL_SECONDS: '1' } });
    const report = await daemon.waitForEvent('sweep.completed');
    expect(report).toMatchObject({ deletedImages: 1, reachedLow: false, stoppedBecause: 'no-candidates' });
    expect(String(report['remaining'])).toContain(`${formatCount(1, 'image')} in use by containers`);
    expect(String(report['remaining'])).toContain('not below the path');
    await daemon.waitForEvent('sweep.skipped');
    await daemon.waitForEvent('sweep.skipped', { since: daemon.records.length });
    expect(daemon.records.filter((record) => record.event === 'sweep.started')).toHaveLength(1);

    const seen = daemon.records.length;
    await removeContainer(engine, 'holder');
    await daemon.waitForEvent('sweep.started', { since: seen });
    await daemon.waitForEvent(
      (record) => record.event === 'image.deleted' && String(record['references']) === 'used:1',
    );
    daemon.kill('SIGTERM');
    expect((await daemon.exited).code).toBe(0);

    const once = cleaner(engine, ['run', '--once'], { high: 60, low: 50 });
    expect((await once.exited).code).toBe(3);
  });

  it('ends after several deletions in a row that free next to nothing, with images left', async () => {
    await engineWith();
    const { availableBytes } = await engine.disk.usage();
    await engine.disk.occupy('not-images', Math.round(availableBytes * 0.8));
    const names = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`tiny${index}`, 0.001]));
    await load(engine, imagesOnBase(names));
    await startContainer(engine, await createContainer(engine, 'tiny0:1'));
    const cli = cleaner(engine, ['run', '--once'], { high: 60, low: 50 });
    expect((await cli.exited).code).toBe(3);
    expect(await cli.waitForEvent('sweep.completed')).toMatchObject({
      stoppedBecause: 'ineffective',
      deletedImages: 8,
    });
    expect(await listTags(engine)).toHaveLength(4);
  });
});
