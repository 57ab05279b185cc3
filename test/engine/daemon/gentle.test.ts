/** Gentle mode on a real engine and disk, with the real executable: single images are deleted before a sweep is due. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import type { Cli } from '../../../harness/program/cli.ts';
import { hasImage, runContainer } from '../../../harness/engine/engine-api.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { cleaner, deletedNames, imagesOnBase, load } from '../scenario.ts';

let engine: DockerEngine;

beforeEach(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 260 } });
});

afterEach(async () => {
  await engine.dispose();
});

/** The daemon with a soft threshold a little below what is used now. */
async function gently(
  below: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<{ cli: Cli; soft: number }> {
  const soft = (await engine.disk.usage()).bytesPercent - below;
  const cli = cleaner(engine, ['run'], {
    high: 95,
    low: 1,
    settings: { SOFT_THRESHOLD: String(soft), QUIET_SECONDS: '0', INTERVAL_SECONDS: '1', ...settings },
  });
  return { cli, soft };
}

/** Waits for this number of further checks. */
async function checks(cli: Cli, count: number): Promise<void> {
  const from = cli.records.length;
  await waitFor(
    'checks',
    () => cli.records.slice(from).filter(({ event }) => event === 'check.completed').length >= count,
  );
}

const named = (cli: Cli, event: string): number =>
  cli.records.filter((record) => record.event === event).length;

async function end(cli: Cli): Promise<void> {
  cli.kill();
  expect((await cli.exited).code).toBe(0);
}

describe('gentle mode', () => {
  it('deletes one image a check, what a sweep would delete first, until below the soft threshold, and spares what is protected', async () => {
    await load(engine, imagesOnBase({ running: 30, kept: 30, big: 28, mid: 20, small: 12 }));
    await runContainer(engine, 'running:1');
    const { cli, soft } = await gently(16, { KEEP: 'kept' });
    await cli.waitForEvent('image.deleted');
    await waitFor(
      'usage below the soft threshold',
      async () => (await engine.disk.usage()).bytesPercent < soft,
    );
    await checks(cli, 2);
    await end(cli);
    expect(deletedNames(cli)).toEqual(['big:1', 'mid:1']);
    expect(named(cli, 'gentle.started')).toBe(2);
    expect(named(cli, 'sweep.started')).toBe(0);
    const steps = cli.records.filter(({ event }) => event === 'check.completed' || event === 'image.deleted');
    const first = steps.findIndex(({ event }) => event === 'image.deleted');
    expect(steps[first + 1]?.event).toBe('check.completed');
    for (const name of ['running', 'kept', 'small']) expect(await hasImage(engine, `${name}:1`)).toBe(true);
  });

  it('waits until the engine is quiet: the last arrival was seen only now', async () => {
    await load(engine, imagesOnBase({ big: 40, small: 12 }));
    const { cli } = await gently(4, { QUIET_SECONDS: '3600' });
    await cli.waitForEvent('history.synced');
    await checks(cli, 3);
    await end(cli);
    expect(named(cli, 'gentle.started')).toBe(0);
    expect(await hasImage(engine, 'big:1')).toBe(true);
  });

  it('deletes nothing where that could not help, and logs it once', async () => {
    await load(engine, imagesOnBase({ running: 60, small: 12 }));
    await runContainer(engine, 'running:1');
    const { cli } = await gently(20);
    await cli.waitForEvent('gentle.skipped');
    await checks(cli, 3);
    await end(cli);
    expect(named(cli, 'gentle.skipped')).toBe(1);
    expect(deletedNames(cli)).toEqual([]);
    expect(await hasImage(engine, 'small:1')).toBe(true);
  });

  it('only logs what it would delete in a dry run, once', async () => {
    await load(engine, imagesOnBase({ big: 40, small: 12 }));
    const { cli } = await gently(4, { DRY_RUN: 'true' });
    const would = await cli.waitForEvent('image.would-delete');
    await checks(cli, 3);
    await end(cli);
    expect(would['references']).toEqual(['big:1']);
    expect(named(cli, 'image.would-delete')).toBe(1);
    expect(await hasImage(engine, 'big:1')).toBe(true);
  });
});
