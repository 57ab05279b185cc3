/**
 * A sweep beside a container that is full of names: what a deletion takes while the node is cordoned, in relative and in
 * absolute mode, without the flood, with 1.5 million empty files, and with 3.2 million names of 50 files.
 * `npm run bench flood -- --entries 1500000 --links 3200000`; 3 GB of room in /tmp, some minutes.
 */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type DockerEngine, startDockerEngine } from '../../harness/engine/docker-engine.ts';
import { createContainer, startContainer } from '../../harness/engine/engine-api.ts';
import { loadImages } from '../../harness/engine/images.ts';
import { startAsImage } from '../program/image-start.ts';

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '1500000' },
    links: { type: 'string', default: '3200000' },
  },
});
const IMAGES = 12;
const PER_FOLDER = 10_000;
/** ext4's limit is 65,000. */
const NAMES_PER_FILE = 64_000;

/** Calls `make` with as many paths as wanted, some thousand a folder. */
function fill(folder: string, count: number, make: (path: string, index: number) => void): void {
  for (let index = 0; index < count; index += 1) {
    const inside = join(folder, String(Math.floor(index / PER_FOLDER)));
    if (index % PER_FOLDER === 0) mkdirSync(inside);
    make(join(inside, String(index)), index);
  }
}

const floods: readonly (readonly [string, (folder: string) => void])[] = [
  ['none', () => undefined],
  [
    `${values.entries} empty files`,
    (folder) => {
      fill(folder, Number(values.entries), (path) => {
        writeFileSync(path, '');
      });
    },
  ],
  [
    `${values.links} names of 50 files`,
    (folder) => {
      let file = '';
      fill(folder, Number(values.links), (path, index) => {
        if (index % NAMES_PER_FILE === 0) writeFileSync((file = path), '');
        else linkSync(file, path);
      });
    },
  ],
];

interface Swept {
  readonly toFirstMs: number;
  readonly perDeletionMs: number;
  readonly longestMs: number;
  readonly peakMb: number;
}

async function sweep(engine: DockerEngine, type: string): Promise<Swept> {
  const layers = Object.fromEntries(
    Array.from({ length: IMAGES }, (_, index) => [`own${index}`, { bytes: 3e6, files: 20 }]),
  );
  await loadImages(engine, {
    layers,
    images: Object.keys(layers).map((name) => ({ tags: [`${name}:1`], layers: [name] })),
  });
  const cli = startAsImage(
    ['run', '--once'],
    {
      PATH_TO_CHECK: engine.dataRoot,
      THRESHOLD_TYPE: type,
      THRESHOLD_HIGH: type === 'absolute' ? '2MB' : '0.2',
      THRESHOLD_LOW: type === 'absolute' ? '1MB' : '0.1',
      DELAY_SECONDS: '0',
      MIN_AGE_SECONDS: '0',
      LOG_FORMAT: 'json',
      LOG_LEVEL: 'debug',
    },
    { DOCKER_HOST: engine.dockerHost },
  );
  let peakMb = 0;
  const watch = setInterval(() => {
    peakMb = Math.max(peakMb, treeMb(cli.pid));
  }, 200);
  await cli.exited;
  clearInterval(watch);
  const at = (event: string): number[] =>
    cli.records
      .filter((record) => record.event === event)
      .map(({ time }) => new Date(time as string | number).getTime());
  const deleted = at('image.deleted');
  const [started] = at('sweep.started');
  const [first] = deleted;
  if (started === undefined || first === undefined || deleted.length !== IMAGES)
    throw new Error(`The sweep deleted ${deleted.length} images:\n${cli.stderr.slice(-2000)}`);
  const gaps = deleted.slice(1).map((time, index) => time - (deleted[index] ?? time));
  return {
    toFirstMs: first - started,
    perDeletionMs: gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length,
    longestMs: Math.max(...gaps),
    peakMb,
  };
}

/** Resident memory of a process and its children, in MB: what a pod's limit counts. */
function treeMb(pid: number): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    const own =
      Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1000;
    return (
      own +
      children
        .split(' ')
        .filter(Boolean)
        .reduce((sum, child) => sum + treeMb(Number(child)), 0)
    );
  } catch {
    return 0; // It ended meanwhile.
  }
}

process.stdout.write(
  '| in the container | mode | sweep to first deletion | a deletion | longest | memory, helpers included |\n' +
    '| --- | --- | --: | --: | --: | --: |\n',
);
const engine = await startDockerEngine({ disk: { sizeMiB: 3000, inodes: 1_800_000 } });
try {
  await loadImages(engine, {
    layers: { base: { bytes: 1000, shell: true } },
    images: [{ tags: ['base:1'], layers: ['base'] }],
  });
  const id = await createContainer(engine, 'base:1', { command: ['/bin/sh', '-c', 'sleep 100000'] });
  await startContainer(engine, id);
  const inspected = (await engine.expect('GET', `/containers/${id}/json`)).json<{
    GraphDriver: { Data: { UpperDir: string } };
  }>();
  const folder = join(inspected.GraphDriver.Data.UpperDir, 'flood');
  for (const [name, make] of floods) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    make(folder);
    for (const type of ['relative', 'absolute']) {
      const swept = await sweep(engine, type);
      const cells = [swept.toFirstMs, swept.perDeletionMs, swept.longestMs].map(
        (ms) => `${ms.toFixed(0)} ms`,
      );
      process.stdout.write(`| ${[name, type, ...cells, `${swept.peakMb.toFixed(0)} MB`].join(' | ')} |\n`);
    }
  }
} finally {
  await engine.dispose();
}
