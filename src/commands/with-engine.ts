/** The configuration of the commands that need an engine: which one is here is looked for once, when a command begins. */
import { setTimeout as delay } from 'node:timers/promises';
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

/** So long an engine may take to say where it keeps its images. */
const PATIENCE_MS = 5000;
/** So long a daemon waits for an engine that starts with it, as at a boot. */
export const BOOT_MS = 60_000;
const AGAIN_MS = 1000;

/** @param waitMs how long an engine that is away is waited for, where it has to say where it keeps its images. */
export async function withEngine(loaded: LoadedConfig, waitMs = 0): Promise<WithEngine> {
  const target = await findTarget(loaded);
  const known = { ...loaded, pathToCheck: await defaultPath(target), target };
  const told = loaded.pathToCheck === undefined ? await toldPath(known, waitMs) : undefined;
  const pathToCheck = loaded.pathToCheck ?? told?.path ?? known.pathToCheck;
  const { clean } = loaded;
  const warnings =
    told?.isAway === true && waitMs > 0
      ? [
          `the engine did not say where it keeps its images, so ${pathToCheck} is watched: set DOCKER_IMAGE_CLEANER_PATH_TO_CHECK`,
        ]
      : [];
  if (target.kind === 'docker' || !(clean.buildCache || clean.stoppedContainers)) {
    return { config: { ...loaded, pathToCheck, target }, warnings };
  }
  const warning =
    'DOCKER_IMAGE_CLEANER_CLEAN: a CRI runtime has images only to clean: it has no build cache, and its containers are kubelet’s';
  const imagesAlone = { ...clean, buildCache: false, stoppedContainers: false };
  return { config: { ...loaded, pathToCheck, target, clean: imagesAlone }, warnings: [...warnings, warning] };
}

interface Told {
  /** Undefined where that cannot be seen from here. */
  readonly path: string | undefined;
  readonly isAway: boolean;
}

/** Where the engine says that it keeps its images. */
async function toldPath(config: Config, waitMs: number): Promise<Told> {
  const startMs = performance.now();
  for (;;) {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    try {
      const engine = await createEngine(config);
      return { path: await pathOf(await engine.connect(patience)), isAway: false };
    } catch (error) {
      // Whoever needs the engine next says why it cannot be reached.
      if (!(error instanceof EngineError) && !patience.aborted) throw error;
    }
    if (performance.now() - startMs >= waitMs) return { path: undefined, isAway: true };
    await delay(AGAIN_MS);
  }
}
