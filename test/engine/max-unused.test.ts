/** MAX_UNUSED_SECONDS on a real engine: the disk is nearly empty, and what nobody uses goes all the same, once watched. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../../harness/docker-engine.ts';
import { listTags, runContainer } from '../../harness/engine-api.ts';
import { cleaner, deletedNames, imagesOnBase, load } from './scenario.ts';

let engine: DockerEngine;

beforeAll(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 260 } });
  await load(engine, imagesOnBase({ used: 5, kept: 6, idle: 9, other: 3 }));
  await runContainer(engine, 'used:1', { name: 'holder' });
});
afterAll(async () => {
  await engine.dispose();
});

it('deletes what is unused and not protected, one by one, after it watched for that long', async () => {
  const settings = {
    MAX_UNUSED_SECONDS: '6s',
    INTERVAL_SECONDS: '1',
    KEEP: 'kept',
    STATE_FILE: `${engine.disk.workspace.path}/state.json`,
  };
  const usage = { high: 99, low: 98 };
  const early = cleaner(engine, ['plan'], { ...usage, settings });
  expect((await early.exited).code).toBe(0);
  expect(early.stdout).toMatch(/Nothing is deleted for being unused for more than 6 s \(max-unused\) yet: use must be watched for 6 s more/);

  const dry = cleaner(engine, ['run', '--dry-run'], { ...usage, settings });
  await dry.waitForEvent('max-unused.started');
  dry.kill();
  expect((await dry.exited).code).toBe(0);
  expect(await listTags(engine)).toHaveLength(4);

  // The history has watched for that long by now, and outlives the process.
  const plan = cleaner(engine, ['plan', '--json'], { ...usage, settings });
  expect((await plan.exited).code).toBe(0);
  const { unused, triggered } = plan.json<{
    triggered: boolean;
    unused: { victims: { references: string[]; reason: string }[] };
  }>();
  expect(triggered).toBe(false);
  expect(unused.victims.flatMap(({ references }) => references).sort()).toEqual(['idle:1', 'other:1']);
  expect(unused.victims[0]?.reason).toMatch(/^unused for .*, longer than 6 s \(max-unused\); frees /);

  const closed = cleaner(engine, ['run', '--once'], {
    ...usage,
    // No minute of any day but those of tomorrow's: closed now, in whatever zone.
    settings: { ...settings, WINDOW: closedNow() },
  });
  expect((await closed.exited).code).toBe(0);
  expect(deletedNames(closed)).toEqual([]);

  const cli = cleaner(engine, ['run'], { ...usage, settings });
  await cli.waitForEvent((record) => record.event === 'image.deleted' && String(record['references']) === 'other:1');
  cli.kill();
  expect((await cli.exited).code).toBe(0);
  expect([...deletedNames(cli)].sort()).toEqual(['idle:1', 'other:1']);
  expect(await listTags(engine)).toEqual(['kept:1', 'used:1']);
  expect(cli.records.map(({ event }) => event)).not.toContain('sweep.started');
});

/** A window of another day of the week than today, and not of a neighbour's. */
function closedNow(): string {
  const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  return `${days[(new Date().getUTCDay() + 3) % 7] ?? ''} 10:00-11:00 UTC`;
}
