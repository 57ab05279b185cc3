/**
 * A proxy on the wire in front of a real engine or API server: what fails in life (slow, hung, cut, refused, away) is made
 * to happen here, on real requests to real software. Without a rule it passes everything through unchanged, streams and
 * upgraded connections too, and keeps a list of the requests it saw.
 */
import { once } from 'node:events';
import { renameSync, rmSync } from 'node:fs';
import {
  createServer as createHttpServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer, request as httpsRequest } from 'node:https';
import { connect as netConnect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as tlsConnect, type ConnectionOptions } from 'node:tls';
import { RuleBook, type Rule, type RuleHandle, type SeenRequest } from './wire-rules.ts';

export type { Rule, RuleHandle, SeenRequest } from './wire-rules.ts';

export type Target =
  | { readonly socketPath: string }
  | { readonly port: number; readonly host?: string; readonly tls?: ConnectionOptions };

export interface WireProxyOptions {
  readonly target: Target;
  /** Where to listen: a path for a unix socket (it must not exist), or `tcp` for a free port on 127.0.0.1. */
  readonly listen: 'tcp' | { readonly socketPath: string };
  /** Speaks TLS to clients with these. Needs `listen: 'tcp'`. */
  readonly tls?: {
    readonly key: string | Buffer;
    readonly cert: string | Buffer;
    readonly ca?: string | Buffer;
  };
}

/** How new connections fail: `refused` (ECONNREFUSED), `gone` (unix socket removed: ENOENT), `reset` (accepted and closed: ECONNRESET or EPIPE). */
export type Refusal = 'refused' | 'gone' | 'reset';

export class WireProxy {
  /** Every request since the start or the last `clear()`. */
  readonly requests: SeenRequest[] = [];
  readonly #options: WireProxyOptions;
  readonly #server: Server;
  readonly #connections = new Set<Duplex>();
  readonly #rules = new RuleBook();
  #port = 0;
  #refusal: Refusal | undefined;

