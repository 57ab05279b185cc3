/** Podman that reads another store's images beside its own: they are listed, and cannot be deleted. */
import { afterEach, expect, it } from 'vitest';
import { listTags } from '../../../harness/engine/engine-api.ts';
import { type PodmanEngine, startPodman } from '../../../harness/engine/podman.ts';
import { cleaner, deletedNames, imagesOnBase, load } from '../scenario.ts';

const engines: PodmanEngine[] = [];

afterEach(async () => {
  for (const engine of engines.splice(0).reverse()) await engine.dispose();
});

async function start(...additionalStores: readonly string[]): Promise<PodmanEngine> {
  const engine = await startPodman({ additionalStores });
  engines.push(engine);
  return engine;
}

const everything = { high: 0.2, low: 0.1 };

it.each([{ own: {} }, { own: { own: 8 } }])(
  'an additional store’s images are kept, are not taken for a wrong path, and block nothing ($own)',
  async ({ own }) => {
    const other = await start();
    await load(other, imagesOnBase({ theirs: 12 }));
    await other.stop();
    const engine = await start(other.dataRoot);
    if (Object.keys(own).length > 0) await load(engine, imagesOnBase(own));
    const mine = Object.keys(own).map((name) => `${name}:1`);
    const status = cleaner(engine, ['status', '--json'], { high: 99 });
    expect((await status.exited).code, status.stderr).toBe(0);
    expect(status.json<{ dataRoot: unknown }>().dataRoot).toBeNull();
    const cli = cleaner(engine, ['run', '--once'], everything);
    expect((await cli.exited).code, cli.stderr).toBe(3);
    expect(deletedNames(cli).map((name) => name.replace(/^.*\//, ''))).toEqual(mine);
    const left = await listTags(engine);
    expect(left.map((name) => name.replace(/^.*\//, ''))).toContain('theirs:1');
    expect(
      cli.records.filter(({ event }) => ['image.delete-failed', 'image.kept'].includes(event ?? '')),
    ).toEqual([]);
    const plan = cleaner(engine, ['plan', '--json'], everything);
    expect((await plan.exited).code, plan.stderr).toBe(0);
    expect(plan.json<{ kept: unknown }>().kept).toMatchObject([{ code: 'elsewhere' }]);
  },
);
