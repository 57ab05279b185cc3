/**
 * Rootless Docker and Podman: engines in the user namespace of a user that only their own mount namespace knows, so that nothing
 * of the machine's accounts is touched. Files in layers belong to that user's sub-IDs.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiEngine } from './api-engine.ts';
import { type Program, startOn } from './private-engine.ts';
import type { Disk, DiskOptions } from '../machine/disk.ts';
import { commandPath, engineCommands, ensureCommands, searchPath } from '../machine/packages.ts';

export interface RootlessOptions {
  readonly engine: 'docker' | 'podman';
  /** How layers are mounted: by the kernel, or by a program of the user's. */
  readonly mounts: 'kernel' | 'fuse-overlayfs';
  readonly disk?: DiskOptions;
}

/** Who the engine is. */
export const rootlessUid = 54_321;
/** The first of the user's sub-IDs: what is user 1 in a container is this one outside. */
export const firstSubId = 700_000;

/** Files of the machine's that are others for the engine, and a device that distributions let everybody open. */
const enter = `set -eu
user=$1; shift
for name in passwd group subuid subgid; do mount --bind "$user/etc/$name" "/etc/$name"; done
mount --bind "$user/etc/fuse" /dev/fuse
exec setpriv --reuid ${rootlessUid} --regid ${rootlessUid} --clear-groups "$@"
`;

/** Made by `startRootless`. */
export class RootlessEngine extends ApiEngine {
  readonly dataRoot: string;
  /** XDG_RUNTIME_DIR of the user. */
  readonly runtimeDirectory: string;
  readonly #program: Program;

  constructor(disk: Disk, { engine, mounts }: RootlessOptions) {
    super(disk, `user/${engine}`);
    const user = join(disk.workspace.path, 'user');
    this.runtimeDirectory = user;
    this.dataRoot = join(disk.path, 'data');
    chmodSync(disk.workspace.path, 0o711);
    mkdirSync(join(user, 'etc'), { recursive: true });
    mkdirSync(join(user, 'tmp'));
    mkdirSync(this.dataRoot);
    for (const [name, line] of [
      ['passwd', `rootless:x:${rootlessUid}:${rootlessUid}::${user}:/bin/sh`],
      ['group', `rootless:x:${rootlessUid}:`],
    ] as const)
      writeFileSync(join(user, 'etc', name), `${readFileSync(`/etc/${name}`, 'utf8')}${line}\n`);
    for (const name of ['subuid', 'subgid'])
      writeFileSync(join(user, 'etc', name), `rootless:${firstSubId}:65536\n`);
    // /dev/fuse.
    execFileSync('mknod', ['-m', '666', join(user, 'etc/fuse'), 'c', '10', '229']);
    writeFileSync(join(user, 'daemon.json'), '{}');
    for (const path of [user, join(user, 'tmp'), this.dataRoot, disk.path])
      chownSync(path, rootlessUid, rootlessUid);
    const own = engine === 'docker' ? this.#docker(user, mounts) : this.#podman(user, mounts);
    this.#program = {
      command: 'unshare',
      flags: ['--mount', '--propagation', 'slave', 'sh', '-c', enter, 'sh', user, ...own],
      env: { PATH: searchPath, HOME: user, XDG_RUNTIME_DIR: user, TMPDIR: join(user, 'tmp') },
      root: undefined,
    };
  }

  /** As dockerd-rootless.sh has it, without a network of its own. */
  #docker(user: string, mounts: RootlessOptions['mounts']): readonly string[] {
    const dockerd = [
      ...[commandPath('dockerd'), '--rootless', '--host', this.dockerHost],
      ...['--data-root', this.dataRoot, '--exec-root', join(user, 'run')],
      ...['--pidfile', join(user, 'dockerd.pid'), '--config-file', join(user, 'daemon.json')],
      ...['--storage-driver', mounts === 'kernel' ? 'overlay2' : 'fuse-overlayfs'],
      ...['--iptables=false', '--bridge=none'],
    ];
    return [
      ...[commandPath('rootlesskit'), '--net=host', '--copy-up=/etc', '--copy-up=/run'],
      ...['--propagation=rslave', '--state-dir', join(user, 'rootlesskit')],
      ...['sh', '-c', 'rm -f /run/docker /run/containerd; exec "$@"', 'sh', ...dockerd],
    ];
  }

  #podman(user: string, mounts: RootlessOptions['mounts']): readonly string[] {
    const program = `overlay.mount_program=${commandPath('fuse-overlayfs')}`;
    return [
      ...[commandPath('podman'), '--root', this.dataRoot, '--runroot', join(user, 'run')],
      ...['--storage-driver', 'overlay', ...(mounts === 'kernel' ? [] : ['--storage-opt', program])],
      ...['--cgroup-manager', 'cgroupfs', '--events-backend', 'file', '--tmpdir', join(user, 'libpod')],
      ...['system', 'service', '--time=0', this.dockerHost],
    ];
  }

  protected override program(): Program {
    return this.#program;
  }
}

/**
 * Makes a disk and starts a rootless engine on it. @throws Error when not root, packages are not available, or it
 * does not start.
 */
export async function startRootless(options: RootlessOptions): Promise<RootlessEngine> {
  await ensureCommands([
    ...engineCommands,
    ...(['setpriv', 'newuidmap', 'fuse-overlayfs'] as const),
    ...(options.engine === 'docker' ? (['rootlesskit'] as const) : (['podman', 'conmon'] as const)),
  ]);
  return await startOn(options.disk ?? { sizeMiB: 300 }, (disk) => new RootlessEngine(disk, options));
}
