/**
 * What an idle daemon costs the processor a minute, at default settings and without reading the disk between two
 * checks: over one whole interval, so with one check. `npm run bench idle` (6 minutes; builds the bundle first).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDockerEngine } from '../../harness/engine/docker-engine.ts';
import { loadImages } from '../../harness/engine/images.ts';
import { startAsImage } from './image-start.ts';

const IMAGES = 100;
const INTERVAL_MS = 300_000;

/** Of all threads, in ms: finer than the ticks of /proc/PID/stat. */
function processorMs(pid: number): number {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder).reduce(
    (sum, task) => sum + Number(readFileSync(`${folder}/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
    0,
  );
}

const docker = await startDockerEngine({ disk: { sizeMiB: 1000, inodes: 100_000 } });
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
  const base = {
    ...{ LOG_LEVEL: 'debug', LOG_FORMAT: 'json', THRESHOLD_HIGH: '99' },
    PATH_TO_CHECK: docker.dataRoot,
  };
  const page = { HTTP_ADDRESS: '127.0.0.1:0' };
  const daemons = (
    [
      ['default settings', {}],
      ['WATCH_SECONDS=0', { WATCH_SECONDS: '0' }],
      ['default settings and the status page', page],
      ['WATCH_SECONDS=0 and the status page', { ...page, WATCH_SECONDS: '0' }],
    ] as const
  ).map(([what, settings]) => ({
    what,
    cli: startAsImage(['run'], { ...base, ...settings }, { DOCKER_HOST: docker.dockerHost }),
  }));
  for (const { cli } of daemons) await cli.waitForEvent('check.completed');
  // What starting up left to do is done.
  await sleep(10_000);
  const before = daemons.map(({ cli }) => processorMs(cli.pid));
  await sleep(INTERVAL_MS);
  process.stdout.write('| idle daemon | CPU a minute, ms | checks meanwhile |\n');
  daemons.forEach(({ what, cli }, index) => {
    const aMinute = ((processorMs(cli.pid) - (before[index] ?? 0)) / INTERVAL_MS) * 60_000;
    const checks = cli.records.filter(({ event }) => event === 'check.completed').length - 1;
    process.stdout.write(`| ${what} | ${aMinute.toFixed(1)} | ${checks} |\n`);
  });
  await Promise.all(daemons.map(({ cli }) => cli.dispose()));
} finally {
  await docker.dispose();
}
