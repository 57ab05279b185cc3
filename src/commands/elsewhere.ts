/** An engine whose disk is another machine's: another host, or the virtual machine of Docker Desktop, colima or OrbStack. */
import { readdir } from 'node:fs/promises';
import type { Config } from '../config/config.ts';
import { ImageDisk } from '../disk/image-disk.ts';
import { createEngine } from '../engine/connect/create.ts';
import { EngineError, type EngineInfo } from '../engine/engine.ts';
import { errnoOf } from '../system/errno.ts';

/** A sentence for people. @param folder where the engine says that it keeps its data; undefined where it did not tell. */
export function whyElsewhere(endpoint: string, folder: string | undefined): string {
  const where = folder === undefined ? 'on another machine' : `in ${folder}, which is not on this machine`;
  return `${endpoint} keeps its images ${where}: how full that disk is, and what images take on it, cannot be measured from here`;
}

/** What `run` says where it cannot measure what its thresholds are about. */
export function whyNoRun({ elsewhere, thresholds }: Config): string | undefined {
  if (elsewhere === undefined || thresholds.type === 'images') return undefined;
  return (
    `${elsewhere}. Run the cleaner there; or mount that folder and set DOCKER_IMAGE_CLEANER_PATH_TO_CHECK to it; ` +
    'or set DOCKER_IMAGE_CLEANER_THRESHOLD_TYPE=images and DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH in bytes.'
  );
}

/** Why `clean` cannot be carried out: how full that disk is, nobody can see from here. */
export function whyNoClean({ elsewhere }: Config): string | undefined {
  return elsewhere === undefined ? undefined : `${elsewhere}. Run the cleaner there.`;
}

const PATIENCE_MS = 10_000;

/** Whether a folder here holds an engine's images. */
export async function isStoreOf(path: string, info: EngineInfo, config: Config): Promise<boolean> {
  const found = await compared(path, config);
  return found !== undefined && found.shared > 0 && info.rootDirectory !== undefined;
}

/** Whether a folder here may hold an engine's images: it is there, and nothing that can be read in it speaks against that. */
export async function couldBeStoreOf(path: string, config: Config): Promise<boolean> {
  try {
    if ((await readdir(path)).length === 0) return false;
  } catch (error) {
    const errno = errnoOf(error);
    return errno !== 'ENOENT' && errno !== 'ENOTDIR';
  }
  const found = await compared(path, config);
  return found === undefined || found.images === 0 || found.known === 0 || found.shared > 0;
}

/** How many images the engine has, how many the store in a folder has, and how many both; undefined: no answer. */
async function compared(
  path: string,
  config: Config,
): Promise<{ readonly images: number; readonly known: number; readonly shared: number } | undefined> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const engine = await createEngine(config);
  try {
    await engine.connect(patience);
    const images = (await engine.listImages(patience)).map(({ id }) => id);
    const facts = await new ImageDisk(path, 'relative').layers(images, patience);
    const shared = images.filter((id) => facts.images.has(id)).length;
    return { images: images.length, known: facts.images.size, shared };
  } catch (error) {
    if (!(error instanceof EngineError) && !patience.aborted) throw error;
    return undefined;
  }
}
