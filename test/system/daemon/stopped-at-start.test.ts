/** A daemon that is told to stop while it waits for an engine that is not there yet. */
import { expect, it } from 'vitest';
import { runCli } from '../../../harness/program/cli.ts';

it('ends at once, and does not say that it has started', async () => {
  const cli = runCli(['run'], {
    env: { DOCKER_HOST: 'unix:///nowhere/docker.sock', DOCKER_IMAGE_CLEANER_LOG_FORMAT: 'json' },
  });
  await cli.waitForEvent('engine.unavailable');
  cli.kill();
  expect(await cli.exited).toEqual({ code: 0, signal: null });
  expect(cli.records.map(({ event }) => event)).toEqual([
    'engine.chosen',
    'engine.unavailable',
    'daemon.stopping',
    'daemon.stopped',
  ]);
});
