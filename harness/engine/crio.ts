/**
 * A private, real CRI-O on a small disk of its own: the binary that CRIO in the environment names, since no package here has
 * one. Its store is containers/storage, which this machine's podman fills, as an administrator's does.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../machine/command.ts';
import { listCriImages, sandboxImage } from './containerd.ts';
import { criClient, type CriClient } from './cri/client.ts';
import type { Disk, DiskOptions } from '../machine/disk.ts';
import { imageArchive, type StoreSpec } from './images.ts';
import { PrivateEngine, type Program, startOn } from './private-engine.ts';
import { commandPath, ensureCommands, searchPath } from '../machine/packages.ts';
import { writeRuncWrapper } from './runc-wrapper.ts';
import { tar } from '../machine/tar.ts';

export interface CrioOptions {
  /** Default 200 MiB of ext4. Disposing the runtime disposes the disk. */
  readonly disk?: DiskOptions;
  /** Reports its events (`enable_pod_events`); off by default, as in CRI-O's own configuration. */
  readonly podEvents?: boolean;
  /** Image stores of others that it reads beside its own. */
  readonly additionalStores?: readonly string[];
}

export class Crio extends PrivateEngine {
  /** As for RUNTIME_ENDPOINT. */
  readonly endpoint: string;
  /** On the disk: what PATH_TO_CHECK is to be. */
  readonly dataRoot: string;
  readonly cri: CriClient;
  readonly #args: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #storeFlags: readonly string[];

