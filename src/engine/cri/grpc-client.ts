/**
 * Calls to a runtime's gRPC services over a unix socket. Nothing here knows what the calls mean. The only file that
 * loads @grpc/grpc-js: it is imported when a CRI runtime is connected to, never for Docker.
 */
import {
  type CallOptions,
  type ChannelOptions,
  Client,
  credentials,
  logVerbosity,
  Metadata,
  type ServiceError,
  setLogVerbosity,
  status,
} from '@grpc/grpc-js';
import { callError } from './grpc-errors.ts';

/** One method of a service, as the generated definitions have it. */
export interface Method<Request, Response> {
  readonly name: string;
  readonly requestType: { encode(message: Request): { finish(): Uint8Array } };
  readonly responseType: { decode(input: Uint8Array): Response };
}

/** A generated service definition. */
export interface Service {
  /** With its package, e.g. `runtime.v1.ImageService`. */
  readonly fullName: string;
}

/** A node with 10,000 images answers with some 10 MB; kubelet takes 16 MB. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

const channelOptions: ChannelOptions = {
  // Without it the socket's path is the authority, which servers that are not written in Go refuse.
  'grpc.default_authority': 'localhost',
  // A deletion is sent once: src/sweep/remove/ finds out how an unanswered one ended.
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  // The caller decides when to retry: a channel with its own backoff would refuse calls meanwhile.
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.min_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 200,
  // Each client has its connection: grpc-js shares them by address otherwise, also the broken ones.
  'grpc.use_local_subchannel_pool': 1,
};

export interface GrpcClientOptions {
  /** For one call, from connecting to its whole answer. */
  readonly timeoutMs: number;
  /** Of a larger answer nothing is read: the call fails with `resourceExhausted`. */
  readonly maxAnswerBytes?: number;
}

/** A method's path, and its messages to bytes and back. */
function wireOf<Request, Response>(
  service: Service,
  { name, requestType, responseType }: Method<Request, Response>,
) {
  return [
    `/${service.fullName}/${name}`,
    (message: Request) => Buffer.from(requestType.encode(message).finish()),
    (bytes: Buffer) => responseType.decode(bytes),
  ] as const;
}

export class GrpcClient {
  readonly endpoint: string;
  readonly socketPath: string;
  readonly #client: Client;
  readonly #timeoutMs: number;

  constructor(socketPath: string, { timeoutMs, maxAnswerBytes = MAX_ANSWER_BYTES }: GrpcClientOptions) {
    // It would write lines of its own to standard error, into our log.
    setLogVerbosity(logVerbosity.NONE);
    this.socketPath = socketPath;
    this.endpoint = `unix://${socketPath}`;
    this.#timeoutMs = timeoutMs;
    this.#client = new Client(this.endpoint, credentials.createInsecure(), {
      ...channelOptions,
      'grpc.max_receive_message_length': maxAnswerBytes,
    });
  }

  /**
   * One question, one answer.
   * @throws EngineError; the signal's reason when it aborts.
   */
  async call<Request, Response>(
    service: Service,
    method: Method<Request, Response>,
    request: Request,
    signal: AbortSignal,
  ): Promise<Response> {
    return await this.#until<Response>(method.name, signal, (resolve, reject) => {
      const options: CallOptions = { deadline: Date.now() + this.#timeoutMs };
      return this.#client.makeUnaryRequest(
        ...wireOf(service, method),
        request,
        new Metadata(),
        options,
        (error, answer) => {
          if (error !== null) reject(error);
          else if (answer !== undefined) resolve(answer);
        },
      );
    });
  }

  /**
   * One question, answers until one side ends them, however long that takes. A runtime says nothing before the first.
   * @returns when the runtime ended them. @throws EngineError; the signal's reason when it aborts; what `read` throws.
   */
  async stream<Request, Response>(
    service: Service,
    method: Method<Request, Response>,
    request: Request,
    read: (response: Response) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#until<undefined>(method.name, signal, (resolve, reject) => {
      const call = this.#client.makeServerStreamRequest(
        ...wireOf(service, method),
        request,
        new Metadata(),
        {},
      );
      call.on('data', (answer: Response) => {
        try {
          read(answer);
        } catch (error) {
          call.cancel();
          reject(error);
        }
      });
      call.on('error', reject);
      // Not `end`, which follows an error too.
      call.on('status', ({ code }) => {
        if (code === status.OK) resolve(undefined);
      });
      return call;
    });
  }

  close(): void {
    this.#client.close();
  }

  /** Waits for a call that `begin` starts and settles. Aborting cancels it, and does not wait for the runtime to hear of it. */
  async #until<T>(
    name: string,
    signal: AbortSignal,
    begin: (resolve: (answer: T) => void, reject: (error: unknown) => void) => { cancel(): void },
  ): Promise<T> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const call = begin(resolve, reject);
    const onAbort = (): void => {
      call.cancel();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await promise;
    } catch (error) {
      signal.throwIfAborted();
      if (!isServiceError(error)) throw error;
      const question = `${name} of ${this.endpoint}`;
      const { socketPath } = this;
      throw await callError(error, { question, socketPath, timeoutMs: this.#timeoutMs });
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'metadata' in error && 'details' in error;
}
