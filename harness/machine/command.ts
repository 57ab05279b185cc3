/** Running a command to its end. */
import { spawn } from 'node:child_process';
import { searchPath } from './packages.ts';

/** Gives its standard output. @throws Error with its last lines when it fails. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, PATH: searchPath, DEBIAN_FRONTEND: 'noninteractive', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let written = '';
  child.stdout.on('data', (chunk: Buffer) => {
    written += chunk.toString();
    output = (output + chunk.toString()).slice(-8000);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-8000);
  });
  const status = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve(code ?? signal ?? 'nothing');
    });
  });
  if (status !== 0)
    throw new Error(
      `${command} ${args.join(' ')} ended with ${status}:\n${output.trim().split('\n').slice(-15).join('\n')}`,
    );
  return written;
}
