/**
 * `/api/events`: what happens, to every page that is open (server-sent events). Many events make one write, and a
 * client that does not take what it is sent is cut off: it will ask again.
 */
import type { ServerResponse } from 'node:http';
import { printableJson } from '../../../core/model/printable.ts';

export interface LiveLimits {
  /** Clients at a time; others are asked to retry and poll the JSON meanwhile. */
  readonly maxClients: number;
  /** Events of this period are written together… */
  readonly batchMs: number;
  /** …lengthened by this for each client, so that the writes per second are bounded however many listen. */
  readonly batchMsEach: number;
  /** Sent when nothing happens, so that no proxy considers the connection dead. */
  readonly beatMs: number;
  /** More than this not taken by a client, and it is cut off. */
  readonly maxBehindBytes: number;
}

const defaults: LiveLimits = {
  maxClients: 300,
  batchMs: 200,
  batchMsEach: 2,
  beatMs: 10_000,
  maxBehindBytes: 256 * 1024,
};

export class Live {
  /** Each with whether it had taken everything at the last beat. */
  readonly #clients = new Map<ServerResponse, { wasBehind: boolean }>();
  #batch: string[] = [];
  #flush: NodeJS.Timeout | undefined;
  readonly #limits: LiveLimits;
  readonly #beat: NodeJS.Timeout;

  constructor(limits: Partial<LiveLimits> = {}) {
    this.#limits = { ...defaults, ...limits };
    this.#beat = setInterval(() => {
      for (const [client, state] of this.#clients) {
        const isBehind = client.writableLength > 0;
        // A whole beat long nothing was taken.
        if (isBehind && state.wasBehind) this.#drop(client);
        else client.write(': still here\n\n');
        state.wasBehind = isBehind;
      }
    }, this.#limits.beatMs).unref();
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** @param first what the client receives at once. */
  open(client: ServerResponse, first: object): void {
    if (this.#clients.size >= this.#limits.maxClients) {
      client.writeHead(503, { 'Retry-After': '30', 'Content-Type': 'text/plain; charset=utf-8' });
      client.end('Too many pages are open; the JSON still answers.\n');
      return;
    }
    client.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      // Some proxies collect what they pass on.
      'X-Accel-Buffering': 'no',
    });
    client.write(`retry: 3000\n\n${message(first)}`);
    this.#clients.set(client, { wasBehind: false });
    client.once('close', () => {
      this.#clients.delete(client);
    });
  }

  /** Sends to all. Cheap without clients. */
  tell(event: object): void {
    if (this.#clients.size === 0) return;
    this.#batch.push(message(event));
    this.#flush ??= setTimeout(
      () => {
        this.#flush = undefined;
        const text = Buffer.from(this.#batch.join(''));
        this.#batch = [];
        for (const client of this.#clients.keys()) {
          if (client.writableLength > this.#limits.maxBehindBytes) this.#drop(client);
          else client.write(text);
        }
      },
      this.#limits.batchMs + this.#limits.batchMsEach * this.#clients.size,
    ).unref();
  }

  close(): void {
    clearInterval(this.#beat);
    clearTimeout(this.#flush);
    for (const client of this.#clients.keys()) this.#drop(client);
  }

  #drop(client: ServerResponse): void {
    this.#clients.delete(client);
    client.destroy();
  }
}

/** JSON has no line ends of its own. */
function message(event: object): string {
  return `data: ${printableJson(JSON.stringify(event))}\n\n`;
}
