/** Between two checks: what begins one before its time, what does not, and what that costs. */
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cli } from '../../../harness/program/cli.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { send } from '../../../harness/wire/http.ts';
import { mountStuckPath } from '../../../harness/machine/stuck-path.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { startWireProxy } from '../../../harness/wire/wire-proxy.ts';
import { cleaner, type CleanerOptions, deletedNames, imagesOnBase, load } from '../scenario.ts';

const MiB = 1024 * 1024;
let engine: DockerEngine;
const undo: (() => unknown)[] = [];

beforeEach(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 260 } });
});

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
  await engine.dispose();
});

/** The daemon, which checks once an hour and reads the disk all the time. */
function daemon(options: CleanerOptions): Cli {
  const cli = cleaner(engine, ['run'], {
    ...options,
    settings: { INTERVAL_SECONDS: '3600', WATCH_SECONDS: '0.2', ...options.settings },
  });
  undo.push(() => cli.dispose());
  return cli;
}

const causes = (cli: Cli): unknown[] =>
  cli.records.filter(({ event }) => event === 'check.early').map(({ cause }) => cause);

async function checks(cli: Cli, count: number): Promise<void> {
  await waitFor(
    `${count} checks`,
    () => cli.records.filter(({ event }) => event === 'check.completed').length >= count,
  );
}

/** Above HIGH because of files that are not images. */
async function fillTo(percent: number): Promise<string> {
  const { totalBytes, availableBytes } = await engine.disk.usage();
  return await engine.disk.occupy(
    `ballast${percent}`,
    Math.round(availableBytes - totalBytes * (1 - percent / 100)),
  );
}

