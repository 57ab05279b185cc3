/**
 * A burst of images onto a small disk: `npm run bench burst`. Images are loaded as fast as the engine can, from 70% on, while
 * others are used now and then; beside them the daemon at its default settings, the rule "act on each arrival, least recently
 * used first" (docuum's), or a check every 300 s (the Python tool's). Each on an engine and a disk of its own, one after
 * another, with the same images.
 */
import { readdirSync, utimesSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { type DockerEngine, startDockerEngine } from '../../harness/engine/docker-engine.ts';
import { hasImage, listImages, removeContainer, runContainer } from '../../harness/engine/engine-api.ts';
import { loadImages } from '../../harness/engine/images.ts';
import type { Cli } from '../../harness/program/cli.ts';
import { hasFired } from '../../src/system/clock.ts';
import { startAsImage } from './image-start.ts';

const MIB = 1024 * 1024;
const DISK_MIB = 3_000;
/** Of an image of the burst, and of those that are there before. */
const IMAGE_MIB = 60;
const OLD_IMAGES = 30;
const ARRIVALS = 32;
/** How many of the old ones are used all the time, in turn. */
const NEEDED = 6;

/** Part of the name of those to be measured, and whether the daemon's log is shown: `npm run bench burst -- lru --log`. */
const wanted = process.argv.slice(2).find((argument) => !argument.startsWith('-')) ?? '';
const isLogShown = process.argv.includes('--log');

interface Round {
  readonly peakPercent: number;
  readonly failedLoads: number;
  /** Containers of needed images that could not run. */
  readonly failedStarts: number;
  readonly neededDeleted: number;
  readonly deleted: number;
  /** From the crossing of 80% to the first image that was gone. */
  readonly reactedSeconds: number | undefined;
  readonly seconds: number;
}

/** Who keeps the disk clean meanwhile; returns what stops it. */
type Keeper = (engine: DockerEngine) => Promise<() => Promise<void>>;

async function loadOne(engine: DockerEngine, name: string, sizeMiB: number): Promise<void> {
  await loadImages(engine, {
    layers: { base: { bytes: 1000, shell: true }, [name]: { bytes: sizeMiB * MIB } },
    images: [{ tags: [`${name}:1`], layers: ['base', name] }],
  });
}

/** As if all images had arrived an hour ago. */
function age(engine: DockerEngine): void {
  const anHourAgo = Date.now() / 1000 - 3_600;
  for (const folder of ['content', 'metadata']) {
    const database = `${engine.dataRoot}/image/overlay2/imagedb/${folder}/sha256`;
    for (const name of readdirSync(database)) {
      const path = folder === 'content' ? `${database}/${name}` : `${database}/${name}/lastUpdated`;
      try {
        utimesSync(path, anHourAgo, anHourAgo);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }
}

async function round(keeper: Keeper): Promise<Round> {
  const engine = await startDockerEngine({ disk: { sizeMiB: DISK_MIB } });
  try {
    for (let index = 0; index < OLD_IMAGES; index += 1) await loadOne(engine, `old${index}`, IMAGE_MIB);
    const { bytesPercent, totalBytes, availableBytes } = await engine.disk.usage();
    if (bytesPercent < 70) await engine.disk.occupy('ballast', Math.round(availableBytes - totalBytes * 0.3));
    age(engine);
    const stop = await keeper(engine);
    const begunMs = performance.now();
    const over = new AbortController();
    let peakPercent = 0;
    let crossedMs: number | undefined;
    let firstGoneMs: number | undefined;
    const before = new Set((await listImages(engine)).map(({ Id }) => Id));
    const watching = (async () => {
      while (!hasFired(over.signal)) {
        const percent = (await engine.disk.usage()).bytesPercent;
        peakPercent = Math.max(peakPercent, percent);
        if (percent >= 80) crossedMs ??= performance.now();
        if (crossedMs !== undefined && firstGoneMs === undefined) {
          const here = new Set((await listImages(engine)).map(({ Id }) => Id));
          if ([...before].some((id) => !here.has(id))) firstGoneMs = performance.now();
        }
        await delay(100);
      }
    })();
    const missing = new Set<string>();
    let failedStarts = 0;
    const using = (async () => {
      for (let turn = 0; !hasFired(over.signal); turn += 1) {
        const name = `old${turn % NEEDED}:1`;
        if (await hasImage(engine, name)) {
          try {
            const id = await runContainer(engine, name);
            await delay(500);
            await removeContainer(engine, id);
          } catch {
            failedStarts += 1;
          }
        } else missing.add(name);
        await delay(500);
      }
    })();
    let failedLoads = 0;
    for (let index = 0; index < ARRIVALS; index += 1) {
      try {
        await loadOne(engine, `new${index}`, IMAGE_MIB);
      } catch {
        failedLoads += 1;
        // As a build does that is tried again.
        await delay(1_000);
      }
    }
    over.abort();
    await Promise.all([watching, using]);
    const seconds = (performance.now() - begunMs) / 1000;
    await stop();
    const here = new Set((await listImages(engine)).map(({ Id }) => Id));
    return {
      peakPercent,
      failedLoads,
      failedStarts,
      neededDeleted: missing.size,
      deleted: [...before].filter((id) => !here.has(id)).length,
      reactedSeconds:
        crossedMs === undefined || firstGoneMs === undefined ? undefined : (firstGoneMs - crossedMs) / 1000,
      seconds,
    };
  } finally {
    await engine.dispose();
  }
}

function daemon(settings: Readonly<Record<string, string>>): Keeper {
  return async (engine) => {
    const cli: Cli = startAsImage(
      ['run'],
      { LOG_FORMAT: 'json', LOG_LEVEL: 'debug', PATH_TO_CHECK: engine.dataRoot, ...settings },
      { DOCKER_HOST: engine.dockerHost },
    );
    await cli.waitForEvent('check.completed');
    return async () => {
      await cli.dispose();
      if (!isLogShown) return;
      for (const { time, event, ...more } of cli.records)
        if (event !== 'engine.request')
          process.stderr.write(`${String(time)} ${event} ${JSON.stringify(more)}\n`);
    };
  };
}

/**
 * docuum's rule: at each arrival of an image, as long as usage is above 80%, the least recently used image that no
 * container holds is deleted. "Used" as docuum defines it: an image's arrival and a container's creation.
 */
const onArrival: Keeper = (engine) => {
  const lastUse = new Map<string, number>();
  const stop = new AbortController();
  const run = async (): Promise<void> => {
    let seen = '';
    while (!stop.signal.aborted) {
      const images = (await listImages(engine)).map(({ Id }) => Id);
      const containers = await engine.request('GET', '/containers/json?all=1');
      const used = new Set(containers.json<readonly { ImageID: string }[]>().map(({ ImageID }) => ImageID));
      for (const id of images) if (!lastUse.has(id) || used.has(id)) lastUse.set(id, performance.now());
      const now = images.join();
      if (now !== seen) {
        const order = images
          .filter((id) => !used.has(id))
          .sort((a, b) => (lastUse.get(a) ?? 0) - (lastUse.get(b) ?? 0));
        for (const id of order) {
          if ((await engine.disk.usage()).bytesPercent <= 80) break;
          await engine.request('DELETE', `/images/${id}`);
        }
      }
      seen = now;
      await delay(100);
    }
  };
  const running = run();
  return Promise.resolve(async () => {
    stop.abort();
    await running;
  });
};

const keepers: Readonly<Record<string, Keeper>> = {
  'daemon, default settings': daemon({}),
  'daemon, default settings, policy lru': daemon({ POLICY: 'lru' }),
  "each arrival (docuum's rule)": onArrival,
  "every 300 s (the Python tool's rule)": daemon({ WATCH_SECONDS: '0' }),
};

process.stdout.write(
  '| who | peak | failed loads | failed starts | needed images deleted | images deleted | first deletion after | burst |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n',
);
for (const [name, keeper] of Object.entries(keepers)) {
  if (!name.includes(wanted)) continue;
  const result = await round(keeper);
  const reacted = result.reactedSeconds === undefined ? 'never' : `${result.reactedSeconds.toFixed(1)} s`;
  process.stdout.write(
    `| ${name} | ${result.peakPercent.toFixed(1)}% | ${result.failedLoads} of ${ARRIVALS} | ${result.failedStarts} | ${result.neededDeleted} of ${NEEDED} | ${result.deleted} | ${reacted} | ${result.seconds.toFixed(0)} s |\n`,
  );
}
