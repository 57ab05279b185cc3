/** A private, real Docker Engine on a small disk of its own. Never the machine's engine, never another test's. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createDisk, type Disk, type DiskOptions } from './disk.ts';
import { send, type Answer, type RequestOptions } from './http.ts';
import { commandPath, engineCommands, ensureCommands, searchPath } from './packages.ts';
import { writeRuncWrapper } from './runc-wrapper.ts';
import { processesOf, processIdentity } from './workspace.ts';
import { waitFor } from './wait.ts';

export interface DockerEngineOptions {
  /** A new disk to be made, default 200 MiB of ext4. Disposing the engine disposes the disk. */
  readonly disk?: DiskOptions;
  /** More flags for dockerd. */
  readonly flags?: readonly string[];
  /** Default overlay2. */
  readonly storageDriver?: string;
  /** More environment for dockerd. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Made by `startDockerEngine`. */
export class DockerEngine {
  readonly disk: Disk;
  readonly socketPath: string;
  /** As for DOCKER_HOST. */
  readonly dockerHost: string;
  /** On the disk: what PATH_TO_CHECK is to be. */
  readonly dataRoot: string;
  readonly logPath: string;
  readonly #flags: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;

  constructor(disk: Disk, options: DockerEngineOptions) {
    const folder = disk.workspace.path;
    this.disk = disk;
    this.socketPath = join(folder, 'docker.sock');
    this.dockerHost = `unix://${this.socketPath}`;
    this.dataRoot = join(disk.path, 'docker');
    this.logPath = join(folder, 'dockerd.log');
    this.#flags = [
      ...['--host', this.dockerHost],
      ...['--data-root', this.dataRoot],
      ...['--exec-root', join(folder, 'run')],
      ...['--pidfile', join(folder, 'dockerd.pid')],
      // Else it reads the machine's /etc/docker/daemon.json.
      ...['--config-file', join(folder, 'daemon.json')],
      ...['--storage-driver', options.storageDriver ?? 'overlay2'],
      '--iptables=false',
      '--bridge=none',
      // A cgroup of our own, so that nothing is left behind; cgroupfs, so that it works with and without systemd.
      ...['--exec-opt', 'native.cgroupdriver=cgroupfs', '--cgroup-parent', `/${disk.workspace.name}`],
      ...(options.flags ?? []),
    ];
    writeFileSync(join(folder, 'daemon.json'), '{}');
    const bin = writeRuncWrapper(folder);
    this.#env = { ...process.env, PATH: `${bin}:${searchPath}`, ...options.env };
  }

  /** The process number of dockerd. @throws Error when it is not running. */
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('The engine is not running.');
    return pid;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** The last lines of the engine's own log. */
  log(lines = 20): string {
    return readFileSync(this.logPath, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  /**
   * A killed dockerd takes its containerd along, but not at once. A next dockerd that finds the old one still there, dying or
   * waiting as a zombie to be reaped, takes it for alive and waits for it in vain.
   */
  async #forgetDeadContainerd(): Promise<void> {
    const path = join(this.disk.workspace.path, 'run/containerd/containerd.pid');
    if (!existsSync(path)) return;
    const pid = Number(readFileSync(path, 'utf8'));
    await waitFor('the old containerd to end', () => processIdentity(pid) === undefined);
    rmSync(path);
  }

  /** Starts dockerd and waits until it answers. @throws Error with the end of its log when it does not. */
  async start(): Promise<void> {
    if (this.#child !== undefined) throw new Error('The engine is running already.');
    await this.#forgetDeadContainerd();
    const log = openSync(this.logPath, 'a');
    // A process group of its own: Ctrl-C on the terminal is for us, and we end the engine.
    const child = spawn(commandPath('dockerd'), this.#flags, {
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
      await waitFor('the engine to answer', async () => {
        if (this.#child !== child) throw new Error('dockerd ended');
        try {
          return (await send(this, 'GET', '/_ping')).status === 200;
        } catch {
          return false; // Not listening yet.
        }
      });
    } catch (error) {
      throw new Error(`The engine did not start. The end of its log:\n${this.log()}`, { cause: error });
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }

  /** Ends dockerd as an operator would (SIGTERM): it stops its containers first. The disk stays mounted. */
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

  /**
   * Ends dockerd as a crash would (SIGKILL). Its containers and their shims live on, as they do in life; dockerd kills
   * them when it is started again. Removes the socket with `{ socket: 'removed' }`; by default it stays and refuses.
   */
  async kill(options: { readonly socket?: 'removed' | 'left' } = {}): Promise<void> {
    await this.#end('SIGKILL');
    if (options.socket === 'removed') rmSync(this.socketPath, { force: true });
  }

  /** Stops (unless stopped or killed before) and starts again, on the same disk and socket. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Every process of this engine: dockerd, containerd, shims, what runs in containers. */
  processes(): number[] {
    return processesOf(this.disk.workspace.path);
  }

  /** A request to the engine's API, e.g. `request('GET', '/images/json')`. Any status is an answer. */
  request(method: string, path: string, options?: RequestOptions): Promise<Answer> {
    return send(this, method, path, options);
  }

  /** As `request`. @throws Error when the status is not 2xx or 304. */
  async expect(method: string, path: string, options?: RequestOptions): Promise<Answer> {
    const answer = await this.request(method, path, options);
    if ((answer.status < 200 || answer.status > 299) && answer.status !== 304)
      throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text.trim()}`);
    return answer;
  }

  /** Kills the engine and everything it started, undoes mounts and loop device, removes the files. */
  async dispose(): Promise<void> {
    await this.kill();
    this.disk.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}

/** Makes a disk and starts an engine on it. @throws Error when not root, packages cannot be had, or it does not start. */
export async function startDockerEngine(options: DockerEngineOptions = {}): Promise<DockerEngine> {
  await ensureCommands(engineCommands);
  const disk = await createDisk(options.disk ?? { sizeMiB: 200 });
  try {
    const engine = new DockerEngine(disk, options);
    await engine.start();
    return engine;
  } catch (error) {
    disk.dispose();
    throw error;
  }
}
