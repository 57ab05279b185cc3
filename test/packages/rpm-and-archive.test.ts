/** The .rpm by rpm itself in a root without Node; the archive unpacked anywhere; both for the other architecture, too. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  symlinkSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildArchive } from '../../scripts/package/layout.ts';
import { buildRpm } from '../../scripts/package/rpm.ts';
import { distributionNames } from '../../scripts/package/runtime.ts';
import { version } from '../../src/system/version.ts';
import { type BareRoot, bareRoot } from '../../harness/machine/bare-root.ts';
import { repositoryRoot } from '../../harness/program/cli.ts';
import { ensureCommands } from '../../harness/machine/packages.ts';
import { createWorkspace, type Workspace } from '../../harness/machine/workspace.ts';
import { buildProgram, order, otherArchitecture } from './built.ts';

let workspace: Workspace;
let root: BareRoot;

beforeAll(async () => {
  await ensureCommands(['rpmbuild', 'debootstrap']);
  workspace = createWorkspace();
  buildProgram();
  root = await bareRoot('bookworm', workspace);
});
afterAll(() => {
  workspace.dispose();
});

/** The machine that an ELF program is for (elf(5)). */
function machineOf(file: string): string {
  const head = Buffer.alloc(20);
  const opened = openSync(file, 'r');
  readSync(opened, head, 0, head.length, 0);
  closeSync(opened);
  const machine = head.readUInt16LE(18);
  return { 62: 'x64', 183: 'arm64' }[machine] ?? String(machine);
}

describe('the .rpm', () => {
  const rpm = (...args: string[]): string =>
    execFileSync('rpm', ['--root', root.path, '--dbpath', '/var/lib/rpm', ...args], { encoding: 'utf8' });

  test('installs, upgrades with a changed configuration, is removed', () => {
    const [one, two] = [buildRpm(order(workspace, '1.0.0')), buildRpm(order(workspace, '1.1.0'))];
    // The root's own packages are dpkg's: rpm knows none of them.
    rpm('--install', '--nodeps', one);
    expect(root.run(['docker-image-cleaner', '--version'])).toEqual({
      status: 0,
      stdout: `${version}\n`,
      stderr: '',
    });
    expect(rpm('--verify', '--nodeps', 'docker-image-cleaner')).toBe('');
    const conf = join(root.path, 'etc/docker-image-cleaner.conf');
    appendFileSync(conf, 'DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH=70\n');
    const changed = readFileSync(conf, 'utf8');
    rpm('--upgrade', '--nodeps', two);
    expect(rpm('--query', '--queryformat', '%{VERSION}', 'docker-image-cleaner')).toBe('1.1.0');
    expect(readFileSync(conf, 'utf8')).toBe(changed);
    rpm('--erase', 'docker-image-cleaner');
    expect(existsSync(join(root.path, 'usr/lib/docker-image-cleaner'))).toBe(false);
    expect(existsSync(join(root.path, 'usr/bin/docker-image-cleaner'))).toBe(false);
  });

  test('for the other architecture says so', () => {
    const file = buildRpm(order(workspace, '1.0.0', otherArchitecture));
    const architecture = execFileSync('rpm', ['--query', '--package', '--queryformat', '%{ARCH}', file], {
      encoding: 'utf8',
    });
    expect(architecture).toBe(distributionNames[otherArchitecture].rpm);
  });
});

describe('the archive', () => {
  const unpack = (file: string, where: string): string => {
    const folder = join(root.path, where);
    mkdirSync(folder, { recursive: true });
    execFileSync('tar', ['-xzf', file, '-C', folder]);
    const [top] = readdirSync(folder);
    return join(folder, top ?? '');
  };

  test('runs from where it is unpacked, also by a link', () => {
    const file = buildArchive(order(workspace, '1.0.0'));
    expect(basename(file)).toBe(`docker-image-cleaner-1.0.0-linux-${process.arch}.tar.gz`);
    const place = unpack(file, 'opt/somewhere with spaces').slice(root.path.length);
    symlinkSync(join(place, 'docker-image-cleaner'), join(root.path, 'usr/local/bin/cleaner'));
    for (const name of [join(place, 'docker-image-cleaner'), 'cleaner'])
      expect(root.run([name, '--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('is the same, byte for byte, when it is built again', () => {
    const build = (): Buffer => readFileSync(buildArchive(order(workspace, '1.0.0')));
    expect(build().equals(build())).toBe(true);
  });

  test('of the other architecture holds a program for it, and says so in one line here', () => {
    const place = unpack(buildArchive(order(workspace, '1.0.0', otherArchitecture)), 'opt/other');
    expect(machineOf(join(place, 'lib/node'))).toBe(otherArchitecture);
    const { status, stderr } = root.run([
      join(place, 'docker-image-cleaner').slice(root.path.length),
      'plan',
    ]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error: this is the program for \w+, but the machine is \w+: .+\n$/);
  });
});

test('npm run package for an unknown architecture: one line', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/package.ts', 'riscv64'], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: 'error: no package for riscv64: the architectures are x64 and arm64\n',
  });
});
