/** An engine of a test's own on a small disk of its own: its process, from the start to the last child. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createDisk, type Disk, type DiskOptions } from '../machine/disk.ts';
import { inRoot } from '../machine/engine-root.ts';
import { processesOf } from '../machine/workspace.ts';
import { waitFor } from '../machine/wait.ts';

export interface Program {
  /** The command's path, or its name in `root`. */
  readonly command: string;
  readonly flags: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Run it in this root folder (see engine-root.ts); undefined: on this machine as it is. */
  readonly root: string | undefined;
}

/** Use `startDockerEngine`, `startPodman`, `startContainerd` or `startCrio`. */
export abstract class PrivateEngine {
  readonly disk: Disk;
  readonly socketPath: string;
  /** On the disk: what PATH_TO_CHECK is to be. */
  abstract readonly dataRoot: string;
  readonly logPath: string;
  #child: ChildProcess | undefined;

  /** @param name names the log, and the socket where that has no path of its own. */
  constructor(disk: Disk, name: string, socketPath = join(disk.workspace.path, `${name}.sock`)) {
    this.disk = disk;
    this.socketPath = socketPath;
    this.logPath = join(disk.workspace.path, `${name}.log`);
  }

  protected abstract program(): Program;

  /** Whether it answers. A rejection, too, means: not yet. */
  protected abstract answers(): Promise<boolean>;

  /** What has to be put right after a crash before it can be started. */
  protected async beforeStart(): Promise<void> {}

  /** The engine's process number. @throws Error when it is not running. */
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

  /** Starts it and waits until it answers. @throws Error with the end of its log when it does not. */
  async start(): Promise<void> {
    if (this.#child !== undefined) throw new Error('The engine is running already.');
    await this.beforeStart();
    const { command, flags, env, root } = this.program();
    const [program, args] =
      root === undefined ? [command, flags] : inRoot(root, this.disk.workspace.path, command, flags);
    const log = openSync(this.logPath, 'a');
    // A process group of its own: Ctrl-C on the terminal is for us, and we end the engine.
    const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log], env });
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
        if (this.#child !== child) throw new Error(`${command} ended`);
        return await this.answers().catch(() => false); // Not listening yet.
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

  /**
   * Ends it as an operator would (SIGTERM): Docker stops its containers first, pods continue. The disk is still
   * mounted.
   */
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
   * Ends it as a crash would (SIGKILL). Containers and their shims survive, as they do in reality; dockerd kills them
   * when it is started again. Removes the socket with `{ socket: 'removed' }`; by default it is kept and refuses
   * connections.
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

  /** Every process of this engine: the engine itself, its helpers, what runs in containers. */
  processes(): number[] {
    return processesOf(this.disk.workspace.path);
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

/** Makes a disk and starts an engine on it. @throws Error when not root, or when it does not start. */
export async function startOn<E extends PrivateEngine>(
  options: DiskOptions,
  make: (disk: Disk) => E,
  afterStart?: (engine: E) => Promise<void>,
): Promise<E> {
  const disk = await createDisk(options);
  try {
    const engine = make(disk);
    await engine.start();
    await afterStart?.(engine);
    return engine;
  } catch (error) {
    disk.dispose();
    throw error;
  }
}
