/** Failures between us and the API server: one error class with a code. */

/**
 * - `unreachable`: no connection, connection lost, or a server that says it is away (502, 503, 504).
 * - `timeout`: connected, but no answer within the time allowed. The server may still do what was asked.
 * - `conflict`: the object is not as it was read (409, or a JSON patch whose `test` failed).
 * - `not-found`: 404.
 * - `forbidden`: who we are or what we may do (401, 403; also an admission policy that says no).
 * - `rate-limited`: 429.
 * - `invalid`: the request or our configuration makes no sense to the other side (400, 415, 422; a broken kubeconfig).
 * - `failed`: any other answer.
 */
export type ClusterErrorCode =
  'unreachable' | 'timeout' | 'conflict' | 'not-found' | 'forbidden' | 'rate-limited' | 'invalid' | 'failed';

export interface ClusterErrorOptions {
  readonly status?: number | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** The one error class of this edge. The message says what was asked of which server, and the answer. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
  readonly code: ClusterErrorCode;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** How long the server asks us to wait before the next try (Retry-After). */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ClusterErrorCode, message: string, options: ClusterErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** True for a request that may or may not have been carried out: its effect may still appear later. */
export function isAmbiguous(error: unknown): boolean {
  if (!(error instanceof ClusterError)) return false;
  return error.code === 'unreachable' || error.code === 'timeout' || error.code === 'failed';
}

/**
 * The code for an answer's status. A failed `test` of a JSON patch is a 422 whose message says so (apiserver's
 * `patch.go` passes on the JSON patch library's text); so is a path that has disappeared meanwhile.
 */
export function codeOfStatus(status: number, message: string): ClusterErrorCode {
  switch (status) {
    case 400:
    case 415:
      return 'invalid';
    case 401:
    case 403:
      return 'forbidden';
    case 404:
      return 'not-found';
    case 409:
      return 'conflict';
    case 422:
      return /testing .*fail|test failed|operation does not apply/i.test(message) ? 'conflict' : 'invalid';
    case 429:
      return 'rate-limited';
    case 502:
    case 503:
    case 504:
      return 'unreachable';
    default:
      return 'failed';
  }
}
