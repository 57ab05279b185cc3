/** The circuit breakers on a real engine and disk, with the real executable: they end sweeps, and keep gentle mode waiting. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cli, LogRecord } from '../../../harness/program/cli.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { listTags } from '../../../harness/engine/engine-api.ts';
import { parseExposition } from '../../../harness/program/exposition.ts';
import { send } from '../../../harness/wire/http.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { startWireProxy } from '../../../harness/wire/wire-proxy.ts';
import { cleaner, deletedNames, imagesOnBase, load } from '../scenario.ts';

let engine: DockerEngine;

beforeEach(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 260 } });
  await load(engine, imagesOnBase({ big: 40, mid: 30, small: 12 }));
});

afterEach(async () => {
  await engine.dispose();
});

/** Everything unused would be deleted. */
const drain = { high: 2, low: 1 };

const events = (cli: Cli, name: string): LogRecord[] => cli.records.filter(({ event }) => event === name);

async function end(cli: Cli): Promise<void> {
  cli.kill();
  expect((await cli.exited).code).toBe(0);
}

/** What a page shows of where a sweep would be cut. */
interface Planned {
  readonly victims: readonly unknown[];
  readonly cut: { readonly limit: string; readonly victims: number; readonly reason: string } | null;
}

async function planned(settings: Readonly<Record<string, string>>): Promise<Planned> {
  const cli = cleaner(engine, ['plan', '--json'], { ...drain, settings });
  expect((await cli.exited).code).toBe(0);
  return cli.json<Planned>();
}

describe('MAX_DELETIONS_PER_SWEEP', () => {
  const settings = { MAX_DELETIONS_PER_SWEEP: '1' };

  it('ends a sweep, and the next check continues', async () => {
    const cli = cleaner(engine, ['run'], { ...drain, settings: { ...settings, INTERVAL_SECONDS: '1' } });
    await waitFor('three sweeps', () => events(cli, 'sweep.completed').length >= 3);
    await end(cli);
    expect(deletedNames(cli)).toEqual(['big:1', 'mid:1', 'small:1']);
    for (const sweep of events(cli, 'sweep.completed').slice(0, 2)) {
      expect(sweep).toMatchObject({ deletedImages: 1, stoppedBecause: 'deletion-limit', level: 'warn' });
      expect((sweep['remaining'] as string[]).at(-1)).toMatch(
        /^MAX_DELETIONS_PER_SWEEP ends a sweep after 1 /,
      );
    }
    expect(events(cli, 'limit.reached')[0]).toMatchObject({
      level: 'warn',
      limit: 'deletions-per-sweep',
      maximum: 1,
    });
  });

  it('is in the plan before, and exits with 3 where LOW was not reached', async () => {
    const plan = await planned(settings);
    expect(plan.victims).toHaveLength(3);
    expect(plan.cut).toMatchObject({ limit: 'deletions-per-sweep', victims: 1 });
    expect((await planned({})).cut).toBeNull();
    const text = cleaner(engine, ['plan'], { ...drain, settings });
    expect((await text.exited).code).toBe(0);
    expect(text.stdout).toContain('One sweep deletes only the first 1: MAX_DELETIONS_PER_SWEEP');
    const dry = cleaner(engine, ['run', '--once', '--dry-run'], { ...drain, settings });
    expect((await dry.exited).code).toBe(0);
    expect(events(dry, 'image.would-delete').map(({ references }) => references)).toEqual([['big:1']]);
    expect(events(dry, 'limit.reached')).toHaveLength(1);
    const once = cleaner(engine, ['run', '--once'], { ...drain, settings });
    expect(await once.exited).toEqual({ code: 3, signal: null });
    expect(await listTags(engine)).toEqual(['mid:1', 'small:1']);
  });
});

