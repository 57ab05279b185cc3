/**
 * The .deb on a bare Debian 12 and 13, by doing what a user does: install, plan, the service's own command with the service's
 * own rights, upgrade with a changed configuration, remove, purge.
 */
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildDeb } from '../../scripts/package/deb.ts';
import { serviceConf } from '../../scripts/package/layout.ts';
import { type BareRoot, bareRoot, type BareSuite, type Ran } from '../../harness/machine/bare-root.ts';
import { type DockerEngine, startDockerEngine } from '../../harness/engine/docker-engine.ts';
import { hasImage } from '../../harness/engine/engine-api.ts';
import { loadImages } from '../../harness/engine/images.ts';
import { ensureCommands } from '../../harness/machine/packages.ts';
import { waitFor } from '../../harness/machine/wait.ts';
import { createWorkspace, type Workspace } from '../../harness/machine/workspace.ts';
import { buildProgram, order, otherArchitecture } from './built.ts';

let workspace: Workspace;
let first: string;
let second: string;
let foreign: string;
let engine: DockerEngine;

beforeAll(async () => {
  await ensureCommands(['dpkg-deb', 'debootstrap']);
  workspace = createWorkspace();
  buildProgram();
  first = buildDeb(order(workspace, '1.0.0'));
  second = buildDeb(order(workspace, '1.1.0'));
  foreign = buildDeb(order(workspace, '1.0.0', otherArchitecture));
  engine = await startDockerEngine();
  await loadImages(engine, {
    layers: { l: { bytes: 60e6 } },
    images: [{ tags: ['victim:1'], layers: ['l'] }],
  });
});
afterAll(async () => {
  // The roots hold the engine's disk.
  workspace.dispose();
  await engine.dispose();
});

/** What must have been done for what follows. */
function well(ran: Ran): Ran {
  if (ran.status !== 0) throw new Error(`ended with ${ran.status}:\n${ran.stdout}\n${ran.stderr}`);
  return ran;
}

/** The words of the unit's ExecStart, with the capabilities that it leaves. */
function serviceCommand(root: BareRoot): readonly string[] {
  const unit = readFileSync(join(root.path, 'usr/lib/systemd/system/docker-image-cleaner.service'), 'utf8');
  const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1] ?? '';
  const rights = value('CapabilityBoundingSet')
    .split(' ')
    .map((each) => `+${each.replace('CAP_', '').toLowerCase()}`);
  const set = ['-all', ...rights].join(',');
  return [
    'setpriv',
    '--no-new-privs',
    '--inh-caps',
    set,
    '--bounding-set',
    set,
    ...value('ExecStart').split(' '),
  ];
}

