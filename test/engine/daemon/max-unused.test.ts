/**
 * MAX_UNUSED_SECONDS on a real engine: the disk is nearly empty, and unused images are deleted nevertheless, once
 * tracked.
 */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { planUnused } from '../../../src/core/plan/plan-unused.ts';
import type { UsageHistory } from '../../../src/core/use-history/history.ts';
import { createDockerEngine } from '../../../src/engine/docker/docker-engine.ts';
import { startHistory } from '../../../src/history/history.ts';
import type { Cli } from '../../../harness/program/cli.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import * as api from '../../../harness/engine/engine-api.ts';
import { rulesWith } from '../../../harness/program/plan-rules.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { startWireProxy } from '../../../harness/wire/wire-proxy.ts';
import { cleaner, type CleanerOptions, deletedNames, imagesOnBase, load } from '../scenario.ts';

let engine: DockerEngine;
let states = 0;
let settings: Record<string, string>;
let ids: Readonly<Record<string, string>>;
const spec = imagesOnBase({ used: 5, kept: 6, idle: 9, other: 3 });
const nearlyEmpty = { high: 99, low: 98 };

beforeAll(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 260 } });
});
afterAll(async () => {
  await engine.dispose();
});
beforeEach(async () => {
  for (const { Id } of await api.listContainers(engine)) await api.removeContainer(engine, Id);
  for (const tag of await api.listTags(engine)) await api.removeImage(engine, tag);
  ids = await load(engine, spec);
  await api.runContainer(engine, 'used:1', { name: 'holder' });
  settings = {
    MAX_UNUSED_SECONDS: '5s',
    INTERVAL_SECONDS: '1',
    KEEP: 'kept',
    STATE_FILE: `${engine.disk.workspace.path}/state-${++states}.json`,
  };
});

function run(args: readonly string[], more: CleanerOptions['settings'] = {}): Cli {
  return cleaner(engine, args, { ...nearlyEmpty, settings: { ...settings, ...more } });
}

async function ended(cli: Cli): Promise<Cli> {
  expect((await cli.exited).code).toBe(0);
  return cli;
}

/** Runs a dry daemon until use was tracked for long enough, and images are due. */
async function track(): Promise<Cli> {
  const dry = run(['run', '--dry-run']);
  await dry.waitForEvent('max-unused.completed');
  dry.kill();
  return await ended(dry);
}

interface UnusedJson {
  readonly triggered: boolean;
  readonly unused: {
    readonly missingSeconds: number;
    readonly victims: readonly { readonly references: readonly string[]; readonly reason: string }[];
  };
}

it('plans nothing before use was tracked, then shows who is due and why, in plan and status; a dry run deletes nothing', async () => {
  const early = await ended(run(['plan']));
  expect(early.stdout).toContain(
    'max-unused 5 s: nothing is deleted yet; image use must be tracked for 5 s more',
  );
  const dry = await track();
  expect(dry.records.filter(({ event }) => event === 'image.would-delete')).toHaveLength(2);
  expect(await api.listTags(engine)).toHaveLength(4);

  const { unused, triggered } = (await ended(run(['plan', '--json']))).json<UnusedJson>();
  expect(triggered).toBe(false);
  expect(unused.missingSeconds).toBe(0);
  expect(unused.victims.flatMap(({ references }) => references).sort()).toEqual(['idle:1', 'other:1']);
  for (const { reason } of unused.victims) expect(reason).toMatch(/^unused for .*, longer than 5 s; frees /);
  const words = /max-unused 5 s: 2 images unused for longer, about .*, deleted however empty the disk is/;
  expect((await ended(run(['plan']))).stdout).toMatch(words);
  expect((await ended(run(['status']))).stdout).toMatch(words);
});

it('deletes what is unused and not protected, one by one and without a sweep, and reports it', async () => {
  const cli = run(['run']);
  await cli.waitForEvent('max-unused.completed');
  cli.kill();
  await ended(cli);
  expect([...deletedNames(cli)].sort()).toEqual(['idle:1', 'other:1']);
  expect(await api.listTags(engine)).toEqual(['kept:1', 'used:1']);
  const names = cli.records.map(({ event }) => event);
  expect(names).not.toContain('sweep.started');
  expect(names.indexOf('max-unused.started')).toBeLessThan(names.indexOf('image.deleted'));
  expect(cli.records.find(({ event }) => event === 'max-unused.completed')).toMatchObject({
    deletedImages: 2,
    failedDeletions: 0,
    endedBecause: 'done',
  });
});

