/**
 * A real Prometheus and `promtool`. Taken from this machine where they are, else unpacked from the Debian package into
 * the cache: installing it would start a service.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { atExit } from '../machine/cleanup.ts';
import { findCommand, searchPath } from '../machine/packages.ts';
import { freePort } from '../engine/registry.ts';
import { waitFor } from '../machine/wait.ts';
import { createWorkspace } from '../machine/workspace.ts';

const cacheHome = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
/** Outlives the checkout. */
const cache = join(cacheHome, 'docker-image-cleaner', 'prometheus');

/** With the package lists that are there, else with new ones, which only root may fetch. */
const downloadScript = `
set -u
apt-get download -q prometheus || { apt-get update -q && apt-get download -q prometheus; } || exit 1
dpkg -x prometheus_*.deb unpacked
`;

function unpack(): void {
  process.stderr.write(`Unpacking the Debian package prometheus into ${cache} ...\n`);
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'download-'));
  try {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', downloadScript], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, PATH: searchPath, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (status !== 0)
      throw new Error(
        `Getting the package prometheus ended with ${String(status)}:\n${(stdout + stderr).trim()}`,
      );
    for (const program of readdirSync(join(folder, 'unpacked/usr/bin')))
      // Renaming makes it whole at once, should another run look for it meanwhile.
      renameSync(join(folder, 'unpacked/usr/bin', program), join(cache, program));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pathOf(program: 'prometheus' | 'promtool'): string {
  const installed = findCommand(program);
  if (installed !== undefined) return installed;
  const cached = join(cache, program);
  if (!existsSync(cached)) unpack();
  return cached;
}

export interface ToolOutcome {
  readonly status: number | null;
  /** Standard output and standard error. */
  readonly output: string;
}

/** Runs promtool and returns the result. @throws Error when it is not available. */
export function promtool(
  args: readonly string[],
  options: { input?: string; cwd?: string } = {},
): ToolOutcome {
  const { status, stdout, stderr, error } = spawnSync(pathOf('promtool'), args, {
    encoding: 'utf8',
    ...options,
  });
  if (error !== undefined) throw error;
  return { status, output: stdout + stderr };
}

/** One series of an answer. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus {
  /** Evaluates a query now. @throws Error with Prometheus' words when it is refused. */
  query(expression: string): Promise<readonly Sample[]>;
  /** The one value of a query. @throws Error unless there is exactly one. */
  value(expression: string): Promise<number>;
  /** The state of every alert that is pending or firing, by name. */
  alerts(): Promise<Readonly<Record<string, string>>>;
  dispose(): Promise<void>;
}

export interface PrometheusOptions {
  /** `host:port` of what is scraped, under the job docker-image-cleaner. */
  readonly target: string | readonly string[];
  /** Files of rules, absolute. */
  readonly rules?: readonly string[];
}

/** Starts one that scrapes every second. */
export async function startPrometheus({ target, rules = [] }: PrometheusOptions): Promise<Prometheus> {
  const program = pathOf('prometheus');
  const workspace = createWorkspace();
  const config = join(workspace.path, 'prometheus.json');
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: rules,
      scrape_configs: [{ job_name: 'docker-image-cleaner', static_configs: [{ targets: [target].flat() }] }],
    }),
  );
  const port = await freePort();
  const child = spawn(
    program,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(workspace.path, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const forget = atExit(() => child.kill('SIGKILL'));
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (log = (log + chunk).slice(-8000)));
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => {
      resolve();
    });
  });
  const base = `http://127.0.0.1:${port}`;

  async function ask(path: string): Promise<unknown> {
    const response = await fetch(base + path);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }

  async function dispose(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
    forget();
    workspace.dispose();
  }

  async function query(expression: string): Promise<readonly Sample[]> {
    const answer = (await ask(`/api/v1/query?query=${encodeURIComponent(expression)}`)) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    return answer.data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  try {
    await waitFor('Prometheus', async () => {
      if (child.exitCode !== null) throw new Error(`Prometheus ended:\n${log}`);
      return await fetch(`${base}/-/ready`).then(
        (response) => response.ok || undefined,
        () => undefined,
      );
    });
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    query,
    value: async (expression) => {
      const samples = await query(expression);
      const [only] = samples;
      if (only === undefined || samples.length !== 1)
        throw new Error(`${expression}: ${samples.length} series, not one`);
      return only.value;
    },
    alerts: async () => {
      const answer = (await ask('/api/v1/alerts')) as {
        data: { alerts: { labels: { alertname: string }; state: string }[] };
      };
      return Object.fromEntries(answer.data.alerts.map(({ labels, state }) => [labels.alertname, state]));
    },
    dispose,
  };
}
