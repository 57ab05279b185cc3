/**
 * Which engine is here, and why that one. Docker wherever there is a sign of it: a node on which something else than
 * before was cleaned after an upgrade would be a bad surprise.
 */
import { describeAddress, type EngineAddress } from '../address.ts';
import { type KnownRuntime, knownRuntimes } from '../endpoint.ts';
import { findOnNode, rootsOfRuntime } from './node-runtimes.ts';
import { firstThere, userSockets } from './sockets.ts';

export type EngineTarget = (
  | { readonly kind: 'docker'; readonly address: EngineAddress }
  /** Without a path: the first default socket that exists, searched for on each connection. */
  | { readonly kind: 'cri'; readonly socketPath: string | undefined }
) & {
  /** Why this one, for people: what named it, or what was found. */
  readonly why: string;
  /** Somebody named it: then nothing else is offered when it does not answer. */
  readonly isNamed: boolean;
};

export interface EngineWish {
  readonly runtime: 'docker' | 'cri' | 'auto';
  readonly runtimeEndpoint: string | undefined;
  /** Where a node's /run is seen. */
  readonly hostRun?: string | undefined;
  readonly engine: EngineAddress;
  /** What named the engine: DOCKER_HOST, a context; undefined: nothing did. */
  readonly engineNamedBy: string | undefined;
  /** XDG_RUNTIME_DIR: where a user's own engine listens. */
  readonly runtimeDirectory?: string | undefined;
}

/**
 * Docker's default data directory, and that of Docker from a snap (`DEFAULT_DATA_ROOT` in canonical/docker-snap,
 * snap/snapcraft.yaml, 8452deb), whose socket is in the same place. They exist before the socket does when a host starts.
 */
const dockerDataRoots = ['/var/lib/docker', '/var/snap/docker/common/var-lib-docker'] as const;

/** Searches for sockets and folders; connects to nothing. @param root where to look, `/` but in tests. */
export async function findTarget(wish: EngineWish, root = ''): Promise<EngineTarget> {
  const { runtime, runtimeEndpoint, hostRun, engine: address, engineNamedBy } = wish;
  const docker = (why: string, isNamed = false): EngineTarget => ({ kind: 'docker', address, why, isNamed });
  const cri = (why: string): EngineTarget => {
    const isNamed = runtimeEndpoint !== undefined;
    return { kind: 'cri', socketPath: runtimeEndpoint, why, isNamed };
  };
  if (hostRun !== undefined && runtimeEndpoint === undefined && engineNamedBy === undefined) {
    const { kind, path } = await findOnNode(`${root}${hostRun}`, runtime);
    const found = { why: `it is the runtime of this node, seen below ${hostRun}`, isNamed: true };
    return kind === 'docker'
      ? { kind, address: { kind: 'unix', path }, ...found }
      : { kind, socketPath: path, ...found };
  }
  const byRuntime = `DOCKER_IMAGE_CLEANER_RUNTIME=${runtime}`;
  if (runtime === 'docker')
    return docker(
      engineNamedBy === undefined ? byRuntime : `${byRuntime}, ${engineNamedBy}`,
      engineNamedBy !== undefined,
    );
  if (runtimeEndpoint !== undefined) return cri('DOCKER_IMAGE_CLEANER_RUNTIME_ENDPOINT');
  if (runtime === 'cri') return cri(byRuntime);
  if (engineNamedBy !== undefined) return docker(engineNamedBy, true);
  if (address.kind === 'unix' && (await firstThere([address.path], root)) !== undefined)
    return docker('Docker’s socket exists');
  const dataRoot = await firstThere(dockerDataRoots, root);
  if (dataRoot !== undefined) return docker(`${dataRoot} is there`);
  const found = await findRuntime(root);
  if (found !== undefined) return cri(`the socket of ${found.name} is there, and nothing of Docker`);
  for (const { name, path } of userSockets(wish.runtimeDirectory)) {
    if ((await firstThere([path], root)) === undefined) continue;
    const own = { kind: 'unix', path } as const;
    return {
      kind: 'docker',
      address: own,
      why: `the socket of ${name} is there, and nothing else`,
      isNamed: false,
    };
  }
  return docker('nothing else was found');
}

async function findRuntime(root: string): Promise<KnownRuntime | undefined> {
  const path = await firstThere(
    knownRuntimes.map(({ socketPath }) => socketPath),
    root,
  );
  return knownRuntimes.find(({ socketPath }) => socketPath === path);
}

/** The socket of a CRI runtime that was not named. If none exists, the first: its absence is then reported. */
export async function findSocket(root = ''): Promise<string> {
  return ((await findRuntime(root)) ?? knownRuntimes[0]).socketPath;
}

/** The address of a target as it is written in settings. */
export async function endpointOf(target: EngineTarget, root = ''): Promise<string> {
  if (target.kind === 'docker') return describeAddress(target.address);
  return `unix://${target.socketPath ?? (await findSocket(root))}`;
}

/** PATH_TO_CHECK where it is not set. */
export async function defaultPath(target: EngineTarget, root = ''): Promise<string> {
  if (target.kind === 'docker') return (await firstThere(dockerDataRoots, root)) ?? dockerDataRoots[0];
  const socketPath = target.socketPath ?? (await findSocket(root));
  const [containerd, crio] = knownRuntimes;
  const roots =
    knownRuntimes.find((each) => each.socketPath === socketPath)?.roots ??
    rootsOfRuntime(socketPath) ??
    (socketPath.includes('crio') ? crio : containerd).roots;
  return (await firstThere(roots, root)) ?? roots[0];
}
