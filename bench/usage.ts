/**
 * How fast and how right: what is allocated below the data root of a real overlay2 store of at least 300,000 files,
 * measured side by side in one run by the account (cold, restarted, warm), `du -s`, and the walk of the existing tool.
 *
 *     sudo npm run bench:usage        (or: node bench/usage.ts [layers] [files per layer])
 *
 * Makes a private engine on a loop-mounted disk of its own and takes it down again. Run it on an idle machine: the
 * account's threads give way to everybody else's work.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DiskAccountant } from '../src/disk/account.ts';
import { startDockerEngine, type DockerEngine } from '../test/harness/docker-engine.ts';
import { createContainer, runContainer } from '../test/harness/engine-api.ts';
import { loadImages } from '../test/harness/images.ts';

const layers = Number(process.argv[2] ?? 60);
const filesPerLayer = Number(process.argv[3] ?? 5200);
const rounds = 5;
const signal = new AbortController().signal;

interface Row {
  readonly what: string;
  readonly milliseconds: number;
  readonly bytes: number;
  /** Longest time that the event loop was held; undefined for other programs. */
  readonly blockedMs?: number;
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

/** The account in a process of its own, so that nothing is warm but what is said to be. */
async function account(what: string, accountant: DiskAccountant, estimate = false): Promise<Row> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  const { total } = await accountant.measure(signal, { estimate });
  const milliseconds = performance.now() - start;
  delay.disable();
  // An event loop that never turned during the call was held all the time.
  const blockedMs = delay.count === 0 ? milliseconds : delay.max / 1e6;
  return { what, milliseconds, bytes: total.bytes, blockedMs };
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

/** The middle one of several runs. */
function median(rows: readonly Row[]): Row {
  const row = [...rows].sort((a, b) => a.milliseconds - b.milliseconds)[rows.length >> 1];
  if (row === undefined) throw new RangeError('no runs');
  return {
    ...row,
    ...(row.blockedMs !== undefined && { blockedMs: Math.max(...rows.map((one) => one.blockedMs ?? 0)) }),
  };
}

async function repeat(run: () => Promise<Row> | Row): Promise<Row> {
  const rows: Row[] = [];
  for (let round = 0; round < rounds; round++) rows.push(await run());
  return median(rows);
}

function print(rows: readonly Row[], truth: number, reference: number): void {
  say('| what | time | against du | bytes | error | event loop held |');
  say('| --- | ---: | ---: | ---: | ---: | ---: |');
  for (const { what, milliseconds, bytes, blockedMs } of rows) {
    const ratio =
      milliseconds < reference
        ? `${(reference / milliseconds).toFixed(1)} × faster`
        : `${(milliseconds / reference).toFixed(2)} × slower`;
    const error = `${((100 * (bytes - truth)) / truth).toFixed(2)} %`;
    const held = blockedMs === undefined ? '' : `${blockedMs.toFixed(0)} ms`;
    say(`| ${what} | ${milliseconds.toFixed(1)} ms | ${ratio} | ${bytes} | ${error} | ${held} |`);
  }
}

const sizeMiB = Math.ceil((layers * filesPerLayer * 4096 * 1.25) / 2 ** 20) + 1500;
const engine = await startDockerEngine({ disk: { sizeMiB, inodes: layers * filesPerLayer * 1.3 + 50_000 } });
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
  du(root);
  const reference = await repeat(() => du(root));
  const cold = await repeat(() => account('account, cold (never measured)', new DiskAccountant(root)));
  const estimate = await repeat(() => account('account, first estimate', new DiskAccountant(root), true));
  const accountant = new DiskAccountant(root, state);
  await accountant.measure(signal);
  await accountant.measure(signal);
  const restarted = await repeat(() =>
    account('account, restarted (state file)', new DiskAccountant(root, state)),
  );
  const warm = await repeat(() => account('account, warm', accountant));
  const tool = await repeat(() => walk(root));
  print([reference, warm, restarted, cold, estimate, tool], reference.bytes, reference.milliseconds);
  say("\nwith the kernel's caches of names and inodes dropped before:\n");
  const dropped =
    (run: () => Promise<Row> | Row): (() => Promise<Row> | Row) =>
    () => {
      dropCaches();
      return run();
    };
  const coldDu = await repeat(dropped(() => du(root)));
  const coldCold = await repeat(
    dropped(() => account('account, cold (never measured)', new DiskAccountant(root))),
  );
  const coldWarm = await repeat(dropped(() => account('account, warm', accountant)));
  print([coldDu, coldWarm, coldCold], reference.bytes, coldDu.milliseconds);
} finally {
  await engine.dispose();
}
