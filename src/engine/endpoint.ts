/** Where CRI runtimes listen, and how that is written. Pure. */

/** A CRI runtime as a distribution installs it. */
export interface KnownRuntime {
  readonly name: string;
  readonly socketPath: string;
  /** Where it keeps its images unless configured otherwise; the first that is there. */
  readonly roots: readonly [string, ...string[]];
}

/**
 * In the order in which they are searched. The first two are crictl's (`cri-tools/cmd/crictl`,
 * defaultRuntimeEndpoints), without cri-dockerd: behind that is a Docker Engine, better reached by DOCKER_HOST. The
 * others bring their own containerd; each path is from that project's documentation.
 */
export const knownRuntimes = [
  {
    name: 'containerd',
    socketPath: '/run/containerd/containerd.sock',
    roots: ['/var/lib/containerd'],
  },
  { name: 'CRI-O', socketPath: '/run/crio/crio.sock', roots: ['/var/lib/containers/storage'] },
  {
    name: 'k3s or RKE2',
    socketPath: '/run/k3s/containerd/containerd.sock',
    roots: ['/var/lib/rancher/k3s/agent/containerd', '/var/lib/rancher/rke2/agent/containerd'],
  },
  {
    name: 'MicroK8s',
    socketPath: '/var/snap/microk8s/common/run/containerd.sock',
    roots: ['/var/snap/microk8s/common/var/lib/containerd'],
  },
  { name: 'k0s', socketPath: '/run/k0s/containerd.sock', roots: ['/var/lib/k0s/containerd'] },
] as const satisfies readonly [KnownRuntime, ...KnownRuntime[]];

/** The sockets of those. */
export const defaultSocketPaths = knownRuntimes.map(({ socketPath }) => socketPath);

/** Linux keeps a socket's path in 108 bytes with its closing zero (unix(7), `sun_path`). */
export const longestSocketPathBytes = 107;

/** @param text `unix:///path/to/socket`, as kubelet and crictl write it. */
export function socketPathOf(text: string): { readonly path: string } | { readonly refused: string } {
  const expected = 'expected unix:///path/to/socket';
  if (text.startsWith('/')) return { refused: `${expected}; for this socket write unix://${text}` };
  if (!text.startsWith('unix://')) return { refused: expected };
  const path = text.slice('unix://'.length);
  if (!path.startsWith('/')) return { refused: `${expected}, with three slashes` };
  if (new TextEncoder().encode(path).length > longestSocketPathBytes)
    return { refused: `expected a socket path of at most ${longestSocketPathBytes} bytes` };
  return path.includes('\0') ? { refused: expected } : { path };
}
