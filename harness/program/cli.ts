/** The real executable as a child process, and what it says. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { atExit } from '../machine/cleanup.ts';
import { logLineProblems, outputOf, outputProblems } from './schemas.ts';

/** The repository's root folder, with a slash at its end. */
export const repositoryRoot = fileURLToPath(new URL('../../', import.meta.url));

/** Set by `npm test` to the program that it has built. */
export const programVariable = 'PROGRAM_UNDER_TEST';
/** What the tests have Node start: the sources, or what `npm test` has built from them. */
export const program = process.env[programVariable] ?? `${repositoryRoot}src/main.ts`;

export interface CliOptions {
  /** The environment besides PATH and HOME; nothing else of ours is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** What to run; default the program under test. */
  readonly script?: string;
  /** false for a script that is not ours: what it writes need not be as docs/schema/ has it. */
  readonly isOurs?: boolean;
  /** Default: the Node that runs us. */
  readonly node?: string;
  /** For Node itself, before the script. */
  readonly nodeFlags?: readonly string[];
  readonly cwd?: string;
  /** Run as this user and no group of ours; default: as we are. */
  readonly uid?: number;
  /** A command that runs the program that is appended to it. */
  readonly within?: readonly string[];
  /** Root, but without these rights, named as by setpriv(1): `dac_read_search`. */
  readonly withoutCapabilities?: readonly string[];
}

/** A line of the JSON log. */
export interface LogRecord {
  readonly event?: string;
  readonly [field: string]: unknown;
}

export interface CliExit {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Cli {
  readonly pid: number;
  /** All of standard output so far. */
  readonly stdout: string;
  /** All of standard error so far. */
  readonly stderr: string;
  /** The lines of standard error that are JSON objects, in order, as they come. */
  readonly records: readonly LogRecord[];
  /**
   * Settles when it has ended and everything it wrote has been read. Rejects where one of its log lines, or what it
   * printed with `--json`, was not as docs/schema/ has it (see `isOurs`).
   */
  readonly exited: Promise<CliExit>;
  /** Standard output as JSON. */
  json<T>(): T;
  /**
   * The first record, past or to come, with this `event` or for which the function is true.
   * @throws Error with the end of standard error when the process ends first or `timeoutMs` (default 60 s) pass.
   */
  waitForEvent(
    wanted: string | ((record: LogRecord) => boolean),
    options?: {
      readonly timeoutMs?: number;
      /** Skip this many records, e.g. `records.length`. */ readonly since?: number;
    },
  ): Promise<LogRecord>;
  /** Sends a signal, default SIGTERM; returns at once. */
  kill(signal?: NodeJS.Signals): void;
  /** Kills it (SIGKILL) if it runs and waits for its end. */
  dispose(): Promise<void>;
}

function parseRecord(line: string): LogRecord | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as LogRecord;
  } catch {
    return undefined; // A line of text that happens to start with a brace.
  }
}

/** Even root has no right that is not in the bounding set (capabilities(7)). */
function withoutRights(capabilities: readonly string[]): readonly string[] {
  if (capabilities.length === 0) return [];
  return ['setpriv', '--bounding-set', capabilities.map((name) => `-${name}`).join(','), '--'];
}

/** Starts the executable. */
export function runCli(args: readonly string[], options: CliOptions = {}): Cli {
  const command = [
    ...(options.within ?? []),
    ...withoutRights(options.withoutCapabilities ?? []),
    options.node ?? process.execPath,
    ...(options.nodeFlags ?? []),
    options.script ?? program,
  ];
  const child = spawn(command[0] ?? process.execPath, [...command.slice(1), ...args], {
    cwd: options.cwd ?? repositoryRoot,
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      // Loading the sources takes half the time then.
      NODE_COMPILE_CACHE: `${repositoryRoot}node_modules/.cache/node`,
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const forget = atExit(() => child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  const records: LogRecord[] = [];
  const undocumented = new Set<string>();
  const listeners = new Set<() => void>();
  const notify = (): void => {
    for (const listener of listeners) listener();
  };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  createInterface({ input: child.stderr }).on('line', (line) => {
    stderr += `${line}\n`;
    const record = parseRecord(line);
    if (record === undefined) return;
    records.push(record);
    if (record.event !== undefined && options.isOurs !== false)
      for (const problem of logLineProblems(record)) undocumented.add(problem);
    notify();
  });
  let ended: CliExit | undefined;
  const exited = new Promise<CliExit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      forget();
      ended = { code, signal };
      const output = code === 0 && options.isOurs !== false ? outputOf(args) : undefined;
      if (output !== undefined)
        for (const problem of outputProblems(output, stdout)) undocumented.add(problem);
      if (undocumented.size === 0) resolve(ended);
      else reject(new Error(`What was written is not as documented:\n${[...undocumented].join('\n')}`));
      notify();
    });
  });

  const waitForEvent: Cli['waitForEvent'] = (wanted, { timeoutMs = 60_000, since = 0 } = {}) => {
    const matches = typeof wanted === 'string' ? (r: LogRecord) => r.event === wanted : wanted;
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        stop();
        const what = typeof wanted === 'string' ? `event "${wanted}"` : 'the wanted record';
        reject(new Error(`${why} before ${what}. The end of standard error:\n${stderr.slice(-4000)}`));
      };
      const look = (): void => {
        const found = records.slice(since).find(matches);
        if (found !== undefined) {
          stop();
          resolve(found);
        } else if (ended !== undefined) fail(`It ended (${ended.code ?? ended.signal})`);
      };
      const timer = setTimeout(() => {
        fail(`${timeoutMs / 1000} s passed`);
      }, timeoutMs);
      const stop = (): void => {
        clearTimeout(timer);
        listeners.delete(look);
      };
      listeners.add(look);
      look();
    });
  };

  return {
    get pid() {
      return child.pid ?? 0;
    },
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    records,
    exited,
    json: <T>() => JSON.parse(stdout) as T,
    waitForEvent,
    kill: (signal = 'SIGTERM') => {
      child.kill(signal);
    },
    dispose: async () => {
      if (ended === undefined) child.kill('SIGKILL');
      await exited;
    },
  };
}
