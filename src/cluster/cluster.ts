/**
 * Kubernetes as the rest of the program sees it: hold this node's cordon while sweeping, release it, report what
 * happened. Makes no request unless asked: after the start-up checks an idle daemon leaves the API server alone.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { missingAccess, type MissingAccess } from './access.ts';
import { KubernetesApi } from './api.ts';
import { openConnection } from './client.ts';
import type { CordonMode, MarkFilter } from './cordon-rules.ts';
import { Cordon, type Acquired, type Released } from './cordon.ts';
import { ClusterError } from './error.ts';
import { isHeldByOther, staleMs, thisProcess } from './holder.ts';
import { kubeletObjection, kubeletThresholds, type OurThresholds } from './kubelet.ts';
import { NodeEvents, type NodeEvent } from './node-events.ts';
import { defaultBackoff, type Backoff, type Reporter } from './retry.ts';
import { Slots, type Slot } from './slots.ts';

export interface ClusterOptions {
  readonly nodeName: string;
  /** Who we are, in the annotation: the pod's name, or the host's. */
  readonly podName: string;
  /** Where the leases are; default: the namespace of the service account or kubeconfig context, else `default`. */
  readonly namespace?: string;
  readonly cordonMode: CordonMode | 'none';
  /** 0: no limit. */
  readonly maxCordonedNodes: number;
  /** Reported once per change of state. */
  readonly report: Reporter;
  /** Default: the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly requestTimeoutMs?: number;
  readonly leaseDurationSeconds?: number;
  readonly backoff?: Backoff;
  /** Who holds a mark that we set; default: this process. For tests. */
  readonly process?: string;
  /** After how long a mark is left behind; default a minute. For tests. */
  readonly staleMs?: number;
}

/** What is held during a sweep. */
export interface Held {
  /** `none`: cordoning is off. `foreign`: somebody else cordoned the node. `node-gone`: the node does not exist. */
  readonly outcome: Acquired | 'none';
  /**
   * Aborted when the slot is lost: end the sweep, more nodes could be cleaned at the same time than allowed. The cordon is
   * being released already; call `release` all the same.
   */
  readonly lost: AbortSignal;
  /**
   * Uncordons, then gives the slot back; may be called again. The signal ends the waiting only: the release itself
   * continues until it succeeds, or until `Cluster.close`. @throws the signal's reason.
   */
  release(signal: AbortSignal): Promise<Released | 'none'>;
}

/**
 * Finds the API server and who we are; makes no request. Loads the Kubernetes library: call it only with a node name.
 * @throws ClusterError `invalid` when no API server can be found.
 */
export async function connectCluster(options: ClusterOptions): Promise<Cluster> {
  const environment = options.environment ?? process.env;
  const connection = await openConnection({ environment, timeoutMs: options.requestTimeoutMs ?? 10_000 });
  const namespace = options.namespace ?? connection.namespace ?? 'default';
  return new Cluster(options, namespace, new KubernetesApi(connection));
}

interface Release {
  readonly done: Promise<Released>;
  readonly giveUp: AbortController;
}

export class Cluster {
  readonly #options: ClusterOptions;
  readonly #namespace: string;
  readonly #api: KubernetesApi;
  readonly #cordon: Cordon;
  readonly #isHeldByOther: MarkFilter;
  readonly #slots: Slots | undefined;
  readonly #events: NodeEvents;
  /** The release under way; there is never more than one, and no hold begins before it has ended. */
  #release: Release | undefined;
  readonly #closing = new AbortController();

