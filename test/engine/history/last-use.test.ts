/** The policies use what the daemon learned of the use of images, also after a restart. */
import { afterEach, expect, it } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { removeContainer, runContainer } from '../../../harness/engine/engine-api.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { cleaner, deletedNames, imagesOnBase, load } from '../scenario.ts';

let engine: DockerEngine;

afterEach(async () => {
  await engine.dispose();
});

it('lru deletes first what was not used, then what was used longest ago, by a history that survives a restart', async () => {
  engine = await startDockerEngine();
  await load(engine, imagesOnBase({ later: 9, earlier: 6, never: 3 }));
  const settings = {
    POLICY: 'lru',
    STATE_FILE: `${engine.disk.workspace.path}/history.json`,
    INTERVAL_SECONDS: '1',
  };
  const learning = cleaner(engine, ['run'], { high: 99, low: 98, settings });
  await learning.waitForEvent('history.synced');
  for (const name of ['earlier', 'later']) {
    await removeContainer(engine, await runContainer(engine, `${name}:1`, { name }));
    // A check after the use, so that the two uses are apart in time.
    const seen = learning.records.length;
    await waitFor('a check', () =>
      learning.records.slice(seen).some(({ event }) => event === 'check.completed'),
    );
  }
  learning.kill();
  expect((await learning.exited).code).toBe(0);

  const planned = cleaner(engine, ['plan', '--json'], { high: 0.2, low: 0.1, settings });
  expect((await planned.exited).code).toBe(0);
  const { victims } = planned.json<{ victims: { references: string[]; reason: string }[] }>();
  expect(victims.flatMap(({ references }) => references)).toEqual(['never:1', 'earlier:1', 'later:1']);
  expect(victims[2]?.reason).toMatch(/^last used /);

  const cli = cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1, settings });
  expect((await cli.exited).code).toBe(3);
  expect(deletedNames(cli)).toEqual(['never:1', 'earlier:1', 'later:1']);
});

it('a run --once with a history does not wait for an engine that is away', async () => {
  engine = await startDockerEngine();
  const settings = { POLICY: 'value' };
  const dockerHost = `unix://${engine.disk.workspace.path}/nobody.sock`;
  const cli = cleaner(engine, ['run', '--once'], { high: 0.2, low: 0.1, settings, dockerHost });
  expect((await cli.exited).code).toBe(1);
});
