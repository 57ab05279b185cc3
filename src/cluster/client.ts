/**
 * The connection to the API server: who we are, where it is, one request at a time. The only file that imports
 * `@kubernetes/client-node`, and only when called, so that nothing of it is loaded without a node name.
 *
 * Of the library only `KubeConfig` is used: service account tokens (re-read as they rotate), kubeconfig files, client
 * certificates, exec plugins, OIDC, proxies. Its generated API classes would triple what it costs in memory for the eleven
 * requests of `api.ts`, which are plain HTTPS here. Figures: docs/dependencies.md.
 */
import { existsSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { request as httpRequest } from 'node:http';
import { delimiter, join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { ClusterError, codeOfStatus } from './error.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the server's root, with the query. */
  readonly path: string;
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
  /** The form of the answer. Default `application/json`. */
  readonly accept?: string;
  /** What is asked, for messages, e.g. `read node worker-1`. */
  readonly what: string;
}

export interface Connection {
  /** The server's address, for messages. */
  readonly server: string;
  /** The namespace we run in (service account), or the kubeconfig context's. */
  readonly namespace: string | undefined;
  /** Sends a request and gives the parsed answer. @throws ClusterError; the signal's reason when aborted. */
  send(request: ApiRequest, signal: AbortSignal): Promise<unknown>;
}

export interface ConnectionOptions {
  /** KUBERNETES_SERVICE_HOST says that we run in a pod; KUBECONFIG names files otherwise. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For a whole request, connecting and the answer's body included. */
  readonly timeoutMs: number;
  /** Where neither is there: `~/.kube/config`, as kubectl does. For what a person asks for, not for a daemon. */
  readonly usesHome?: boolean;
}

const tokenFile = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** A Node object with all its images and conditions is some 100 kB. */
const maxAnswerBytes = 8 * 1024 * 1024;

/** Who and where, and what says so, for messages. */
interface Configuration {
  readonly config: KubeConfig;
  readonly source: string;
}

async function loadConfiguration(options: ConnectionOptions): Promise<Configuration> {
  const { environment } = options;
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  const home = environment['HOME'] ?? '';
  const byDefault = options.usesHome === true && home !== '' ? join(home, '.kube', 'config') : undefined;
  const named = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  const files = named.length > 0 || byDefault === undefined || !existsSync(byDefault) ? named : [byDefault];
  if (environment['KUBERNETES_SERVICE_HOST'] !== undefined && existsSync(tokenFile)) {
    config.loadFromCluster();
    return { config, source: 'The service account' };
  }
  const [first, ...others] = files;
  if (first === undefined) {
    throw new ClusterError(
      'invalid',
      `No way to reach the API server: no service account token at ${tokenFile} ` +
        `(is automountServiceAccountToken off?) and no KUBECONFIG${byDefault === undefined ? '' : ` or ${byDefault}`}.`,
    );
  }
  const prefix = named.length > 0 ? 'KUBECONFIG ' : '';
  readKubeconfig(config, first, prefix);
  for (const file of others) {
    const more = new KubeConfig();
    readKubeconfig(more, file, prefix);
    config.mergeConfig(more, true);
  }
  return { config, source: `${prefix}${files.join(delimiter)}` };
}

/** @param prefix says in messages what named the file. @throws ClusterError `invalid`: one line with the file's name. */
function readKubeconfig(config: KubeConfig, file: string, prefix: string): void {
  try {
    config.loadFromFile(file);
  } catch (cause) {
    // The parser's message quotes the surrounding lines; the library accepts any YAML as a kubeconfig.
    const [reason = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
    const problem = cause instanceof TypeError ? 'is not a kubeconfig' : `cannot be read: ${reason}`;
    throw new ClusterError('invalid', `${prefix}${file} ${problem}.`, { cause });
  }
}

/** Retry-After in seconds; it may also be a date (RFC 9110 10.2.3), which the API server never sends. */
function retryAfterSeconds(response: IncomingMessage): number | undefined {
  const value = Number(response.headers['retry-after']);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

interface Answer {
  readonly response: IncomingMessage;
  readonly text: string;
}

async function exchange(
  options: RequestOptions,
  plain: boolean,
  body: string | undefined,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = (plain ? httpRequest : httpsRequest)({ ...options, signal }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxAnswerBytes) response.destroy(new Error(`answer larger than ${maxAnswerBytes} bytes`));
        else chunks.push(chunk);
      });
      response.once('error', reject);
      response.once('end', () => {
        resolve({ response, text: Buffer.concat(chunks).toString('utf8') });
      });
    });
    request.once('error', reject);
    request.end(body);
  });
}

