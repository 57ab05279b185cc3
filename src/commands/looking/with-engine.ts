/** The configuration of the commands that need an engine: it is searched for once, when a command begins. */
import type { Config, KeepingConfig, LoadedConfig } from '../../config/config.ts';
import { problemLine } from '../../config/values/problem.ts';
import { variableOf } from '../../config/settings.ts';
import { pathOf } from '../../disk/data-root.ts';
import { type AddressProblem, describeAddress, isRemote } from '../../engine/address.ts';
import { dockerContext } from '../../engine/connect/context.ts';
import { createEngine } from '../../engine/connect/create.ts';
import { defaultPath, type EngineTarget, findTarget } from '../../engine/connect/detect.ts';
import { findOnNode, socketsOnNodes } from '../../engine/connect/node-runtimes.ts';
import { EngineError, type EngineInfo } from '../../engine/engine.ts';
import { isInhabited, isStoreOf, whyElsewhere } from './elsewhere.ts';

export type WithEngine =
  | {
      readonly ok: true;
      readonly config: Config;
      /** One line each. */
      readonly warnings: readonly string[];
      /** The engine must say what to watch, and is away. */
      readonly away?: EngineAway | undefined;
    }
  /** One line each. */
  | { readonly ok: false; readonly problems: readonly string[] };

export interface EngineAway {
  readonly endpoint: string;
  readonly message: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** How long an engine may take to say where it keeps its images. */
const PATIENCE_MS = 5000;

export async function withEngine(loaded: KeepingConfig): Promise<WithEngine> {
  const { env } = process;
  const wanted = await withContext(loaded, env);
  if (!wanted.ok) return { ok: false, problems: [line(wanted.problem)] };
  const runtimeDirectory = env['XDG_RUNTIME_DIR'];
  const target = await findTarget({ ...loaded, ...wanted.engine, runtimeDirectory });
  const known = { ...loaded, pathToCheck: await defaultPath(target), target };
  const told = loaded.pathToCheck === undefined ? await toldPath(known) : undefined;
  const elsewhere = told === undefined ? undefined : await whyNotHere(target, told, known);
  const pathToCheck = loaded.pathToCheck ?? told?.path ?? known.pathToCheck;
  const config = { ...loaded, pathToCheck, target, elsewhere };
  const warnings = [...wanted.warnings.map(line), ...(await missingOnNode(loaded))];
  const away = elsewhere === undefined ? told?.away : undefined;
  const { clean } = loaded;
  if (target.kind === 'docker' || !(clean.buildCache || clean.stoppedContainers))
    return { ok: true, config, warnings, away };
  const warning =
    'DOCKER_IMAGE_CLEANER_CLEAN: on a CRI runtime only images can be cleaned: it has no build cache, and its containers belong to kubelet';
  const imagesAlone = { ...clean, buildCache: false, stoppedContainers: false };
  return { ok: true, config: { ...config, clean: imagesAlone }, warnings: [...warnings, warning], away };
}

type Wanted =
  | {
      readonly ok: true;
      readonly engine: Pick<LoadedConfig, 'engine' | 'engineNamedBy'>;
      readonly warnings: readonly AddressProblem[];
    }
  | { readonly ok: false; readonly problem: AddressProblem };

/** The engine by its Docker context, where nothing else names one. */
async function withContext(loaded: LoadedConfig, env: Environment): Promise<Wanted> {
  const { engine, engineNamedBy } = loaded;
  const asGiven: Wanted = { ok: true, engine: { engine, engineNamedBy }, warnings: [] };
  const isCri =
    loaded.runtime === 'cri' || (loaded.runtime === 'auto' && loaded.runtimeEndpoint !== undefined);
  // In a pod it is the node's, whatever files the image has.
  if (isCri || engineNamedBy !== undefined || loaded.hostRun !== undefined) return asGiven;
  const context = await dockerContext(env);
  if (context === undefined) return asGiven;
  if (!context.ok) return context;
  const { address, why, warnings } = context;
  return { ok: true, engine: { engine: address, engineNamedBy: why }, warnings };
}

function line({ variable, value, reason }: AddressProblem): string {
  return problemLine(variable, value, reason);
}

/** Why the engine's disk is not to be measured here; undefined where it may be. */
async function whyNotHere(target: EngineTarget, told: Told, config: Config): Promise<string | undefined> {
  if (target.kind !== 'docker') return undefined;
  const { address } = target;
  // For a host reached over ssh, only the same folder would be evidence.
  const folder = told.info?.storeDirectory ?? told.info?.rootDirectory;
  if (address.kind === 'ssh') return whyElsewhere(describeAddress(address), folder);
  if (told.info?.rootDirectory === undefined) return undefined;
  const isHere = isRemote(address)
    ? told.path !== undefined && (await isStoreOf(told.path, config))
    : // In a container the engine's folder is often mounted where Docker has it, whatever the engine calls it.
      told.path !== undefined || (await isInhabited(config.pathToCheck));
  return isHere ? undefined : whyElsewhere(describeAddress(address), folder);
}

/** Where none of the sockets is on a node: which were searched for, and what to do. */
async function missingOnNode(loaded: LoadedConfig): Promise<readonly string[]> {
  const { hostRun, runtime, runtimeEndpoint, engineNamedBy } = loaded;
  if (hostRun === undefined || runtimeEndpoint !== undefined || engineNamedBy !== undefined) return [];
  if (!(await findOnNode(hostRun, runtime)).isMissing) return [];
  return [
    `${variableOf('hostRun')}=${hostRun}: no container runtime’s socket found (looked for ${socketsOnNodes.join(', ')}). ` +
      `Mount the folder of the socket and set DOCKER_HOST or ${variableOf('runtimeEndpoint')}; with the chart: engine.runtime, engine.hostSocketDir and engine.socketName`,
  ];
}

export interface Told {
  /** Undefined where that cannot be seen from here. */
  readonly path: string | undefined;
  readonly info?: EngineInfo;
  readonly away?: EngineAway;
}

/** Where the engine says that it keeps its images. */
export async function toldPath(config: Config): Promise<Told> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const engine = await createEngine(config);
  try {
    const info = await engine.connect(patience);
    return { path: await pathOf(info), info };
  } catch (error) {
    if (!(error instanceof EngineError) && !patience.aborted) throw error;
    const message =
      error instanceof EngineError ? error.message : `${engine.endpoint}: no answer within 5 s.`;
    return { path: undefined, away: { endpoint: engine.endpoint, message } };
  }
}
