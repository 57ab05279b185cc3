/**
 * Turns what gRPC reports into the project's EngineError: which kind it is, and what a person can do. Decides by status
 * codes and error numbers, never by message texts.
 */
import { connect } from 'node:net';
import { EngineError } from '../engine.ts';

/** A part of grpc-js's ServiceError. */
export interface CallFailure {
  readonly code: number;
  readonly details: string;
}

export interface CallContext {
  /** The call and the endpoint, which begin the message: `ListImages of unix:///run/containerd/containerd.sock`. */
  readonly question: string;
  readonly socketPath: string;
  readonly timeoutMs: number;
}

/** Status codes (grpc.io, "Status codes and their use in gRPC"), as grpc-js numbers them. */
export const grpcCode = {
  cancelled: 1,
  unknown: 2,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** The gRPC status of an EngineError, where a runtime answered with one. */
export class CallError extends EngineError {
  readonly grpcStatus: number;

  constructor(
    code: ConstructorParameters<typeof EngineError>[0],
    message: string,
    failure: CallFailure & { readonly cause?: unknown },
  ) {
    super(code, message, { cause: failure.cause ?? failure });
    this.grpcStatus = failure.code;
  }
}

export async function callError(failure: CallFailure, context: CallContext): Promise<CallError> {
  const { question, timeoutMs } = context;
  const { code } = failure;
  const says = failure.details.replace(/\s+/g, ' ').trim();
  switch (code) {
    case grpcCode.deadlineExceeded:
      return new CallError(
        'timeout',
        `${question}: no answer within ${timeoutMs / 1000} s. The runtime may still be working on it.`,
        failure,
      );
    case grpcCode.permissionDenied:
    case grpcCode.unauthenticated:
      return new CallError('denied', `${question}: the runtime denies access: ${says}`, failure);
    case grpcCode.unimplemented:
      return new CallError(
        'protocol',
        `${question}: the runtime does not know this call (${says}).`,
        failure,
      );
    // What the library reports when the connection is refused, lost or spoken on in another protocol, beside the first
    // also servers that are shutting down. The call may have been begun.
    case grpcCode.unavailable:
    case grpcCode.internal:
    case grpcCode.cancelled:
      return await lost(failure, says, context);
    default:
      return new CallError('failed', `${question}: the runtime answered: ${says}`, failure);
  }
}

/** The library says why there is no connection in words only, so we connect once more to get the error number. */
async function lost(failure: CallFailure, says: string, context: CallContext): Promise<CallError> {
  const { question, socketPath } = context;
  const errno = await tryToConnect(socketPath);
  const say = (code: 'unreachable' | 'denied', text: string): CallError =>
    new CallError(code, `cannot connect to the runtime at unix://${socketPath}: ${text}`, failure);
  switch (errno) {
    case undefined:
      return new CallError(
        'unreachable',
        `${question}: the connection was lost or is not gRPC (${says}). The runtime was stopped or restarted, or the endpoint is something else; the request may still have been carried out.`,
        failure,
      );
    case 'ENOENT':
      return say(
        'unreachable',
        'no such socket. Is the runtime running, is its socket’s folder mounted into this container, does DOCKER_IMAGE_CLEANER_RUNTIME_ENDPOINT name the right path?',
      );
    case 'ENOTDIR':
    case 'ENOTSOCK':
      return say(
        'unreachable',
        'not a socket. Does DOCKER_IMAGE_CLEANER_RUNTIME_ENDPOINT name the right path?',
      );
    case 'ECONNREFUSED':
      return say('unreachable', 'nothing listens there. Is the runtime running?');
    case 'EACCES':
    case 'EPERM':
      return say('denied', 'no permission to use the socket. Run as root.');
    default:
      return say('unreachable', `${says} (${errno}).`);
  }
}

/** The number of the error when no connection can be made; undefined when one can. */
async function tryToConnect(path: string): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.destroy();
      resolve(error.code ?? error.message);
    });
  });
}
