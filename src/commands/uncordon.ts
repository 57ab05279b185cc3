/** `uncordon`: takes cleaners' cordons off, for the operator's hand and for the end of an installation. */
import { isOfDaemonSet } from '../cluster/cordon-rules.ts';
import { ClusterError } from '../cluster/error.ts';
import {
  connectUncordoner,
  type DaemonSetName,
  type DaemonSetOutcome,
  type NodeResult,
  type Uncordoner,
} from '../cluster/uncordon.ts';
import type { UncordonRequest } from '../config/requests/uncordon-request.ts';
import { printable } from '../core/model/printable.ts';
import { EXIT } from '../cli/exit-status.ts';
import { listenForSignals } from '../system/signals.ts';
import { complain, note } from './looking/messages.ts';
import { podName } from './cleaning/pod-name.ts';

/** Answers the exit status: 1 when a node that should be uncordoned is not, or that is unknown. */
export async function uncordon(request: UncordonRequest): Promise<number> {
  let uncordoner: Uncordoner;
  try {
    uncordoner = await connectUncordoner({ podName: podName(process.env) });
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    complain(error.message);
    return EXIT.usage;
  }
  const signals = listenForSignals((signal) => note(`${signal}: stopping; run it again to finish`));
  try {
    return await carryOut(request, uncordoner, signals.stop);
  } catch (error) {
    if (!signals.stop.aborted) {
      if (!(error instanceof ClusterError)) throw error;
      complain(error.message);
    }
    return EXIT.unavailable;
  } finally {
    signals.dispose();
  }
}

async function carryOut(
  request: UncordonRequest,
  uncordoner: Uncordoner,
  stop: AbortSignal,
): Promise<number> {
  switch (request.target) {
    case 'node': {
      const result = await uncordoner.node(request.nodeName, stop);
      say(nodeLine(result));
      return exitStatus([result]);
    }
    case 'all':
      return await every(uncordoner.marked(stop), 'no node carries the mark of an image cleaner');
    case 'daemonset': {
      const { daemonSet, waitSeconds } = request;
      const outcome = await uncordoner.deleteDaemonSet(daemonSet, waitSeconds, stop);
      say(daemonSetLine(daemonSet, outcome, waitSeconds));
      const marked = uncordoner.marked(stop, isOfDaemonSet(daemonSet.namespace, daemonSet.name));
      return await every(marked, `no node carries the mark of one of its pods`);
    }
  }
}

async function every(results: AsyncIterable<NodeResult>, none: string): Promise<number> {
  const seen: NodeResult[] = [];
  for await (const result of results) {
    say(nodeLine(result));
    seen.push(result);
  }
  if (seen.length === 0) say(none);
  return exitStatus(seen);
}

function exitStatus(results: readonly NodeResult[]): number {
  const failed = results.some(({ outcome }) => outcome instanceof ClusterError);
  return failed ? EXIT.unavailable : EXIT.done;
}

function nodeLine({ node, outcome }: NodeResult): string {
  if (outcome instanceof ClusterError) return `node ${node}: not uncordoned: ${outcome.message}`;
  switch (outcome) {
    case 'released':
      return `node ${node}: uncordoned`;
    case 'absent':
    case 'left':
      return `node ${node}: left as it is: no image cleaner cordoned it`;
    case 'other-holder':
      return `node ${node}: left as it is: another image cleaner now holds the cordon`;
    case 'node-gone':
      return `node ${node}: the node does not exist`;
  }
}

function daemonSetLine(
  { namespace, name }: DaemonSetName,
  outcome: DaemonSetOutcome,
  waitSeconds: number,
): string {
  const subject = `daemonset ${namespace}/${name}`;
  switch (outcome) {
    case 'gone':
      return `${subject}: deleted, its pods have ended`;
    case 'absent':
      return `${subject}: does not exist`;
    case 'still-there':
      return `${subject}: deleted, but after ${waitSeconds} s its pods may still be running; continuing`;
  }
}

function say(line: string): void {
  process.stdout.write(`${printable(line)}\n`);
}
