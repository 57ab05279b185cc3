/** A cleaner that is killed between the names of an image: its next run restores what it had removed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { listTags, removeImage, tagImage } from '../../../harness/engine/engine-api.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { startWireProxy, type WireProxy } from '../../../harness/wire/wire-proxy.ts';
import { cleaner, imagesOnBase, load } from '../scenario.ts';

let engine: DockerEngine;
let wire: WireProxy;

afterEach(async () => {
  await wire.dispose();
  await engine.dispose();
});

it('names that were removed are given back, but for one that somebody has given away', async () => {
  engine = await startDockerEngine();
  wire = await startWireProxy({
    target: { socketPath: engine.socketPath },
    listen: { socketPath: `${engine.disk.workspace.path}/proxy.sock` },
  });
  await load(engine, imagesOnBase({ big: 9, other: 2 }));
  const names = ['other/a:1', 'other/b:1', 'other/c:1'];
  for (const name of names) await tagImage(engine, 'big:1', name);
  const settings = { STATE_FILE: join(engine.disk.workspace.path, 'state') };
  // The last step is never reached: killed before it.
  let deletions = 0;
  const stalled = wire.addRule({
    match: ({ method }) => method === 'DELETE' && ++deletions > 2,
    stall: 'before',
  });
  const killed = cleaner(engine, ['run'], {
    high: 0.2,
    low: 0.1,
    dockerHost: wire.dockerHost,
    settings,
  });
  await waitFor('the third step', () => stalled.hits > 0);
  killed.kill('SIGKILL');
  await killed.exited;
  wire.clear();
  const left = await listTags(engine);
  const lost = ['big:1', ...names].filter((name) => !left.includes(name));
  expect(lost).toHaveLength(2);
  await tagImage(engine, 'other:1', lost[0] ?? '');

  const next = cleaner(engine, ['run'], { high: 99, low: 98, settings });
  const restored = await next.waitForEvent('image.names-restored');
  expect(restored['references']).toEqual([lost[1]]);
  await next.waitForEvent('check.completed');
  next.kill('SIGTERM');
  expect((await next.exited).code).toBe(0);
  expect((await listTags(engine)).toSorted()).toEqual(['big:1', 'other:1', ...names].toSorted());
});

it('a file that is damaged, or names an image that is gone, stops nothing', async () => {
  engine = await startDockerEngine();
  wire = await startWireProxy({
    target: { socketPath: engine.socketPath },
    listen: { socketPath: `${engine.disk.workspace.path}/proxy.sock` },
  });
  await load(engine, imagesOnBase({ big: 9 }));
  const file = join(engine.disk.workspace.path, 'state');
  const settings = { STATE_FILE: file };
  for (const content of ['{"removed":7}', 'x', `{"removed":{"sha256:${'0'.repeat(64)}":["gone:1"]}}`]) {
    writeFileSync(`${file}.names`, content);
    const cli = cleaner(engine, ['run', '--once'], { high: 99, low: 98, settings });
    expect((await cli.exited).code, cli.stderr).toBe(0);
    const told = cli.records.filter(({ event }) => event === 'history.state-lost');
    expect(told.length).toBe(content.includes('gone') ? 0 : 1);
  }
  await removeImage(engine, 'big:1');
});
