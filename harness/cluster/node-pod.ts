/**
 * The executable in a pod of the rendered chart on a node of `node-layout.ts`, without a kubelet: a root of its own in which the
 * pod's host paths are mounted as the chart has them, and nothing else of the node; the pod's user and capabilities. What a
 * container runtime adds beside (seccomp, other namespaces) is not there.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Cli, repositoryRoot, runCli } from '../program/cli.ts';
import { hostRoot } from '../engine/node-layout.ts';
import { rights } from './pod.ts';
import { environment, type PodSpec } from './rendered-chart.ts';

/** An overlay over this machine's root, so that there is a Node and the program; /tmp and /var/lib of it are not seen, but for the program. */
const script = `
top=$1 program=$2; shift 2
mount -t tmpfs -o mode=755 tmpfs "$top"
mkdir "$top/upper" "$top/work" "$top/root"
mount -t overlay -o "lowerdir=/,upperdir=$top/upper,workdir=$top/work" overlay "$top/root"
cd "$top/root"
for each in proc sys dev; do mount --rbind "/$each" "$each"; done
for each in tmp var/lib; do mount -t tmpfs tmpfs "$each"; done
mkdir -p ".$program"
mount --bind "$program" ".$program"
while [ "$1" != -- ]; do
  mkdir -p ".$2"
  mount --rbind "$1" ".$2"
  [ "$3" = rw ] || mount -o remount,bind,ro ".$2"
  shift 3
done
shift
mkdir -p oldroot
pivot_root . oldroot
cd /
umount -l /oldroot
mount -o remount,ro /
exec "$@"`;

/**
 * Runs the executable in the pod.
 * @param workspace the runtime's. @param env more variables.
 */
export function runInPod(
  pod: PodSpec,
  workspace: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Cli {
  mkdirSync(join(workspace, 'pod'), { recursive: true });
  const paths = new Map((pod.volumes ?? []).map(({ name, hostPath }) => [name, hostPath?.path]));
  const mounts = (pod.containers[0].volumeMounts ?? []).flatMap(({ name, mountPath, readOnly }) => {
    const path = paths.get(name);
    if (path === undefined) throw new Error(`The pod mounts ${name}, which is no folder of the node.`);
    return [join(hostRoot(workspace), path), mountPath, readOnly === true ? 'ro' : 'rw'];
  });
  const given = Object.entries(environment(pod.containers[0])).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return runCli(args, {
    env: { ...Object.fromEntries(given), ...env },
    within: [
      ...['unshare', '--mount', '--propagation', 'slave', '--', 'sh', '-euc', script, 'pod'],
      ...[join(workspace, 'pod'), repositoryRoot, ...mounts, '--', ...rights(pod)],
    ],
  });
}
