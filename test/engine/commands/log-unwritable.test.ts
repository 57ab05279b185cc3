/** A log or an output that cannot be written: the cleaner cleans on, and says afterwards what was lost. */
import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { program } from '../../../harness/program/cli.ts';
import { type DockerEngine, startDockerEngine } from '../../../harness/engine/docker-engine.ts';
import { startWireProxy, type WireProxy } from '../../../harness/wire/wire-proxy.ts';
import { waitFor } from '../../../harness/machine/wait.ts';
import { imagesOnBase, load } from '../scenario.ts';

const KiB = 1024;

let engine: DockerEngine;

beforeAll(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 200 } });
  await load(engine, imagesOnBase({ one: 20, two: 15, three: 10 }));
});

afterAll(async () => {
  await engine.dispose();
});

function environment(settings: Readonly<Record<string, string>> = {}): Record<string, string> {
  const all = {
    MIN_AGE_SECONDS: '0',
    PATH_TO_CHECK: engine.dataRoot,
    DELAY_SECONDS: '0',
    INTERVAL_SECONDS: '1',
    LOG_LEVEL: 'debug',
    ...settings,
  };
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    DOCKER_HOST: engine.dockerHost,
    ...Object.fromEntries(
      Object.entries(all).map(([name, value]) => [`DOCKER_IMAGE_CLEANER_${name}`, value]),
    ),
  };
}

/** Runs it by the shell, with the redirection that is appended. */
async function shell(
  command: string,
  settings?: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const script = command.replaceAll('CLEANER', `"${process.execPath}" "${program}"`);
  const run = promisify(execFile);
  return await run('/bin/bash', ['-c', script], { env: environment(settings) }).then(
    (done) => ({ code: 0, ...done }),
    (error: unknown) => error as { code: number; stdout: string; stderr: string },
  );
}

async function fillUp(): Promise<void> {
  const { availableBytes } = await engine.disk.usage();
  // Twice: what the filesystem keeps back for its own is smaller the second time.
  await engine.disk.occupy('ballast', availableBytes - 64 * KiB);
  await shell(`dd if=/dev/zero of=${engine.disk.path}/last bs=1k status=none || true`);
  expect((await engine.disk.usage()).availableBytes).toBe(0);
}

async function makeRoom(): Promise<void> {
  await shell(`rm -f ${engine.disk.path}/ballast ${engine.disk.path}/last`);
}

