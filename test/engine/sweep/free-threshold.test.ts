/** THRESHOLD_TYPE=free on a real engine and disk: a sweep begins when less than HIGH is free, and ends when LOW is. */
import { statfsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { listTags } from '../../../harness/engine/engine-api.ts';
import { cleaner, deletedNames, imagesOnBase, load } from '../scenario.ts';

let engine: DockerEngine;

beforeAll(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 300 } });
  await load(engine, imagesOnBase({ big: 40, mid: 30, small: 12 }));
});
afterAll(async () => {
  await engine.dispose();
});

const MB = 1e6;
const freeBytes = (): number => {
  const { bavail, bsize } = statfsSync(engine.dataRoot);
  return bavail * bsize;
};
const settings = (high: number, low: number): Record<string, string> => ({
  THRESHOLD_TYPE: 'free',
  THRESHOLD_HIGH: `${Math.round(high)}B`,
  THRESHOLD_LOW: `${Math.round(low)}B`,
});

it('keeps free bytes, and says which number is which', async () => {
  const before = freeBytes();
  const idle = cleaner(engine, ['run', '--once'], { settings: settings(before - 5 * MB, before) });
  expect((await idle.exited).code).toBe(0);
  expect(idle.records.map(({ event }) => event)).not.toContain('sweep.started');

  const goal = settings(before + 5 * MB, before + 20 * MB);
  const status = cleaner(engine, ['status'], { settings: goal });
  expect((await status.exited).code).toBe(0);
  expect(status.stdout).toMatch(/ high [\d.]+ MB free, low [\d.]+ MB free/);
  const plan = cleaner(engine, ['plan', '--json'], { settings: goal });
  expect((await plan.exited).code).toBe(0);
  expect(plan.json()).toMatchObject({
    triggered: true,
    thresholds: { type: 'free' },
    usage: { unit: 'bytes' },
    victims: [{ references: ['big:1'] }],
    predicted: { reachesLow: true },
  });

  const sweep = cleaner(engine, ['run', '--once'], { settings: goal });
  expect((await sweep.exited).code).toBe(0);
  expect(deletedNames(sweep)).toEqual(['big:1']);
  expect(freeBytes()).toBeGreaterThanOrEqual(before + 20 * MB);
  expect(sweep.records).toContainEqual(
    expect.objectContaining({ event: 'sweep.completed', thresholdType: 'free', reachedLow: true }),
  );
  expect(await listTags(engine)).toEqual(['mid:1', 'small:1']);
});
