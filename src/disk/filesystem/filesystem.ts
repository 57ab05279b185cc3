/** What the filesystem itself says: blocks and inodes of the filesystem that holds a path. One system call. */
import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { Amount, Gauge } from '../../core/model/thresholds.ts';
import { errnoOf } from '../../system/errno.ts';
import { DiskError, unreadablePath } from './error.ts';

/**
 * Filesystems that decide about blocks when they write them out, and give them back when they commit (magic numbers of
 * statfs(2)).
 */
const lateFilesystems = new Set([
  0x9123683e /* btrfs */, 0x2fc12fc1 /* zfs */, 0xf2f52010 /* f2fs */, 0xca451a4e /* bcachefs */,
]);

/**
 * Whether a path is on a filesystem where blocks are taken and freed some time after a file is written or deleted.
 * @throws DiskError as measureFilesystem.
 */
export async function isLate(path: string): Promise<boolean> {
  return lateFilesystems.has((await ask(path)).type);
}

/**
 * Filesystems on which a copied file shares its blocks with the first, where the program that copies asks for it (ioctl
 * FICLONE): btrfs, xfs, bcachefs, zfs.
 */
const sharingFilesystems = new Set([0x9123683e, 0x58465342, 0xca451a4e, 0x2fc12fc1]);

/**
 * Whether copies of files may take no room of their own on the filesystem of a path.
 * @throws DiskError as measureFilesystem.
 */
export async function sharesCopies(path: string): Promise<boolean> {
  return sharingFilesystems.has((await ask(path)).type);
}

/** Whether a path is on btrfs, whose subvolumes are devices of their own; false where it cannot be asked. */
export async function hasSubvolumes(path: string): Promise<boolean> {
  try {
    return (await ask(path)).type === 0x9123683e;
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    return false;
  }
}

/** What is used of the filesystem of a path, reserved blocks not counted. @throws DiskError as measureFilesystem. */
export async function usedOf(path: string): Promise<Amount> {
  const answer = await ask(path);
  return {
    bytes: (answer.blocks - answer.bfree) * answer.bsize,
    inodes: answer.files === 0 ? Infinity : answer.files - answer.ffree,
  };
}

/**
 * Returns once the filesystems of the paths answer. One that does not (a network filesystem whose server is away)
 * would otherwise block the main thread, and with it the whole daemon.
 */
export async function untilAnswering(paths: readonly string[]): Promise<void> {
  // The reader finds out what they answer, including that a path is gone.
  await Promise.allSettled(paths.map((path) => statfs(path)));
}

export interface FilesystemGauges {
  readonly bytes: Gauge;
  /** Undefined on a filesystem without an inode count: btrfs answers `f_files` = 0 (statfs(2)). */
  readonly inodes: Gauge | undefined;
}

/**
 * Measures the filesystem that holds a path. `available` is what unprivileged processes may still take
 * (`f_bavail`). Node does not pass `f_favail` on; on Linux the kernel's statfs has no such field and the C library
 * fills `f_favail` from `f_ffree`, so `ffree` is the same number.
 * @throws DiskError `missing`, `unreadable` or `failed`, naming the path; the signal's reason when aborted.
 */
export async function measureFilesystem(path: string, signal: AbortSignal): Promise<FilesystemGauges> {
  signal.throwIfAborted();
  const answer = await ask(path);
  signal.throwIfAborted();
  if (answer.blocks === 0)
    throw new DiskError(
      'failed',
      path,
      `${path} is on a filesystem that reports no size, so its usage is unknown. Set ` +
        'DOCKER_IMAGE_CLEANER_PATH_TO_CHECK to the folder where the engine keeps its images.',
    );
  return {
    bytes: {
      total: answer.blocks * answer.bsize,
      available: answer.bavail * answer.bsize,
      reserved: (answer.bfree - answer.bavail) * answer.bsize,
    },
    inodes: answer.files === 0 ? undefined : { total: answer.files, available: answer.ffree },
  };
}

async function ask(path: string): Promise<StatsFs> {
  return await statfs(path).catch((error: unknown) => {
    throw unreadablePath(path, errnoOf(error), error);
  });
}