describe('a log on the disk that is full', () => {
  it('does not end `run`, and nothing of the log is missing once there is room', async () => {
    const log = join(engine.disk.path, 'cleaner.log');
    const proxy = await startWireProxy({
      target: engine,
      listen: { socketPath: join(engine.disk.workspace.path, 'full.sock') },
    });
    await fillUp();
    const settings = { THRESHOLD_HIGH: '95', THRESHOLD_LOW: '94' };
    const child = spawn('/bin/bash', ['-c', `exec "${process.execPath}" "${program}" run 2>>"${log}"`], {
      env: { ...environment(settings), DOCKER_HOST: proxy.dockerHost },
      stdio: 'ignore',
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    try {
      await waitFor('deletions', () => proxy.count(({ method }) => method === 'DELETE') > 0);
      await makeRoom();
      const events = await waitFor('the end of a sweep in the log', async () => {
        const lines = (await readFile(log, 'utf8')).split('\n').slice(0, -1);
        const found = lines.map((line) => (JSON.parse(line) as { event: string }).event);
        return found.includes('sweep.completed') && found;
      });
      expect(events.slice(0, 3)).toEqual(['engine.chosen', 'daemon.started', 'engine.connected']);
      expect(events).toContain('sweep.started');
      expect(events).not.toContain('log.lines-lost');
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
    } finally {
      child.kill('SIGKILL');
      await makeRoom();
      await proxy.dispose();
    }
  });

  it.each(['/dev/full', '/dev/null-for-reading'])('%s as the log: checks and sweeps on', async (target) => {
    // Opened for reading only, each write fails with EBADF.
    const redirection = target === '/dev/full' ? '2>/dev/full' : '2</dev/null';
    const { code } = await shell(`CLEANER run --once --dry-run ${redirection}`, {
      THRESHOLD_HIGH: '1',
      THRESHOLD_LOW: '0.5',
    });
    expect(code).toBe(0);
  });

  it('with standard error closed it works as well', async () => {
    expect((await shell('CLEANER run --once 2>&-', { THRESHOLD_HIGH: '99' })).code).toBe(0);
  });
});

/** Settings that nobody knows: a warning each when it starts, some 700 KB; a pipe holds 64, a socket's buffer 200. */
const talkative = Object.fromEntries(
  Array.from({ length: 4000 }, (_, index) => [`UNKNOWN_${'X'.repeat(20)}_${index}`, '1']),
);

const pings = (proxy: WireProxy): number => proxy.count(({ path }) => path.includes('_ping'));

describe('a reader of the log', () => {
  /** The daemon with a pipe as its log, of which the shell's `reader` is the other end. */
  function daemonInto(reader: string, proxyHost: string, sink: 'pipe' | 'socket') {
    const script = `exec "${process.execPath}" "${program}" run`;
    const env = { ...environment({ THRESHOLD_HIGH: '99', ...talkative }), DOCKER_HOST: proxyHost };
    return spawn('/bin/bash', ['-c', sink === 'pipe' ? `${script} 2> >(${reader})` : script], {
      env,
      // Node's pipes to a child are socket pairs.
      stdio: ['ignore', 'ignore', sink === 'socket' ? 'pipe' : 'ignore'],
    });
  }

  it.each([
    ['is gone', 'exec true', 'pipe'],
    ['never reads', 'exec sleep 600', 'pipe'],
    ['never reads its socket', '', 'socket'],
  ] as const)(
    'that %s neither ends nor holds the daemon, and SIGTERM ends it',
    async (_what, reader, sink) => {
      const proxy = await startWireProxy({
        target: engine,
        listen: { socketPath: join(engine.disk.workspace.path, `log-${reader.length}-${sink}.sock`) },
      });
      const child = daemonInto(reader, proxy.dockerHost, sink);
      try {
        // Each check is a ping.
        child.stderr?.pause();
        await waitFor('checks', () => pings(proxy) > 3, { timeoutMs: 60_000 });
        expect(child.exitCode).toBeNull();
        const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        expect(await ended).toBe(0);
      } finally {
        child.kill('SIGKILL');
        await proxy.dispose();
      }
    },
  );

  it('that reads again learns how many lines it missed', async () => {
    const fifo = join(engine.disk.workspace.path, 'log.fifo');
    await shell(`mkfifo ${fifo}`);
    const proxy = await startWireProxy({
      target: engine,
      listen: { socketPath: join(engine.disk.workspace.path, 'again.sock') },
    });
    // Open for both, so that there is a reader from the start who does not read.
    const held = openSync(fifo, 'r+');
    const env = {
      ...environment({ THRESHOLD_HIGH: '99', ...talkative }),
      DOCKER_HOST: proxy.dockerHost,
    };
    const child = spawn(process.execPath, [program, 'run'], { env, stdio: ['ignore', 'ignore', held] });
    closeSync(held);
    const slow = openSync(fifo, 'r');
    try {
      await waitFor('lines to be lost', () => pings(proxy) > 3, { timeoutMs: 60_000 });
      const { stdout } = await shell(`timeout 5 cat ${fifo} || true`);
      const records = stdout.split('\n').flatMap((line) => {
        return line.endsWith('}')
          ? [JSON.parse(line) as { event: string; lines: number; reason: string }]
          : [];
      });
      const lost = records.filter(({ event }) => event === 'log.lines-lost');
      expect(lost.reduce((sum, { lines }) => sum + lines, 0)).toBeGreaterThan(100);
      expect(new Set(lost.map(({ reason }) => reason))).toEqual(new Set(['EAGAIN']));
      expect(records.at(-1)).toMatchObject({ event: 'check.completed' });
    } finally {
      child.kill('SIGKILL');
      closeSync(slow);
      await proxy.dispose();
    }
  });
});

describe('standard output that cannot be written', () => {
  it.each(['plan --json', 'status --json', 'plan', 'status', '--help'])(
    '%s: a reader that stops early is not a failure',
    async (args) => {
      const { code, stderr } = await shell(`set -o pipefail; CLEANER ${args} | head -c 1 >/dev/null`);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    },
  );

  it.each(['plan --json', 'status', '--help'])(
    '%s: a full disk is reported in one sentence, with exit status 1',
    async (args) => {
      const { code, stderr } = await shell(`CLEANER ${args} >/dev/full`);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^error: cannot write to standard output: .*ENOSPC.*\n$/);
    },
  );
});

describe('what an engine says', () => {
  it('reaches the log without commanding a terminal, and bounded', async () => {
    const proxy = await startWireProxy({
      target: engine,
      listen: { socketPath: join(engine.disk.workspace.path, 'hostile.sock') },
    });
    const message = `\u001b[2J\u202egnp.\u2028\u009b31m${'A'.repeat(100_000)}`;
    proxy.addRule({
      match: () => true,
      respond: { status: 500, body: JSON.stringify({ message }) },
    });
    for (const format of ['json', 'text']) {
      const { code, stderr } = await shell(`DOCKER_HOST=${proxy.dockerHost} CLEANER run --once`, {
        LOG_FORMAT: format,
      });
      expect(code).toBe(1);
      expect(stderr.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(stderr).toContain('\\u202e');
      expect(stderr.length).toBeLessThan(20_000);
    }
    await proxy.dispose();
  });
});
