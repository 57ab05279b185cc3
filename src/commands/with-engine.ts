/** The configuration of the commands that need an engine: which one is here is looked for once, when a command begins. */
import type { Config, LoadedConfig } from '../config/config.ts';
import { defaultPath, findTarget } from '../engine/detect.ts';

export interface WithEngine {
  readonly config: Config;
  /** One line each. */
  readonly warnings: readonly string[];
}

export async function withEngine(loaded: LoadedConfig): Promise<WithEngine> {
  const target = await findTarget(loaded);
  const pathToCheck = loaded.pathToCheck ?? (await defaultPath(target));
  const { clean } = loaded;
  if (target.kind === 'docker' || !(clean.buildCache || clean.stoppedContainers)) {
    return { config: { ...loaded, pathToCheck, target }, warnings: [] };
  }
  const warning =
    'DOCKER_IMAGE_CLEANER_CLEAN: a CRI runtime has images only to clean: it has no build cache, and its containers are kubelet’s';
  const imagesAlone = { ...clean, buildCache: false, stoppedContainers: false };
  return { config: { ...loaded, pathToCheck, target, clean: imagesAlone }, warnings: [warning] };
}
