/**
 * Which engine is here. Docker, as ever, wherever there is a sign of it: a node on which something else than before was
 * cleaned after an upgrade would be a bad surprise.
 */
import { stat } from 'node:fs/promises';
import { type EngineAddress } from '../address.ts';
import { defaultSocketPaths } from '../endpoint.ts';
import { findOnNode, folderOfRuntime } from './node-runtimes.ts';

export type EngineTarget =
  | { readonly kind: 'docker'; readonly address: EngineAddress }
  /** Without a path: the first default socket that is there, looked for each time that it is connected to. */
  | { readonly kind: 'cri'; readonly socketPath: string | undefined };

export interface EngineWish {
  readonly runtime: 'docker' | 'cri' | 'auto';
  readonly runtimeEndpoint: string | undefined;
  /** Where a node's /run is seen. */
  readonly hostRun?: string | undefined;
  readonly engine: EngineAddress;
  readonly engineIsNamed: boolean;
}

/** Docker's data root, unless somebody moved it: there before its socket is, when a host starts. */
const dockerDataRoot = '/var/lib/docker';

/** Looks for sockets and folders; connects to nothing. @param root where to look, `/` but in tests. */
export async function findTarget(wish: EngineWish, root = ''): Promise<EngineTarget> {
  const { runtime, runtimeEndpoint, hostRun, engine: address, engineIsNamed } = wish;
  const docker: EngineTarget = { kind: 'docker', address };
  const cri: EngineTarget = { kind: 'cri', socketPath: runtimeEndpoint };
  if (hostRun !== undefined && runtimeEndpoint === undefined && !engineIsNamed) {
    const { kind, path } = await findOnNode(`${root}${hostRun}`, runtime);
    return kind === 'docker' ? { kind, address: { kind: 'unix', path } } : { kind, socketPath: path };
  }
  if (runtime !== 'auto') return runtime === 'docker' ? docker : cri;
  if (runtimeEndpoint !== undefined) return cri;
  if (engineIsNamed) return docker;
  const dockerSigns = [dockerDataRoot, ...(address.kind === 'unix' ? [address.path] : [])];
  if ((await firstThere(dockerSigns, root)) !== undefined) return docker;
  return (await firstThere(defaultSocketPaths, root)) === undefined ? docker : cri;
}

/** The socket of a CRI runtime that was not named. Where none is there, the first: its absence is then told. */
export async function findSocket(root = ''): Promise<string> {
  return (await firstThere(defaultSocketPaths, root)) ?? defaultSocketPaths[0];
}

/** PATH_TO_CHECK where it is not set. */
export async function defaultPath(target: EngineTarget, root = ''): Promise<string> {
  if (target.kind === 'docker') return dockerDataRoot;
  const socketPath = target.socketPath ?? (await findSocket(root));
  const known = await folderOfRuntime(socketPath, root);
  if (known !== undefined) return known;
  return /crio/.test(socketPath) ? '/var/lib/containers/storage' : '/var/lib/containerd';
}

async function firstThere<T extends string>(paths: readonly T[], root: string): Promise<T | undefined> {
  for (const path of paths) {
    try {
      await stat(`${root}${path}`);
      return path;
    } catch {
      // Not there, or not to be seen from here, which is the same for us.
    }
  }
  return undefined;
}
