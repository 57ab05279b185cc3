/**
 * Makes sure that the commands the tests and the demo need are on this machine, installing Debian packages where it may.
 * Never touches services: a package that would start its daemon when installed is kept from doing so.
 */
import { spawn } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { isOwnable, ownBinary, ownCompanion } from './own-binaries.ts';

/** What is needed, by the name of a command; the value is the Debian and Ubuntu package that has it. */
const packageOf = {
  dockerd: 'docker.io',
  containerd: 'containerd',
  runc: 'runc',
  podman: 'podman',
  crio: 'cri-o',
  pinns: 'cri-o',
  conmon: 'conmon',
  buildah: 'buildah',
  rootlesskit: 'rootlesskit',
  newuidmap: 'uidmap',
  'fuse-overlayfs': 'fuse-overlayfs',
  setpriv: 'util-linux',
  debootstrap: 'debootstrap',
  unshare: 'util-linux',
  pivot_root: 'util-linux',
  busybox: 'busybox-static',
  mount: 'mount',
  losetup: 'mount',
  bindfs: 'bindfs',
  fallocate: 'util-linux',
  'mkfs.ext4': 'e2fsprogs',
  'mkfs.xfs': 'xfsprogs',
  'mkfs.btrfs': 'btrfs-progs',
  'docker-registry': 'docker-registry',
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  openssl: 'openssl',
  tmux: 'tmux',
  chromium: 'chromium',
  etcd: 'etcd-server',
  go: 'golang-go',
  make: 'make',
  unzip: 'unzip',
  rsync: 'rsync',
  'dpkg-source': 'dpkg-dev',
  ctr: 'containerd',
  protoc: 'protobuf-compiler',
  mandoc: 'mandoc',
  'docker-compose': 'docker-compose',
  zsh: 'zsh',
  fish: 'fish',
  rpmbuild: 'rpm',
  rpm: 'rpm',
  'dpkg-deb': 'dpkg',
  'systemd-analyze': 'systemd',
  shellcheck: 'shellcheck',
} as const;

export type Command = keyof typeof packageOf;

/** Everything a private Docker Engine on a small disk of its own needs. */
export const engineCommands: readonly Command[] = [
  'dockerd',
  'containerd',
  'runc',
  'busybox',
  'mount',
  'losetup',
  'fallocate',
  'mkfs.ext4',
];

/** PATH with the folders of system commands, which an unprivileged login shell leaves out. */
export const searchPath = [
  ...new Set([
    ...(process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    '/usr/bin',
    '/bin',
  ]),
].join(delimiter);

/**
 * The absolute path of a command, or undefined; see `commandPath`. A given one takes precedence, see own-binaries.ts.
 */
export function findCommand(command: string, root = ''): string | undefined {
  if (root === '') {
    const own = isOwnable(command) ? ownBinary(command) : undefined;
    const path = own ?? ownCompanion(command);
    if (path !== undefined) return path;
  }
  for (const folder of searchPath.split(delimiter)) {
    const path = join(folder, command);
    try {
      accessSync(`${root}${path}`, constants.X_OK);
      return path;
    } catch {
      // Not here: look in the next folder.
    }
  }
  return undefined;
}

/**
 * The absolute path of a command, seen from within the root folder where one is given.
 * @throws Error naming it and its package.
 */
export function commandPath(command: Command, root?: string): string {
  const path = findCommand(command, root);
  if (path === undefined)
    throw new Error(
      `"${command}" is not ${root === undefined ? 'on this machine' : `in ${root}`} (Debian package ${packageOf[command]}).`,
    );
  return path;
}

/** True when an ELF file has no interpreter segment, so that it runs in an image with nothing else in it. */
function isStatic(path: string): boolean {
  const head = Buffer.alloc(4096);
  const file = openSync(path, 'r');
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  const offset = Number(head.readBigUInt64LE(32));
  const size = head.readUInt16LE(54);
  const count = head.readUInt16LE(56);
  const interpreterSegment = 3;
  return !Array.from({ length: count }, (_, i) => head.readUInt32LE(offset + i * size)).includes(
    interpreterSegment,
  );
}

function isMissing(command: Command): boolean {
  const path = findCommand(command);
  return path === undefined || (command === 'busybox' && !isStatic(path));
}

/**
 * Installs, one process at a time (flock), without starting services (policy-rc.d says 101, "action forbidden"). The
 * package lists are fetched only when the installation fails without, which is so on a fresh machine.
 */
const installScript = `
set -u
if [ ! -e /usr/sbin/policy-rc.d ]; then
  printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
install() { apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=600 "$@"; }
update() { for _ in 1 2 3 4 5; do apt-get update -q && return; sleep 5; done; return 1; }
install "$@" || { update && install "$@"; }
`;

async function install(packages: readonly string[]): Promise<void> {
  process.stderr.write(`Installing packages: ${packages.join(' ')} ...\n`);
  const child = spawn(
    'flock',
    ['/tmp/docker-image-cleaner-apt.lock', 'sh', '-c', installScript, 'sh', ...packages],
    {
      env: { ...process.env, PATH: searchPath, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const status = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve(code ?? signal ?? 'nothing');
    });
  });
  if (status !== 0) {
    throw new Error(
      `Installing ${packages.join(', ')} with apt-get ended with ${status}:\n${output.trim().split('\n').slice(-15).join('\n')}`,
    );
  }
}

/**
 * Makes sure that the commands are there.
 * @throws Error naming every missing command and its package when they cannot be installed: not root, no apt-get, or
 * apt-get fails (its last lines are in the message).
 */
export async function ensureCommands(commands: readonly Command[]): Promise<void> {
  const missing = commands.filter(isMissing);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((command) => packageOf[command]))];
  const wanted = `Missing on this machine: ${missing.join(', ')} (Debian and Ubuntu packages: ${packages.join(' ')}).`;
  if (process.getuid?.() !== 0)
    throw new Error(`${wanted} Install them, or run this as root so that it can.`);
  if (findCommand('apt-get') === undefined)
    throw new Error(`${wanted} There is no apt-get here: install them.`);
  await install(packages);
  const still = missing.filter(isMissing);
  if (still.length > 0)
    throw new Error(`Installed ${packages.join(', ')}, yet missing: ${still.join(', ')}.`);
}

/** @throws Error when not root: mounting disks and starting engines needs it. */
export function requireRoot(what: string): void {
  if (process.getuid?.() !== 0)
    throw new Error(`${what} needs root: it mounts a small disk and starts an engine on it.`);
}

/** The address and release of the first Debian source list of this machine. @throws Error when there is none. */
export function debianSource(): { uri: string; suite: string } {
  const release = readFileSync('/etc/os-release', 'utf8');
  const suite = /^VERSION_CODENAME=(.+)$/m.exec(release)?.[1] ?? 'bookworm';
  const folder = '/etc/apt/sources.list.d';
  const lists = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  for (const file of [...lists, '/etc/apt/sources.list'].filter(existsSync)) {
    const text = readFileSync(file, 'utf8');
    const uri = /^URIs:\s*(\S+)/m.exec(text)?.[1] ?? /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/m.exec(text)?.[1];
    if (uri !== undefined) return { uri, suite };
  }
  throw new Error('No package source is configured in /etc/apt.');
}
