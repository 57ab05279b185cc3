/** The cordon of the commands that sweep; nothing of Kubernetes is loaded without a node name. */
import type { Config } from '../../config/config.ts';
import type { Reporter } from '../../events/events.ts';
import type { SweepCordon } from '../../sweep/cordon-guard.ts';
import { podName } from './pod-name.ts';

/** @returns undefined where no node is named. @throws ClusterError */
export async function connectCordon(config: Config, report: Reporter): Promise<SweepCordon | undefined> {
  const { nodeName, cordonMode, maxCordonedNodes, maxCordonSeconds } = config;
  if (nodeName === undefined) return undefined;
  const [{ connectCluster }, { SweepCordon: Cordon }] = await Promise.all([
    import('../../cluster/cluster.ts'),
    import('../../sweep/cordon-guard.ts'),
  ]);
  const cluster = await connectCluster({
    ...{ nodeName, podName: podName(process.env), cordonMode, maxCordonedNodes, report },
  });
  return new Cordon({ cluster, maxCordonSeconds, report });
}