it('keeps an image as long as it is used again and again, and deletes it once it no longer is', async () => {
  // Longer than a use takes on a busy machine.
  const cli = run(['run'], { MAX_UNUSED_SECONDS: '15s' });
  const over = new AbortController();
  const using = (async () => {
    while (!over.signal.aborted) {
      const container = await api.runContainer(engine, 'other:1');
      await api.removeContainer(engine, container);
    }
  })();
  await cli.waitForEvent('max-unused.completed', { timeoutMs: 120_000 });
  expect(deletedNames(cli)).toEqual(['idle:1']);
  over.abort();
  await using;
  await cli.waitForEvent(
    ({ event, ...more }) => event === 'image.deleted' && String(more['references']) === 'other:1',
  );
  cli.kill();
  await ended(cli);
});

it('deletes nothing outside the window, and with one check what is due inside of it', async () => {
  await track();
  const closed = await ended(run(['run', '--once'], { WINDOW: closedNow() }));
  expect(deletedNames(closed)).toEqual([]);
  const open = await ended(run(['run', '--once'], { WINDOW: '00:00-24:00 UTC' }));
  expect([...deletedNames(open)].sort()).toEqual(['idle:1', 'other:1']);
});

it('deletes what is unused before it sweeps, and sweeps no more than is needed then', async () => {
  await track();
  const { bytesPercent } = await engine.disk.usage();
  // What is due frees 12 MiB of 260: that alone is enough.
  const cli = await ended(
    cleaner(engine, ['run', '--once'], { high: bytesPercent - 1, low: bytesPercent - 2, settings }),
  );
  expect([...deletedNames(cli)].sort()).toEqual(['idle:1', 'other:1']);
  expect(cli.records.map(({ event }) => event)).not.toContain('sweep.started');
});

it('stops at the circuit breaker, and continues at the next check', async () => {
  await track();
  const cli = run(['run'], { MAX_DELETIONS_PER_SWEEP: '1' });
  await cli.waitForEvent(
    (record) => record.event === 'max-unused.completed' && record['endedBecause'] === 'limit',
  );
  await cli.waitForEvent(
    (record) => record.event === 'max-unused.completed' && record['endedBecause'] === 'done',
  );
  cli.kill();
  await ended(cli);
  expect(deletedNames(cli)).toHaveLength(2);
});

it('takes 30 days as the clock of the host does: a container used meanwhile, and a jump of the clock, do not count', async () => {
  const day = 86_400_000;
  let [wallMs, livedMs] = [Date.now(), 0];
  const pass = (ms: number): void => {
    wallMs += ms;
    livedMs += ms;
  };
  const socketPath = `${engine.disk.workspace.path}/proxy.sock`;
  const proxy = await startWireProxy({ target: engine, listen: { socketPath } });
  const client = createDockerEngine({ kind: 'unix', path: socketPath }, { timeoutMs: 600_000 });
  const signal = new AbortController().signal;
  const history = await startHistory(
    {
      ...{ engine: client, stateFile: undefined, recordTrace: undefined, report: () => undefined },
      clock: () => wallMs,
      monotonic: () => livedMs,
    },
    signal,
  );
  try {
    await history.synced;
    const due = async (): Promise<readonly string[]> => {
      const images = await client.listImages(signal);
      const containers = await client.listContainers(signal);
      const store = { images, containers, layers: new Map() };
      const thresholds = { type: 'relative', high: 80, low: 60 } as const;
      const rules = rulesWith({
        thresholds,
        maxUnusedSeconds: (30 * day) / 1000,
        history: () => history.current(),
      });
      const victims = planUnused({ store, nowMs: wallMs }, rules)?.victims ?? [];
      return victims.flatMap(({ references }) => references).sort();
    };
    const usesOf = (known: UsageHistory, name: string): number =>
      known.images.get(ids[name] ?? '')?.uses ?? 0;
    pass(29 * day);
    expect(await due()).toEqual([]);
    // Connected again, the engine's events are of our time: its own clock has not moved.
    proxy.cutAll();
    await waitFor('the end of the stream', () => !history.isFollowing());
    await waitFor('the next stream', () => history.isFollowing());
    const container = await api.runContainer(engine, 'idle:1');
    await api.removeContainer(engine, container);
    await waitFor('the use', () => usesOf(history.current(), 'idle') === 1);
    pass(2 * day);
    expect(await due()).toEqual(['kept:1', 'other:1']);
    // A wrong date for a moment.
    wallMs += 400 * day;
    expect(await due()).toEqual(['kept:1', 'other:1']);
    pass(29 * day);
    expect(await due()).toEqual(['idle:1', 'kept:1', 'other:1']);
  } finally {
    await history.close();
    await proxy.dispose();
  }
});

/** A window of another day of the week than today and its neighbours. */
function closedNow(): string {
  const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  return `${days[(new Date().getUTCDay() + 3) % 7] ?? ''} 10:00-11:00 UTC`;
}
