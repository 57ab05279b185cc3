/**
 * What 200 clients of the HTTP server cost a sweep: the same sweep of the same images (loaded again each time, no
 * delay) by a daemon without clients, by one with 200 open pages and 200 scrapes of metrics, and by one that 200
 * clients flood. Rounds in turn, medians. `npm run bench http-load`, as root. The clients are one process at the
 * lowest priority, as they would be other machines; their share of a processor is reported.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { repositoryRoot, runCli } from '../../harness/program/cli.ts';
import { runCommand } from '../../harness/machine/command.ts';
import { readUsage } from '../../harness/machine/disk.ts';
import { type DockerEngine, startDockerEngine } from '../../harness/engine/docker-engine.ts';
import { loadImages } from '../../harness/engine/images.ts';
import { memoryOf } from '../../harness/engine/raw-client.ts';

const CLIENTS = 200;
const [IMAGES = 100, FILES = 1_000, ROUNDS = 5] = process.argv.slice(2).map(Number);
const modes = ['nobody', 'pages', 'flood'] as const;
type Mode = (typeof modes)[number];

interface Outcome {
  readonly seconds: number;
  readonly memory: number;
  readonly daemonCpu: number;
  readonly clientCpu: number;
  readonly answers: number;
}

/** User and system time of a process in s; the kernel counts in ticks of 10 ms (proc(5), USER_HZ 100). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function fill(engine: DockerEngine): Promise<void> {
  const layers: Record<string, { bytes: number; files?: number }> = {
    base: { bytes: 2_000_000, files: 100 },
  };
  for (let index = 0; index < IMAGES; index += 1)
    layers[`own${index}`] = { bytes: FILES * 1_000, files: FILES };
  await loadImages(engine, {
    layers,
    images: Array.from({ length: IMAGES }, (_, index) => ({
      tags: [`image${index}:1`],
      layers: ['base', `own${index}`],
    })),
  });
}

interface Clients {
  readonly pid: number;
  readonly stop: () => Promise<number>;
}

async function startClients(port: number, mode: Mode): Promise<Clients | undefined> {
  if (mode === 'nobody') return undefined;
  const script = fileURLToPath(new URL('http-load-clients.ts', import.meta.url));
  const child = spawn('nice', ['-n', '19', process.execPath, script, String(port), mode, String(CLIENTS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await lines.next();
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill();
      const { value } = await lines.next();
      await ended;
      const { answers, failures } = JSON.parse(String(value)) as { answers: number; failures: number };
      if (failures > 0) process.stderr.write(`${failures} requests failed\n`);
      return answers;
    },
  };
}

async function sweepWith(engine: DockerEngine, mode: Mode): Promise<Outcome> {
  await fill(engine);
  const { bytesPercent, inodesPercent, totalBytes } = await readUsage(engine.dataRoot);
  const high = Math.max(bytesPercent, inodesPercent) + 5;
  const cli = runCli(['run'], {
    script: `${repositoryRoot}dist/program.cjs`,
    env: {
      // As the container image starts it.
      NODE_OPTIONS: '--max-semi-space-size=1',
      DOCKER_HOST: engine.dockerHost,
      DOCKER_IMAGE_CLEANER_PATH_TO_CHECK: engine.dataRoot,
      DOCKER_IMAGE_CLEANER_INTERVAL_SECONDS: '1',
      DOCKER_IMAGE_CLEANER_DELAY_SECONDS: '0',
      DOCKER_IMAGE_CLEANER_MIN_AGE_SECONDS: '0',
      DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH: high.toFixed(2),
      DOCKER_IMAGE_CLEANER_THRESHOLD_LOW: '0.1',
      DOCKER_IMAGE_CLEANER_HTTP_ADDRESS: '127.0.0.1:0',
      DOCKER_IMAGE_CLEANER_LOG_LEVEL: 'debug',
    },
  });
  const { url } = await cli.waitForEvent('http.listening');
  await cli.waitForEvent('check.completed');
  const clients = await startClients(Number(new URL(String(url)).port), mode);
  // What the pages ask for at the beginning is not the sweep's.
  await delay(5_000);
  const cpuBefore = [cpuSeconds(cli.pid), clients === undefined ? 0 : cpuSeconds(clients.pid)] as const;
  let memory = 0;
  const sampling = setInterval(() => (memory = Math.max(memory, memoryOf(cli.pid))), 50);
  // Other files fill the disk: the next check begins the sweep.
  const filler = `${engine.disk.path}/filler`;
  const fillerBytes = Math.ceil((totalBytes * (high + 1 - bytesPercent)) / 100);
  await runCommand('fallocate', ['-l', String(fillerBytes), filler]);
  const report = await cli.waitForEvent('sweep.completed', { timeoutMs: 600_000 });
  clearInterval(sampling);
  const seconds = Number(report['durationSeconds']);
  const daemonCpu = cpuSeconds(cli.pid) - cpuBefore[0];
  const clientCpu = clients === undefined ? 0 : cpuSeconds(clients.pid) - cpuBefore[1];
  const answers = (await clients?.stop()) ?? 0;
  await cli.dispose();
  await rm(filler);
  if (report['deletedImages'] !== IMAGES)
    throw new Error(`swept ${String(report['deletedImages'])} of ${IMAGES}`);
  return { seconds, memory, daemonCpu, clientCpu, answers };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const outcomes: Record<Mode, Outcome[]> = { nobody: [], pages: [], flood: [] };
const engine = await startDockerEngine({ disk: { sizeMiB: 3_000, inodes: 400_000 } });
try {
  for (let round = 0; round < ROUNDS; round += 1) {
    const order = modes.map((_, at) => modes[(at + round) % modes.length] ?? 'nobody');
    for (const mode of order) {
      const outcome = await sweepWith(engine, mode);
      process.stderr.write(`${mode}: ${JSON.stringify(outcome)}\n`);
      outcomes[mode].push(outcome);
    }
  }
} finally {
  await engine.dispose();
}

const MB = 1e6;
process.stdout.write(
  '| clients | sweep | ÷ nobody | memory at most | more than nobody | CPU of the daemon | of the clients | answers |\n',
);
for (const mode of modes) {
  const of = (what: keyof Outcome): number => median(outcomes[mode].map((outcome) => outcome[what]));
  // Each round against its own: what else the machine did changes slowly.
  const ratios = outcomes[mode].map(
    ({ seconds }, round) => seconds / (outcomes.nobody[round]?.seconds ?? NaN),
  );
  const more = outcomes[mode].map(({ memory }, round) => memory - (outcomes.nobody[round]?.memory ?? NaN));
  const cells = [
    mode,
    `${of('seconds').toFixed(2)} s`,
    `${median(ratios).toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(', ')})`,
    `${(of('memory') / MB).toFixed(0)} MB`,
    `${(median(more) / MB).toFixed(1)} MB`,
    `${((100 * of('daemonCpu')) / of('seconds')).toFixed(0)}%`,
    `${((100 * of('clientCpu')) / of('seconds')).toFixed(0)}%`,
    String(of('answers')),
  ];
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}
