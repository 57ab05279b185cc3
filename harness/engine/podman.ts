/** A private, real Podman service on a small disk of its own. Its containers outlive the service, as they do in life. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiEngine } from './api-engine.ts';
import { type Program, startOn } from './private-engine.ts';
import type { Disk, DiskOptions } from '../machine/disk.ts';
import { runCommand } from '../machine/command.ts';
import { inRoot } from '../machine/engine-root.ts';
import { commandPath, engineCommands, ensureCommands, searchPath } from '../machine/packages.ts';
import { writeRuncWrapper } from './runc-wrapper.ts';

export interface PodmanOptions {
  /** Default 200 MiB of ext4. */
  readonly disk?: DiskOptions;
  /** Default overlay. */
  readonly storageDriver?: 'overlay' | 'vfs';
  /** Image stores of others that it reads beside its own. */
  readonly additionalStores?: readonly string[];
  /** The Podman of this root folder, see `engineRoot`; default this machine's. */
  readonly root?: string;
}

/** Made by `startPodman`. */
export class PodmanEngine extends ApiEngine {
  readonly dataRoot: string;
  readonly #program: Program;
  readonly #flags: readonly string[];

  constructor(disk: Disk, { root, storageDriver = 'overlay', additionalStores = [] }: PodmanOptions) {
    super(disk, 'podman');
    const folder = disk.workspace.path;
    this.dataRoot = join(disk.path, 'storage');
    const runtime = commandPath('runc', root);
    const bin = writeRuncWrapper(folder, runtime);
    mkdirSync(join(folder, 'tmp'));
    const config = join(folder, 'containers.conf');
    // Everything below the workspace, nothing of the machine's /etc/containers; resource limits are not ours to raise.
    writeFileSync(
      config,
      [
        '[containers]',
        // A controller that not every machine has.
        'pids_limit = 0',
        '[engine]',
        'runtime = "kit"',
        'cgroup_manager = "cgroupfs"',
        'events_logger = "file"',
        `events_logfile_path = "${join(folder, 'events.log')}"`,
        `tmp_dir = "${join(folder, 'run', 'libpod')}"`,
        `volume_path = "${join(this.dataRoot, 'volumes')}"`,
        '[engine.runtimes]',
        `kit = ["${join(bin, 'runc')}"]`,
        '[network]',
        `network_config_dir = "${join(folder, 'networks')}"`,
      ].join('\n'),
    );
    this.#flags = [
      ...['--root', this.dataRoot, '--runroot', join(folder, 'run', 'storage')],
      ...['--storage-driver', storageDriver, '--cgroup-manager', 'cgroupfs'],
      ...additionalStores.flatMap((store) => ['--storage-opt', `additionalimagestore=${store}`]),
    ];
    this.#program = {
      command: root === undefined ? commandPath('podman') : 'podman',
      flags: [...this.#flags, 'system', 'service', '--time=0', this.dockerHost],
      env: {
        ...process.env,
        PATH: `${bin}:${searchPath}`,
        CONTAINERS_CONF: config,
        // Where it unpacks archives that it is sent.
        TMPDIR: join(folder, 'tmp'),
      },
      root,
    };
  }

  protected override program(): Program {
    return this.#program;
  }

  /** Runs a buildah command of this machine on the same store: another program, whose containers Podman does not list. */
  async buildah(...args: readonly string[]): Promise<string> {
    await ensureCommands(['buildah']);
    const store = this.#flags.slice(0, this.#flags.indexOf('--cgroup-manager'));
    return await runCommand('buildah', [...store, ...args]);
  }

  /** Runs a Podman command on the same store, as an operator would beside the service; returns what it prints. */
  async command(...args: readonly string[]): Promise<string> {
    const { command, env, root } = this.#program;
    const whole = [...this.#flags, ...args];
    const [program, all] =
      root === undefined ? [command, whole] : inRoot(root, this.disk.workspace.path, command, whole);
    return await runCommand(program, all, { env: env as Record<string, string> });
  }
}

/**
 * Makes a disk and starts a Podman service on it. @throws Error when not root, packages are not available, or it does
 * not start.
 */
export async function startPodman(options: PodmanOptions = {}): Promise<PodmanEngine> {
  await ensureCommands([
    ...engineCommands,
    ...(options.root === undefined ? (['podman', 'conmon'] as const) : []),
  ]);
  return await startOn(options.disk ?? { sizeMiB: 200 }, (disk) => new PodmanEngine(disk, options));
}
