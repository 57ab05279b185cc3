/** Reads the demo's disk and engine again and again: the picture shows measurements, not the cleaner's reports. */
import { setTimeout as delay } from 'node:timers/promises';
import type { DiskUsage } from '../harness/machine/disk.ts';
import type { DockerEngine } from '../harness/engine/docker-engine.ts';
import { listContainers, listImages } from '../harness/engine/engine-api.ts';

export interface SeenImage {
  readonly id: string;
  /** Its first name, or `<none>` and the start of its ID. */
  readonly name: string;
  readonly bytes: number;
  readonly inUse: boolean;
}

export interface Look {
  readonly usage: DiskUsage;
  readonly images: readonly SeenImage[];
  readonly running: number;
  readonly containers: number;
}

/** One look at everything. */
export async function look(engine: DockerEngine): Promise<Look> {
  const [usage, images, containers] = await Promise.all([
    engine.disk.usage(),
    listImages(engine),
    listContainers(engine),
  ]);
  const used = new Set(containers.map((container) => container.ImageID));
  return {
    usage,
    images: images.map((image) => {
      const tag = image.RepoTags?.find((each) => each !== '<none>:<none>');
      return {
        id: image.Id,
        name: tag ?? `<none> ${image.Id.slice('sha256:'.length, 'sha256:'.length + 8)}`,
        bytes: image.Size,
        inUse: used.has(image.Id),
      };
    }),
    running: containers.filter((container) => container.State === 'running').length,
    containers: containers.length,
  };
}

/** Reads until the signal fires, and once more after that, so that nothing is missed. */
export async function watch(
  engine: DockerEngine,
  onLook: (seen: Look, before: Look | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  let before: Look | undefined;
  for (let last = false; !last;) {
    last = signal.aborted;
    const seen = await look(engine);
    onLook(seen, before);
    before = seen;
    await delay(200, undefined, { signal }).catch(() => undefined);
  }
}
