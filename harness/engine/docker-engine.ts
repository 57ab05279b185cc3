/** A private, real Docker Engine on a small disk of its own. Never the machine's engine, never another test's. */
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiEngine } from './api-engine.ts';
import { type Program, startOn } from './private-engine.ts';
import type { Disk, DiskOptions } from '../machine/disk.ts';
import { commandPath, engineCommands, ensureCommands, searchPath } from '../machine/packages.ts';
import { writeRuncWrapper } from './runc-wrapper.ts';
import { processIdentity } from '../machine/workspace.ts';
import { waitFor } from '../machine/wait.ts';

export interface DockerEngineOptions {
  /** A new disk to be made, default 200 MiB of ext4. Disposing the engine disposes the disk. */
  readonly disk?: DiskOptions;
  /** More flags for dockerd. */
  readonly flags?: readonly string[];
  /** Default overlay2; an empty one leaves the choice to dockerd and its `daemon.json`, which lies in the workspace. */
  readonly storageDriver?: string;
  /** Docker's containerd image store; replaces the storage driver. */
  readonly containerdStore?: boolean;
  /** More environment for dockerd. */
  readonly env?: Readonly<Record<string, string>>;
  /** The Docker of this root folder, see `engineRoot`; default this machine's. */
  readonly root?: string;
}

/** Made by `startDockerEngine`. */
export class DockerEngine extends ApiEngine {
  readonly dataRoot: string;
  readonly #program: Program;

  constructor(disk: Disk, options: DockerEngineOptions) {
    super(disk, 'docker');
    const folder = disk.workspace.path;
    const { root } = options;
    this.dataRoot = join(disk.path, 'docker');
    const flags = [
      ...['--host', this.dockerHost],
      ...['--data-root', this.dataRoot],
      ...['--exec-root', join(folder, 'run')],
      ...['--pidfile', join(folder, 'dockerd.pid')],
      // Else it reads the machine's /etc/docker/daemon.json.
      ...['--config-file', join(folder, 'daemon.json')],
      ...(options.containerdStore === true
        ? ['--feature', 'containerd-snapshotter=true']
        : options.storageDriver === ''
          ? []
          : ['--storage-driver', options.storageDriver ?? 'overlay2']),
      '--iptables=false',
      ...(root === undefined ? [] : ['--ip6tables=false']),
      '--bridge=none',
      // A cgroup of our own, so that nothing is left behind; cgroupfs, so that it works with and without systemd.
      ...['--exec-opt', 'native.cgroupdriver=cgroupfs', '--cgroup-parent', `/${disk.workspace.name}`],
      ...(options.flags ?? []),
    ];
    writeFileSync(join(folder, 'daemon.json'), '{}');
    // With user namespaces the engine's root is another user, who must get to its folders.
    chmodSync(folder, 0o711);
    const bin = writeRuncWrapper(folder, commandPath('runc', root));
    const env = { ...process.env, PATH: `${bin}:${searchPath}`, ...options.env };
    this.#program = { command: root === undefined ? commandPath('dockerd') : 'dockerd', flags, env, root };
  }

  protected override program(): Program {
    return this.#program;
  }

  /**
   * A killed dockerd takes its containerd along, but not at once. A next dockerd that finds the old one still there, dying or
   * waiting as a zombie to be reaped, believes it alive and waits for it without end.
   */
  protected override async beforeStart(): Promise<void> {
    const path = join(this.disk.workspace.path, 'run/containerd/containerd.pid');
    if (!existsSync(path)) return;
    const pid = Number(readFileSync(path, 'utf8'));
    await waitFor('the old containerd to end', () => processIdentity(pid) === undefined);
    rmSync(path);
  }
}

/**
 * Makes a disk and starts an engine on it. @throws Error when not root, packages are not available, or it does not
 * start.
 */
export async function startDockerEngine(options: DockerEngineOptions = {}): Promise<DockerEngine> {
  await ensureCommands(engineCommands);
  return await startOn(options.disk ?? { sizeMiB: 200 }, (disk) => new DockerEngine(disk, options));
}
