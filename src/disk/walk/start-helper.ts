/** Starts a measuring process. */
import type { ChildProcess, spawn } from 'node:child_process';
import { walkWorker } from './walk-worker.ts';
import { createWalker } from './walker.ts';

/**
 * Node itself, through /proc: our own program is found and may be run also where its file was replaced or lies below a
 * folder that is closed to us.
 */
export function startHelper(start: typeof spawn): ChildProcess {
  const source = `(${walkWorker.toString()})(${createWalker.toString()})`;
  const file = process.platform === 'linux' ? '/proc/self/exe' : process.execPath;
  // Young objects only, so little room does; as few threads of its own as there can be.
  return start(file, ['--max-semi-space-size=1', '--v8-pool-size=0', '-e', source], {
    argv0: 'docker-image-cleaner: measures',
    cwd: '/',
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}
