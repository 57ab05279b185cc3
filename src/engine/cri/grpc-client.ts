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

export interface GrpcClient {
  readonly endpoint: string;
  readonly socketPath: string;
  /**
   * One question, one answer.
   * @throws EngineError; the signal's reason when it aborts.
   */
  call<Request, Response>(
    service: Service,
    method: Method<Request, Response>,
    request: Request,
    signal: AbortSignal,
  ): Promise<Response>;
  /**
   * One question, answers until one side ends them, however long that takes. A runtime says nothing before the first.
   * @returns when the runtime ended them. @throws EngineError; the signal's reason when it aborts; what `read` throws.
   */
  stream<Request, Response>(
    service: Service,
    method: Method<Request, Response>,
    request: Request,
    read: (response: Response) => void,
    signal: AbortSignal,
  ): Promise<void>;
  close(): void;
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

export function createGrpcClient(
  socketPath: string,
  { timeoutMs, maxAnswerBytes = MAX_ANSWER_BYTES }: GrpcClientOptions,
): GrpcClient {
  // It would write lines of its own to standard error, into our log.
  setLogVerbosity(logVerbosity.NONE);
  const endpoint = `unix://${socketPath}`;
  const client = new Client(endpoint, credentials.createInsecure(), {
    ...channelOptions,
    'grpc.max_receive_message_length': maxAnswerBytes,
  });

  async function failure(error: ServiceError, what: string, signal: AbortSignal): Promise<unknown> {
    if (signal.aborted) return signal.reason;
    return await callError(error, { question: `${what} of ${endpoint}`, socketPath, timeoutMs });
  }

  return {
    endpoint,
    socketPath,

    async call(service, method, request, signal) {
      signal.throwIfAborted();
      return await new Promise((resolve, reject) => {
        const options: CallOptions = { deadline: Date.now() + timeoutMs };
        const call = client.makeUnaryRequest(
          `/${service.fullName}/${method.name}`,
          (message: typeof request) => Buffer.from(method.requestType.encode(message).finish()),
          (bytes: Buffer) => method.responseType.decode(bytes),
          request,
          new Metadata(),
          options,
          (error, answer) => {
            signal.removeEventListener('abort', onAbort);
            if (error !== null) void failure(error, method.name, signal).then(reject, reject);
            else if (answer !== undefined) resolve(answer);
          },
        );
        const onAbort = (): void => {
          call.cancel();
          // At once, not when the runtime has heard of it.
          reject(signal.reason as Error);
        };
        signal.addEventListener('abort', onAbort, { once: true });
      });
    },

    async stream<Request, Response>(
      service: Service,
      method: Method<Request, Response>,
      request: Request,
      read: (response: Response) => void,
      signal: AbortSignal,
    ) {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const call = client.makeServerStreamRequest(
          `/${service.fullName}/${method.name}`,
          (message: typeof request) => Buffer.from(method.requestType.encode(message).finish()),
          (bytes: Buffer) => method.responseType.decode(bytes),
          request,
          new Metadata(),
          {},
        );
        const settle = (act: () => void): void => {
          signal.removeEventListener('abort', onAbort);
          act();
        };
        const onAbort = (): void => {
          call.cancel();
          settle(() => {
            reject(signal.reason as Error);
          });
        };
        signal.addEventListener('abort', onAbort, { once: true });
        call.on('data', (answer: Response) => {
          try {
            read(answer);
          } catch (error) {
            call.cancel();
            settle(() => {
              reject(error instanceof Error ? error : new Error(String(error)));
            });
          }
        });
        call.on('error', (error: ServiceError) => {
          settle(() => {
            void failure(error, method.name, signal).then(reject, reject);
          });
        });
        // Not `end`, which comes after an error too.
        call.on('status', ({ code }) => {
          if (code === status.OK) settle(resolve);
        });
      });
    },

    close() {
      client.close();
    },
  };
}
