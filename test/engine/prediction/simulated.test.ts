/** The simulator's word: what was recorded on a real engine, replayed, has the victims and the bytes of the real sweep. */
import { afterEach, expect, it } from 'vitest';
import { findChoosers } from '../../../src/simulate/choosers.ts';
import { readTraces } from '../../../src/simulate/traces/read-trace.ts';
import { replay } from '../../../src/simulate/replay/replay.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { createContainer, removeContainer } from '../../../harness/engine/engine-api.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { cleaner, deletedNames, load } from '../scenario.ts';

const MiB = 1024 * 1024;
let engine: DockerEngine;

afterEach(async () => {
  await engine.dispose();
});

/** a and b share a layer; each image is used once, in this order. */
const order = ['a', 'c', 'b', 'd', 'e'];
const spec = {
  layers: {
    base: { bytes: 1000, shell: true },
    common: { bytes: 12 * MiB },
    ...Object.fromEntries(
      Object.entries({ a: 14, b: 18, c: 24, d: 9, e: 7 }).map(([name, size]) => [
        name,
        { bytes: size * MiB },
      ]),
    ),
  },
  images: order.map((name) => ({
    tags: [`${name}:1`],
    layers: name === 'a' || name === 'b' ? ['base', 'common', name] : ['base', name],
  })),
};

it('a trace that was recorded on an engine gives, replayed, the victims and the bytes of the real sweep', async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 300 } });
  await load(engine, spec);
  const file = `${engine.disk.workspace.path}/trace.jsonl`;
  const settings = {
    POLICY: 'lru',
    STATE_FILE: `${engine.disk.workspace.path}/history.json`,
    RECORD_TRACE: file,
    INTERVAL_SECONDS: '1',
  };
  const learning = cleaner(engine, ['run'], { high: 99, low: 98, settings });
  await learning.waitForEvent('history.synced');
  for (const name of order) {
    await removeContainer(engine, await createContainer(engine, `${name}:1`));
    const seen = learning.records.length;
    await waitFor('a check', () =>
      learning.records.slice(seen).some(({ event }) => event === 'check.completed'),
    );
  }
  learning.kill();
  expect((await learning.exited).code).toBe(0);

  const trace = await readTraces([file]);
  expect(trace.startsMs.length).toBe(order.length);
  const disk = await engine.disk.usage();
  // The same share of the same disk is to be freed, about 33 MiB: no victim's end is within some MiB of it.
  const share = (100 * 33 * MiB) / disk.totalBytes;
  const full = (100 * trace.distinctBytes) / disk.totalBytes;
  const simulated = (policy: string): { victims: readonly string[]; freedBytes: number } => {
    const victims: string[] = [];
    let usedBytes = 0;
    for (const maker of findChoosers(policy))
      replay(trace, maker, {
        capacityBytes: disk.totalBytes,
        // Reached with the last image, and not before.
        high: full - 0.5,
        low: full - share,
        bytesPerSecond: 1e6,
        watch: (_, bytes) => (usedBytes = bytes),
        onDeleted: (_, image) => victims.push(trace.images[image]?.tags[0] ?? ''),
      });
    return { victims, freedBytes: trace.distinctBytes - usedBytes };
  };

  const thresholds = { high: disk.bytesPercent - 1, low: disk.bytesPercent - share };
  for (const policy of ['lru', 'biggest', 'reclaimable']) {
    const planned = cleaner(engine, ['plan', '--json'], {
      ...thresholds,
      settings: { ...settings, POLICY: policy },
    });
    expect((await planned.exited).code).toBe(0);
    const { victims } = planned.json<{
      victims: { references: string[]; predictedBytes: number }[];
    }>();
    const said = simulated(policy);
    expect(said.victims, policy).toEqual(victims.flatMap(({ references }) => references));
    expect(said.victims.length, policy).toBeGreaterThan(1);
    const bytes = victims.reduce((sum, { predictedBytes }) => sum + predictedBytes, 0);
    expect(Math.abs(said.freedBytes - bytes), policy).toBeLessThan(MiB / 4);
  }

  const cli = cleaner(engine, ['run', '--once'], { ...thresholds, settings });
  expect((await cli.exited).code).toBe(0);
  const said = simulated('lru');
  expect(deletedNames(cli)).toEqual(said.victims);
  const after = await engine.disk.usage();
  expect(Math.abs(after.availableBytes - disk.availableBytes - said.freedBytes)).toBeLessThan(MiB);
});
