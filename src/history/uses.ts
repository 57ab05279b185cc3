/**
 * Containers into uses of images. A use begins when a container is created (or first seen) and lasts as long as it is
 * created, running, paused or about to be restarted. It ends when it is removed, or has been stopped for some time: a
 * container that ends and is started again within that time (a restart policy, a crash loop) is still the same use.
 */
import type { Container, ImageId } from '../core/model/store.ts';
import type { UsageEvent } from '../core/use-history/apply-event.ts';

/** Docker waits at most a minute before it restarts a container. */
export const GRACE_MS = 120_000;

/** A use that is over, or that will not be watched any longer. */
export interface FinishedUse {
  readonly imageId: ImageId;
  /** The name by which the image was asked for, if there was one. */
  readonly reference: string | undefined;
  readonly beganAtMs: number;
  readonly endedAtMs: number;
}

interface Tracked {
  /** The image it was made from, then images that it mounts. */
  readonly images: readonly ImageId[];
  readonly reference: string | undefined;
  beganAtMs: number;
  /** Since when it is stopped; undefined while it is not. */
  stoppedAtMs: number | undefined;
  /** Stopped for long: no longer a use, but it may be started again. */
  isOver: boolean;
}

export interface UseSink {
  readonly apply: (event: UsageEvent) => void;
  readonly finished: (use: FinishedUse) => void;
}

export class UseTracker {
  readonly #sink: UseSink;
  readonly #containers = new Map<string, Tracked>();
  /** Containers within the grace. */
  readonly #stopped = new Set<string>();

  /** @param known image ID by container key, as the history remembers them from before this process started. */
  constructor(known: ReadonlyMap<string, ImageId>, atMs: number, sink: UseSink) {
    this.#sink = sink;
    const images = new Map<string, ImageId[]>();
    for (const [key, imageId] of known) {
      const containerId = containerOf(key);
      images.set(containerId, [...(images.get(containerId) ?? []), imageId]);
    }
    for (const [containerId, list] of images) this.#track(containerId, list, undefined, atMs);
  }

  /** Whether the container's image is known. */
  knows(containerId: string): boolean {
    return this.#containers.has(containerId);
  }

  get inUse(): number {
    let count = 0;
    for (const { isOver } of this.#containers.values()) if (!isOver) count += 1;
    return count;
  }

  /** A container was created with this image. */
  created(containerId: string, imageId: ImageId, reference: string | undefined, atMs: number): void {
    if (this.knows(containerId)) return;
    this.#track(containerId, [imageId], reference, atMs);
    this.#begin(containerId, atMs);
  }

  /** A container that is known was started. */
  started(containerId: string, atMs: number): void {
    const container = this.#containers.get(containerId);
    if (container === undefined) return;
    this.#stopped.delete(containerId);
    container.stoppedAtMs = undefined;
    if (!container.isOver) return;
    container.isOver = false;
    container.beganAtMs = atMs;
    this.#begin(containerId, atMs);
  }

  stopped(containerId: string, atMs: number): void {
    const container = this.#containers.get(containerId);
    if (container === undefined || container.isOver) return;
    container.stoppedAtMs = atMs;
    this.#stopped.add(containerId);
  }

  removed(containerId: string, atMs: number): void {
    this.#end(containerId, atMs);
    this.#containers.delete(containerId);
  }

  /** Ends the uses whose container has been stopped for longer than the grace, or since a time in the future. */
  settle(nowMs: number): void {
    for (const containerId of this.#stopped) {
      const since = this.#containers.get(containerId)?.stoppedAtMs ?? nowMs;
      if (nowMs - since > GRACE_MS || nowMs < since) this.#end(containerId, nowMs);
    }
  }

  /**
   * All existing containers. Ends uses of missing or stopped ones, and begins those of new ones.
   * @param imagesOf the images that a container holds, as far as known.
   * @param missedSinceMs nothing was seen since then, by the engine's clock: a container that started and stopped
   *   meanwhile has used its image.
   * @returns image ID by container key, of all that are in use: for the history's `listed`.
   */
  listed(
    containers: readonly Container[],
    imagesOf: (container: Container) => readonly ImageId[],
    atMs: number,
    missedSinceMs: number | undefined,
  ): ReadonlyMap<string, ImageId> {
    const present = new Set(containers.map(({ id }) => id));
    for (const containerId of [...this.#containers.keys()]) {
      if (!present.has(containerId)) this.removed(containerId, atMs);
    }
    for (const container of containers) this.#listedOne(container, imagesOf(container), atMs, missedSinceMs);
    const inUse = new Map<string, ImageId>();
    for (const [containerId, { images, isOver }] of this.#containers) {
      if (!isOver) images.forEach((imageId, index) => inUse.set(keyOf(containerId, imageId, index), imageId));
    }
    return inUse;
  }

  /** Reports the uses under way as finished: the process ends. In the history they continue. */
  leave(atMs: number): void {
    for (const container of this.#containers.values()) if (!container.isOver) this.#finished(container, atMs);
  }

  #listedOne(
    container: Container,
    images: readonly ImageId[],
    atMs: number,
    missedSinceMs: number | undefined,
  ): void {
    const isStopped = container.state === 'exited' || container.state === 'dead';
    const known = this.#containers.get(container.id);
    if (known !== undefined) {
      if (!isStopped) this.started(container.id, atMs);
      else if (known.stoppedAtMs === undefined) this.#end(container.id, atMs);
      return;
    }
    if (images.length === 0) return;
    const tracked = this.#track(container.id, images, undefined, atMs);
    if (!isStopped) return;
    // Engines report its creation to the second.
    if (missedSinceMs !== undefined && (container.createdAtMs ?? 0) + 1000 > missedSinceMs) {
      this.#begin(container.id, atMs);
      this.#end(container.id, atMs);
    } else tracked.isOver = true;
  }

  #track(
    containerId: string,
    images: readonly ImageId[],
    reference: string | undefined,
    atMs: number,
  ): Tracked {
    const tracked = { images, reference, beganAtMs: atMs, stoppedAtMs: undefined, isOver: false };
    this.#containers.set(containerId, tracked);
    return tracked;
  }

  #begin(containerId: string, atMs: number): void {
    this.#containers.get(containerId)?.images.forEach((imageId, index) => {
      const key = keyOf(containerId, imageId, index);
      this.#sink.apply({ kind: 'use-began', atMs, containerId: key, imageId });
    });
  }

  #end(containerId: string, atMs: number): void {
    this.#stopped.delete(containerId);
    const container = this.#containers.get(containerId);
    if (container === undefined || container.isOver) return;
    container.isOver = true;
    container.images.forEach((imageId, index) => {
      this.#sink.apply({ kind: 'use-ended', atMs, containerId: keyOf(containerId, imageId, index) });
    });
    this.#finished(container, container.stoppedAtMs ?? atMs);
  }

  #finished({ images, reference, beganAtMs }: Tracked, endedAtMs: number): void {
    for (const imageId of images)
      this.#sink.finished({ imageId, reference, beganAtMs, endedAtMs: Math.max(beganAtMs, endedAtMs) });
  }
}

/** The history knows one image by each key; a container that mounts images has several. */
function keyOf(containerId: string, imageId: ImageId, index: number): string {
  return index === 0 ? containerId : `${containerId}/${imageId}`;
}

function containerOf(key: string): string {
  return key.split('/', 1)[0] ?? key;
}