  constructor(disk: Disk, { podEvents = false, additionalStores = [] }: CrioOptions) {
    super(disk, 'crio');
    const folder = disk.workspace.path;
    this.endpoint = `unix://${this.socketPath}`;
    this.dataRoot = join(disk.path, 'storage');
    this.cri = criClient(this.endpoint);
    const config = join(folder, 'crio.conf');
    const run = join(folder, 'run');
    const bin = writeRuncWrapper(folder, commandPath('runc'));
    for (const name of ['tmp', 'cni', 'logs', 'hooks']) mkdirSync(join(folder, name));
    // Nothing of the machine's: no drop-ins (/etc/crio/crio.conf.d), no registries.
    const args = ['--config', config, '--config-dir', ''];
    const policy = join(folder, 'policy.json');
    writeFileSync(policy, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
    const registries = join(folder, 'registries.conf');
    writeFileSync(registries, '[[registry]]\nlocation = "127.0.0.1"\ninsecure = true\n');
    this.#args = [
      ...args,
      '--registries-conf',
      registries,
      '--registries-conf-dir',
      join(folder, 'policies'),
    ];
    const storage = join(folder, 'storage.conf');
    const list = (values: readonly string[]): string => values.map((value) => `"${value}"`).join(', ');
    writeFileSync(
      storage,
      [
        '[storage]',
        'driver = "overlay"',
        `graphroot = "${this.dataRoot}"`,
        `runroot = "${join(run, 'storage')}"`,
      ].join('\n'),
    );
    const options = additionalStores.map((store) => `additionalimagestore=${store}`);
    writeFileSync(
      config,
      [
        '[crio]',
        `root = "${this.dataRoot}"`,
        `runroot = "${join(run, 'storage')}"`,
        'storage_driver = "overlay"',
        `storage_option = [${list(options.map((option) => `overlay.${option.replace('additional', '')}`))}]`,
        `log_dir = "${join(folder, 'logs')}"`,
        `version_file = "${join(run, 'version')}"`,
        `version_file_persist = "${join(folder, 'version')}"`,
        `clean_shutdown_file = "${join(folder, 'clean.shutdown')}"`,
        '[crio.api]',
        `listen = "${this.socketPath}"`,
        '[crio.runtime]',
        'default_runtime = "runc"',
        'cgroup_manager = "cgroupfs"',
        'conmon_cgroup = "pod"',
        'apparmor_profile = "unconfined"',
        `hooks_dir = ["${join(folder, 'hooks')}"]`,
        'cdi_spec_dirs = []',
        `container_exits_dir = "${join(run, 'exits')}"`,
        `container_attach_socket_dir = "${join(run, 'attach')}"`,
        `namespaces_dir = "${join(run, 'ns')}"`,
        `pinns_path = "${commandPath('pinns')}"`,
        'irqbalance_config_restore_file = "disable"',
        `enable_pod_events = ${podEvents}`,
        '[crio.runtime.runtimes.runc]',
        `runtime_path = "${join(bin, 'runc')}"`,
        'runtime_type = "oci"',
        `runtime_root = "${join(run, 'runc')}"`,
        `monitor_path = "${commandPath('conmon')}"`,
        'monitor_cgroup = "pod"',
        '[crio.image]',
        `pause_image = "${sandboxImage}"`,
        'pause_command = ""',
        `signature_policy = "${policy}"`,
        `signature_policy_dir = "${join(folder, 'policies')}"`,
        `big_files_temporary_dir = "${join(folder, 'tmp')}"`,
        '[crio.network]',
        `network_dir = "${join(folder, 'cni')}"`,
        `plugin_dirs = ["${join(folder, 'cni')}"]`,
        '[crio.nri]',
        'enable_nri = false',
      ].join('\n'),
    );
    this.#env = {
      PATH: `${bin}:${searchPath}`,
      CONTAINERS_REGISTRIES_CONF: registries,
      CONTAINERS_STORAGE_CONF: storage,
      TMPDIR: join(folder, 'tmp'),
    };
    this.#storeFlags = [
      ...['--root', this.dataRoot, '--runroot', join(run, 'storage'), '--storage-driver', 'overlay'],
      ...['--cgroup-manager', 'cgroupfs', '--events-backend', 'none', '--tmpdir', join(run, 'libpod')],
      ...options.flatMap((option) => ['--storage-opt', option]),
    ];
  }

  protected override program(): Program {
    const env = { ...process.env, ...this.#env };
    return { command: commandPath('crio'), flags: this.#args, env, root: undefined };
  }

  protected override async answers(): Promise<boolean> {
    await this.cri.call('RuntimeService/Version');
    return true;
  }

  /** Runs a command of podman on the same store. @throws Error with its words when it fails. */
  async podman(...args: readonly string[]): Promise<string> {
    return await runCommand(commandPath('podman'), [...this.#storeFlags, ...args], { env: this.#env });
  }

  override async dispose(): Promise<void> {
    this.cri.close();
    await super.dispose();
  }
}

/** Makes a disk and starts CRI-O on it. @throws Error when there is no CRI-O or it does not start. */
export async function startCrio(options: CrioOptions = {}): Promise<Crio> {
  await ensureCommands([
    'crio',
    'pinns',
    'podman',
    'conmon',
    'runc',
    'busybox',
    'mount',
    'losetup',
    'mkfs.ext4',
  ]);
  return await startOn(options.disk ?? { sizeMiB: 200 }, (disk) => new Crio(disk, options));
}

/** Makes images and loads them into CRI-O's store; returns their IDs in the order of `spec.images`. */
export async function loadIntoCrio(crio: Crio, spec: StoreSpec): Promise<readonly string[]> {
  const { ids, entries } = imageArchive(spec);
  const archive = join(crio.disk.workspace.path, 'tmp', 'archive.tar');
  writeFileSync(archive, Buffer.concat([...tar(entries)]));
  try {
    await crio.podman('load', '--quiet', '--input', archive);
  } finally {
    rmSync(archive);
  }
  const known = new Set((await listCriImages(crio)).map(({ id }) => `sha256:${id.replace('sha256:', '')}`));
  if (!ids.every((id) => known.has(id))) throw new Error('CRI-O does not list what was loaded.');
  return ids;
}

const endsWhenAsked = 'trap "exit 0" TERM; while :; do sleep 1; done';

/** Loads the image that every pod's sandbox runs. */
export async function loadSandboxImage(crio: Crio): Promise<void> {
  await loadIntoCrio(crio, {
    layers: { pause: { bytes: 10, shell: true } },
    // As the real one does: else a pod with a container of its own, as for POD, takes a minute to stop.
    images: [{ tags: [sandboxImage], layers: ['pause'], command: ['/bin/sh', '-c', endsWhenAsked] }],
  });
}
