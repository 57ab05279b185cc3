/**
 * One HTTP request to an engine, over a unix socket or TCP, with or without TLS. Nothing here knows the engine's API.
 *
 * Questions that follow each other share a connection, which halves the cost of the check right before a deletion. It is kept
 * for a moment only: after an engine's restart it is dead, and a question that finds it so is asked again on a new one.
 */
import { readFile } from 'node:fs/promises';
import * as http from 'node:http';
import { join } from 'node:path';
import type { EngineAddress, TcpAddress } from '../../address.ts';
import { describeAddress } from '../../address.ts';
import { EngineError } from '../../engine.ts';
import { connectionError } from './connection-errors.ts';
import { type LineReader, readStream, readText } from './answer-body.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Percent-encoded already, from the leading slash on. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  /** Request and address, for messages: `GET /version of unix:///var/run/docker.sock`. */
  readonly question: string;
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

export interface HttpClient {
  readonly endpoint: string;
  /**
   * Any HTTP status is an answer; only the lack of a whole one is an error.
   * @throws EngineError `unreachable`, `denied`, `timeout` or `protocol`; the signal's reason when it aborts.
   */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  /**
   * Reads a streamed answer, line by line. The time limit is for its head only; the signal ends it at any time.
   * @returns the whole answer when its status is not 200; undefined when the other side has ended the lines.
   * @throws EngineError as `request` does, `protocol` at a line that is too long; the signal's reason when it aborts;
   *   what the reader throws.
   */
  stream(request: HttpRequest, reader: LineReader, signal: AbortSignal): Promise<HttpAnswer | undefined>;
}

export interface HttpClientOptions {
  /** For one request, from connecting to the last byte of its answer. */
  readonly timeoutMs: number;
  /** Keys of objects that are read: the rest of a large answer is skipped as it arrives. */
  readonly wantedKeys: () => ReadonlySet<string>;
  /** More than that of an answer is refused: memory is not spent on what cannot be an engine's list. */
  readonly maxResponseBytes?: number;
}

/** What is read of 100,000 images is some 30 MB. */
const DEFAULT_MAX_RESPONSE_BYTES = 64 * 1024 * 1024;
const KEEP_ALIVE_MS = 30_000;
/** How long an unused connection is kept: from one deletion to the next, not from check to check. */
const UNUSED_MS = 1_500;
/** Two image inspections at a time, and one connection for everything else. */
const MOST_UNUSED = 3;

export function createHttpClient(address: EngineAddress, options: HttpClientOptions): HttpClient {
  const endpoint = describeAddress(address);
  const open = opener(address);
  const maxBytes = options.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES;

  // Certificates are reread for each connection, so with TLS no connection is kept.
  const pool =
    address.kind === 'tcp' && address.tls !== undefined
      ? undefined
      : new http.Agent({ keepAlive: true, maxFreeSockets: MOST_UNUSED, timeout: UNUSED_MS });

  /**
   * One exchange, within the time limit until `read` lifts it.
   * @param agent whose connections may be used; undefined: a new one.
   */
  async function exchange<T>(
    request: HttpRequest,
    signal: AbortSignal,
    read: (response: http.IncomingMessage, question: string, liftLimit: () => void) => Promise<T>,
    agent: http.Agent | undefined,
  ): Promise<T> {
    signal.throwIfAborted();
    const question = `${request.method} ${request.path} of ${endpoint}`;
    const deadline = new AbortController();
    const timer = setTimeout(() => {
      deadline.abort(
        new EngineError(
          'timeout',
          `${question}: no complete answer within ${String(options.timeoutMs / 1000)} s. The engine may still be working on it. If it is only slow, raise DOCKER_IMAGE_CLEANER_TIMEOUT_SECONDS.`,
        ),
      );
    }, options.timeoutMs);
    const liftLimit = (): void => {
      clearTimeout(timer);
    };
    const onAbort = (): void => {
      deadline.abort(signal.reason);
    };
    signal.addEventListener('abort', onAbort);
    try {
      return await read(await send(open, address, request, deadline.signal, agent), question, liftLimit);
    } catch (error) {
      // The abort first: what destroying the connection threw is only its echo.
      deadline.signal.throwIfAborted();
      throw error instanceof EngineError ? error : connectionError(error, question, endpoint, address);
    } finally {
      liftLimit();
      signal.removeEventListener('abort', onAbort);
    }
  }

  async function wholeAnswer(response: http.IncomingMessage, question: string): Promise<HttpAnswer> {
    const text = await readText(response, options.wantedKeys, maxBytes, question);
    return { question, status: response.statusCode ?? 0, headers: response.headers, text };
  }

  return {
    endpoint,
    request: (request, signal) => exchange(request, signal, wholeAnswer, pool),
    stream: (request, reader, signal) =>
      exchange(
        request,
        signal,
        async (response, question, liftLimit) => {
          if (response.statusCode !== 200) return wholeAnswer(response, question);
          liftLimit();
          // The kernel finds out a peer that vanished without a word.
          if (address.kind !== 'ssh') response.socket.setKeepAlive(true, KEEP_ALIVE_MS);
          await readStream(response, reader, question);
          return undefined;
        },
        undefined,
      ),
  };
}

