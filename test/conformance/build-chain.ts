/**
 * Chains of build-cache records: each is the child of the previous one, and the engine refuses to delete a parent
 * before it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleaner } from '../../harness/program/cleaner.ts';
import { docker } from '../../harness/engine/docker-client.ts';
import {
  type DockerEngine,
  type DockerEngineOptions,
  startDockerEngine,
} from '../../harness/engine/docker-engine.ts';
import { listTags, removeImage } from '../../harness/engine/engine-api.ts';
import { loadImages } from '../../harness/engine/images.ts';

const MB = 1e6;
/** What each step of the build writes. */
const STEP_BYTES = 8 * MB;
const STEPS = 5;

/**
 * @param options of the engine; called when the tests begin, since a root folder may have to be made.
 * @param tolerance the share by which the freed space may differ from the plan; larger where sizes are estimates.
 */
export function deletesBuildChains(
  name: string,
  options: () => Promise<DockerEngineOptions>,
  tolerance = 0.01,
): void {
  describe(`a chain of build-cache records on ${name}`, () => {
    let engine: DockerEngine;

    beforeAll(async () => {
      engine = await startDockerEngine({ disk: { sizeMiB: 600 }, ...(await options()) });
      await loadImages(engine, {
        layers: { base: { bytes: MB, shell: true } },
        images: [{ tags: ['base:1'], layers: ['base'] }],
      });
      const context = join(engine.disk.workspace.path, 'context');
      mkdirSync(context);
      const steps = Array.from(
        { length: STEPS },
        (_, at) => `RUN head -c ${STEP_BYTES} /dev/urandom > /step${at}`,
      );
      writeFileSync(join(context, 'Dockerfile'), ['FROM base:1', ...steps, ''].join('\n'));
      await docker(engine, ['build', '--network', 'none', '--tag', 'built:1', context]);
      await removeImage(engine, 'built:1');
    });

    afterAll(async () => {
      await engine.dispose();
    });

    it('is deleted whole, each record before its parent, and frees what was planned', async () => {
      const settings = { CLEAN: 'build-cache' };
      const plan = cleaner(engine, ['plan', '--json'], { high: 0.2, low: 0.1, settings });
      expect((await plan.exited).code, plan.stderr).toBe(0);
      const { predicted } = plan.json<{ predicted: { freedBytes: number } }>();
      expect(predicted.freedBytes).toBeGreaterThan(0.95 * STEPS * STEP_BYTES);
      const cli = cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1, settings });
      await cli.exited;
      const report = await cli.waitForEvent('sweep.completed');
      expect(cli.records.filter(({ event }) => event === 'cache-record.kept')).toEqual([]);
      expect(report).toMatchObject({ deletedImages: 0, failedDeletions: 0 });
      expect(Number(report['deletedCacheRecords'])).toBeGreaterThanOrEqual(STEPS);
      const freed = Number(report['freedBytes']);
      expect(Math.abs(freed - predicted.freedBytes)).toBeLessThan(
        Math.max(MB, predicted.freedBytes * tolerance),
      );
      expect(await listTags(engine)).toEqual(['base:1']);
    });
  });
}
