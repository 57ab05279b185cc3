/** The configuration of the commands that need an engine: which one is here is looked for once, when a command begins. */
import type { Config, KeepingConfig, LoadedConfig } from '../config/config.ts';
import { variableOf } from '../config/settings.ts';
import { pathOf } from '../disk/data-root.ts';
import { createEngine } from '../engine/connect/create.ts';
import { defaultPath, findTarget } from '../engine/connect/detect.ts';
import { EngineError } from '../engine/engine.ts';
import { findOnNode, socketsOnNodes } from '../engine/connect/node-runtimes.ts';

export interface WithEngine {
  readonly config: Config;
  /** One line each. */
  readonly warnings: readonly string[];
  /** The engine had to tell what to watch, and is away. */
  readonly away?: EngineAway | undefined;
}

export interface EngineAway {
  readonly endpoint: string;
  readonly message: string;
}

/** So long an engine may take to say where it keeps its images. */
const PATIENCE_MS = 5000;

export async function withEngine(loaded: KeepingConfig): Promise<WithEngine> {
  const target = await findTarget(loaded);
  const known = { ...loaded, pathToCheck: await defaultPath(target), target };
  const told = loaded.pathToCheck === undefined ? await toldPath(known) : undefined;
  const pathToCheck = loaded.pathToCheck ?? told?.path ?? known.pathToCheck;
  const { clean } = loaded;
  const away = told?.away;
  const missing = await missingOnNode(loaded);
  if (target.kind === 'docker' || !(clean.buildCache || clean.stoppedContainers)) {
    return { config: { ...loaded, pathToCheck, target }, warnings: missing, away };
  }
  const warning =
    'DOCKER_IMAGE_CLEANER_CLEAN: a CRI runtime has images only to clean: it has no build cache, and its containers are kubelet’s';
  const imagesAlone = { ...clean, buildCache: false, stoppedContainers: false };
  const config = { ...loaded, pathToCheck, target, clean: imagesAlone };
  return { config, warnings: [...missing, warning], away };
}

/** Where nothing of what is looked for is on a node, what was, and what to do. */
async function missingOnNode(loaded: LoadedConfig): Promise<readonly string[]> {
  const { hostRun, runtime, runtimeEndpoint, engineIsNamed } = loaded;
  if (hostRun === undefined || runtimeEndpoint !== undefined || engineIsNamed) return [];
  if (!(await findOnNode(hostRun, runtime)).isMissing) return [];
  return [
    `${variableOf('hostRun')}=${hostRun}: no container runtime’s socket is there (looked for ${socketsOnNodes.join(', ')}). ` +
      `Mount the folder of the socket and set DOCKER_HOST or ${variableOf('runtimeEndpoint')}; with the chart: engine.runtime, engine.hostSocketDir and engine.socketName`,
  ];
}

export interface Told {
  /** Undefined where that cannot be seen from here. */
  readonly path: string | undefined;
  readonly away?: EngineAway;
}

/** Where the engine says that it keeps its images. */
export async function toldPath(config: Config): Promise<Told> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const engine = await createEngine(config);
  try {
    return { path: await pathOf(await engine.connect(patience)) };
  } catch (error) {
    if (!(error instanceof EngineError) && !patience.aborted) throw error;
    const message =
      error instanceof EngineError ? error.message : `${engine.endpoint}: no answer within 5 s.`;
    return { path: undefined, away: { endpoint: engine.endpoint, message } };
  }
}
