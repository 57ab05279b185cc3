/** The engine's lists: images with their arrival times, containers, and what else may be deleted. */
import { type Clean, couldBeOldEnough } from '../core/eligible/cache-and-containers.ts';
import type { Container, Image, ImageId, ImageStore } from '../core/model/store.ts';
import type { ImageDisk } from '../disk/image-disk.ts';
import type { Engine } from '../engine/engine.ts';
import { AT_ONCE, forEachLimited } from '../system/concurrency.ts';

/**
 * The store's images, with their arrival times, and containers, without layers. Images first: an image that a container starts to use between
 * the two requests is then seen as used; the other way round it would be taken for unused. What else may be deleted is asked
 * for only where `clean` names it.
 * @throws EngineError
 */
export async function listStore(
  engine: Engine,
  disk: ImageDisk,
  clean: Clean,
  signal: AbortSignal,
): Promise<ImageStore> {
  const listedImages = await engine.listImages(signal);
  const listed = await engine.listContainers(signal);
  const containers = clean.stoppedContainers ? await withStopTimes(engine, listed, clean, signal) : listed;
  const appeared = await disk.appeared(
    listedImages.map(({ id }) => id),
    signal,
  );
  const images = await withArrivals(engine, listedImages, appeared, signal);
  if (!clean.buildCache) return { images, containers, layers: new Map() };
  return { images, containers, layers: new Map(), cacheRecords: await engine.listCacheRecords(signal) };
}

/** When each image arrived: from the disk, else from the engine. */
async function withArrivals(
  engine: Engine,
  images: readonly Image[],
  appeared: ReadonlyMap<ImageId, number>,
  signal: AbortSignal,
): Promise<readonly Image[]> {
  const told = new Map<ImageId, number | undefined>(appeared);
  if (engine.arrivedAtMs !== undefined) {
    const asked = images.filter(({ id }) => !told.has(id));
    await forEachLimited(asked, AT_ONCE, signal, async (image) => {
      told.set(image.id, await engine.arrivedAtMs?.(image, signal));
    });
  }
  return images.map((image) => ({ ...image, appearedAtMs: told.get(image.id) }));
}

/** When each deletable container stopped: the list does not say, and only those old enough are asked about. */
async function withStopTimes(
  engine: Engine,
  containers: readonly Container[],
  clean: Clean,
  signal: AbortSignal,
): Promise<readonly Container[]> {
  const details = new Map<string, Partial<Container>>();
  const nowMs = Date.now();
  const asked = containers.filter((container) => couldBeOldEnough(container, clean, nowMs));
  await forEachLimited(asked, AT_ONCE, signal, async ({ id }) => {
    const now = await engine.inspectContainer(id, signal);
    if (now === undefined) return;
    const { stoppedAtMs, isRestarted, failedToStart } = now;
    details.set(id, { stoppedAtMs, isRestarted, failedToStart });
  });
  return containers.map((container) => ({ ...container, ...details.get(container.id) }));
}
