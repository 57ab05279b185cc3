/** The one error class of the disk's edge. */

/**
 * - `missing`: the path does not exist.
 * - `unreadable`: we may not read it.
 * - `failed`: the filesystem answered with another error.
 */
export type DiskErrorCode = 'missing' | 'unreadable' | 'failed';

/** The message names the path and says what to do. */
export class DiskError extends Error {
  override readonly name = 'DiskError';
  readonly code: DiskErrorCode;
  readonly path: string;

  constructor(code: DiskErrorCode, path: string, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}