  /** Use `startWireProxy`. */
  constructor(options: WireProxyOptions) {
    this.#options = options;
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      const seen = this.#see(request);
      this.#handle(request, response, seen).catch((error: unknown) => {
        // The target is away or ended in mid-answer: the client sees its connection close, as it would without us.
        seen.failure = String(error);
        response.destroy();
      });
    };
    this.#server = options.tls ? createHttpsServer(options.tls, handle) : createHttpServer(handle);
    // No time limits of its own: a build or a watch may take any time.
    this.#server.requestTimeout = 0;
    this.#server.headersTimeout = 0;
    this.#server.on('connection', (socket: Socket) => {
      if (this.#refusal !== undefined) socket.destroy();
      this.#keep(socket);
    });
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgrade(request, socket, head);
    });
  }

  /** The port on 127.0.0.1, when listening there. */
  get port(): number {
    return this.#port;
  }

  /** As for DOCKER_HOST: `unix://…` or `tcp://127.0.0.1:…`. */
  get dockerHost(): string {
    const { listen } = this.#options;
    return listen === 'tcp' ? `tcp://127.0.0.1:${this.#port}` : `unix://${listen.socketPath}`;
  }

  /** Adds a rule after those there are. */
  addRule(rule: Rule): RuleHandle {
    return this.#rules.add(rule);
  }

  /** How many requests were seen that match; all without a predicate. */
  count(matches: (request: SeenRequest) => boolean = () => true): number {
    return this.requests.filter(matches).length;
  }

  /** Forgets the requests seen and the rules. */
  clear(): void {
    this.requests.length = 0;
    this.#rules.clear();
  }

  /** Closes every connection there is, as a crash of the server would. */
  cutAll(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  /** Closes every connection and lets no new one through until `accept()`. */
  async refuse(how: Refusal = 'refused'): Promise<void> {
    const before = this.#refusal;
    this.#refusal = how;
    this.cutAll();
    if (how === 'reset' || (before !== undefined && before !== 'reset')) return;
    const { listen } = this.#options;
    const keepSocket = how === 'refused' && listen !== 'tcp';
    // Closing removes the socket's file. Left in place without a listener, it refuses: so hide it meanwhile.
    if (keepSocket) renameSync(listen.socketPath, `${listen.socketPath}.kept`);
    await this.#close();
    if (keepSocket) renameSync(`${listen.socketPath}.kept`, listen.socketPath);
  }

  /** Ends `refuse`. Same path, same port. */
  async accept(): Promise<void> {
    const before = this.#refusal;
    this.#refusal = undefined;
    if (before !== undefined && before !== 'reset') await this.listen();
  }

  /** Starts to listen. Called by `startWireProxy` and `accept`. */
  async listen(): Promise<void> {
    const { listen } = this.#options;
    if (listen === 'tcp') this.#server.listen(this.#port, '127.0.0.1');
    else {
      rmSync(listen.socketPath, { force: true });
      this.#server.listen(listen.socketPath);
    }
    await once(this.#server, 'listening');
    if (listen === 'tcp') this.#port = (this.#server.address() as AddressInfo).port;
  }

  async #close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cutAll();
    await closed;
  }

  /** Stops listening and closes every connection. */
  async dispose(): Promise<void> {
    await this.#close();
    this.cutAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  #keep(connection: Duplex): void {
    this.#connections.add(connection);
    connection.once('close', () => this.#connections.delete(connection));
    // A reset by the peer is ignored here: the reader of the answer gets the error.
    connection.on('error', () => undefined);
  }

  #see(request: IncomingMessage): SeenRequest {
    const seen: SeenRequest = {
      method: request.method ?? '',
      path: request.url ?? '',
      atMs: Date.now(),
      status: undefined,
      failure: undefined,
    };
    this.requests.push(seen);
    return seen;
  }

  async #handle(request: IncomingMessage, response: ServerResponse, seen: SeenRequest): Promise<void> {
    const active = this.#rules.take(seen);
    const rule = active?.rule;
    await rule?.before?.(seen);
    if (rule?.delayMs !== undefined) await delay(rule.delayMs);
    if (rule?.stall === 'before') await active?.released;
    if (rule?.cut === 'before') {
      request.socket.destroy();
      return;
    }
    if (rule?.respond !== undefined) {
      const { status, body = '', headers } = rule.respond;
      const type = typeof body === 'string' ? 'text/plain' : 'application/json';
      seen.status = status;
      response.writeHead(status, { 'Content-Type': type, ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
      return;
    }
    if (request.socket.destroyed) return;

    const upstream = await this.#forward(request, response);
    if (rule?.stall === 'after') await active?.released;
    if (rule?.cut === 'after') {
      upstream.resume();
      request.socket.destroy();
      return;
    }
    seen.status = upstream.statusCode;
    if (rule?.damage !== undefined) {
      const whole = rule.damage(Buffer.concat(await upstream.toArray()));
      response.writeHead(upstream.statusCode ?? 502, { 'Content-Type': 'application/json' });
      response.end(whole);
      return;
    }
    response.writeHead(upstream.statusCode ?? 502, upstream.statusMessage, upstream.rawHeaders);
    response.flushHeaders();
    upstream.once('error', () => response.destroy());
    upstream.once('aborted', () => response.destroy());
    if (rule?.stall === 'body') await active?.released;
    upstream.on('data', (chunk: Buffer) => (seen.bodyBytes = (seen.bodyBytes ?? 0) + chunk.length));
    upstream.pipe(response);
  }

  #targetOptions(request: IncomingMessage): RequestOptions {
    const { target } = this.#options;
    const where =
      'socketPath' in target
        ? { socketPath: target.socketPath }
        : { host: target.host ?? '127.0.0.1', port: target.port };
    return {
      ...where,
      ...('tls' in target && target.tls),
      method: request.method,
      path: request.url,
      // As received, in one flat list: names, order and repetitions unchanged.
      headers: request.rawHeaders,
      agent: false,
    };
  }

  /** Sends the request on; settles when the target's answer begins. */
  async #forward(request: IncomingMessage, response: ServerResponse): Promise<IncomingMessage> {
    const { target } = this.#options;
    const send = 'tls' in target ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const forwarded = send(this.#targetOptions(request), resolve);
      forwarded.once('error', reject);
      // A client that gives up closes its connection: the target must see that, as it would without us.
      response.once('close', () => {
        if (!response.writableFinished) forwarded.destroy();
      });
      request.pipe(forwarded);
    });
  }

  /** A request that takes the connection over (attach, exec, BuildKit's session): bytes both ways from here on. */
  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const seen = this.#see(request);
    const { target } = this.#options;
    const upstream =
      'socketPath' in target
        ? netConnect(target.socketPath)
        : target.tls
          ? tlsConnect({ ...target.tls, host: target.host ?? '127.0.0.1', port: target.port })
          : netConnect(target.port, target.host ?? '127.0.0.1');
    this.#keep(upstream);
    const lines = [`${seen.method} ${seen.path} HTTP/1.1`];
    for (let i = 0; i < request.rawHeaders.length; i += 2)
      lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
    upstream.write(`${lines.join('\r\n')}\r\n\r\n`);
    upstream.write(head);
    upstream.pipe(socket).pipe(upstream);
    upstream.once('close', () => socket.destroy());
    socket.once('close', () => upstream.destroy());
  }
}

/** Starts a proxy. Dispose it before its target. */
export async function startWireProxy(options: WireProxyOptions): Promise<WireProxy> {
  const proxy = new WireProxy(options);
  await proxy.listen();
  return proxy;
}
