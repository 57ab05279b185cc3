/** The one error of this folder: something on the disk could not be read. */
import { errnoOf } from '../../system/errno.ts';

/**
 * - `missing`: the path does not exist.
 * - `unreadable`: the path, or something below it, may not be read by this process.
 * - `failed`: any other answer of the kernel (I/O error, stale network filesystem, helper process lost).
 */
export type DiskErrorCode = 'missing' | 'unreadable' | 'failed';

export class DiskError extends Error {
  override readonly name = 'DiskError';
  readonly code: DiskErrorCode;
  /** The path that could not be read. */
  readonly path: string;

  constructor(code: DiskErrorCode, path: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
  }
}

/** Builds the one message of a path that could not be read: which path, what the kernel said, what to do. */
export function unreadablePath(path: string, errno: string | undefined, cause?: unknown): DiskError {
  switch (errno) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new DiskError(
        'missing',
        path,
        `${path} does not exist. Set DOCKER_IMAGE_CLEANER_PATH_TO_CHECK to the folder where the engine keeps its ` +
          'data, and in a container mount that folder at this path.',
        cause,
      );
    case 'EACCES':
    case 'EPERM':
      return new DiskError(
        'unreadable',
        path,
        `${path} may not be read (${errno}). Run as root, or give this process CAP_DAC_READ_SEARCH.`,
        cause,
      );
    case undefined:
    default:
      return new DiskError(
        'failed',
        path,
        `${path} could not be read: ${errno ?? (cause instanceof Error ? cause.message : String(cause))}. ` +
          'Look for filesystem errors with dmesg.',
        cause,
      );
  }
}

/** Whether it is because the path, or a folder on the way to it, does not exist. */
export function isGone(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOENT' || errno === 'ENOTDIR';
}

/** What was read of a path; undefined when it is gone. @throws DiskError when it may not be read; what aborted it. */
export async function unlessGone<T>(path: string, read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isGone(error)) return undefined;
    if (error instanceof Error && error.name === 'AbortError') throw error;
    throw unreadablePath(path, errnoOf(error), error);
  }
}