describe('MAX_FREED_PER_HOUR', () => {
  it('ends a sweep before the deletion that would be too much, and none is begun for the rest of the hour', async () => {
    const cli = cleaner(engine, ['run'], {
      ...drain,
      settings: {
        MAX_FREED_PER_HOUR: '78MB',
        INTERVAL_SECONDS: '1',
        LOG_LEVEL: 'debug',
        HTTP_ADDRESS: '127.0.0.1:0',
      },
    });
    const { url } = await cli.waitForEvent('http.listening');
    const port = Number(new URL(String(url)).port);
    const get = async (path: string) => await send({ port }, 'GET', path, { headers: { Host: 'localhost' } });
    const ended = await cli.waitForEvent('sweep.completed');
    expect(ended).toMatchObject({ deletedImages: 2, stoppedBecause: 'freed-limit', level: 'warn' });
    await waitFor('three checks without a sweep', () => events(cli, 'sweep.skipped').length >= 3);
    expect(deletedNames(cli)).toEqual(['big:1', 'mid:1']);
    expect(await listTags(engine)).toEqual(['small:1']);
    expect(events(cli, 'limit.reached')).toHaveLength(1);
    const [limit] = events(cli, 'limit.reached');
    expect(limit).toMatchObject({ limit: 'freed-per-hour', maximum: 78e6 });
    const freed = Number(limit?.['freedLastHourBytes']);
    expect(freed).toBeGreaterThan(70 * 1024 * 1024);
    expect(freed).toBeLessThanOrEqual(78e6);
    const [first, ...others] = events(cli, 'sweep.skipped');
    expect(first).toMatchObject({
      level: 'warn',
      reason: expect.stringContaining('MAX_FREED_PER_HOUR') as string,
    });
    expect(new Set(others.map(({ level }) => level))).toEqual(new Set(['debug']));
    const plan = await waitFor('the plan after it', async () => {
      const answer = (await get('/api/plan.json')).json<Planned>();
      return answer.victims.length === 1 ? answer : undefined;
    });
    expect(plan.cut).toMatchObject({ limit: 'freed-per-hour', victims: 0 });
    const { values } = parseExposition((await get('/metrics')).text);
    expect(values.get('docker_image_cleaner_deletion_limit{limit="freed-per-hour"}')).toBe(78e6);
    expect(values.get('docker_image_cleaner_deletion_limits_reached_total{limit="freed-per-hour"}')).toBe(1);
    expect(values.get('docker_image_cleaner_sweeps_total{outcome="freed-limit"}')).toBe(1);
    await end(cli);
  });

  it('allows one larger image alone', async () => {
    const settings = { MAX_FREED_PER_HOUR: '10MB' };
    expect((await planned(settings)).cut).toMatchObject({ limit: 'freed-per-hour', victims: 1 });
    const once = cleaner(engine, ['run', '--once'], { ...drain, settings });
    expect(await once.exited).toEqual({ code: 3, signal: null });
    expect(deletedNames(once)).toEqual(['big:1']);
  });

  it('counts a deletion whose answer was lost: the engine deleted it nevertheless', async () => {
    const proxy = await startWireProxy({
      target: { socketPath: engine.socketPath },
      listen: { socketPath: `${engine.disk.workspace.path}/proxy.sock` },
    });
    try {
      const lost = proxy.addRule({ match: ({ method }) => method === 'DELETE', times: 1, cut: 'after' });
      const once = cleaner(engine, ['run', '--once'], {
        ...drain,
        dockerHost: proxy.dockerHost,
        settings: { MAX_FREED_PER_HOUR: '50MB' },
      });
      expect(await once.exited).toEqual({ code: 3, signal: null });
      expect(lost.hits).toBe(1);
      expect(await listTags(engine)).toEqual(['mid:1', 'small:1']);
      expect(await once.waitForEvent('sweep.completed')).toMatchObject({ stoppedBecause: 'freed-limit' });
    } finally {
      await proxy.dispose();
    }
  });

  it('keeps gentle mode from a further step, and says so once', async () => {
    const soft = (await engine.disk.usage()).bytesPercent - 20;
    const cli = cleaner(engine, ['run'], {
      high: 95,
      low: 1,
      settings: {
        SOFT_THRESHOLD: String(soft),
        QUIET_SECONDS: '0',
        INTERVAL_SECONDS: '1',
        LOG_LEVEL: 'debug',
        MAX_FREED_PER_HOUR: '50MB',
      },
    });
    await cli.waitForEvent('limit.reached');
    for (let check = 0; check < 3; check++)
      await cli.waitForEvent('check.completed', { since: cli.records.length });
    await end(cli);
    expect((await engine.disk.usage()).bytesPercent).toBeGreaterThan(soft);
    expect(deletedNames(cli)).toEqual(['big:1']);
    expect(events(cli, 'limit.reached')).toHaveLength(1);
    expect(await listTags(engine)).toEqual(['mid:1', 'small:1']);
  });
});
