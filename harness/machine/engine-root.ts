/**
 * Engines of other distribution releases: a whole root folder of that release with its engines, made once by
 * debootstrap and kept in the cache, and a way to run a program of it in a mount namespace of its own. What a program
 * writes there is kept in memory and lost with it; the workspace's folder has the same path inside and outside.
 */
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheHome, madeOnce } from './cache.ts';
import { runCommand } from './command.ts';
import { debianSource, ensureCommands, requireRoot } from './packages.ts';

/**
 * Debian 13 has Docker 26.1, Podman 5.4 and containerd 1.7; sid, in 2026, Docker 28.5, Podman 5.8 and containerd 2.1;
 * experimental, on top of sid, Podman 6.1.
 */
export type Suite = 'trixie' | 'sid' | 'experimental';

const cache = join(cacheHome, 'docker-image-cleaner', 'engines');
const packages = ['docker.io', 'podman', 'containerd', 'runc'];
/** What is taken from there; the rest is sid's. */
const experimental = ['podman', 'conmon', 'runc'];

/**
 * The root folder of a release with its engines; made when the cache has none (2 minutes, 600 MB).
 * @throws Error when not root or when debootstrap or apt-get fail (their last lines are in the message).
 */
export async function engineRoot(suite: Suite): Promise<string> {
  const root = join(cache, suite);
  return await madeOnce(root, () => makeRoot(suite, root));
}

async function makeRoot(suite: Suite, root: string): Promise<void> {
  requireRoot('A root folder with engines');
  process.stderr.write(`Making a root folder of Debian ${suite} with its engines in ${root} ...\n`);
  await ensureCommands(['debootstrap']);
  const folder = mkdtempSync(join(cache, `${suite}-`));
  try {
    const made = join(folder, 'root');
    const { uri } = debianSource();
    const base = suite === 'experimental' ? 'sid' : suite;
    await runCommand('debootstrap', ['--variant=minbase', base, made, uri]);
    // No package may start its service here: exit status 101 is "action forbidden" (invoke-rc.d).
    const policy = join(made, 'usr/sbin/policy-rc.d');
    writeFileSync(policy, '#!/bin/sh\nexit 101\n');
    chmodSync(policy, 0o755);
    // A mirror may be weeks behind; its lists are signed nevertheless.
    const options = ['-y', '-q', '--no-install-recommends', '-o', 'Acquire::Check-Valid-Until=false'];
    const apt = (...args: readonly string[]): Promise<string> =>
      runCommand('chroot', [made, 'apt-get', ...options, ...args]);
    if (suite === 'experimental') {
      writeFileSync(join(made, 'etc/cgroup2'), '');
      const list = join(made, 'etc/apt/sources.list.d/experimental.list');
      writeFileSync(list, `deb ${uri} experimental main\n`);
      await apt('update');
      await apt('install', '--target-release', 'experimental', ...experimental);
    } else await apt('install', ...packages);
    await runCommand('chroot', [made, 'apt-get', 'clean']);
    // Renaming makes it whole at once.
    renameSync(made, root);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A plain chroot will not do: runc wants to pivot from a root that is a mount. */
const enter = `set -eu
root=$1 folder=$2 node=$3; shift 3
mount --make-rprivate /
top=$folder/root
mkdir -p "$top"
mount -t tmpfs -o mode=755 tmpfs "$top"
mkdir "$top/upper" "$top/work" "$top/merged"
mount -t overlay -o "lowerdir=$root,upperdir=$top/upper,workdir=$top/work" overlay "$top/merged"
cd "$top/merged"
mount --rbind /proc proc
mount --rbind /sys sys
# Podman 6 knows cgroups v2 only, on whatever machine this is.
if [ -e etc/cgroup2 ]; then mount -t cgroup2 none sys/fs/cgroup; fi
mount --rbind /dev dev
mkdir -p ".$folder" ".\${node%/*}" oldroot
mount --rbind "$folder" ".$folder"
: > ".$node"
mount --bind "$node" ".$node"
pivot_root . oldroot
cd /
umount -l /oldroot
exec "$@"
`;

/**
 * What to spawn to run a program of the root folder; the process is the program's own in the end.
 * @param folder the workspace.
 */
export function inRoot(
  root: string,
  folder: string,
  program: string,
  args: readonly string[],
): readonly [string, readonly string[]] {
  return ['unshare', ['--mount', 'sh', '-c', enter, 'sh', root, folder, process.execPath, program, ...args]];
}
