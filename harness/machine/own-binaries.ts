/**
 * Engine binaries that somebody has, newer than any package: DOCKERD, CONTAINERD, PODMAN and CRIO in the environment each name
 * one (`npm run test:engines -- --dockerd PATH` sets them). Every engine that the harness starts without a root of its
 * own is then that one, so that any test can be run on it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export const ownable = ['dockerd', 'containerd', 'podman', 'crio'] as const;
export type Ownable = (typeof ownable)[number];

/** Helpers of a binary: from its folder if there, else the machine's. */
const companions =
  /^(containerd|containerd-shim-.*|ctr|docker-init|docker-proxy|runc|conmon|conmonrs|pinns|crun)$/;

const running = new Map<string, boolean>();

/** Whether it finds its libraries here: what lies beside a binary may be another distribution's. */
function runsHere(path: string): boolean {
  const known = running.get(path);
  if (known !== undefined) return known;
  const { error, stderr } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  const isRunning = error === undefined && !/\bGLIBC_|error while loading shared libraries/.test(stderr);
  running.set(path, isRunning);
  return isRunning;
}

export function isOwnable(command: string): command is Ownable {
  return (ownable as readonly string[]).includes(command);
}

/** The binary that somebody has, or undefined. */
export function ownBinary(name: Ownable): string | undefined {
  const path = process.env[name.toUpperCase()];
  return path === undefined || path === '' ? undefined : path;
}

/** A companion of one of somebody's binaries, by its name. */
export function ownCompanion(name: string): string | undefined {
  if (!companions.test(name)) return undefined;
  return ownable
    .flatMap((own) => ownBinary(own) ?? [])
    .map((path) => join(dirname(path), name))
    .find((path) => existsSync(path) && runsHere(path));
}

/** Puts given binaries and their helpers into a folder that is first in an engine's PATH. */
export function linkOwnBinaries(folder: string): void {
  const link = (path: string, name = basename(path)): void => {
    const target = join(folder, name);
    if (!existsSync(target)) symlinkSync(path, target);
  };
  for (const own of ownable) {
    const path = ownBinary(own);
    if (path === undefined) continue;
    link(path, own);
    for (const name of readdirSync(dirname(path))) {
      const beside = join(dirname(path), name);
      if (companions.test(name) && runsHere(beside)) link(beside);
    }
  }
}
