/**
 * When images arrived, and which is deleted first after a tag was pulled again: on a real engine with images of odd
 * dates.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleaner, deletedNames } from '../../harness/program/cleaner.ts';
import {
  type DockerEngine,
  type DockerEngineOptions,
  startDockerEngine,
} from '../../harness/engine/docker-engine.ts';
import { loadImages } from '../../harness/engine/images.ts';

interface Kept {
  readonly code: string;
  readonly references: readonly string[];
  readonly reason: string;
}
interface PlanJson {
  readonly victims: readonly { readonly references: readonly string[]; readonly reason: string }[];
  readonly kept: readonly Kept[];
}

/** @param options of the engine; called when the tests begin, since a root folder may have to be made. */
export function knowsArrivals(name: string, options: () => Promise<DockerEngineOptions>): void {
  describe(`images that have just arrived on ${name}`, () => {
    let engine: DockerEngine;
    const everything = { high: 0.2, low: 0.1 };

    beforeAll(async () => {
      engine = await startDockerEngine({ disk: { sizeMiB: 400 }, ...(await options()) });
      const dated = {
        old: '2023-01-01T00:00:00Z',
        epoch: '1970-01-01T00:00:00Z',
        future: '2099-01-01T00:00:00Z',
      };
      for (const [tag, created] of Object.entries(dated)) {
        const layers = { [tag]: { bytes: 4e6 } };
        await loadImages(engine, { layers, images: [{ tags: [`${tag}:1`], layers: [tag], created }] });
      }
    });

    afterAll(async () => {
      await engine.dispose();
    });

    async function plan(settings: Readonly<Record<string, string>>): Promise<PlanJson> {
      const cli = cleaner(engine, ['plan', '--json'], { ...everything, settings });
      expect((await cli.exited).code, cli.stderr).toBe(0);
      return cli.json<PlanJson>();
    }

    it('are kept by the default minimum age, whatever their build date', async () => {
      const { victims, kept } = await plan({ MIN_AGE_SECONDS: '' });
      expect(victims).toEqual([]);
      expect(kept.map(({ code }) => code)).toEqual(['min-age', 'min-age', 'min-age']);
      for (const { reason } of kept) expect(reason).toMatch(/^arrived [\d.]+ (ms|s|min) ago; kept for 2 min/);
    });

    it('are deleted once they are old enough, those dated 1970 and 2099 too', async () => {
      const { victims, kept } = await plan({ MIN_AGE_SECONDS: '0.001' });
      expect(kept).toEqual([]);
      expect(victims).toHaveLength(3);
    });

    it('count as last used when they arrived', async () => {
      const { victims } = await plan({ POLICY: 'lru' });
      for (const { reason } of victims)
        expect(reason).toMatch(/^not seen in use, arrived [\d.]+ (ms|s|min) ago/);
      expect(victims.map(({ references }) => references[0])).toEqual(['old:1', 'epoch:1', 'future:1']);
    });

    it.each(['biggest', 'reclaimable', 'lru'])(
      'are kept longer than what they superseded, by %s',
      async (policy) => {
        const layers = { [`first-${policy}`]: { bytes: 5e6 }, [`second-${policy}`]: { bytes: 9e6 } };
        for (const layer of Object.keys(layers))
          await loadImages(engine, { layers, images: [{ tags: [`${policy}:latest`], layers: [layer] }] });
        const { totalBytes, bytesPercent } = await engine.disk.usage();
        const cli = cleaner(engine, ['run', '--once'], {
          high: bytesPercent - 0.05,
          low: bytesPercent - (100 * 1e6) / totalBytes,
          settings: { POLICY: policy, KEEP: 'old,epoch,future' },
        });
        expect((await cli.exited).code, cli.stderr).toBe(0);
        expect(deletedNames(cli)).toHaveLength(1);
        expect(deletedNames(cli)[0]).not.toBe(`${policy}:latest`);
        const { kept, victims } = await plan({ KEEP: `${policy}` });
        expect([...kept, ...victims].flatMap(({ references }) => references)).toContain(`${policy}:latest`);
        await engine.expect('DELETE', `/images/${policy}:latest`);
      },
    );
  });
}