/** A request was sent on a connection that had died since its last use: it did not arrive. */
class DeadConnection extends Error {}

/** Sends a request and resolves with the answer's head; its body is still to be read. Aborting ends both. */
async function send(
  open: Open,
  address: EngineAddress,
  request: HttpRequest,
  signal: AbortSignal,
  agent: http.Agent | undefined,
): Promise<http.IncomingMessage> {
  try {
    return await sendOnce(open, address, request, signal, agent);
  } catch (error) {
    if (!(error instanceof DeadConnection)) throw error;
    return await sendOnce(open, address, request, signal, undefined);
  }
}

/** @throws DeadConnection for a question that can be asked again. */
async function sendOnce(
  open: Open,
  address: EngineAddress,
  request: HttpRequest,
  signal: AbortSignal,
  agent: http.Agent | undefined,
): Promise<http.IncomingMessage> {
  const query = new URLSearchParams(request.query).toString();
  const options: http.RequestOptions = {
    method: request.method,
    path: query === '' ? request.path : `${request.path}?${query}`,
    agent: agent ?? false,
    signal,
    headers: {
      'User-Agent': 'docker-image-cleaner',
      Accept: 'application/json',
      // Go's server answers 400 to a host header made of a socket's path; any name works.
      ...(address.kind === 'tcp' ? {} : { Host: 'docker' }),
    },
  };
  // Not awaited where it is there at once: an error of the next tick must find its listener.
  const opened = open(options);
  const outgoing = opened instanceof Promise ? await opened : opened;
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    // For the connection's whole life: a late error must not become an uncaught one.
    outgoing.on('error', (error) => {
      // Only requests that change nothing: whether the others arrived is unknown.
      const mayAskAgain = outgoing.reusedSocket && request.method === 'GET' && !signal.aborted;
      reject(mayAskAgain ? new DeadConnection(error.message, { cause: error }) : error);
    });
    outgoing.end();
  });
}

type Open = (options: http.RequestOptions) => http.ClientRequest | Promise<http.ClientRequest>;

function opener(address: EngineAddress): Open {
  if (address.kind === 'unix') return (options) => http.request({ ...options, socketPath: address.path });
  if (address.kind === 'tcp') {
    const { tls, host, port } = address;
    if (tls === undefined) return (options) => http.request({ ...options, host, port });
    return async (options) => await openTls(tls, { ...options, host, port });
  }
  let agent: http.Agent | undefined;
  return async (options) => {
    agent ??= (await import('./ssh.ts')).sshAgent(address);
    return http.request({ ...options, agent });
  };
}

async function openTls(
  { certPath, verify, files }: NonNullable<TcpAddress['tls']>,
  target: http.RequestOptions,
): Promise<http.ClientRequest> {
  // TLS costs 5 MB of memory, and most engines are reached by a socket.
  const https = await import('node:https');
  if (certPath === undefined) return https.request({ ...target, rejectUnauthorized: verify });
  // Read for each request: certificates are renewed, and an engine beside us may write them after we have started.
  const fileOf = async (name: string): Promise<Buffer | undefined> =>
    files?.includes(name) === false ? undefined : await readCertificate(certPath, name);
  const [ca, cert, key] = await Promise.all([
    verify ? fileOf('ca.pem') : undefined,
    fileOf('cert.pem'),
    fileOf('key.pem'),
  ]);
  return https.request({ ...target, ca, cert, key, rejectUnauthorized: verify });
}

async function readCertificate(folder: string, name: string): Promise<Buffer> {
  const path = join(folder, name);
  try {
    return await readFile(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError(
      'unreachable',
      `cannot read ${path} (${why}). DOCKER_CERT_PATH must name a readable folder with ca.pem, cert.pem and key.pem.`,
      { cause },
    );
  }
}
