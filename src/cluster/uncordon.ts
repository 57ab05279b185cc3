/**
 * Uncordoning by hand and at the end of an installation: any number of nodes, from anywhere, and with an end: what does not
 * work within half a minute is reported and left for the next run. Which cordons are ours, and how one is taken off, is the
 * business of `cordon.ts`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { KubernetesApi } from './api.ts';
import { openConnection } from './client.ts';
import { markOf, parseMark, type MarkFilter } from './cordon-rules.ts';
import { Cordon, type Released } from './cordon.ts';
import { ClusterError } from './error.ts';
import { untilDone, type Backoff, type Reporter, type RetryOptions } from './retry.ts';

export interface UncordonOptions {
  /** Who we are, in a mark that is there for a moment (see `fence`): the pod's name, or the host's. */
  readonly podName: string;
  /** Default: the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** For each node, for the list, and for deleting the DaemonSet. */
  readonly patienceMs?: number;
}

/** The result for a node; an error is the last one. */
export interface NodeResult {
  readonly node: string;
  readonly outcome: Released | ClusterError;
}

/** `absent`: there was none to delete. `still-there`: it has pods yet, or could not be seen to have gone. */
export type DaemonSetOutcome = 'gone' | 'absent' | 'still-there';

export interface DaemonSetName {
  readonly namespace: string;
  readonly name: string;
}

const defaultPatienceMs = 30_000;
/** Below the patience, so that a server that hangs is tried more than once. */
const requestTimeoutMs = 10_000;
const backoff: Backoff = { firstMs: 500, capMs: 5_000 };
const pollEveryMs = 1_000;
const nodesAtATime = 8;

/** Finds the API server; makes no request. @throws ClusterError `invalid` when no API server can be found. */
export async function connectUncordoner(options: UncordonOptions): Promise<Uncordoner> {
  const { podName, environment = process.env, patienceMs = defaultPatienceMs } = options;
  const connection = await openConnection({ environment, timeoutMs: requestTimeoutMs, usesHome: true });
  return new Uncordoner(new KubernetesApi(connection), podName, patienceMs);
}

export class Uncordoner {
  readonly #api: KubernetesApi;
  readonly #podName: string;
  readonly #patienceMs: number;

  constructor(api: KubernetesApi, podName: string, patienceMs: number) {
    this.#api = api;
    this.#podName = podName;
    this.#patienceMs = patienceMs;
  }

  /** Removes any cordon that carries our annotation and is wanted (default: any). @throws the signal's reason. */
  async node(node: string, signal: AbortSignal, isWanted?: MarkFilter): Promise<NodeResult> {
    const recover = async (inner: AbortSignal, report: Reporter): Promise<Released> => {
      const who = { nodeName: node, podName: this.#podName, mode: 'cordon' } as const;
      return new Cordon({ api: this.#api, ...who, ...this.#retrying(report) }).recover(inner, isWanted);
    };
    try {
      return { node, outcome: await this.#bounded(signal, recover) };
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      return { node, outcome: error };
    }
  }

  /**
   * The same for every node with a wanted annotation (default: any), several at a time, each reported when done.
   * @throws ClusterError when the nodes cannot be listed; the signal's reason.
   */
  async *marked(signal: AbortSignal, isWanted: MarkFilter = () => true): AsyncIterable<NodeResult> {
    const nodes = await this.#bounded(signal, async (inner, report) =>
      untilDone((each) => this.#api.listNodes(each), inner, {
        task: 'list-nodes',
        ...this.#retrying(report),
      }),
    );
    const names = nodes
      .filter((node) => {
        const mark = markOf(node);
        return mark !== undefined && isWanted(parseMark(mark));
      })
      .map((node) => node.metadata.name);
    for (let first = 0; first < names.length; first += nodesAtATime) {
      const some = names.slice(first, first + nodesAtATime);
      yield* await Promise.all(some.map(async (name) => this.node(name, signal, isWanted)));
    }
  }

  /** Deletes a DaemonSet and waits for its pods to end, up to this time. @throws ClusterError when it cannot be deleted; the signal's reason. */
  async deleteDaemonSet(
    daemonSet: DaemonSetName,
    waitSeconds: number,
    signal: AbortSignal,
  ): Promise<DaemonSetOutcome> {
    const { namespace, name } = daemonSet;
    let sent = false;
    const deleteIt = async (inner: AbortSignal): Promise<boolean> => {
      try {
        await this.#api.deleteDaemonSet(namespace, name, inner);
        return true;
      } catch (error) {
        // Gone by an earlier try whose answer was lost, or never there.
        if (isNotFound(error)) return sent;
        sent = true;
        throw error;
      }
    };
    const deleted = await this.#bounded(signal, async (inner, report) =>
      untilDone(deleteIt, inner, { task: 'delete-daemonset', ...this.#retrying(report) }),
    );
    if (!deleted) return 'absent';
    const endMs = performance.now() + waitSeconds * 1000;
    while (!(await this.#isGone(daemonSet, signal))) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) return 'still-there';
      await delay(Math.min(pollEveryMs, leftMs), undefined, { signal });
    }
    return 'gone';
  }

  /** Not while that is unknown: the wait has its own limit, and the nodes are checked in any case. */
  async #isGone({ namespace, name }: DaemonSetName, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#api.getDaemonSet(namespace, name, signal);
      return false;
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      return isNotFound(error);
    }
  }

  #retrying(report: Reporter): Omit<RetryOptions, 'task'> {
    return { rows: new Map(), backoff, report };
  }

  /** Gives up when the patience is over. @throws ClusterError: what was reported last; the signal's reason. */
  async #bounded<T>(
    signal: AbortSignal,
    work: (signal: AbortSignal, report: Reporter) => Promise<T>,
  ): Promise<T> {
    const deadline = AbortSignal.timeout(this.#patienceMs);
    let last = new ClusterError('timeout', `No answer from the API server in ${this.#patienceMs / 1000} s.`);
    const report: Reporter = (_, error) => {
      last = error ?? last;
    };
    try {
      return await work(AbortSignal.any([signal, deadline]), report);
    } catch (error) {
      signal.throwIfAborted();
      throw deadline.aborted ? last : error;
    }
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof ClusterError && error.code === 'not-found';
}
