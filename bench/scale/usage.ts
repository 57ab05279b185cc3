/**
 * How fast and how right: what is allocated below the data directory of a real overlay2 store of at least 300,000 files,
 * measured side by side in one run by the account (cold, restarted, warm), `du -s`, and the walk of the existing tool.
 *
 *     sudo npm run bench usage        (or: node bench/scale/usage.ts [layers] [files per layer])
 *
 * Makes a private engine on a loop-mounted disk of its own and takes it down again. Run it on an idle machine: the
 * account's helper processes give way to everybody else's work.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DiskAccountant } from '../../src/disk/account/account.ts';
import { startDockerEngine, type DockerEngine } from '../../harness/engine/docker-engine.ts';
import { createContainer, runContainer } from '../../harness/engine/engine-api.ts';
import { loadImages } from '../../harness/engine/images.ts';
import { type Held, watched } from './event-loop.ts';

const layers = Number(process.argv[2] ?? 60);
const filesPerLayer = Number(process.argv[3] ?? 5200);
const rounds = 5;
const signal = new AbortController().signal;

interface Row {
  readonly what: string;
  readonly milliseconds: number;
  readonly bytes: number;
  /** Against `du` of the same round. */
  readonly ratio?: number;
  /** Longest time that the event loop was held; undefined for other programs. */
  readonly held?: Held;
}

/** The existing tool's way: a plain recursive walk that adds up the sizes of files (docker-image-cleaner, Python). */
const existingTool = `
import os, sys, time
start = time.monotonic()
total = 0
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        path = os.path.join(folder, name)
        if not os.path.islink(path):
            try:
                total += os.path.getsize(path)
            except OSError:
                pass
print(total, (time.monotonic() - start) * 1000)
`;

async function fill(engine: DockerEngine): Promise<void> {
  for (let index = 0; index < layers; index++) {
    const content = { bytes: filesPerLayer * 1500, files: filesPerLayer, seed: index };
    await loadImages(engine, {
      layers: { base: { bytes: 1e6, shell: true }, [`l${index}`]: content },
      images: [{ tags: [`bench/${index}:1`], layers: ['base', `l${index}`] }],
    });
    process.stderr.write(`\rloaded ${index + 1} of ${layers} images`);
  }
  process.stderr.write('\n');
  for (let index = 0; index < 5; index++)
    await runContainer(engine, `bench/${index}:1`, { binds: [`v${index}:/v`] });
  for (let index = 5; index < 10; index++) await createContainer(engine, `bench/${index}:1`);
  execFileSync('sync', ['-f', engine.dataRoot]);
}

async function account(what: string, accountant: DiskAccountant): Promise<Row> {
  const start = performance.now();
  const { value, held } = await watched(() => accountant.measure(signal));
  return { what, milliseconds: performance.now() - start, bytes: value.total.bytes, held };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function du(root: string): Row {
  const start = performance.now();
  const text = execFileSync('du', ['-s', '-x', '--block-size=1', root], { encoding: 'utf8' });
  return { what: 'du -s', milliseconds: performance.now() - start, bytes: Number(text.split('\t')[0]) };
}

function walk(root: string): Row {
  const run = spawnSync('python3', ['-c', existingTool, root], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`python3 is needed for the existing tool's walk: ${run.stderr}`);
  const [bytes, milliseconds] = run.stdout.trim().split(' ').map(Number);
  return { what: "the existing tool's walk", milliseconds: milliseconds ?? NaN, bytes: bytes ?? NaN };
}

function dropCaches(): void {
  execFileSync('sync');
  writeFileSync('/proc/sys/vm/drop_caches', '2');
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

/**
 * The median of several rounds. In each round all are measured one after another, `du` first, so that what the machine
 * does besides falls on all of them; a ratio is the median of the rounds' ratios.
 */
async function compare(runs: readonly (() => Promise<Row> | Row)[]): Promise<readonly Row[]> {
  const rows: Row[][] = runs.map(() => []);
  for (let round = 0; round < rounds; round++) {
    let reference = NaN;
    for (const [index, run] of runs.entries()) {
      const row = await run();
      if (index === 0) reference = row.milliseconds;
      rows[index]?.push({ ...row, ratio: row.milliseconds / reference });
    }
  }
  return rows.flatMap((all): Row[] => {
    const last = all.at(-1);
    if (last === undefined) return [];
    const held = all.flatMap((row) => row.held ?? []);
    return [
      {
        ...last,
        milliseconds: middle(all.map((row) => row.milliseconds)),
        ratio: middle(all.map((row) => row.ratio ?? NaN)),
        ...(held.length > 0 && {
          held: {
            elapsedMs: Math.max(...held.map((one) => one.elapsedMs)),
            processorMs: Math.max(...held.map((one) => one.processorMs)),
          },
        }),
      },
    ];
  });
}

function print(rows: readonly Row[], truth: number): void {
  say('| what | time | against du | bytes | error | event loop held | … by our own work |');
  say('| --- | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const { what, milliseconds, ratio = NaN, bytes, held } of rows) {
    const against = ratio < 0.5 ? `${(1 / ratio).toFixed(0)} × faster` : `${ratio.toFixed(2)} of its time`;
    const error = `${((100 * (bytes - truth)) / truth).toFixed(2)}%`;
    const times =
      held === undefined
        ? ' | '
        : `${held.elapsedMs.toFixed(0)} ms | ${held.processorMs.toFixed(0)} ms of processor`;
    say(`| ${what} | ${milliseconds.toFixed(1)} ms | ${against} | ${bytes} | ${error} | ${times} |`);
  }
}

const sizeMiB = Math.ceil((layers * filesPerLayer * 4096 * 1.25) / 2 ** 20) + 1500;
const engine = await startDockerEngine({
  disk: { sizeMiB, inodes: layers * filesPerLayer * 1.3 + 50_000 },
});
try {
  await fill(engine);
  const root = engine.dataRoot;
  const state = join(engine.disk.workspace.path, 'bench-layers.json');
  const inodes = Number(
    execFileSync('du', ['-s', '-x', '--inodes', root], { encoding: 'utf8' }).split('\t')[0],
  );
  say(
    `${inodes} files and folders in ${layers + 1} layers, 10 containers; Node ${process.version}; median of ${rounds}\n`,
  );
  const truth = du(root).bytes;
  const accountant = new DiskAccountant(root, state);
  await accountant.measure(signal);
  await accountant.measure(signal);
  const cold = (): Promise<Row> => account('account, cold (never measured)', new DiskAccountant(root));
  const warm = (): Promise<Row> => account('account, warm', accountant);
  const compared = await compare([
    () => du(root),
    cold,
    () => account('account, restarted (state file)', new DiskAccountant(root, state)),
    warm,
    () => walk(root),
  ]);
  print(compared, truth);
  say("\nwith the kernel's caches of names and inodes dropped before:\n");
  const dropped =
    (run: () => Promise<Row> | Row): (() => Promise<Row> | Row) =>
    () => {
      dropCaches();
      return run();
    };
  print(await compare([dropped(() => du(root)), dropped(cold), dropped(warm)]), truth);
} finally {
  await engine.dispose();
}
