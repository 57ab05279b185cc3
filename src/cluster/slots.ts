/**
 * Limits how many nodes sweep at the same time, by means of Kubernetes: one Lease per slot. A node that holds one
 * renews it; a holder that cannot renew stops believing before anybody may take its slot over. Every write carries the
 * resourceVersion it was decided on, so two takers cannot both succeed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesApi, LeaseObject } from './api.ts';
import { ClusterError } from './error.ts';
import { untilDone, type Backoff, type Reporter, type Rows } from './retry.ts';
import {
  beliefMs,
  claims,
  holderOf,
  microTime,
  observe,
  slotName,
  type Claim,
  type Observation,
  type SeenLease,
} from './slot-rules.ts';

export interface SlotsOptions {
  readonly api: KubernetesApi;
  readonly namespace: string;
  /** How many there are. */
  readonly count: number;
  /** Who holds: the node's name, so that a restarted process takes its own slot back at once. */
  readonly holder: string;
  readonly leaseDurationSeconds: number;
  readonly backoff: Backoff;
  readonly report: Reporter;
}

function isConflict(error: unknown): boolean {
  return error instanceof ClusterError && error.code === 'conflict';
}

export class Slots {
  readonly #options: SlotsOptions;
  readonly #observations = new Map<string, Observation>();
  readonly #rows: Rows = new Map();

  constructor(options: SlotsOptions) {
    this.#options = options;
  }

  /** Waits for a slot. @throws the signal's reason. */
  async acquire(signal: AbortSignal): Promise<Slot> {
    const { leaseDurationSeconds, report, count, backoff } = this.#options;
    const retry = { rows: this.#rows, task: 'slot', backoff, report } as const;
    for (let round = 1; ; round++) {
      const slot = await untilDone((inner) => this.#tryOnce(inner), signal, retry);
      if (slot !== undefined) return slot;
      if (round === 1) report({ event: 'slot.waiting', slots: count });
      // Half a duration on average: soon enough for a freed slot, and a hundred waiting nodes stay cheap.
      const waitMs = leaseDurationSeconds * 1000 * (0.25 + 0.5 * Math.random());
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
      signal.throwIfAborted();
    }
  }

  /** Reads all slots once. Undefined when none is available. */
  async #tryOnce(signal: AbortSignal): Promise<Slot | undefined> {
    const { count, holder, leaseDurationSeconds } = this.#options;
    const seen: SeenLease[] = [];
    // In random places of the list, so that takers spread over the free slots.
    for (const index of shuffled(count)) seen.push(await this.#look(slotName(index), signal));
    for (const claim of claims(seen, holder, performance.now(), leaseDurationSeconds)) {
      const startedMs = performance.now();
      try {
        const lease = await this.#take(claim, signal);
        this.#options.report({ event: 'slot.taken', slot: claim.name });
        return new Slot(this.#options, claim.name, lease, startedMs);
      } catch (error) {
        // Somebody was faster: try the next.
        if (!isConflict(error)) throw error;
      }
    }
    return undefined;
  }

  async #look(name: string, signal: AbortSignal): Promise<SeenLease> {
    const { api, namespace } = this.#options;
    try {
      const lease = await api.getLease(namespace, name, signal);
      const observation = observe(this.#observations.get(name), lease, performance.now());
      this.#observations.set(name, observation);
      return { name, lease, observation };
    } catch (error) {
      if (!(error instanceof ClusterError) || error.code !== 'not-found') throw error;
      this.#observations.delete(name);
      return { name, lease: undefined, observation: undefined };
    }
  }

  async #take(claim: Claim, signal: AbortSignal): Promise<LeaseObject> {
    const { api, namespace, holder, leaseDurationSeconds } = this.#options;
    const time = microTime(Date.now());
    const spec = { holderIdentity: holder, leaseDurationSeconds, acquireTime: time, renewTime: time };
    if (claim.kind === 'create') {
      return api.createLease(namespace, { metadata: { name: claim.name }, spec }, signal);
    }
    const leaseTransitions = (claim.lease.spec?.leaseTransitions ?? 0) + (claim.from === holder ? 0 : 1);
    const { metadata } = claim.lease;
    return api.updateLease(namespace, { metadata, spec: { ...spec, leaseTransitions } }, signal);
  }
}

function shuffled(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => ({ index, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ index }) => index);
}

/** A slot while it is held: the renewals, and the time until which it surely is ours. */
export class Slot {
  /** The lease's name. */
  readonly name: string;
  readonly #options: SlotsOptions;
  readonly #lost = new AbortController();
  readonly #stop = new AbortController();
  readonly #renewing: Promise<void>;
  /** The lease as we last wrote it; undefined when somebody else has it. */
  #lease: LeaseObject | undefined;
  #renewedMs: number;
  #deadline: NodeJS.Timeout | undefined;

