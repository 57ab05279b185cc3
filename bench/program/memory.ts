/**
 * Resident memory of the idle daemon, as the container image starts it: on Docker, serving its page, on containerd, and
 * with Kubernetes under a real API server. `npm run bench memory` builds the bundle first; `npm run bench memory -- docker page`
 * measures only those.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startContainerd } from '../../harness/engine/containerd.ts';
import { startDockerEngine } from '../../harness/engine/docker-engine.ts';
import { loadImages } from '../../harness/engine/images.ts';
import { startApiServer } from '../../harness/cluster/kubernetes.ts';
import { startAsImage } from './image-start.ts';

const IMAGES = 100;
/** One a second: more than a daemon ever does idle, and more than its collections keep up with. */
const CHECKS = 40;
/** At default settings, after the check: its garbage was collected, and the disk was read a few times. */
const REST_MS = 20_000;

/** In 10⁶ bytes. */
function residentMb(pid: number): Record<'all' | 'own' | 'files', number> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mb = (name: string): number =>
    (Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024) / 1e6;
  return { all: mb('VmRSS'), own: mb('RssAnon'), files: mb('RssFile') };
}

const rows = ['docker', 'page', 'containerd', 'kubernetes'] as const;
type Row = (typeof rows)[number];

const layers: Record<string, { bytes: number }> = { base: { bytes: 2_000_000 } };
for (let index = 0; index < IMAGES; index += 1) layers[`own${index}`] = { bytes: 20_000 };
await using docker = await startDockerEngine({ disk: { sizeMiB: 1000, inodes: 100_000 } });
await loadImages(docker, {
  layers,
  images: Array.from({ length: IMAGES }, (_, index) => ({
    tags: [`image${index}:1`],
    layers: ['base', `own${index}`],
  })),
});
const onDocker = { DOCKER_HOST: docker.dockerHost };
const path = { PATH_TO_CHECK: docker.dataRoot };

/** What one row is about, measured. */
const measure: Readonly<Record<Row, () => Promise<string>>> = {
  docker: () => measured(`Docker, ${IMAGES} images`, path, onDocker),
  page: () => measured('… and the status page', { ...path, HTTP_ADDRESS: '127.0.0.1:0' }, onDocker),
  containerd: async () => {
    await using containerd = await startContainerd();
    const settings = { PATH_TO_CHECK: containerd.dataRoot, RUNTIME_ENDPOINT: containerd.endpoint };
    return await measured('containerd', settings, {});
  },
  kubernetes: async () => {
    const server = await startApiServer();
    try {
      await server.expect('POST', '/api/v1/nodes', {
        body: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'idle' } },
      });
      const env = { ...onDocker, KUBECONFIG: server.adminKubeconfig() };
      return await measured('Docker and Kubernetes', { ...path, NODE_NAME: 'idle' }, env);
    } finally {
      await server.dispose();
    }
  },
};

async function measured(
  what: string,
  settings: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const base = { LOG_LEVEL: 'debug', LOG_FORMAT: 'json', THRESHOLD_HIGH: '99' };
  const atRest = startAsImage(['run'], { ...base, ...settings }, env);
  await atRest.waitForEvent('check.completed');
  await sleep(REST_MS);
  const rest = residentMb(atRest.pid);
  await atRest.dispose();
  const busy = startAsImage(['run'], { ...base, INTERVAL_SECONDS: '1', ...settings }, env);
  await busy.waitForEvent(
    () => busy.records.filter(({ event }) => event === 'check.completed').length >= CHECKS,
    { timeoutMs: 600_000 },
  );
  const checked = residentMb(busy.pid);
  await busy.dispose();
  const parts = [rest.all, rest.own, rest.files, checked.all].map((mb) => mb.toFixed(1));
  return `| ${what} | ${parts.join(' | ')} |\n`;
}

const asked = process.argv.slice(2);
process.stdout.write('| idle daemon | resident, MB | its own | program files | after 40 checks in a row |\n');
for (const row of rows)
  if (asked.length === 0 || asked.includes(row)) process.stdout.write(await measure[row]());
