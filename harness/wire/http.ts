/** One HTTP request to a unix socket or a local port, whole answer in memory: the tests' own way to talk to an engine. */
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { type JsonOutput, outputProblems } from '../program/schemas.ts';

export type Address =
  { readonly socketPath: string } | { readonly host?: string | undefined; readonly port: number };

export interface RequestOptions {
  /** An object is sent as JSON; bytes and streams as they are. */
  readonly body?: Readable | Buffer | object;
  readonly headers?: OutgoingHttpHeaders;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** The body as JSON. The caller says what it expects: these are tests, a wrong shape fails them. */
  json<T>(): T;
}

function isStream(body: object): body is Readable {
  return 'pipe' in body;
}

/** What the daemon serves of the documented outputs. */
const served: Readonly<Record<string, JsonOutput>> = {
  '/api/plan.json': 'plan',
  '/api/status.json': 'status',
};

/**
 * Sends a request. Any status is an answer.
 * @throws the socket's error when there is no answer; Error where what the daemon serves is not as docs/schema/ has it.
 */
export async function send(
  address: Address,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Answer> {
  const { body, signal } = options;
  const isJson = body !== undefined && !Buffer.isBuffer(body) && !isStream(body);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        ...('socketPath' in address ? address : { host: address.host ?? '127.0.0.1', port: address.port }),
        method,
        path,
        agent: false,
        headers: {
          Host: 'engine',
          ...(isJson && { 'Content-Type': 'application/json' }),
          ...options.headers,
        },
        ...(signal && { signal }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString();
          const output = method === 'GET' && response.statusCode === 200 ? served[path] : undefined;
          const problems = output === undefined ? [] : outputProblems(output, text);
          if (problems.length > 0) {
            reject(new Error(`${path} is not as documented:\n${problems.join('\n')}`));
            return;
          }
          resolve({ status: response.statusCode ?? 0, text, json: <T>() => JSON.parse(text) as T });
        });
      },
    );
    request.once('error', reject);
    if (body === undefined) request.end();
    else if (Buffer.isBuffer(body)) request.end(body);
    else if (isStream(body)) {
      body.once('error', reject);
      body.pipe(request);
    } else request.end(JSON.stringify(body));
  });
}
