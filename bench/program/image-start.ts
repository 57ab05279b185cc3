/** How the container image starts the executable, as its launcher does it: benches start it the same way. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli, type Cli } from '../../harness/program/cli.ts';

const root = new URL('../../', import.meta.url).pathname;

/** What the launcher gives Node, by running it with a Node that only says so. */
function launched(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): { readonly nodeFlags: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  const place = mkdtempSync(join(tmpdir(), 'launcher-'));
  try {
    const say = '#!/bin/sh\nprintf "%s\\n" "$MALLOC_ARENA_MAX" "$MALLOC_TRIM_THRESHOLD_" "$@"\n';
    writeFileSync(join(place, 'node'), say, { mode: 0o755 });
    const script = readFileSync(`${root}packaging/docker-image-cleaner.sh`, 'utf8').replace('@PLACE@', place);
    const { stdout } = spawnSync('sh', ['-c', script, 'sh', ...args], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...env },
    });
    const [arenas, trim, ...all] = stdout.trimEnd().split('\n');
    const nodeFlags = all.slice(0, all.indexOf(`${place}/program.cjs`));
    if (!arenas || !trim || !nodeFlags.includes('--expose-gc'))
      throw new Error('the launcher starts Node in a way that this does not understand');
    return { nodeFlags, env: { MALLOC_ARENA_MAX: arenas, MALLOC_TRIM_THRESHOLD_: trim } };
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** Starts the bundle (`npm run build` made it) with the launcher's flags and environment, and these settings. */
export function startAsImage(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
): Cli {
  const prefixed = Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`DOCKER_IMAGE_CLEANER_${name}`, value]),
  );
  const launcher = launched(args, { ...env, ...prefixed });
  return runCli(args, {
    script: `${root}dist/program.cjs`,
    nodeFlags: launcher.nodeFlags,
    env: { ...launcher.env, ...env, ...prefixed },
  });
}
