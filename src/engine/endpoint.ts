/** Where CRI runtimes listen, and how that is written. Pure. */

/**
 * In the order of crictl (`cri-tools/cmd/crictl`, defaultRuntimeEndpoints), without cri-dockerd: what is behind that is a
 * Docker Engine, and DOCKER_HOST its better door.
 */
export const defaultSocketPaths = ['/run/containerd/containerd.sock', '/run/crio/crio.sock'] as const;

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
