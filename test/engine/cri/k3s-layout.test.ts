/** A containerd as k3s and RKE2 have it: its socket below /run/k3s, nothing named in any setting. */
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { runCli } from '../../../harness/program/cli.ts';
import { type Containerd, startContainerd } from '../../../harness/engine/containerd.ts';
import { deletedTags, importEach } from './scenario.ts';
import { imagesOnBase } from '../scenario.ts';

let containerd: Containerd;

afterEach(async () => {
  await containerd.dispose();
});

it('is found, and the first line says where and why', async () => {
  containerd = await startContainerd();
  await importEach(containerd, imagesOnBase({ big: 9, small: 3 }));
  // A machine of its own for the program: no other engine's socket or folder is to be seen in it.
  const socket = '/run/k3s/containerd/containerd.sock';
  const script = [
    `mkdir -p ${join(containerd.disk.workspace.path, 'empty')}`,
    'mount -t tmpfs none /run',
    'if [ -d /var/lib/docker ]; then mount -t tmpfs none /var/lib; fi',
    'mkdir -p /run/k3s/containerd',
    `ln -s ${containerd.socketPath} ${socket}`,
    'exec "$@"',
  ].join(' && ');
  const within = ['unshare', '-m', 'sh', '-c', script, 'sh'];
  const status = runCli(['status'], { within });
  expect((await status.exited).code, status.stderr).toBe(0);
  const [first = ''] = status.stdout.split('\n');
  // Whatever its version: somebody's own may be run.
  expect(first).toMatch(/^containerd \d+\.\d+\S* at /);
  expect(first).toContain(
    ` at unix://${socket}, API v1 (the socket of k3s or RKE2 is there, and nothing of Docker)`,
  );
  expect(status.stdout).toContain(containerd.dataRoot);

  const env = {
    DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH: '0.2',
    DOCKER_IMAGE_CLEANER_MIN_AGE_SECONDS: '0',
    DOCKER_IMAGE_CLEANER_DELAY_SECONDS: '0',
    DOCKER_IMAGE_CLEANER_LOG_FORMAT: 'json',
  };
  const run = runCli(['run', '--once'], { within, env });
  expect((await run.exited).code, run.stderr).toBe(3);
  expect(run.records[0]).toMatchObject({ event: 'engine.chosen', endpoint: `unix://${socket}` });
  expect(deletedTags(run)).toEqual(['big:1', 'small:1']);
});
