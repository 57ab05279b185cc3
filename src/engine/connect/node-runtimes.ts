/** kubelet's runtime, by the sockets below a node's /run. Searches for them; connects to nothing. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { knownRuntimes } from '../endpoint.ts';

/**
 * Sockets below /run. Those of a single distribution are first: containerd's own socket is on all nodes that have
 * Docker too.
 */
const nodeRuntimes = knownRuntimes
  .filter(({ socketPath }) => socketPath.startsWith('/run/'))
  .map(({ socketPath, roots }) => ({ socket: socketPath.slice('/run/'.length), roots }))
  .reverse();

/** kubelet's shim where its runtime is a Docker Engine: cri-dockerd, and up to Kubernetes 1.23 kubelet itself. */
const dockerShims = ['cri-dockerd.sock', 'k3s/cri-dockerd/cri-dockerd.sock', 'dockershim.sock'];
const dockerSocket = 'docker.sock';

export interface NodeSocket {
  readonly kind: 'docker' | 'cri';
  /** Below the node's /run, as it is seen from here. */
  readonly path: string;
  /** None is there: this is where one would be. */
  readonly isMissing: boolean;
}

/**
 * The runtime that kubelet has. A Docker Engine beside a CRI runtime is not kubelet's, unless there is a shim between them;
 * the containerd below a Docker Engine is not kubelet's where there is one.
 * @param run where the node's /run is seen. @param wanted which kind it has to be.
 */
export async function findOnNode(run: string, wanted: 'docker' | 'cri' | 'auto'): Promise<NodeSocket> {
  const isThere = async (name: string): Promise<boolean> => await exists(join(run, name));
  const docker = { kind: 'docker', path: join(run, dockerSocket), isMissing: false } as const;
  const hasDocker = await isThere(dockerSocket);
  if (wanted === 'docker') return { ...docker, isMissing: !hasDocker };
  if (wanted === 'auto' && hasDocker) {
    for (const shim of dockerShims) if (await isThere(shim)) return docker;
  }
  for (const { socket } of nodeRuntimes) {
    if (await isThere(socket)) return { kind: 'cri', path: join(run, socket), isMissing: false };
  }
  if (wanted === 'auto' && hasDocker) return docker;
  return { kind: 'cri', path: join(run, 'containerd/containerd.sock'), isMissing: true };
}

/** What was searched for, for people. */
export const socketsOnNodes = [dockerSocket, ...nodeRuntimes.map(({ socket }) => socket)];

/** Where the runtime behind a socket keeps its images, the likeliest folder first; by the end of the socket's path. */
export function rootsOfRuntime(socketPath: string): readonly [string, ...string[]] | undefined {
  return nodeRuntimes.find(({ socket }) => socketPath.endsWith(`/${socket}`))?.roots;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    // Not there, or not to be seen from here, which is the same for us.
    return false;
  }
}
