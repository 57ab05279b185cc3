/**
 * A folder under another name that can be made to answer nothing, as a network filesystem does whose server is away: every
 * system call on it hangs until it is released. A filesystem in user space (bindfs), whose process is stopped.
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { atExit } from './cleanup.ts';
import { runCommand } from './command.ts';
import { commandPath, ensureCommands } from './packages.ts';
import { waitFor } from './wait.ts';

export interface StuckPath {
  readonly path: string;
  /** From now on nothing is answered. */
  hang(): void;
  /** Hanging calls continue. */
  release(): void;
  dispose(): Promise<void>;
}

/** @param path a new folder, where `source` is to be seen. */
export async function mountStuckPath(source: string, path: string): Promise<StuckPath> {
  await ensureCommands(['bindfs', 'mount']);
  mkdirSync(path);
  // Nothing is answered by the kernel from what it remembers.
  const options = 'attr_timeout=0,entry_timeout=0';
  const server = spawn(commandPath('bindfs'), ['-f', '-o', options, source, path], { stdio: 'inherit' });
  const forget = atExit(() => server.kill('SIGKILL'));
  const ended = new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.once('close', () => {
      forget();
      resolve();
    });
  });
  const fuse = 0x65735546;
  await waitFor(`${path} to be mounted`, async () => {
    if (server.exitCode !== null) throw new Error(`bindfs ended with ${server.exitCode}`);
    return (await statfs(path)).type === fuse;
  });
  return {
    path,
    hang: () => {
      server.kill('SIGSTOP');
    },
    release: () => {
      server.kill('SIGCONT');
    },
    dispose: async () => {
      server.kill('SIGCONT');
      await runCommand('umount', [path]);
      await ended;
    },
  };
}