  constructor(options: SlotsOptions, name: string, lease: LeaseObject, startedMs: number) {
    this.#options = options;
    this.name = name;
    this.#lease = lease;
    this.#renewedMs = startedMs;
    this.#watchDeadline();
    this.#renewing = this.#renewAlways();
  }

  /** Aborted when we can no longer be sure that the slot is ours: the sweep must end and the node be uncordoned. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Continues after the slot is lost: until somebody takes it, renewing keeps it while the node is uncordoned. (The
   * sweep has to end nevertheless.)
   */
  async #renewAlways(): Promise<void> {
    const third = (this.#options.leaseDurationSeconds * 1000) / 3;
    for (let waitMs = third; this.#lease !== undefined;) {
      const stopped = await delay(waitMs, false, { signal: this.#stop.signal, ref: false }).catch(() => true);
      if (stopped) return;
      waitMs = (await this.#renew(this.#lease)) ? third : third / 4;
    }
  }

  /** True when it worked. */
  async #renew(lease: LeaseObject): Promise<boolean> {
    const { api, namespace } = this.#options;
    const startedMs = performance.now();
    const spec = { ...lease.spec, renewTime: microTime(Date.now()) };
    try {
      // Not stopped by `release`: it waits, so that it knows the version it has to change.
      const signal = new AbortController().signal;
      this.#lease = await api.updateLease(namespace, { metadata: lease.metadata, spec }, signal);
      this.#renewedMs = startedMs;
      this.#watchDeadline();
      return true;
    } catch (error) {
      if (isConflict(error)) await this.#readAgain();
      else if (error instanceof ClusterError && error.code === 'not-found')
        this.#lose('its lease was deleted');
      else if (!(error instanceof ClusterError)) throw error;
      return false;
    }
  }

  /** After a conflict: a renewal whose answer was lost, or a second process of this node, or it is somebody else's now. */
  async #readAgain(): Promise<void> {
    const { api, namespace, holder } = this.#options;
    try {
      const lease = await api.getLease(namespace, this.name, new AbortController().signal);
      if (holderOf(lease) === holder) this.#lease = lease;
      else this.#lose(`it is held by ${holderOf(lease) ?? 'nobody'} now`);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      if (error.code === 'not-found') this.#lose('its lease was deleted');
    }
  }

  #watchDeadline(): void {
    const { leaseDurationSeconds } = this.#options;
    clearTimeout(this.#deadline);
    const leftMs = this.#renewedMs + beliefMs(leaseDurationSeconds) - performance.now();
    this.#deadline = setTimeout(
      () => {
        this.#signalLost('it could not be renewed in time');
      },
      Math.max(0, leftMs),
    );
    // Like the renewals: neither keeps a process alive that has nothing else to do.
    this.#deadline.unref();
  }

  #lose(reason: string): void {
    this.#lease = undefined;
    this.#signalLost(reason);
  }

  #signalLost(reason: string): void {
    clearTimeout(this.#deadline);
    if (this.#lost.signal.aborted || this.#stop.signal.aborted) return;
    this.#options.report({ event: 'slot.lost', slot: this.name, reason });
    this.#lost.abort(new ClusterError('conflict', `The slot ${this.name} is lost: ${reason}.`));
  }

  /** Gives the slot back, or lets it expire when the server is away for longer than that takes. Never throws. */
  async release(signal: AbortSignal): Promise<void> {
    clearTimeout(this.#deadline);
    this.#stop.abort();
    await this.#renewing;
    const { api, namespace, backoff, leaseDurationSeconds } = this.#options;
    const expiryMs = this.#renewedMs + leaseDurationSeconds * 1000 - performance.now();
    if (this.#lease === undefined || expiryMs <= 0) return;
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(expiryMs))]);
    // Failures need not be reported: at worst the slot is freed when it expires.
    const retry = { rows: new Map(), task: 'slot', backoff, report: () => undefined } as const;
    const giveBack = async (inner: AbortSignal): Promise<void> => {
      const lease = this.#lease;
      if (lease === undefined) return;
      const { leaseDurationSeconds: seconds, leaseTransitions } = lease.spec ?? {};
      const spec = {
        renewTime: microTime(Date.now()),
        ...(seconds && { leaseDurationSeconds: seconds }),
        ...(leaseTransitions && { leaseTransitions }),
      };
      try {
        await api.updateLease(namespace, { metadata: lease.metadata, spec }, inner);
      } catch (error) {
        if (isConflict(error)) await this.#readAgain();
        if (error instanceof ClusterError && error.code === 'not-found') return;
        throw error;
      }
    };
    try {
      await untilDone(giveBack, bounded, retry);
    } catch (error) {
      if (!bounded.aborted) throw error;
    }
  }
}
