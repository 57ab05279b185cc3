/** A private, real containerd with its CRI plug-in on a small disk of its own. Never the machine's, never another test's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { criClient, type CriClient } from './cri/client.ts';
import type { Disk, DiskOptions } from '../machine/disk.ts';
import { imageArchive, type ArchiveOptions, type StoreSpec } from './images.ts';
import { PrivateEngine, type Program, startOn } from './private-engine.ts';
import { commandPath, ensureCommands, searchPath } from '../machine/packages.ts';
import { writeRuncWrapper } from './runc-wrapper.ts';
import { tar } from '../machine/tar.ts';
import { type NodeLayout, onNode } from './node-layout.ts';
import { waitFor } from '../machine/wait.ts';

export interface ContainerdOptions {
  /** A new disk to be made, default 200 MiB of ext4. Disposing the runtime disposes the disk. */
  readonly disk?: DiskOptions;
  /** More lines for the CRI plug-in's part of the configuration. */
  readonly criConfig?: readonly string[];
  /** Without the sandbox image no pod runs: see `importSandboxImage`. */
  readonly withoutSandboxImage?: boolean;
  /** A containerd that is not a CRI runtime: its plug-in is switched off. */
  readonly isWithoutCri?: boolean;
  /** The containerd of this root folder, see `engineRoot`; default this machine's. */
  readonly root?: string;
  /** As a distribution of Kubernetes has it, see `node-layout.ts`. */
  readonly layout?: NodeLayout;
}

/** The sandbox (pause) image as the configuration names it. */
export const sandboxImage = 'registry.k8s.io/pause:3.8';

export class Containerd extends PrivateEngine {
  /** As for RUNTIME_ENDPOINT. */
  readonly endpoint: string;
  /** On the disk: what PATH_TO_CHECK is to be. */
  readonly dataRoot: string;
  readonly cri: CriClient;
  readonly #program: Program;
  readonly #isWithoutCri: boolean;

  constructor(disk: Disk, options: ContainerdOptions) {
    const folder = disk.workspace.path;
    const { root, layout } = options;
    super(disk, 'containerd', layout === undefined ? undefined : join(folder, `host${layout.socket}`));
    this.endpoint = `unix://${this.socketPath}`;
    this.dataRoot = join(disk.path, 'containerd');
    this.cri = criClient(this.endpoint);
    const configPath = join(folder, 'containerd.toml');
    this.#isWithoutCri = options.isWithoutCri === true;
    const bin = writeRuncWrapper(folder, commandPath('runc', options.root));
    const env = { ...process.env, PATH: `${bin}:${searchPath}` };
    const program = root === undefined ? commandPath('containerd') : 'containerd';
    const args = ['--config', configPath];
    const [command, flags] =
      layout === undefined ? [program, args] : onNode(layout, folder, this.dataRoot, program, args);
    this.#program = { command, flags, env, root };
    const cri = 'plugins."io.containerd.grpc.v1.cri"';
    const lines = [
      'version = 2',
      ...(options.isWithoutCri === true ? ['disabled_plugins = ["io.containerd.grpc.v1.cri"]'] : []),
      `root = "${layout?.folder ?? this.dataRoot}"`,
      `state = "${join(folder, 'run')}"`,
      // The machine's containerd has its own place for these.
      `[plugins."io.containerd.internal.v1.opt"]`,
      `path = "${join(folder, 'opt')}"`,
      '[grpc]',
      `address = "${this.socketPath}"`,
      `[${cri}]`,
      `sandbox_image = "${sandboxImage}"`,
      'restrict_oom_score_adj = true',
      ...(options.criConfig ?? []),
      `[${cri}.cni]`,
      `conf_dir = "${join(folder, 'cni')}"`,
      `[${cri}.containerd.runtimes.runc]`,
      'runtime_type = "io.containerd.runc.v2"',
      `[${cri}.containerd.runtimes.runc.options]`,
      `BinaryName = "${join(bin, 'runc')}"`,
    ];
    writeFileSync(configPath, `${lines.join('\n')}\n`);
  }

  protected override program(): Program {
    return this.#program;
  }

  protected override async answers(): Promise<boolean> {
    if (this.#isWithoutCri) await this.ctr(['version']);
    else await this.cri.call('RuntimeService/Version');
    return true;
  }

  /** Runs containerd's own client in the namespace of the CRI plug-in. @throws Error with its words when it fails. */
  async ctr(args: readonly string[], input?: Iterable<Buffer>): Promise<string> {
    const child = spawn(
      commandPath('ctr'),
      ['--address', this.socketPath, '--namespace', 'k8s.io', ...args],
      {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: this.#program.env,
      },
    );
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const closed = once(child, 'close') as Promise<[number | null]>;
    // It ends early when it does not like what it reads; its words say why, not the broken pipe.
    if (input === undefined) child.stdin.end();
    else await pipeline(Readable.from(input, { objectMode: false }), child.stdin).catch(() => undefined);
    const [code] = await closed;
    if (code !== 0) throw new Error(`ctr ${args.join(' ')} ended with ${String(code)}: ${output.trim()}`);
    return output;
  }

  override async dispose(): Promise<void> {
    this.cri.close();
    await super.dispose();
  }
}

/** Makes a disk and starts containerd on it, with the sandbox image. @throws Error when that cannot be done. */
export async function startContainerd(options: ContainerdOptions = {}): Promise<Containerd> {
  await ensureCommands([
    'containerd',
    'ctr',
    'runc',
    'busybox',
    'mount',
    'losetup',
    'fallocate',
    'mkfs.ext4',
  ]);
  return await startOn(
    options.disk ?? { sizeMiB: 200 },
    (disk) => new Containerd(disk, options),
    async (containerd) => {
      if (options.isWithoutCri === true || options.withoutSandboxImage === true) return;
      await importSandboxImage(containerd);
    },
  );
}

/** Imports the image that every pod's sandbox runs; where it is here already nothing changes. */
export async function importSandboxImage(containerd: Containerd): Promise<void> {
  await importImages(containerd, {
    layers: { pause: { bytes: 10, shell: true } },
    images: [{ tags: [sandboxImage], layers: ['pause'] }],
  });
}

/**
 * Makes and imports images, and waits until the CRI plug-in knows them; returns their IDs in the order of `spec.images`.
 * Every image needs a tag here: what has no name is not imported.
 * @throws Error with containerd's words when it does not import them, e.g. for want of room.
 */
export async function importImages(
  containerd: Containerd,
  spec: StoreSpec,
  options?: ArchiveOptions,
): Promise<readonly string[]> {
  const archive = imageArchive(spec, options);
  await containerd.ctr(['images', 'import', '-'], tar(archive.entries));
  await waitFor('the CRI plug-in to know the images', async () => {
    const known = new Set((await listCriImages(containerd)).map(({ id }) => id));
    return archive.ids.every((id) => known.has(id));
  });
  return archive.ids;
}

export interface CriImage {
  readonly id: string;
  readonly repo_tags: readonly string[];
  readonly repo_digests: readonly string[];
  readonly size: number;
  readonly pinned: boolean;
}

export async function listCriImages({ cri }: Pick<Containerd, 'cri'>): Promise<readonly CriImage[]> {
  const { images } = (await cri.call('ImageService/ListImages')) as { images: readonly CriImage[] };
  return images;
}
