/**
 * A node's folders below `WORKSPACE/host`, as a distribution of Kubernetes lays them out: the runtime knows its data by the
 * path that it has there (/var/lib/rancher/…), and its socket is where the distribution has it.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface NodeLayout {
  /** The runtime's data, below /var. */
  readonly folder: string;
  readonly socket: string;
}

/** Where a workspace keeps the node's root. */
export function hostRoot(workspace: string): string {
  return join(workspace, 'host');
}

/** Makes the node's folders; the disk's folder is mounted where the runtime has it. */
export function layOut(layout: NodeLayout, workspace: string, dataRoot: string): void {
  const host = hostRoot(workspace);
  const folder = join(host, layout.folder);
  for (const path of [dataRoot, folder, dirname(join(host, layout.socket)), join(host, 'var/lib')])
    mkdirSync(path, { recursive: true });
  execFileSync('mount', ['--bind', dataRoot, folder]);
}

/** Makes them, and gives what to spawn: the process is the program's own in the end, and sees the node's /var. */
export function onNode(
  layout: NodeLayout,
  workspace: string,
  dataRoot: string,
  program: string,
  args: readonly string[],
): readonly [string, readonly string[]] {
  layOut(layout, workspace, dataRoot);
  const script = 'mount --rbind "$1" /var; shift; exec "$@"';
  const shell = ['sh', '-euc', script, 'sh', join(hostRoot(workspace), 'var'), program, ...args];
  return ['unshare', ['--mount', '--propagation', 'slave', ...shell]];
}