/** The message of a `Status` object, else the beginning of the answer. */
function messageOf(text: string): string {
  try {
    const status = JSON.parse(text) as { message?: unknown };
    if (typeof status.message === 'string') return status.message;
  } catch {
    // A proxy's own words, not the API server's.
  }
  return text.slice(0, 300);
}

/**
 * Finds the credentials and the API server; sends nothing yet. @throws ClusterError `invalid` when the configuration
 * is unusable.
 */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { config, source } = await loadConfiguration(options);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    const context = config.getCurrentContext();
    // The library's type leaves out that a file need not have one.
    const told = (context as string | undefined) === undefined ? '' : ` "${context}"`;
    throw new ClusterError('invalid', `${source} has no cluster for its current context${told}.`);
  }
  const server = URL.parse(cluster.server);
  if (server === null)
    throw new ClusterError(
      'invalid',
      `${source} names an API server that is not a URL: ${JSON.stringify(cluster.server)}.`,
    );
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;

  /** Our credentials, read again for each request: tokens and certificates rotate. */
  const authenticate = async (): Promise<RequestOptions> => {
    const credentials: RequestOptions = { headers: {} };
    try {
      await config.applyToHTTPSOptions(credentials);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ClusterError('failed', `No credentials for the API server at ${server.origin}: ${reason}`, {
        cause,
      });
    }
    // The library keeps one agent with the first certificates it saw; only a proxy needs that agent. No connection is
    // kept: requests are rare, and one that the server closed meanwhile would fail the next.
    if (cluster.proxyUrl === undefined)
      credentials.agent = new Agent({ keepAlive: false, maxCachedSessions: 0 });
    return credentials;
  };

  const send = async (request: ApiRequest, signal: AbortSignal): Promise<unknown> => {
    signal.throwIfAborted();
    const credentials = await authenticate();
    const timeout = AbortSignal.timeout(options.timeoutMs);
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const target: RequestOptions = {
      ...credentials,
      method: request.method,
      protocol: server.protocol,
      host: server.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: server.port === '' ? (server.protocol === 'http:' ? 80 : 443) : server.port,
      path: `${server.pathname.replace(/\/$/, '')}${request.path}`,
      headers: {
        ...credentials.headers,
        Accept: request.accept ?? 'application/json',
        'User-Agent': 'docker-image-cleaner',
        ...(body !== undefined && {
          'Content-Type': request.contentType ?? 'application/json',
          'Content-Length': Buffer.byteLength(body),
        }),
      },
    };
    const prefix = `Could not ${request.what} (API server ${server.origin})`;
    let answer: Answer;
    try {
      const both = AbortSignal.any([signal, timeout]);
      answer = await exchange(target, server.protocol === 'http:', body, both);
    } catch (cause) {
      signal.throwIfAborted();
      if (timeout.aborted) {
        throw new ClusterError('timeout', `${prefix}: no answer within ${options.timeoutMs / 1000} s.`, {
          cause,
        });
      }
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ClusterError('unreachable', `${prefix}: ${reason}.`, { cause });
    }
    const status = answer.response.statusCode ?? 0;
    if (status >= 200 && status < 300) {
      try {
        return JSON.parse(answer.text) as unknown;
      } catch (cause) {
        throw new ClusterError('failed', `${prefix}: the answer is not JSON.`, { status, cause });
      }
    }
    const message = messageOf(answer.text);
    throw new ClusterError(codeOfStatus(status, message), `${prefix}: ${status} ${message}`, {
      status,
      retryAfterSeconds: retryAfterSeconds(answer.response),
    });
  };
  return { server: server.origin, namespace, send };
}