  constructor(options: ClusterOptions, namespace: string, api: KubernetesApi) {
    this.#options = options;
    this.#namespace = namespace;
    this.#api = api;
    const { nodeName, podName, cordonMode, maxCordonedNodes, report } = options;
    const backoff: Backoff = options.backoff ?? defaultBackoff;
    const mode = cordonMode === 'none' ? 'cordon' : cordonMode;
    const self = { pod: podName, process: options.process ?? thisProcess() };
    this.#isHeldByOther = isHeldByOther(self, Date.now, options.staleMs);
    this.#cordon = new Cordon({
      ...{ api, nodeName, podName, mode, backoff, report },
      process: self.process,
      isHeldByOther: this.#isHeldByOther,
      ...(options.staleMs !== undefined && { renewEveryMs: options.staleMs / 4 }),
    });
    this.#events = new NodeEvents({ api, nodeName, report });
    if (maxCordonedNodes > 0) {
      const leaseDurationSeconds = options.leaseDurationSeconds ?? 60;
      const limit = { namespace, count: maxCordonedNodes, holder: nodeName, leaseDurationSeconds };
      this.#slots = new Slots({ api, ...limit, backoff, report });
    }
  }

  /**
   * Why our thresholds conflict with kubelet's on this node, a sentence; undefined if they do not, or if kubelet's
   * cannot be read: few grant the permission for that. @throws the signal's reason.
   */
  async checkKubelet(thresholds: OurThresholds, signal: AbortSignal): Promise<string | undefined> {
    try {
      const kubelet = kubeletThresholds(await this.#api.getKubeletConfig(this.#options.nodeName, signal));
      return kubelet && kubeletObjection(thresholds, kubelet);
    } catch (error) {
      if (error instanceof ClusterError) return undefined;
      throw error;
    }
  }

  /** The permissions that are missing; the required ones should end the program. @throws ClusterError when not to be found out. */
  async checkAccess(signal: AbortSignal): Promise<readonly MissingAccess[]> {
    const { nodeName, cordonMode, maxCordonedNodes } = this.#options;
    const needs = {
      nodeName,
      cordons: cordonMode !== 'none',
      slots: maxCordonedNodes,
      namespace: this.#namespace,
    };
    return missingAccess(this.#api, needs, signal);
  }

  /**
   * Removes any cordon that carries our annotation, at start-up (the operator's command: `uncordon.ts`). With
   * cordoning off it tries once, where permissions allow. @throws the signal's reason.
   */
  async recover(signal: AbortSignal): Promise<Released> {
    if (this.#options.cordonMode === 'none' && !(await this.#mayPatch(signal))) return 'absent';
    for (let told = false; ; told = true) {
      const outcome = await this.#cordon.recover(signal, (mark) => !this.#isHeldByOther(mark));
      // Another cleaner of this node is at work: what it leaves behind, if it does, is taken off later.
      if (outcome !== 'other-holder') return outcome;
      if (!told) this.#options.report({ event: 'node.left-cordoned', why: 'other-holder' });
      // Does not keep the process alive: a run that is otherwise done ends.
      await delay((this.#options.staleMs ?? staleMs) / 4, undefined, { signal, ref: false });
    }
  }

  /** With cordoning off no permission is needed, so a missing one is not a failure. */
  async #mayPatch(signal: AbortSignal): Promise<boolean> {
    const node = { group: '', resource: 'nodes', name: this.#options.nodeName };
    try {
      const answers = [
        await this.#api.isAllowed({ ...node, verb: 'get' }, signal),
        await this.#api.isAllowed({ ...node, verb: 'patch' }, signal),
      ];
      return answers.every(Boolean);
    } catch (error) {
      if (error instanceof ClusterError) return false;
      throw error;
    }
  }

  /**
   * Waits for a slot (with a limit) and cordons the node; waits for the API server as long as the signal allows. Abort it
   * when waiting is worse than sweeping without a cordon: what it may have done by then is undone behind the scenes.
   * @throws the signal's reason.
   */
  async hold(reason: string, caller: AbortSignal): Promise<Held> {
    const signal = AbortSignal.any([caller, this.#closing.signal]);
    signal.throwIfAborted();
    if (this.#options.cordonMode === 'none') {
      const { signal: lost } = new AbortController();
      return { outcome: 'none', lost, release: () => Promise.resolve('none') };
    }
    for (;;) {
      if (this.#release !== undefined) await until(this.#release.done, signal);
      const slot = await this.#slots?.acquire(signal);
      const bounded = slot === undefined ? signal : AbortSignal.any([signal, slot.lost]);
      try {
        const outcome = await this.#cordon.acquire(reason, bounded);
        return this.#held(outcome, slot);
      } catch (error) {
        this.#startRelease(slot);
        // Losing the slot while waiting for the cordon means to queue again; anything else is the caller's to know.
        if (signal.aborted || slot?.lost.aborted !== true) throw error;
      }
    }
  }

  #held(outcome: Acquired, slot: Slot | undefined): Held {
    const lost = slot?.lost ?? new AbortController().signal;
    let released: Release | undefined;
    const letGo = (): Release => (released ??= this.#startRelease(slot));
    if (lost.aborted) letGo();
    lost.addEventListener('abort', letGo, { once: true });
    return { outcome, lost, release: (signal) => until(letGo().done, signal) };
  }

  /** Uncordons first: others may start when the slot is free. */
  #startRelease(slot: Slot | undefined): Release {
    const giveUp = new AbortController();
    const work = async (): Promise<Released> => {
      const outcome = await this.#cordon.release(giveUp.signal);
      await slot?.release(giveUp.signal);
      return outcome;
    };
    const release: Release = { done: work(), giveUp };
    this.#release = release;
    const forget = (): void => {
      if (this.#release === release) this.#release = undefined;
    };
    // Failures are reported to those who await it; awaiting is optional.
    release.done.then(forget, forget);
    return release;
  }

  /** Writes an event on the node, behind the caller's back. Never throws. */
  emit(event: NodeEvent): void {
    if (this.#options.cordonMode !== 'none') this.#events.emit(event);
  }

  /** Ends waiting holds; waits for pending releases and events until the signal fires, then gives up. Never throws. */
  async close(signal: AbortSignal): Promise<void> {
    this.#closing.abort(new Error('The connection to the cluster is being closed.'));
    // A hold that was waiting starts to undo what it may have done, which is waited for below.
    await new Promise(setImmediate);
    const release = this.#release;
    const giveUp = (): void => release?.giveUp.abort();
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    await Promise.all([release?.done.catch(() => undefined), this.#events.flush(signal)]);
    signal.removeEventListener('abort', giveUp);
  }
}

/** Waits for a promise, no longer than the signal allows. @throws the signal's reason. */
async function until<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the reason is the caller's own
      reject(signal.reason);
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
