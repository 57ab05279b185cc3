/** A small real filesystem in a file: something that can really fill up. */
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { statfs, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureCommands, requireRoot, searchPath } from './packages.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

const run = promisify(execFile);

export type Filesystem = 'ext4' | 'xfs' | 'btrfs';

export interface DiskOptions {
  readonly sizeMiB: number;
  /** Default ext4. xfs wants 300 MiB at least, btrfs 110. */
  readonly filesystem?: Filesystem;
  /** Total inodes; ext4 only. The default follows the size. */
  readonly inodes?: number;
}

export interface DiskUsage {
  readonly totalBytes: number;
  readonly availableBytes: number;
  /** `100 × (1 − available/total)`. */
  readonly bytesPercent: number;
  /** 0 on btrfs. */
  readonly totalInodes: number;
  readonly availableInodes: number;
  /** 0 on btrfs. */
  readonly inodesPercent: number;
}

export interface Disk {
  /** The mount point. */
  readonly path: string;
  /** The folder that holds the disk's file and mount point; room for sockets and logs that are not to be on the disk. */
  readonly workspace: Workspace;
  /** What statfs says now. */
  usage(): Promise<DiskUsage>;
  /** Takes up room for real (allocated, not sparse) in a file of this name at the top of the disk; returns its path. */
  occupy(name: string, bytes: number): Promise<string>;
  /** Unmounts, frees the loop device, removes the files; also kills engines that were started in the workspace. */
  dispose(): void;
}

function mkfsArguments(options: DiskOptions, image: string): [string, ...string[]] {
  switch (options.filesystem ?? 'ext4') {
    case 'ext4':
      // No blocks reserved for root, so that 100% full means full for everybody.
      return [
        'mkfs.ext4',
        '-q',
        '-m',
        '0',
        ...(options.inodes === undefined ? [] : ['-N', String(options.inodes)]),
        image,
      ];
    case 'xfs':
      return ['mkfs.xfs', '-q', image];
    case 'btrfs':
      return ['mkfs.btrfs', '-q', image];
  }
}

export async function readUsage(path: string): Promise<DiskUsage> {
  const stats = await statfs(path);
  const percent = (available: number, total: number): number =>
    total === 0 ? 0 : 100 * (1 - available / total);
  return {
    totalBytes: stats.blocks * stats.bsize,
    availableBytes: stats.bavail * stats.bsize,
    bytesPercent: percent(stats.bavail, stats.blocks),
    totalInodes: stats.files,
    availableInodes: stats.ffree,
    inodesPercent: percent(stats.ffree, stats.files),
  };
}

/** Makes and mounts a disk. @throws Error when not root, or when a needed command is not available. */
export async function createDisk(options: DiskOptions): Promise<Disk> {
  requireRoot('A disk for tests');
  const filesystem = options.filesystem ?? 'ext4';
  await ensureCommands(['mount', 'losetup', 'fallocate', `mkfs.${filesystem}`]);
  const workspace = createWorkspace();
  const path = join(workspace.path, 'disk');
  const env = { ...process.env, PATH: searchPath };
  try {
    const image = join(workspace.path, 'disk.img');
    await writeFile(image, '');
    await truncate(image, options.sizeMiB * 1024 * 1024);
    const [mkfs, ...args] = mkfsArguments(options, image);
    await run(mkfs, args, { env });
    mkdirSync(path);
    await run('mount', ['-t', filesystem, '-o', 'loop', image, path], { env });
  } catch (error) {
    workspace.dispose();
    throw error;
  }
  return {
    path,
    workspace,
    usage: () => readUsage(path),
    occupy: async (name, bytes) => {
      const file = join(path, name);
      await run('fallocate', ['--length', String(bytes), file], { env });
      return file;
    },
    dispose: () => {
      workspace.dispose();
    },
  };
}
