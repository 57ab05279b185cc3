/** What the plan predicts is what the disk gains, image by image, in bytes and in inodes. */
import { afterEach, describe, expect, it } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { createContainer, listTags } from '../../../harness/engine/engine-api.ts';
import type { LayerSpec } from '../../../harness/engine/images.ts';
import { expectTrue } from './predictions.ts';
import { cleaner, load } from '../scenario.ts';

const MiB = 1024 * 1024;
let engine: DockerEngine;

afterEach(async () => {
  await engine.dispose();
});

/** Layers of small files, where the sum of file sizes is far from what is allocated. */
const small = (kilobytes: number, files: number): LayerSpec => ({ bytes: kilobytes * 1000, files });

/** Bases shared by several images, two images on exactly the same layers, one that stands in the middle of another's. */
const store = {
  layers: {
    base: { bytes: 1000, shell: true },
    python: small(4000, 900),
    scipy: small(6000, 1500),
    app1: small(2000, 400),
    app2: small(1500, 300),
    app3: small(1000, 250),
    solo: small(3000, 700),
    held: small(2000, 500),
  },
  images: [
    { tags: ['python:1'], layers: ['base', 'python'] },
    { tags: ['scipy:1'], layers: ['base', 'python', 'scipy'] },
    { tags: ['app1:1'], layers: ['base', 'python', 'scipy', 'app1'] },
    { tags: ['app2:1'], layers: ['base', 'python', 'scipy', 'app2'] },
    { tags: ['app3:1'], layers: ['base', 'python', 'app3'] },
    { tags: ['twin:1'], layers: ['base', 'python', 'app3'], labels: { twin: 'yes' } },
    { tags: ['solo:1'], layers: ['base', 'solo'] },
    { tags: ['held:1'], layers: ['base', 'held'] },
  ],
};

async function fill(): Promise<void> {
  engine = await startDockerEngine({ disk: { sizeMiB: 200 } });
  await load(engine, store);
  await createContainer(engine, 'held:1', { name: 'holder' });
}

describe.each(['biggest', 'reclaimable'])('the policy %s', (policy) => {
  it('reaches LOW with every prediction within 1% or 1 MiB, and its total as plan said', async () => {
    await fill();
    const used = (await engine.disk.usage()).bytesPercent;
    const limits = { high: used - 1, low: used * 0.55, settings: { POLICY: policy } };
    const planned = cleaner(engine, ['plan', '--json'], limits);
    expect((await planned.exited).code).toBe(0);
    const plan = planned.json<{
      victims: { id: string }[];
      predicted: { freedBytes: number; reachesLow: boolean };
    }>();
    expect(plan.predicted.reachesLow).toBe(true);

    const cli = cleaner(engine, ['run', '--once'], limits);
    expect((await cli.exited).code).toBe(0);
    const deleted = cli.records.filter(({ event }) => event === 'image.deleted');
    expect(deleted.map((record) => record['id'])).toEqual(plan.victims.map(({ id }) => id));
    expectTrue(deleted);
    const report = await cli.waitForEvent('sweep.completed');
    expect(Math.abs(Number(report['freedBytes']) - plan.predicted.freedBytes)).toBeLessThan(
      Math.max(MiB, plan.predicted.freedBytes * 0.01),
    );
    expect(await listTags(engine)).toContain('held:1');
  });
});

describe('an order by size', () => {
  it('takes nothing that frees nothing, unless it completes a group', async () => {
    await fill();
    const used = (await engine.disk.usage()).bytesPercent;
    const planned = cleaner(engine, ['plan', '--json'], { high: used - 0.2, low: used - 0.5 });
    expect((await planned.exited).code).toBe(0);
    const plan = planned.json<{
      victims: { references: string[]; predictedBytes: number; reason: string }[];
      kept: { references: string[]; code: string }[];
    }>();
    // python:1 and scipy:1 stand below others: deleting them alone frees nothing.
    expect(plan.victims.flatMap(({ references }) => references)).not.toContain('python:1');
    const nothing = plan.victims.filter(({ predictedBytes }) => predictedBytes === 0);
    // The twins have the same layers: the first of them frees nothing, and is deleted only because the second is too.
    for (const { references, reason } of nothing) {
      expect(['app3:1', 'twin:1']).toContain(references[0]);
      expect(reason).toContain('together with');
    }
    expect(nothing.length).toBeLessThanOrEqual(1);
  });
});
