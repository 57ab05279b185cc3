/**
 * Events on the Node, as kubelet writes its own: short reasons, short words, counted rather than repeated. Writing one
 * never disturbs a sweep: it is sent in the background, once, and a failure is reported once.
 * Needs `create` and `patch` on `events` in the namespace `default`, where the events of objects without a namespace live.
 */
import { eventNamespace } from './access.ts';
import type { KubernetesApi } from './api.ts';
import { ClusterError } from './error.ts';
import type { Reporter } from './retry.ts';

/** Every reason that is used, with its type. */
const eventReasons = {
  ImageCleanStarted: 'Normal',
  ImageCleanCompleted: 'Normal',
  ImageCleanInsufficient: 'Warning',
  ImageCleanFailed: 'Warning',
  ImageCleanCordonReleased: 'Normal',
} as const;

export type EventReason = keyof typeof eventReasons;

export interface NodeEvent {
  readonly reason: EventReason;
  /** One short sentence; never a list of images. */
  readonly message: string;
}

export interface EventsOptions {
  readonly api: KubernetesApi;
  readonly nodeName: string;
  readonly report: Reporter;
}

/** Older than this, a repetition starts a new event; the server forgets events after an hour by default (--event-ttl). */
const repetitionMs = 30 * 60 * 1000;
const maxMessageLength = 256;
/** Waiting to be written; more than this while the server is away are forgotten, oldest first. */
const maxWaiting = 20;

interface Written {
  readonly name: string;
  readonly count: number;
  readonly lastMs: number;
}

interface Waiting extends NodeEvent {
  readonly atMs: number;
}

export class NodeEvents {
  readonly #options: EventsOptions;
  readonly #written = new Map<EventReason, Written>();
  readonly #waiting: Waiting[] = [];
  readonly #stop = new AbortController();
  #writing: Promise<void> | undefined;
  #failing = false;

  constructor(options: EventsOptions) {
    this.#options = options;
  }

  /** Writes an event behind the caller's back, in order. Never throws. */
  emit(event: NodeEvent): void {
    this.#waiting.push({ ...event, atMs: Date.now() });
    if (this.#waiting.length > maxWaiting) this.#waiting.shift();
    this.#writing ??= this.#writeAll();
  }

  /** Waits until everything is written or given up, or until the signal fires: the rest is dropped. Never throws. */
  async flush(signal: AbortSignal): Promise<void> {
    const stop = (): void => {
      this.#waiting.length = 0;
      this.#stop.abort();
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    await this.#writing;
    signal.removeEventListener('abort', stop);
  }

  async #writeAll(): Promise<void> {
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      try {
        await this.#write(event);
        this.#failing = false;
      } catch (error) {
        if (this.#stop.signal.aborted) break;
        const failure =
          error instanceof ClusterError ? error : new ClusterError('failed', String(error), { cause: error });
        const news = { event: 'cluster.failing', task: 'event', message: failure.message } as const;
        if (!this.#failing) this.#options.report(news, failure);
        this.#failing = true;
      }
    }
    this.#writing = undefined;
  }

  async #write(event: Waiting): Promise<void> {
    const { api, nodeName } = this.#options;
    const message =
      event.message.length > maxMessageLength
        ? `${event.message.slice(0, maxMessageLength - 1)}…`
        : event.message;
    const time = new Date(event.atMs).toISOString().replace(/\.\d+Z$/, 'Z'); // metav1.Time has whole seconds
    const before = this.#written.get(event.reason);
    if (before !== undefined && event.atMs - before.lastMs < repetitionMs) {
      const count = before.count + 1;
      try {
        const fields = { message, count, lastTimestamp: time };
        await api.patchEvent(eventNamespace, before.name, fields, this.#stop.signal);
        this.#written.set(event.reason, { name: before.name, count, lastMs: event.atMs });
        return;
      } catch (error) {
        // The server has forgotten it: write a new one.
        if (!(error instanceof ClusterError) || error.code !== 'not-found') throw error;
      }
    }
    // As kubelet names them: the object and a time in hexadecimal; the reason keeps two of the same moment apart.
    const name = `${nodeName}.${event.atMs.toString(16)}.${event.reason.toLowerCase()}`;
    await api.createEvent(
      {
        metadata: { name, namespace: eventNamespace },
        // kubelet gives a node's name as its uid, and that is what "kubectl describe node" searches for.
        involvedObject: { kind: 'Node', name: nodeName, uid: nodeName },
        reason: event.reason,
        message,
        type: eventReasons[event.reason],
        source: { component: 'docker-image-cleaner', host: nodeName },
        firstTimestamp: time,
        lastTimestamp: time,
        count: 1,
      },
      this.#stop.signal,
    );
    this.#written.set(event.reason, { name, count: 1, lastMs: event.atMs });
  }
}
