/**
 * A bare host of a Debian release, as debootstrap makes it: no Node, no engine, no systemd running. Made once and kept in
 * the cache; what a test does in one is in an overlay of its own.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheHome, madeOnce } from './cache.ts';
import { runCommand } from './command.ts';
import { debianSource, ensureCommands, requireRoot, searchPath } from './packages.ts';
import type { Workspace } from './workspace.ts';

/** Debian 12 and 13. */
export type BareSuite = 'bookworm' | 'trixie';

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface BareRoot {
  /** Its root folder, as seen from here. */
  readonly path: string;
  /** Runs a program in it, with nothing of our environment. */
  run(command: readonly string[], env?: Readonly<Record<string, string>>): Ran;
  /** What to spawn to run a program in it. */
  command(command: readonly string[]): readonly [string, readonly string[]];
}

const cache = join(cacheHome, 'docker-image-cleaner', 'bare');

/** @throws Error when not root or when debootstrap fails. */
export async function debootstrapped(suite: BareSuite): Promise<string> {
  const root = join(cache, suite);
  return await madeOnce(root, () => makeRoot(suite, root));
}

async function makeRoot(suite: BareSuite, root: string): Promise<void> {
  requireRoot('A bare root folder');
  process.stderr.write(`Making a bare root folder of Debian ${suite} in ${root} ...\n`);
  await ensureCommands(['debootstrap']);
  const folder = mkdtempSync(join(cache, `${suite}-`));
  try {
    await runCommand('debootstrap', ['--variant=minbase', suite, join(folder, 'root'), debianSource().uri]);
    await runCommand('chroot', [join(folder, 'root'), 'apt-get', 'clean']);
    renameSync(join(folder, 'root'), root);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param workspace takes the root down, with what is mounted in it */
export async function bareRoot(suite: BareSuite, workspace: Workspace): Promise<BareRoot> {
  const lower = await debootstrapped(suite);
  const folder = join(workspace.path, suite);
  const [upper, work, path] = ['upper', 'work', 'merged'].map((each) => join(folder, each));
  if (upper === undefined || work === undefined || path === undefined) throw new Error('no folders');
  for (const each of [upper, work, path]) mkdirSync(each, { recursive: true });
  const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  await runCommand('mount', ['-t', 'overlay', '-o', layers, 'overlay', path]);
  await runCommand('mount', ['-t', 'proc', 'proc', join(path, 'proc')]);
  await runCommand('mount', ['--bind', '/dev/null', nullOf(path)]);
  const command = (words: readonly string[]): readonly [string, readonly string[]] => [
    'chroot',
    [path, ...words],
  ];
  return {
    path,
    command,
    run: (words, env = {}) => {
      const [file, args] = command(words);
      const { status, stdout, stderr, error } = spawnSync(file, args, {
        encoding: 'utf8',
        env: { PATH: searchPath, HOME: '/root', DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C', ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        maxBuffer: 64 * 1024 * 1024,
      });
      if (error !== undefined) throw error;
      return { status, stdout, stderr };
    },
  };
}

/** debootstrap makes its devices; a file of that name is enough for a mount where it may not. */
function nullOf(path: string): string {
  return join(path, 'dev/null');
}
