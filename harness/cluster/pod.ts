/**
 * The executable with the rights that the chart's pod has, without a kubelet: the rendered pod's user, groups and capabilities,
 * no new privileges, a read-only root filesystem, and the engine's directories mounted read-only in a mount namespace of
 * its own. What a container runtime adds beside (seccomp, other namespaces) is not there.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Cli, runCli } from '../program/cli.ts';
import type { DockerEngine } from '../engine/docker-engine.ts';
import { environment, type PodSpec } from './rendered-chart.ts';

/** Where the chart mounts the socket's directory. */
const chartSocketDir = '/host/run';

interface PodSecurity {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly supplementalGroups?: readonly number[];
}

/** As a container runtime starts a container's first process (capabilities(7): root has what the bounding set has). */
export function rights(pod: PodSpec): readonly string[] {
  const { runAsUser = 0, runAsGroup = 0, supplementalGroups = [] } = pod.securityContext as PodSecurity;
  const { capabilities, allowPrivilegeEscalation } = pod.containers[0].securityContext;
  if (!capabilities.drop.includes('ALL') || allowPrivilegeEscalation)
    throw new Error('Only a pod that drops all capabilities and gains none is known here.');
  const given = (capabilities.add ?? []).map((name) => `+${name.toLowerCase()}`);
  return [
    'setpriv',
    ...['--reuid', String(runAsUser), '--regid', String(runAsGroup)],
    ...(supplementalGroups.length > 0 ? ['--groups', supplementalGroups.join(',')] : ['--clear-groups']),
    ...['--inh-caps', '-all', '--bounding-set', ['-all', ...given].join(',')],
    ...['--no-new-privs', '--'],
  ];
}

/** Mounts, then becomes what is left of the arguments. */
const script = `
data=$1 sockets=$2 seen=$3; shift 3
mount --rbind "$sockets" "$seen"; mount -o remount,bind,ro "$seen"
mount --rbind "$data" "$data"; mount -o remount,bind,ro "$data"
mount --bind / /; mount -o remount,bind,ro /
exec "$@"`;

/**
 * Runs the executable in the chart's pod. Its data directory must be the engine's own path (`engine.dataDir`).
 * @param pod rendered with it. @param env more variables.
 */
export function runAsPod(
  pod: PodSpec,
  engine: DockerEngine,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Cli {
  const seen = join(engine.disk.workspace.path, 'pod-run');
  mkdirSync(seen, { recursive: true });
  const given = Object.entries(environment(pod.containers[0])).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value.replace(chartSocketDir, seen)] as const],
  );
  return runCli(args, {
    env: { ...Object.fromEntries(given), ...env },
    within: [
      ...['unshare', '--mount', '--propagation', 'slave', '--'],
      ...['sh', '-euc', script, 'pod', engine.dataRoot, dirname(engine.socketPath), seen],
      ...rights(pod),
    ],
  });
}
