/** The real `helm` and `kubectl`, and where the chart is. */
import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { findClientTool } from './kubernetes-binaries.ts';

export const chart = fileURLToPath(new URL('../../deploy/helm/docker-image-cleaner', import.meta.url));

const paths = { helm: await findClientTool('helm'), kubectl: await findClientTool('kubectl') };

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  readonly kubeconfig?: string;
  readonly input?: string;
}

/** Without a kubeconfig the tools see none at all, also not the user's own: no test may reach somebody's cluster. */
function environment({ kubeconfig = '/nonexistent' }: ToolOptions): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: '/nonexistent', KUBECONFIG: kubeconfig };
}

function run(tool: keyof typeof paths, args: readonly string[], options: ToolOptions): Outcome {
  const { status, stdout, stderr, error } = spawnSync(paths[tool], args, {
    encoding: 'utf8',
    env: environment(options),
    maxBuffer: 64 * 1024 * 1024,
    ...(options.input === undefined ? {} : { input: options.input }),
  });
  if (error !== undefined) throw error;
  return { status, stdout, stderr };
}

/** Runs helm and returns the result. */
export function tryHelm(args: readonly string[], options: ToolOptions = {}): Outcome {
  return run('helm', args, options);
}

/** Runs helm. @throws Error with its messages when it fails. */
export function helm(args: readonly string[], options: ToolOptions = {}): string {
  const { status, stdout, stderr } = run('helm', args, options);
  if (status !== 0) throw new Error(`helm ${args.join(' ')} ended with ${status}:\n${stderr}`);
  return stdout;
}

/** Runs helm beside the test, for what waits for something that the test has to do. The signal kills it. */
export async function startHelm(
  args: readonly string[],
  options: ToolOptions & { readonly signal: AbortSignal },
): Promise<Outcome> {
  const child = spawn(paths.helm, args, {
    env: environment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: options.signal,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { status: child.exitCode, stdout, stderr };
}

/** Runs kubectl and returns the result. */
export function tryKubectl(args: readonly string[], options: ToolOptions = {}): Outcome {
  return run('kubectl', args, options);
}
