/**
 * A folder of our own under /tmp that may hold mounts, loop devices and engines, and the one way to take all of it down
 * again. Works from the folder's name alone, so it also clears what a killed process left behind.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { atExit } from './cleanup.ts';
import { searchPath } from './packages.ts';

/** Short, because a unix socket's path may have 107 bytes at most (unix(7)); /tmp whatever TMPDIR says. */
const prefix = '/tmp/dic-';
const ownerFile = '.owner';

const engineProcesses =
  /^((dockerd|containerd|podman|crio)[\w.-]*|rootlesskit|fuse-overlayfs|catatonit|runc|conmon|crun|docker-registry|etcd|kube-apiserver|prometheus|tmux|bindfs)$/;

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function command(name: string, ...args: string[]): string {
  const result = spawnSync(name, args, { encoding: 'utf8', env: { ...process.env, PATH: searchPath } });
  if (result.error !== undefined) throw result.error;
  return result.stdout + result.stderr;
}

/** Fields of /proc/PID/stat after the command name: [0] state, [1] parent, [19] start time in clock ticks (proc(5)). */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** A process that lives (zombies do not) is distinguished from a later one with the same number by its start time. */
export function processIdentity(pid: number): string | undefined {
  const fields = statFields(pid);
  return fields === undefined || fields[0] === 'Z' ? undefined : `${pid} ${fields[19]}`;
}

/** The engine processes whose command line names the folder, and everything below them: containers and their shims. */
export function processesOf(folder: string): number[] {
  const childrenByParent = new Map<number, number[]>();
  const roots: number[] = [];
  for (const pid of allPids()) {
    const fields = statFields(pid);
    if (fields === undefined || fields[0] === 'Z') continue;
    const parent = Number(fields[1]);
    childrenByParent.set(parent, [...(childrenByParent.get(parent) ?? []), pid]);
    let argv: string[];
    try {
      argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    } catch {
      continue; // It ended since the listing.
    }
    const isEngine = engineProcesses.test(basename(argv[0] ?? ''));
    if (isEngine && argv.some((argument) => argument.includes(`${folder}/`))) roots.push(pid);
  }
  const found = new Set<number>();
  const visit = (pid: number): void => {
    if (found.has(pid)) return;
    found.add(pid);
    childrenByParent.get(pid)?.forEach(visit);
  };
  roots.forEach(visit);
  return [...found];
}

/** Mount points at or below the folder, deepest and latest first. */
export function mountsBelow(folder: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) =>
      // Space, tab, newline and backslash are written as octal escapes (proc(5)).
      (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, octal: string) =>
        String.fromCharCode(parseInt(octal, 8)),
      ),
    )
    .filter((path) => path === folder || path.startsWith(`${folder}/`))
    .reverse();
}

/** Loop devices whose backing file is in the folder. */
export function loopDevicesOf(folder: string): string[] {
  return command('losetup', '--list', '--noheadings', '--output', 'NAME,BACK-FILE')
    .split('\n')
    .filter((line) => line.includes(` ${folder}/`))
    .map((line) => line.split(' ')[0] ?? '');
}

function killAll(folder: string): void {
  for (let attempt = 0; attempt < 100; attempt++) {
    const pids = processesOf(folder);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // ESRCH: it has already ended.
      }
    }
    pause(20);
  }
  throw new Error(`Processes of ${folder} do not end: ${processesOf(folder).join(', ')}.`);
}

function unmountAll(folder: string): void {
  for (let attempt = 0; attempt < 50; attempt++) {
    const mounts = mountsBelow(folder);
    if (mounts.length === 0) return;
    for (const mount of mounts) command('umount', mount);
    if (mountsBelow(folder).length > 0) pause(100);
  }
  for (const mount of mountsBelow(folder)) command('umount', '--lazy', mount);
}

/** The folders of our cgroup: the engine was given a parent of its own for its containers. Cgroups v1 have several. */
function cgroupsOf(name: string): string[] {
  const root = '/sys/fs/cgroup';
  if (!existsSync(root)) return [];
  const hierarchies = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [root, ...hierarchies.map((entry) => join(root, entry.name))]
    .map((folder) => join(folder, name))
    .filter((folder) => existsSync(folder));
}

function subfolders(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name));
}

/** Processes of a paused container do not die before they are resumed. */
function thaw(folder: string): void {
  for (const [file, value] of [
    ['freezer.state', 'THAWED'],
    ['cgroup.freeze', '0'],
  ] as const) {
    // cgroup.freeze is the system's own at the root of a hierarchy, but this is below it.
    if (existsSync(join(folder, file))) writeFileSync(join(folder, file), value);
  }
  subfolders(folder).forEach(thaw);
}

/** Containers killed with their engine leave cgroups behind, which are busy until the last process is gone for good. */
function removeCgroup(folder: string): void {
  subfolders(folder).forEach(removeCgroup);
  for (let attempt = 0; ; attempt++) {
    try {
      rmdirSync(folder);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || attempt >= 100) throw error;
      pause(50);
    }
  }
}

/**
 * Kills the engines of a folder, undoes its mounts and loop devices, removes it.
 * @throws Error when a mount remains: then nothing is removed, since that would delete into it.
 */
function tearDown(folder: string): void {
  if (!folder.startsWith(prefix)) throw new Error(`Not a workspace: ${folder}`);
  cgroupsOf(basename(folder)).forEach(thaw);
  killAll(folder);
  unmountAll(folder);
  const left = mountsBelow(folder);
  if (left.length > 0) throw new Error(`Still mounted: ${left.join(', ')}`);
  // Unmounting also frees the loop device; this is for one that was never mounted.
  for (const device of loopDevicesOf(folder)) command('losetup', '--detach', device);
  cgroupsOf(basename(folder)).forEach(removeCgroup);
  rmSync(folder, { recursive: true, force: true });
}

let cleared = false;

/** Takes down workspaces whose process is gone: it was killed, as vitest kills its workers when it is terminated. */
export function clearAbandoned(): void {
  cleared = true;
  for (const name of readdirSync('/tmp')) {
    const folder = join('/tmp', name);
    if (!folder.startsWith(prefix)) continue;
    try {
      const owner = readFileSync(join(folder, ownerFile), 'utf8');
      if (processIdentity(Number(owner.split(' ')[0])) !== owner) tearDown(folder);
    } catch (error) {
      // No owner file: not ours, being made, or being taken down by somebody else. Anything else is worth a word.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        process.stderr.write(`Clearing ${folder}: ${String(error)}\n`);
    }
  }
}

export interface Workspace {
  /** e.g. `/tmp/dic-a1B2c3`. */
  readonly path: string;
  /** The last part of the path; names the cgroup of the engine's containers. */
  readonly name: string;
  /** Takes everything down; does nothing the second time. @throws Error when something cannot be undone. */
  dispose(): void;
}

/** Makes a folder that is taken down with all it holds by `dispose`, else when the process ends, else by the next run. */
export function createWorkspace(): Workspace {
  if (!cleared) clearAbandoned();
  const path = mkdtempSync(prefix);
  writeFileSync(join(path, ownerFile), processIdentity(process.pid) ?? '');
  let disposed = false;
  const dispose = (): void => {
    if (disposed) return;
    tearDown(path);
    disposed = true;
    forget();
  };
  const forget = atExit(dispose);
  return { path, name: basename(path), dispose };
}
