/**
 * The daemon for a long time under real work: images arrive, containers start and end, sweeps run. Memory, open
 * handles and log lines at intervals, so that growth shows. `npm run bench soak -- --minutes 60`; default 60.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { startDockerEngine } from '../../harness/engine/docker-engine.ts';
import { removeContainer, runContainer, waitForContainer } from '../../harness/engine/engine-api.ts';
import { loadImages } from '../../harness/engine/images.ts';
import { startAsImage } from './image-start.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new RangeError('--minutes is a number above 0');

const MB = 1e6;
const rows = 12;

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return (Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024) / MB;
}

const engine = await startDockerEngine({ disk: { sizeMiB: 400 } });
try {
  await loadImages(engine, {
    layers: { base: { bytes: 2 * MB, shell: true } },
    images: [{ tags: ['base:1'], layers: ['base'] }],
  });
  const cli = startAsImage(
    ['run', '--policy', 'value'],
    {
      PATH_TO_CHECK: engine.dataRoot,
      HTTP_ADDRESS: '127.0.0.1:0',
      STATE_FILE: join(engine.disk.workspace.path, 'state'),
      THRESHOLD_HIGH: '60',
      THRESHOLD_LOW: '40',
      INTERVAL_SECONDS: '5',
      DELAY_SECONDS: '0',
      MIN_AGE_SECONDS: '0',
      LOG_FORMAT: 'json',
    },
    { DOCKER_HOST: engine.dockerHost },
  );
  await cli.waitForEvent('daemon.started');
  process.stdout.write(
    '| minute | images seen | sweeps | deleted | resident | handles | log lines an hour |\n',
  );
  process.stdout.write(
    '| -----: | ----------: | -----: | ------: | -------: | ------: | ----------------: |\n',
  );
  const startMs = performance.now();
  let next = 0;
  for (let row = 1; row <= rows; row++) {
    const lines = cli.records.length;
    const fromMs = performance.now();
    const untilMs = startMs + (row * minutes * 60_000) / rows;
    while (performance.now() < untilMs) {
      const name = `soak${next++}`;
      await loadImages(engine, {
        layers: { [name]: { bytes: 6 * MB } },
        images: [{ tags: [`${name}:1`], layers: [name] }],
      });
      // Every fourth time something is used that is there for long.
      if (next % 4 === 0) {
        const id = await runContainer(engine, 'base:1', { command: ['/bin/sh', '-c', 'true'] });
        await waitForContainer(engine, id);
        await removeContainer(engine, id);
      }
      await delay(500);
    }
    const hours = (performance.now() - fromMs) / 3_600_000;
    const count = (event: string): number => cli.records.filter((each) => each.event === event).length;
    const cells = [
      ((performance.now() - startMs) / 60_000).toFixed(1),
      next,
      count('sweep.completed'),
      count('image.deleted'),
      `${residentMb(cli.pid).toFixed(1)} MB`,
      readdirSync(`/proc/${cli.pid}/fd`).length,
      Math.round((cli.records.length - lines) / hours),
    ];
    process.stdout.write(`| ${cells.join(' | ')} |\n`);
  }
  cli.kill('SIGTERM');
  const { code } = await cli.exited;
  if (code !== 0) throw new Error(`it ended with ${String(code)}: ${cli.stderr.slice(-2000)}`);
} finally {
  await engine.dispose();
}
