/** A process that takes a slot, cordons its node, says `held` and holds on until it is killed. Arguments: node, kubeconfig, lease seconds. */
import { connectCluster } from '../../../src/cluster/cluster.ts';

const [nodeName = '', kubeconfig = '', seconds = ''] = process.argv.slice(2);
const cluster = await connectCluster({
  nodeName,
  podName: `holder-${process.pid}`,
  cordonMode: 'cordon',
  maxCordonedNodes: 1,
  leaseDurationSeconds: Number(seconds),
  report: () => undefined,
  environment: { KUBECONFIG: kubeconfig },
});
await cluster.hold('holder', new AbortController().signal);
process.stdout.write('held\n');
setInterval(() => undefined, 60_000);
