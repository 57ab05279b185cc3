/**
 * A proxy in front of a gRPC server on a unix socket, for faults on the wire: the rules of wire-rules.ts on calls. A call is
 * a request with method POST and the call's path; a rule's `respond.status` is a gRPC status, its `body` the error's text or,
 * with status 0, the encoded answer.
 */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type ActiveRule, type Rule, type RuleHandle, RuleBook, type SeenRequest } from './wire-rules.ts';

export interface GrpcProxy {
  /** As for RUNTIME_ENDPOINT. */
  readonly endpoint: string;
  readonly socketPath: string;
  readonly requests: readonly SeenRequest[];
  /** How many calls were seen whose path ends so, e.g. `/RemoveImage`. */
  readonly count: (call: string) => number;
  readonly addRule: (rule: Rule) => RuleHandle;
  /** Closes every connection there is, as a crash of the server would. */
  cutAll(): void;
  dispose(): void;
}

/** For a rule's `match`. @param name e.g. `RemoveImage`. */
export function isCall(name: string): (request: SeenRequest) => boolean {
  return ({ path }) => path.endsWith(`/${name}`);
}

/** A message on the wire: not compressed, its length before it. */
export function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** @param target path of the server's socket. @param socketPath where to listen. */
export async function startGrpcProxy(target: string, socketPath: string): Promise<GrpcProxy> {
  const requests: SeenRequest[] = [];
  const rules = new RuleBook();
  const sockets = new Set<Socket>();
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };

  async function handle(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    upstream: ClientHttp2Session,
  ): Promise<void> {
    const path = String(headers[constants.HTTP2_HEADER_PATH]);
    // Every call of CRI sends one message, with five bytes before it.
    const sent = Buffer.concat(await stream.toArray());
    const seen: SeenRequest = {
      method: 'POST',
      path,
      message: sent.subarray(5),
      atMs: Date.now(),
      status: undefined,
      failure: undefined,
    };
    requests.push(seen);
    const active = rules.take(seen);
    const rule = active?.rule;
    await rule?.before?.(seen);
    if (rule?.delayMs !== undefined) await delay(rule.delayMs);
    if (rule?.stall === 'before') await active?.released;
    if (rule?.cut === 'before') cutAll();
    else if (rule?.respond?.body instanceof Uint8Array) {
      answer(stream, rule.respond.body);
    } else if (rule?.respond !== undefined) {
      const { status, body = '' } = rule.respond;
      const head = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': String(status) };
      stream.respond(
        { ...head, 'grpc-message': typeof body === 'string' ? body : JSON.stringify(body) },
        { endStream: true },
      );
    } else if (!stream.destroyed && !upstream.destroyed) forward(stream, headers, sent, { upstream, active });
  }

  function answer(stream: ServerHttp2Stream, message: Uint8Array): void {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => {
      stream.sendTrailers({ 'grpc-status': '0' });
    });
    stream.end(framed(message));
  }

  function forward(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    sent: Buffer,
    { upstream, active }: { upstream: ClientHttp2Session; active: ActiveRule | undefined },
  ): void {
    const request = upstream.request(headers, { endStream: false });
    request.end(sent);
    stream.on('close', () => {
      request.close(constants.NGHTTP2_CANCEL);
    });
    request.on('error', () => {
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    });
    let trailers: IncomingHttpHeaders = {};
    request.on('trailers', (received: IncomingHttpHeaders) => (trailers = received));
    if (active?.rule.cut === 'after') {
      request.resume().on('end', cutAll);
      return;
    }
    request.on('response', (answer, flags) => {
      void (async () => {
        if (active?.rule.stall === 'after') await active.released;
        if (stream.destroyed) return;
        // An error is in the head alone.
        const isAll = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
        stream.respond(answer, { waitForTrailers: !isAll, endStream: isAll });
        if (isAll) return;
        stream.on('wantTrailers', () => {
          stream.sendTrailers(trailers);
        });
        if (active?.rule.damage === undefined) request.pipe(stream);
        // The message with the five bytes before it that say how long it is.
        else stream.end(active.rule.damage(Buffer.concat(await request.toArray())));
      })();
    });
  }

  const server = createServer();
  server.on('session', (session) => {
    // Nobody there: the client sees its connection close, as it would without us.
    const upstream = connect('http://localhost', { createConnection: () => connectSocket(target) });
    upstream.on('error', () => undefined);
    upstream.on('close', () => {
      session.destroy();
    });
    session.on('error', () => undefined);
    session.on('close', () => {
      upstream.destroy();
    });
    session.on('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      void handle(stream, headers, upstream);
    });
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return {
    endpoint: `unix://${socketPath}`,
    socketPath,
    requests,
    count: (call) => requests.filter(({ path }) => path.endsWith(call)).length,
    addRule: (rule) => rules.add(rule),
    cutAll,
    dispose: () => {
      cutAll();
      server.close();
      rmSync(socketPath, { force: true });
    },
  };
}
