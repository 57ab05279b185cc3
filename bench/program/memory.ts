/**
 * Resident memory of the idle daemon, as the container image starts it: on Docker, serving its page, on containerd, and
 * with Kubernetes under a real API server. `npm run bench memory` builds the bundle first.
 */
import { readFileSync } from 'node:fs';
import { startContainerd } from '../../harness/engine/containerd.ts';
import { startDockerEngine } from '../../harness/engine/docker-engine.ts';
import { loadImages } from '../../harness/engine/images.ts';
import { startApiServer } from '../../harness/cluster/kubernetes.ts';
import { startAsImage } from './image-start.ts';

const IMAGES = 100;
const CHECKS = 40;

/** In 10⁶ bytes. */
function residentMb(pid: number): Record<'all' | 'own' | 'files', number> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mb = (name: string): number =>
    (Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024) / 1e6;
  return { all: mb('VmRSS'), own: mb('RssAnon'), files: mb('RssFile') };
}

const server = await startApiServer();
const docker = await startDockerEngine({ disk: { sizeMiB: 1000, inodes: 100_000 } });
const containerd = await startContainerd();
try {
  const layers: Record<string, { bytes: number }> = { base: { bytes: 2_000_000 } };
  for (let index = 0; index < IMAGES; index += 1) layers[`own${index}`] = { bytes: 20_000 };
  await loadImages(docker, {
    layers,
    images: Array.from({ length: IMAGES }, (_, index) => ({
      tags: [`image${index}:1`],
      layers: ['base', `own${index}`],
    })),
  });
  await server.expect('POST', '/api/v1/nodes', {
    body: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'idle' } },
  });
  const onDocker = { DOCKER_HOST: docker.dockerHost };
  const path = { PATH_TO_CHECK: docker.dataRoot };
  for (const [what, settings, env] of [
    [`Docker, ${IMAGES} images`, path, onDocker],
    ['… and the status page', { ...path, HTTP_ADDRESS: '127.0.0.1:0' }, onDocker],
    [
      '… and Kubernetes',
      { ...path, NODE_NAME: 'idle' },
      { ...onDocker, KUBECONFIG: server.adminKubeconfig() },
    ],
    ['containerd', { PATH_TO_CHECK: containerd.dataRoot, RUNTIME_ENDPOINT: containerd.endpoint }, {}],
  ] as const) {
    const idle = { INTERVAL_SECONDS: '1', LOG_LEVEL: 'debug', LOG_FORMAT: 'json', THRESHOLD_HIGH: '99' };
    const cli = startAsImage(['run'], { ...idle, ...settings }, env);
    await cli.waitForEvent(
      () => cli.records.filter(({ event }) => event === 'check.completed').length >= CHECKS,
    );
    const { all, own, files } = residentMb(cli.pid);
    const parts = `${own.toFixed(1)} its own, ${files.toFixed(1)} program files`;
    process.stdout.write(`| ${what} | ${all.toFixed(1)} MB (${parts}) |\n`);
    await cli.dispose();
  }
} finally {
  await containerd.dispose();
  await docker.dispose();
  await server.dispose();
}