describe('between two checks', () => {
  it('crossing HIGH begins a check at once, and the readings before it cost no engine request', async () => {
    await load(engine, imagesOnBase({ big: 60, small: 12 }));
    const proxy = await startWireProxy({
      target: { socketPath: engine.socketPath },
      listen: { socketPath: `${engine.disk.workspace.path}/proxy.sock` },
    });
    undo.push(() => proxy.dispose());
    const port = { HTTP_ADDRESS: '127.0.0.1:0' };
    const cli = daemon({ high: 80, low: 70, dockerHost: proxy.dockerHost, settings: port });
    const { url } = await cli.waitForEvent('http.listening');
    const scrape = async (): Promise<number> => {
      const { text } = await send({ port: Number(new URL(String(url)).port) }, 'GET', '/metrics', {
        headers: { Host: 'localhost' },
      });
      return Number(/^docker_image_cleaner_filesystem_avail_bytes (\S+)$/m.exec(text)?.[1]);
    };
    await waitFor('the first look at the store', async () => {
      const { text } = await send({ port: Number(new URL(String(url)).port) }, 'GET', '/metrics', {
        headers: { Host: 'localhost' },
      });
      // The last thing that a check asks for.
      return text.includes('docker_image_cleaner_store_timestamp_seconds ');
    });
    const asked = proxy.count();
    // A reading shows what was written since the check; the engine gets no request.
    await engine.disk.occupy('little', 5 * MiB);
    const { availableBytes } = await engine.disk.usage();
    await waitFor('a look', async () => Math.abs((await scrape()) - availableBytes) < MiB);
    expect(proxy.count()).toBe(asked);
    expect(causes(cli)).toEqual([]);

    await fillTo(82);
    await cli.waitForEvent('sweep.completed');
    expect(causes(cli)).toEqual(['high-threshold']);
    expect(deletedNames(cli)).toEqual(['big:1']);
  });

  it('without it, as with WATCH_SECONDS=0, only SIGUSR1 does', async () => {
    await load(engine, imagesOnBase({ big: 60, small: 12 }));
    const watching = daemon({ high: 80, low: 70, settings: { DRY_RUN: 'true' } });
    const waiting = daemon({ high: 80, low: 70, settings: { WATCH_SECONDS: '0' } });
    await Promise.all([checks(watching, 1), checks(waiting, 1)]);
    await fillTo(82);
    await watching.waitForEvent('sweep.completed');
    expect(waiting.records.filter(({ event }) => event === 'check.completed')).toHaveLength(1);
    waiting.kill('SIGUSR1');
    await waiting.waitForEvent('sweep.completed');
    expect(causes(waiting)).toEqual(['signal']);
    expect(deletedNames(waiting)).toEqual(['big:1']);
  });

  it('a sweep that could not help is not repeated until usage becomes critical', async () => {
    await load(engine, imagesOnBase({ small: 12 }));
    const cli = daemon({ high: 60, low: 1, settings: { THRESHOLD_CRITICAL: '85' } });
    await checks(cli, 1);
    await fillTo(70);
    await cli.waitForEvent('sweep.completed');
    const { length } = cli.records;
    await fillTo(75);
    await fillTo(88);
    await cli.waitForEvent('sweep.skipped', { since: length });
    expect(causes(cli)).toEqual(['high-threshold', 'critical-threshold']);
    expect(cli.records.filter(({ event }) => event === 'sweep.started')).toHaveLength(1);
  });

  it('SIGUSR1 is answered in every state: while the engine is away, too', async () => {
    await engine.stop();
    const cli = daemon({ high: 80, low: 70 });
    await cli.waitForEvent('engine.unavailable');
    await engine.start();
    // Sooner than the backoff, or with it: then nothing was to be done.
    cli.kill('SIGUSR1');
    await checks(cli, 1);
    const { length } = cli.records;
    cli.kill('SIGUSR1');
    await cli.waitForEvent((record) => record.event === 'check.completed', { since: length });
    cli.kill();
    expect((await cli.exited).code).toBe(0);
  });

  it('a filesystem that answers nothing holds one thread at most, and the daemon lives on', async () => {
    const stuck = await mountStuckPath(engine.dataRoot, `${engine.disk.workspace.path}/stuck`);
    undo.push(() => stuck.dispose());
    const cli = daemon({
      high: 80,
      low: 70,
      settings: { PATH_TO_CHECK: stuck.path, PROBE_ADDRESS: '127.0.0.1:0', WATCH_SECONDS: '0.1' },
    });
    const { url } = await cli.waitForEvent('http.listening');
    await checks(cli, 1);
    stuck.hang();
    const held = (): number =>
      readdirSync(`/proc/${cli.pid}/task`).filter((task) =>
        readFileSync(`/proc/${cli.pid}/task/${task}/syscall`, 'utf8').startsWith('137 '),
      ).length;
    await waitFor('a look that is held', () => held() === 1);
    const port = Number(new URL(String(url)).port);
    // Each answer is from the same process, many readings later.
    for (let asked = 0; asked < 30; asked += 1) {
      const { status } = await send({ port }, 'GET', '/healthz', { headers: { Host: 'localhost' } });
      expect(status).toBe(200);
      await waitFor('the next tenth of a second', () => Date.now() % 100 < 50);
      await waitFor('its end', () => Date.now() % 100 >= 50);
      expect(held()).toBe(1);
    }
    stuck.release();
    await fillTo(82);
    await cli.waitForEvent('sweep.started');
    expect(causes(cli)).toEqual(['high-threshold']);
  });

  it('a path that disappears is reported at once', async () => {
    const path = `${engine.disk.workspace.path}/gone`;
    const stuck = await mountStuckPath(engine.dataRoot, path);
    const cli = daemon({ high: 80, low: 70, settings: { PATH_TO_CHECK: path } });
    await checks(cli, 1);
    await stuck.dispose();
    await rm(path, { recursive: true });
    await cli.waitForEvent('path.unavailable');
    expect(causes(cli)).toEqual(['path']);
  });

  it('in absolute mode, growth of the filesystem says when measuring is worth it', async () => {
    await load(engine, imagesOnBase({ big: 40, small: 12 }));
    const cli = daemon({ high: '90MiB', low: '60MiB', settings: { THRESHOLD_TYPE: 'absolute' } });
    await checks(cli, 1);
    await load(engine, imagesOnBase({ more: 45 }));
    // While the image is loaded, its archive is on the disk as well: which image is deleted depends on the moment.
    await cli.waitForEvent('image.deleted');
    expect(causes(cli)[0]).toBe('high-threshold');
  });
});

describe('above the critical threshold', () => {
  it('no delay is waited for, and images that arrive during the sweep are seen by it', async () => {
    await load(engine, imagesOnBase({ one: 41, two: 38 }));
    const proxy = await startWireProxy({
      target: { socketPath: engine.socketPath },
      listen: { socketPath: `${engine.disk.workspace.path}/proxy.sock` },
    });
    undo.push(() => proxy.dispose());
    proxy.addRule({
      match: ({ method }) => method === 'DELETE',
      times: 1,
      before: async () => {
        await load(engine, imagesOnBase({ late: 30 }));
      },
    });
    const cli = cleaner(engine, ['run', '--once'], {
      high: 0.2,
      low: 0.1,
      dockerHost: proxy.dockerHost,
      settings: { THRESHOLD_CRITICAL: '0.2', DELAY_SECONDS: '86400' },
    });
    undo.push(() => cli.dispose());
    await cli.exited;
    expect(deletedNames(cli)).toEqual(['one:1', 'two:1', 'late:1']);
  });

  it('an image is deleted as soon as it is old enough', async () => {
    await load(engine, imagesOnBase({ young: 90 }));
    const cli = daemon({
      high: 20,
      low: 1,
      settings: { THRESHOLD_CRITICAL: '20', MIN_AGE_SECONDS: '25' },
    });
    const sweep = await cli.waitForEvent('sweep.completed');
    expect(sweep).toMatchObject({ stoppedBecause: 'no-candidates', deletedImages: 0 });
    await cli.waitForEvent('image.deleted');
    expect(causes(cli)).toEqual(['old-enough']);
  });
});
