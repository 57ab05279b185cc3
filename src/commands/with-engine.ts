/** The configuration of the commands that need an engine: which one is here is looked for once, when a command begins. */
import type { Config, LoadedConfig } from '../config/config.ts';
import { pathOf } from '../disk/data-root.ts';
import { createEngine } from '../engine/create.ts';
import { defaultPath, findTarget } from '../engine/detect.ts';
import { EngineError } from '../engine/engine.ts';

export interface WithEngine {
  readonly config: Config;
  /** One line each. */
  readonly warnings: readonly string[];
}

/** So long an engine may take to say where it keeps its images; one that is away is not waited for. */
const PATIENCE_MS = 5000;

export async function withEngine(loaded: LoadedConfig): Promise<WithEngine> {
  const target = await findTarget(loaded);
  const known = { ...loaded, pathToCheck: await defaultPath(target), target };
  const pathToCheck = loaded.pathToCheck ?? (await toldPath(known)) ?? known.pathToCheck;
  const { clean } = loaded;
  if (target.kind === 'docker' || !(clean.buildCache || clean.stoppedContainers)) {
    return { config: { ...loaded, pathToCheck, target }, warnings: [] };
  }
  const warning =
    'DOCKER_IMAGE_CLEANER_CLEAN: a CRI runtime has images only to clean: it has no build cache, and its containers are kubelet’s';
  const imagesAlone = { ...clean, buildCache: false, stoppedContainers: false };
  return { config: { ...loaded, pathToCheck, target, clean: imagesAlone }, warnings: [warning] };
}

/** Where the engine says that it keeps its images, if that can be seen from here; undefined while it is away. */
async function toldPath(config: Config): Promise<string | undefined> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    const engine = await createEngine(config);
    return await pathOf(await engine.connect(patience));
  } catch (error) {
    // Whoever needs the engine next says why it cannot be reached.
    if (error instanceof EngineError || patience.aborted) return undefined;
    throw error;
  }
}
