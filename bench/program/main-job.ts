/**
 * What the cleaner costs: started, idle, and at work. On a real engine, everything compared in one run.
 * `npm run bench` builds the bundle first and prints the table of docs/performance.md.
 */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { type Cli } from '../../harness/program/cli.ts';
import { type DockerEngine, startDockerEngine } from '../../harness/engine/docker-engine.ts';
import { loadImages } from '../../harness/engine/images.ts';
import { startWireProxy } from '../../harness/wire/wire-proxy.ts';
import { startAsImage } from './image-start.ts';

const IMAGES = 100;
const ROUNDS = 3;
/** Files in an image's own layer: next to nothing, so that all is overhead; and as images have them. */
const SMALL = 20;
const REALISTIC = 2000;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function start(
  engine: DockerEngine,
  args: readonly string[],
  settings: Record<string, string>,
  host = engine.dockerHost,
): Cli {
  const always = {
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'debug',
    PATH_TO_CHECK: engine.dataRoot,
    DELAY_SECONDS: '0',
    MIN_AGE_SECONDS: '0',
  };
  return startAsImage(args, { ...always, ...settings }, { DOCKER_HOST: host });
}

/** Each image has a layer of its own, with this many files of 1 kB, on a shared one. */
async function fill(engine: DockerEngine, files: number): Promise<readonly string[]> {
  const layers: Record<string, { bytes: number; files?: number }> = {
    base: { bytes: 2_000_000, files: 100 },
  };
  for (let index = 0; index < IMAGES; index += 1) layers[`own${index}`] = { bytes: files * 1000, files };
  return await loadImages(engine, {
    layers,
    images: Array.from({ length: IMAGES }, (_, index) => ({
      tags: [`image${index}:1`],
      layers: ['base', `own${index}`],
    })),
  });
}

/** User and system time of a process in ms; the kernel counts in ticks of 10 ms (proc(5), USER_HZ 100). */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function nthCheck(cli: Cli, count: number): Promise<void> {
  await cli.waitForEvent(
    (record) =>
      record.event === 'check.completed' &&
      cli.records.filter((r) => r.event === 'check.completed').length >= count,
  );
}

/** Deletes the same images bare and by a sweep, turn and turn about, so that neither always has the warmer machine. */
async function compareSweeps(
  engine: DockerEngine,
  files: number,
): Promise<{
  readonly ratio: number;
  readonly ratios: readonly number[];
  /** For one image. */
  readonly bareMs: number;
  readonly sweptMs: number;
}> {
  const bare = async (): Promise<number> => {
    const ids = await fill(engine, files);
    const begunMs = performance.now();
    for (const id of ids) await engine.expect('DELETE', `/images/${id}`);
    return performance.now() - begunMs;
  };
  const swept = async (): Promise<number> => {
    await fill(engine, files);
    const cli = start(engine, ['run', '--once'], {
      THRESHOLD_HIGH: '0.2',
      THRESHOLD_LOW: '0.1',
      LOG_LEVEL: 'info',
    });
    await cli.exited;
    const report = await cli.waitForEvent('sweep.completed');
    if (report['deletedImages'] !== IMAGES)
      throw new Error(`swept ${String(report['deletedImages'])} of ${IMAGES}`);
    return Number(report['durationSeconds']) * 1000;
  };
  const bares: number[] = [];
  const sweeps: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const order = round % 2 === 0 ? [bare, swept] : [swept, bare];
    for (const run of order) (run === bare ? bares : sweeps).push(await run());
  }
  const ratios = sweeps.map((ms, round) => ms / (bares[round] ?? Number.NaN));
  return {
    ratio: median(ratios),
    ratios,
    bareMs: median(bares) / IMAGES,
    sweptMs: median(sweeps) / IMAGES,
  };
}

const rows: [string, string][] = [];
const engine = await startDockerEngine({ disk: { sizeMiB: 3000, inodes: 400_000 } });
const proxy = await startWireProxy({
  target: { socketPath: engine.socketPath },
  listen: { socketPath: `${engine.disk.workspace.path}/proxy.sock` },
});
try {
  await fill(engine, SMALL);
  const starts: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const begunMs = performance.now();
    const cli = start(engine, ['run', '--once'], { THRESHOLD_HIGH: '99' });
    await cli.waitForEvent('check.completed');
    starts.push(performance.now() - begunMs);
    await cli.exited;
  }
  rows.push(['start to first measurement', `${median(starts).toFixed(0)} ms`]);

  const idle = start(engine, ['run'], { THRESHOLD_HIGH: '99', INTERVAL_SECONDS: '1' });
  await nthCheck(idle, 3);
  const before = cpuMs(idle.pid);
  await nthCheck(idle, 33);
  rows.push(['CPU of one idle check', `${((cpuMs(idle.pid) - before) / 30).toFixed(1)} ms`]);
  await idle.dispose();

  const watched = start(engine, ['run'], { THRESHOLD_HIGH: '99', INTERVAL_SECONDS: '1' }, proxy.dockerHost);
  await nthCheck(watched, 2);
  const seen = proxy.count();
  await nthCheck(watched, 7);
  rows.push(['engine requests of one idle check', ((proxy.count() - seen) / 5).toFixed(1)]);
  await watched.dispose();

  proxy.clear();
  const counted = start(
    engine,
    ['run', '--once'],
    { THRESHOLD_HIGH: '0.2', THRESHOLD_LOW: '0.1' },
    proxy.dockerHost,
  );
  await counted.exited;
  const deletions = proxy.count((request) => request.method === 'DELETE');
  const looks = proxy.count(
    (request) => /\/containers\/json|\/images\/sha256/.test(request.path) && request.method === 'GET',
  );
  rows.push([
    `engine requests of a sweep of ${deletions} images`,
    `${proxy.count()}: ${deletions} deletions, ${looks} looks right before them, ${proxy.count() - deletions - looks} others`,
  ]);

  for (const files of [SMALL, REALISTIC]) {
    const { ratio, ratios, bareMs, sweptMs } = await compareSweeps(engine, files);
    rows.push([
      `sweep of ${IMAGES} images of ${files} files without delay ÷ bare deletions of the same images`,
      `${ratio.toFixed(2)} (${ratios.map((each) => each.toFixed(2)).join(', ')}; an image: ${bareMs.toFixed(1)} ms bare, ${sweptMs.toFixed(1)} ms swept)`,
    ]);
  }
} finally {
  await proxy.dispose();
  await engine.dispose();
}
const width = Math.max(...rows.map(([what]) => what.length));
for (const [what, figure] of rows) process.stdout.write(`| ${what.padEnd(width)} | ${figure} |\n`);
