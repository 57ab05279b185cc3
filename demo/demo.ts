/**
 * `npm run demo`: the main job before your eyes. A private, throw-away Docker Engine on a small disk of its own is filled
 * with images until the disk is full, then the real cleaner brings it below its low threshold. The machine's own engine,
 * if it has one, is not touched; nothing is left behind, also after Ctrl-C.
 */
import { formatBytes, formatPercent } from '../src/core/model/format.ts';
import { plainColumns, table } from '../src/surfaces/terminal/table.ts';
import { atExit } from '../harness/machine/cleanup.ts';
import { runCli, type Cli } from '../harness/program/cli.ts';
import { startDockerEngine, type DockerEngine } from '../harness/engine/docker-engine.ts';
import { requireRoot } from '../harness/machine/packages.ts';
import { fill } from './fill.ts';
import { Picture } from './picture.ts';
import { look, watch, type Look } from './watch.ts';

const diskMiB = 640;
const fillUntilPercent = 92;
const thresholds = { high: 80, low: 60 };

function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Runs `work` while the picture follows disk and engine. */
async function whileWatching(
  engine: DockerEngine,
  picture: Picture,
  work: Promise<void>,
  onLook: (seen: Look, before: Look | undefined) => void,
): Promise<void> {
  const done = new AbortController();
  const watching = watch(
    engine,
    (seen, before) => {
      picture.show(seen);
      onLook(seen, before);
    },
    done.signal,
  );
  try {
    await work;
  } finally {
    done.abort();
    await watching;
  }
}

function startCleaner(engine: DockerEngine): Cli {
  return runCli(['run', '--once'], {
    env: {
      DOCKER_HOST: engine.dockerHost,
      DOCKER_IMAGE_CLEANER_PATH_TO_CHECK: engine.dataRoot,
      DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH: String(thresholds.high),
      DOCKER_IMAGE_CLEANER_THRESHOLD_LOW: String(thresholds.low),
      DOCKER_IMAGE_CLEANER_DELAY_SECONDS: '0.5',
      // What the demo fills the disk with has just arrived.
      DOCKER_IMAGE_CLEANER_MIN_AGE_SECONDS: '0',
    },
  });
}

async function clean(engine: DockerEngine): Promise<void> {
  const cleaner = startCleaner(engine);
  const { code, signal } = await cleaner.exited;
  if (code !== 0)
    throw new Error(
      `The cleaner ended with ${code ?? signal}. The end of its log:\n${cleaner.stderr.slice(-3000)}`,
    );
}

/**
 * What is gone since the previous reading, in words; by the names at the start, since an image loses its names first.
 */
function gone(seen: Look, before: Look, atStart: Look): string[] {
  const left = new Set(seen.images.map((image) => image.id));
  const names = new Map(atStart.images.map((image) => [image.id, image.name]));
  return before.images
    .filter((image) => !left.has(image.id))
    .map(
      (image) =>
        `deleted ${names.get(image.id) ?? image.name} (${formatBytes(image.bytes)} with its shared layers)`,
    );
}

function summary(before: Look, after: Look): string {
  const inUse = (each: Look): number => each.images.filter((image) => image.inUse).length;
  const row = (name: string, value: (each: Look) => number | string): string[] => [
    name,
    String(value(before)),
    String(value(after)),
  ];
  return table(plainColumns(['', 'before', 'after'], [1, 2]), [
    row('disk used', (each) => formatPercent(each.usage.bytesPercent)),
    row('free', (each) => formatBytes(each.usage.availableBytes)),
    row('inodes used', (each) => formatPercent(each.usage.inodesPercent)),
    row('images', (each) => each.images.length),
    row('  in use', inUse),
    row('  unused', (each) => each.images.length - inUse(each)),
    row('containers', (each) => each.containers),
    row('  running', (each) => each.running),
  ]);
}

/** @throws Error when the cleaner did not do what it promises, so that the demo never shows what did not happen. */
function check(before: Look, after: Look): void {
  if (before.usage.bytesPercent < thresholds.high) throw new Error('The disk did not become full.');
  if (after.usage.bytesPercent >= thresholds.low) throw new Error('The disk is not below the low threshold.');
  const left = new Set(after.images.map((image) => image.id));
  const lost = before.images.filter((image) => image.inUse && !left.has(image.id));
  if (lost.length > 0)
    throw new Error(`Images in use are gone: ${lost.map((image) => image.name).join(', ')}`);
  if (after.running !== before.running) throw new Error('A container does not run any more.');
}

async function demonstrate(engine: DockerEngine, picture: Picture): Promise<void> {
  picture.phase('Filling the disk: images on shared layers, while a few containers run');
  const filling = fill(engine, {
    untilPercent: fillUntilPercent,
    onStep: async (text) => {
      picture.show(await look(engine));
      picture.happened(text);
    },
  });
  await whileWatching(engine, picture, filling, () => undefined);
  const before = await look(engine);

  picture.phase(
    `Cleaning: docker-image-cleaner run --once, above ${thresholds.high}% delete until below ${thresholds.low}%`,
  );
  await whileWatching(engine, picture, clean(engine), (seen, previous) => {
    for (const text of gone(seen, previous ?? before, before)) picture.happened(text);
  });
  const after = await look(engine);
  picture.close();
  check(before, after);
  say(`\n${summary(before, after)}\n`);
}

async function main(): Promise<void> {
  requireRoot('npm run demo');
  say(
    'docker-image-cleaner: a demonstration on a private, throw-away Docker Engine with a small disk of its own.',
  );
  say('Starting it ...\n');
  const engine = await startDockerEngine({ disk: { sizeMiB: diskMiB } });
  const picture = new Picture(process.stdout, thresholds);
  const forget = atExit(() => {
    picture.close();
  });
  try {
    await demonstrate(engine, picture);
  } finally {
    picture.close();
    forget();
    await engine.dispose();
  }
  say(
    'The engine and its disk are gone again; nothing is left on this machine but the packages that were installed.',
  );
}

main().catch((error: unknown) => {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
