/** Resident memory of the idle daemon with Kubernetes on, under a real API server. `node bench/kubernetes-memory.ts` after `npm run build`. */
import { readFileSync } from 'node:fs';
import { runCli } from '../test/harness/cli.ts';
import { startDockerEngine } from '../test/harness/docker-engine.ts';
import { startApiServer } from '../test/harness/kubernetes.ts';

const bundle = new URL('../dist/docker-image-cleaner.cjs', import.meta.url).pathname;
const server = await startApiServer();
const engine = await startDockerEngine();
try {
  await server.expect('POST', '/api/v1/nodes', {
    body: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'idle' } },
  });
  for (const [what, extra] of [
    ['without Kubernetes', {}],
    ['with Kubernetes', { DOCKER_IMAGE_CLEANER_NODE_NAME: 'idle', KUBECONFIG: server.adminKubeconfig() }],
  ] as const) {
    const cli = runCli(['run'], {
      script: bundle,
      env: {
        DOCKER_HOST: engine.dockerHost,
        DOCKER_IMAGE_CLEANER_PATH_TO_CHECK: engine.dataRoot,
        DOCKER_IMAGE_CLEANER_INTERVAL_SECONDS: '1',
        DOCKER_IMAGE_CLEANER_LOG_LEVEL: 'debug',
        DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH: '99',
        ...extra,
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
  await engine.dispose();
  await server.dispose();
}
