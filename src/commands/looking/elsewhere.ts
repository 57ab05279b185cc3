/** An engine whose disk is another machine's: another host, or the virtual machine of Docker Desktop, colima or OrbStack. */
import { readdir } from 'node:fs/promises';
import type { Config } from '../../config/config.ts';
import { ImageDisk } from '../../disk/image-disk.ts';
import { createEngine } from '../../engine/connect/create.ts';
import { EngineError } from '../../engine/engine.ts';
import { errnoOf } from '../../system/errno.ts';

/** A sentence for people. @param folder where the engine keeps its data; undefined where it did not say. */
export function whyElsewhere(endpoint: string, folder: string | undefined): string {
  const where = folder === undefined ? 'on another machine' : `in ${folder}, which is not on this machine`;
  return `${endpoint} keeps its images ${where}: its disk cannot be measured from here`;
}

/** What `run` says where it cannot measure what its thresholds are about. */
export function whyNoRun({ elsewhere, thresholds }: Config): string | undefined {
  if (elsewhere === undefined || thresholds.type === 'images') return undefined;
  return (
    `${elsewhere}. Run the cleaner there; or mount that folder and set DOCKER_IMAGE_CLEANER_PATH_TO_CHECK to it; ` +
    'or set DOCKER_IMAGE_CLEANER_THRESHOLD_TYPE=images and DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH in bytes.'
  );
}

/** Why `clean` is impossible: how full that disk is cannot be seen from here. */
export function whyNoClean({ elsewhere }: Config): string | undefined {
  return elsewhere === undefined ? undefined : `${elsewhere}. Run the cleaner there.`;
}

const PATIENCE_MS = 10_000;

/** Whether a folder here holds images of an engine: its records are read, its layers are not measured. */
export async function isStoreOf(path: string, config: Config): Promise<boolean> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const engine = await createEngine(config);
  try {
    await engine.connect(patience);
    const images = (await engine.listImages(patience)).map(({ id }) => id);
    const here = await new ImageDisk(path, 'relative').appeared(images, patience);
    return images.some((id) => here.has(id));
  } catch (error) {
    if (!(error instanceof EngineError) && !patience.aborted) throw error;
    return false;
  }
}

/** Whether there is anything in a folder, as far as this process may look. */
export async function isInhabited(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).length > 0;
  } catch (error) {
    const errno = errnoOf(error);
    return errno !== 'ENOENT' && errno !== 'ENOTDIR';
  }
}
