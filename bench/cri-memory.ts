/** Resident memory of the idle daemon on containerd through CRI, next to Docker. `node bench/cri-memory.ts` after `npm run build`. */
import { readFileSync } from 'node:fs';
import { runCli } from '../test/harness/cli.ts';
import { startContainerd } from '../test/harness/containerd.ts';
import { startDockerEngine } from '../test/harness/docker-engine.ts';

const bundle = new URL('../dist/docker-image-cleaner.cjs', import.meta.url).pathname;
const docker = await startDockerEngine();
const containerd = await startContainerd();
try {
  for (const [what, dataRoot, env] of [
    ['on Docker', docker.dataRoot, { DOCKER_HOST: docker.dockerHost }],
    ['on containerd', containerd.dataRoot, { DOCKER_IMAGE_CLEANER_RUNTIME_ENDPOINT: containerd.endpoint }],
  ] as const) {
    const cli = runCli(['run'], {
      script: bundle,
      env: {
        DOCKER_IMAGE_CLEANER_PATH_TO_CHECK: dataRoot,
        DOCKER_IMAGE_CLEANER_INTERVAL_SECONDS: '1',
        DOCKER_IMAGE_CLEANER_LOG_LEVEL: 'debug',
        DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH: '99',
        ...env,
      },
    });
    await cli.waitForEvent(() => cli.records.filter(({ event }) => event === 'check.completed').length >= 10);
    const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${cli.pid}/status`, 'utf8'))?.[1];
    process.stdout.write(
      `| idle daemon ${what}, after 10 checks | ${(Number(kib) / 1024).toFixed(1)} MiB |\n`,
    );
    await cli.dispose();
  }
} finally {
  await docker.dispose();
  await containerd.dispose();
}
