/** A private, real containerd with its CRI plug-in on a small disk of its own. Never the machine's, never another test's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { criClient, type CriClient } from './cri/client.ts';
import { createDisk, type Disk, type DiskOptions } from '../machine/disk.ts';
import { imageArchive, type ArchiveOptions, type StoreSpec } from './images.ts';
import { commandPath, ensureCommands, searchPath } from '../machine/packages.ts';
import { writeRuncWrapper } from './runc-wrapper.ts';
import { tar } from '../machine/tar.ts';
import { inRoot } from '../machine/engine-root.ts';
import { type NodeLayout, onNode } from './node-layout.ts';
import { waitFor } from '../machine/wait.ts';
import { processesOf } from '../machine/workspace.ts';

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

export class Containerd {
  readonly disk: Disk;
  readonly socketPath: string;
  /** As for RUNTIME_ENDPOINT. */
  readonly endpoint: string;
  /** On the disk: what PATH_TO_CHECK is to be. */
  readonly dataRoot: string;
  readonly logPath: string;
  readonly cri: CriClient;
  readonly #command: readonly [string, readonly string[]];
  readonly #isWithoutCri: boolean;
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;

  constructor(disk: Disk, options: ContainerdOptions) {
    const folder = disk.workspace.path;
    this.disk = disk;
    const { root, layout } = options;
    this.socketPath = join(folder, layout === undefined ? 'containerd.sock' : `host${layout.socket}`);
    this.endpoint = `unix://${this.socketPath}`;
    this.dataRoot = join(disk.path, 'containerd');
    this.logPath = join(folder, 'containerd.log');
    this.cri = criClient(this.endpoint);
    const configPath = join(folder, 'containerd.toml');
    const args = ['--config', configPath];
    const program = commandPath('containerd');
    if (root !== undefined) this.#command = inRoot(root, folder, 'containerd', args);
    else if (layout !== undefined) this.#command = onNode(layout, folder, this.dataRoot, program, args);
    else this.#command = [program, args];
    this.#isWithoutCri = options.isWithoutCri === true;
    const bin = writeRuncWrapper(folder, commandPath('runc', options.root));
    this.#env = { ...process.env, PATH: `${bin}:${searchPath}` };
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

  /** The process number of containerd. @throws Error when it is not running. */
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('containerd is not running.');
    return pid;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** The last lines of its own log. */
  log(lines = 20): string {
    return readFileSync(this.logPath, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  /** Starts it and waits until its CRI plug-in answers. @throws Error with the end of its log when it does not. */
  async start(): Promise<void> {
    if (this.#child !== undefined) throw new Error('containerd is running already.');
    const log = openSync(this.logPath, 'a');
    const [command, args] = this.#command;
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: this.#env,
    });
    closeSync(log);
    this.#child = child;
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    child.once('error', () => {
      this.#child = undefined;
    });
    try {
      await waitFor('containerd to answer', async () => {
        if (this.#child !== child) throw new Error('containerd ended');
        try {
          if (this.#isWithoutCri) await this.ctr(['version']);
          else await this.cri.call('RuntimeService/Version');
          return true;
        } catch {
          return false; // Not listening yet, or its plug-in is not ready.
        }
      });
    } catch (error) {
      throw new Error(`containerd did not start. The end of its log:\n${this.log()}`, { cause: error });
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }

  /** Ends it as an operator would (SIGTERM). Pods live on, as they do in life. */
  async stop(): Promise<void> {
    const late = new AbortController();
    const watchdog = delay(30_000, undefined, { signal: late.signal }).then(
      () => this.kill(),
      () => undefined,
    );
    await this.#end('SIGTERM');
    late.abort();
    await watchdog;
  }

  /** Ends it as a crash would (SIGKILL). Pods live on. The socket stays and refuses unless `socket` is `removed`. */
  async kill(options: { readonly socket?: 'removed' | 'left' } = {}): Promise<void> {
    await this.#end('SIGKILL');
    if (options.socket === 'removed') rmSync(this.socketPath, { force: true });
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Runs containerd's own client in the namespace of the CRI plug-in. @throws Error with its words when it fails. */
  async ctr(args: readonly string[], input?: Iterable<Buffer>): Promise<string> {
    const child = spawn(
      commandPath('ctr'),
      ['--address', this.socketPath, '--namespace', 'k8s.io', ...args],
      {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: this.#env,
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

  /** Every process: containerd, shims, what runs in containers. */
  processes(): number[] {
    return processesOf(this.disk.workspace.path);
  }

  /** Kills it and everything it started, undoes mounts and loop device, removes the files. */
  async dispose(): Promise<void> {
    this.cri.close();
    await this.kill();
    this.disk.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
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
  const disk = await createDisk(options.disk ?? { sizeMiB: 200 });
  try {
    const containerd = new Containerd(disk, options);
    await containerd.start();
    if (options.isWithoutCri === true || options.withoutSandboxImage === true) return containerd;
    await importSandboxImage(containerd);
    return containerd;
  } catch (error) {
    disk.dispose();
    throw error;
  }
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