describe.each<[string, BareSuite]>([
  ['Debian 12', 'bookworm'],
  ['Debian 13', 'trixie'],
])('the .deb on a bare %s', (_name, suite) => {
  let root: BareRoot;
  const conf = (): string => join(root.path, 'etc/docker-image-cleaner.conf');

  beforeAll(async () => {
    root = await bareRoot(suite, workspace);
    for (const file of [first, second, foreign]) copyFileSync(file, join(root.path, basename(file)));
    // The host's engine is in reach of what runs in the root.
    const inside = join(root.path, engine.disk.workspace.path);
    mkdirSync(inside, { recursive: true });
    execFileSync('mount', ['--rbind', engine.disk.workspace.path, inside]);
  });

  test('another architecture is refused by dpkg', () => {
    const { status, stderr } = root.run(['dpkg', '-i', `/${basename(foreign)}`]);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/package architecture \(\w+\) does not match system \(\w+\)/);
    expect(existsSync(join(root.path, 'usr/bin/docker-image-cleaner'))).toBe(false);
  });

  test('installs, without Node and without the network, and starts nothing', () => {
    const { stdout } = well(root.run(['apt-get', 'install', '-y', `./${basename(first)}`]));
    expect(stdout).toContain('start it with "systemctl enable --now docker-image-cleaner"');
    expect(root.run(['docker-image-cleaner', '--version'])).toMatchObject({ status: 0 });
    expect(root.run(['sh', '-c', 'command -v node']).status).not.toBe(0);
    expect(readFileSync(conf(), 'utf8')).toBe(serviceConf());
    const wanted = 'etc/systemd/system/multi-user.target.wants/docker-image-cleaner.service';
    expect(existsSync(join(root.path, wanted))).toBe(false);
    const files = root.run(['dpkg', '-L', 'docker-image-cleaner']).stdout;
    for (const part of [
      'man8/docker-image-cleaner.8.gz',
      'bash-completion',
      'vendor_completions.d',
      'copyright',
    ])
      expect(files).toContain(part);
    expect(well(root.run(['dpkg', '--verify', 'docker-image-cleaner'])).stdout).not.toMatch(/usr\/(bin|lib)/);
  });

  test('without an engine: one line that says what to do', () => {
    const { status, stdout, stderr } = root.run(['docker-image-cleaner', 'plan']);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/docker\.sock/);
  });

  test('a bad value in the configuration: file, line and what is allowed', () => {
    const before = readFileSync(conf(), 'utf8');
    const line = before.split('\n').length;
    appendFileSync(conf(), 'DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH=lots\n');
    const { status, stderr } = root.run(serviceCommand(root));
    writeFileSync(conf(), before);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      new RegExp(
        `^error: /etc/docker-image-cleaner\\.conf line ${line}: DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH="lots": .+\\n$`,
      ),
    );
  });

  test("plans, then sweeps as the service does, with the service's rights", async () => {
    await loadImages(engine, {
      layers: { l: { bytes: 60e6 } },
      images: [{ tags: ['victim:1'], layers: ['l'] }],
    });
    const { bytesPercent } = await engine.disk.usage();
    appendFileSync(
      conf(),
      [
        `DOCKER_HOST=${engine.dockerHost}`,
        `DOCKER_IMAGE_CLEANER_PATH_TO_CHECK=${engine.dataRoot}`,
        `DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH=${Math.floor(bytesPercent)}`,
        `DOCKER_IMAGE_CLEANER_THRESHOLD_LOW=${Math.floor(bytesPercent) - 10}`,
        'DOCKER_IMAGE_CLEANER_MIN_AGE_SECONDS=0',
        'DOCKER_IMAGE_CLEANER_DELAY_SECONDS=0\n',
      ].join('\n'),
    );
    const config = ['--config', '/etc/docker-image-cleaner.conf'];
    expect(well(root.run(['docker-image-cleaner', 'plan', ...config])).stdout).toContain('victim:1');
    mkdirSync(join(root.path, 'var/lib/docker-image-cleaner'), { mode: 0o700 });
    const [file, args] = root.command(serviceCommand(root));
    const service = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let log = '';
    service.stderr.on('data', (part: Buffer) => (log += part.toString()));
    const ended = new Promise((resolve) => service.once('close', resolve));
    try {
      await waitFor('the sweep', () => log.includes('"sweep.completed"') || undefined);
    } finally {
      service.kill('SIGTERM');
      await ended;
    }
    expect(await hasImage(engine, 'victim:1'), log).toBe(false);
    expect(log).not.toMatch(/"level":(50|60|"error")/);
    expect(existsSync(join(root.path, 'var/lib/docker-image-cleaner/state')), log).toBe(true);
  });

  test('an upgrade keeps a changed configuration', () => {
    const changed = readFileSync(conf(), 'utf8');
    well(root.run(['apt-get', 'install', '-y', `./${basename(second)}`]));
    expect(readFileSync(conf(), 'utf8')).toBe(changed);
    const query = ['dpkg-query', '-W', '-f', '${Version}', 'docker-image-cleaner'];
    expect(root.run(query).stdout).toBe('1.1.0');
  });

  test('removed, the program is gone; purged, everything is', () => {
    well(root.run(['apt-get', 'remove', '-y', 'docker-image-cleaner']));
    expect(existsSync(join(root.path, 'usr/lib/docker-image-cleaner'))).toBe(false);
    expect(existsSync(conf())).toBe(true);
    expect(existsSync(join(root.path, 'var/lib/docker-image-cleaner/state'))).toBe(true);
    well(root.run(['apt-get', 'purge', '-y', 'docker-image-cleaner']));
    expect(existsSync(conf())).toBe(false);
    expect(existsSync(join(root.path, 'var/lib/docker-image-cleaner'))).toBe(false);
    const left = execFileSync(
      'find',
      [root.path, '-xdev', '-path', '*image-cleaner*', '-not', '-name', '*.deb'],
      {
        encoding: 'utf8',
      },
    );
    expect(left).toBe('');
  });
});
