/**
 * The HTTP server: read-only, and bounded in everything that a client could make large or slow. It knows the routes,
 * not what is behind them. The network decides who may connect, a token (if set) who may read, and hosts.ts keeps
 * other sites from reading it through a browser.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { addressText, type ListenAddress } from '../../../config/values/http-address.ts';
import { variableOf } from '../../../config/settings.ts';
import { compressed, isCompressed } from './compress.ts';
import { Connections } from './connections.ts';
import { challenge } from './credentials.ts';
import { isHostAllowed } from './hosts.ts';
import { ListenError } from './errors.ts';
import { type Answer, type Route, type Routes, textAnswer } from './routes.ts';

/** Connections at a time; for each further one an idle one is closed. */
const MAX_CONNECTIONS = 512;
/** More than these are not accepted: connections being closed still exist. */
const MAX_SOCKETS = 2 * MAX_CONNECTIONS;
/** A whole request must have arrived within this time. */
const REQUEST_MS = 10_000;
/** An idle connection is closed after this time. */
const IDLE_MS = 30_000;
/** A client must have read an answer within this time. */
const ANSWER_MS = 60_000;
const MAX_HEADER_BYTES = 8 * 1024;

export interface HttpServer {
  /** Of the page, as one can open it on this host. */
  readonly url: string;
  /** What it listens on, as the kernel has it: `[::]:9615` is every address of the host. */
  readonly address: string;
  /** Ends every connection, at once. */
  readonly close: () => Promise<void>;
}

/** Who may ask. */
interface Access {
  /** Whether the sender of this header may read protected routes. */
  readonly allows: (authorization: string | undefined) => boolean;
  /** Names that `Host` may have, besides those that are always safe. */
  readonly allowedHosts: readonly string[];
}

/** Left out: everybody may, under safe names. */
export interface ListenOptions extends Partial<Access> {
  /** The setting that the address is from, for messages. */
  readonly setting?: 'httpAddress' | 'probeAddress';
}

/** @throws ListenError */
export async function listen(
  address: ListenAddress,
  routes: Routes,
  { setting = 'httpAddress', allows = () => true, allowedHosts = [] }: ListenOptions = {},
): Promise<HttpServer> {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 2_000,
    },
    (request, response) => {
      const answered = connections.answering(request.socket);
      if (answered === undefined) return void request.socket.destroy();
      response.once('close', answered);
      void respond(request, response, { routes, connections, allows, allowedHosts });
    },
  );
  const connections = new Connections(MAX_CONNECTIONS);
  server.on('connection', (socket) => {
    connections.add(socket);
  });
  server.maxConnections = MAX_SOCKETS;
  server.maxHeadersCount = 64;
  server.setTimeout(IDLE_MS);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new ListenError(addressText(address), whyNot(variableOf(setting), address, error), { cause: error }),
      );
    });
    server.listen({ port: address.port, ...(address.host !== undefined && { host: address.host }) }, resolve);
  });
  const { port, address: own } = server.address() as AddressInfo;
  return {
    url: `http://${addressText({ host: address.host ?? 'localhost', port })}/`,
    address: addressText({ host: own, port }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function whyNot(variable: string, address: ListenAddress, error: NodeJS.ErrnoException): string {
  const where = `${variable} ${addressText(address)}`;
  const why = reasons[error.code ?? ''];
  return `${where}: ${why === undefined ? `cannot listen there: ${error.message}.` : why}`;
}

const noAddress = 'not an address of this host. Choose one of its own, or use ":PORT" to listen on all.';
const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken by another process. Choose another port, or stop the other process.',
  EACCES: 'this process may not listen on that port. Choose one from 1024 on.',
  EADDRNOTAVAIL: noAddress,
  ENOTFOUND: noAddress,
  EAI_AGAIN: noAddress,
};

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { routes, connections, ...access }: Access & { readonly routes: Routes; readonly connections: Connections },
): Promise<void> {
  // A body is never read: the connection ends with the answer instead.
  const hasBody = request.headers['content-length'] !== undefined || 'transfer-encoding' in request.headers;
  if (hasBody) response.setHeader('Connection', 'close');
  try {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const route = routes.get(path);
    const refusal = refusalOf(request, route, access);
    if (refusal !== undefined) await send(request, response, refusal);
    else if (route === undefined) await send(request, response, textAnswer(404, 'Not found.'));
    else if ('answer' in route) await send(request, response, await route.answer());
    else if (request.method === 'HEAD')
      await send(request, response, { status: 200, type: 'text/event-stream', body: '' });
    else {
      protect(response);
      connections.streaming(request.socket);
      route.stream(response);
    }
  } catch (error) {
    // A mistake of ours must show in the answer and in the tests, and must not end the daemon.
    const message = error instanceof Error ? error.message : String(error);
    if (response.headersSent) response.destroy();
    else await send(request, response, textAnswer(500, `Internal error: ${message}`));
  }
}

/** What is said to who may not ask that, or not like this; undefined: may. */
function refusalOf(
  { headers, headersDistinct, method }: IncomingMessage,
  route: Route | undefined,
  { allows, allowedHosts }: Access,
): Answer | undefined {
  // A proxy in front may have used the one, and we the other.
  if ((headersDistinct['host']?.length ?? 0) > 1) return textAnswer(400, 'More than one Host header.');
  if (!isHostAllowed(headers.host, allowedHosts))
    return textAnswer(
      421,
      'This host name is not allowed here, so that other sites cannot read this one through your browser. ' +
        `Name it in ${variableOf('httpAllowedHosts')}, or use an IP address or localhost.`,
    );
  const isOpen = route !== undefined && 'isOpen' in route;
  if (!isOpen && !allows(headers.authorization))
    return {
      ...textAnswer(401, 'The token is missing or wrong: send it as a bearer token, or as the password.'),
      headers: { 'WWW-Authenticate': challenge },
    };
  if (method === 'GET' || method === 'HEAD') return undefined;
  return {
    ...textAnswer(405, 'Nothing can be changed here: GET and HEAD only.'),
    headers: { Allow: 'GET, HEAD' },
  };
}

/** Headers of every answer. */
function protect(response: ServerResponse): void {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  // Whatever is not the page itself may do nothing; the page brings its own.
  response.setHeader('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
}

async function send(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  protect(response);
  response.setHeader('Cache-Control', answer.etag === undefined ? 'no-store' : 'no-cache');
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  const isPacked = isCompressed(request, answer.body);
  if (Buffer.isBuffer(answer.body)) response.setHeader('Vary', 'Accept-Encoding');
  if (answer.etag !== undefined) {
    // The same in other bytes has another strong tag.
    const etag = isPacked ? answer.etag.replace(/"$/, '-gzip"') : answer.etag;
    response.setHeader('ETag', etag);
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304).end();
      return;
    }
  }
  const tooLong = setTimeout(() => response.destroy(), ANSWER_MS);
  tooLong.unref();
  response.once('close', () => {
    clearTimeout(tooLong);
  });
  const body = isPacked ? await compressed(answer.body) : answer.body;
  if (isPacked) response.setHeader('Content-Encoding', 'gzip');
  response.writeHead(answer.status, {
    'Content-Type': answer.type,
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
