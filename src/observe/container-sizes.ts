/** What stopped containers wrote, where the disk does not show it. */
import { type Clean, containerStays } from '../core/eligible/cache-and-containers.ts';
import { estimatedInodes } from '../core/forest/layer-table.ts';
import type { Container, HeldSpace, ImageStore } from '../core/model/store.ts';
import type { ImageDisk } from '../disk/image-disk.ts';
import type { Engine } from '../engine/engine.ts';
import { AT_ONCE, forEachLimited } from '../system/concurrency.ts';

/** Adds the engine's sizes of deletable stopped containers whose size the disk does not show. */
export async function withToldContainers(
  store: ImageStore,
  engine: Engine,
  disk: ImageDisk,
  clean: Clean,
  signal: AbortSignal,
): Promise<ImageStore> {
  if (!clean.stoppedContainers || engine.containerSize === undefined) return store;
  const nowMs = Date.now();
  const isTold = ({ id }: Container): boolean => {
    const space = store.heldSpace?.get(id);
    // A store may know a container's layers, but not what it wrote.
    return space !== undefined && (space.exact || space.bytes > 0);
  };
  const asked = store.containers.filter(
    (container) => !isTold(container) && containerStays(container, clean, nowMs) === undefined,
  );
  if (asked.length === 0) return store;
  const copiesAreFree = await disk.sharesCopies(signal);
  const heldSpace = new Map<string, HeldSpace>(store.heldSpace);
  await forEachLimited(asked, AT_ONCE, signal, async (container) => {
    const told = await engine.containerSize?.(container, signal);
    if (told === undefined) return;
    // Engines do not agree on whether the container's size with its image is that of both; the image's is in the list.
    const copies = copiesAreFree ? 0 : told.imageCopies * imageBytes(container, store);
    const bytes = told.writtenBytes + copies;
    const inodes = bytes > 0 ? estimatedInodes(bytes) : 0;
    heldSpace.set(container.id, { top: heldSpace.get(container.id)?.top, bytes, inodes, exact: false });
  });
  return { ...store, heldSpace };
}

/** The size of the image that a container was made from. */
function imageBytes(container: Container, store: ImageStore): number {
  const ids = new Set(container.images);
  return store.images.find(({ id }) => ids.has(id))?.sizeBytes ?? 0;
}
