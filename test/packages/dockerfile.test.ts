/** The container image: built by the Dockerfile on its default bases, made here, and run against the engine that it runs on. */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { debootstrapped } from '../../harness/machine/bare-root.ts';
import { repositoryRoot } from '../../harness/program/cli.ts';
import { docker as runDocker } from '../../harness/engine/docker-client.ts';
import { startDockerEngine, type DockerEngine } from '../../harness/engine/docker-engine.ts';
import {
  containerLogs,
  createContainer,
  hasImage,
  listImages,
  removeImage,
  startContainer,
  waitForContainer,
  type ContainerOptions,
} from '../../harness/engine/engine-api.ts';
import { loadImages, throwStreamedError } from '../../harness/engine/images.ts';
import { ensureCommands, searchPath } from '../../harness/machine/packages.ts';
import { file, tar } from '../../harness/machine/tar.ts';
import { waitFor } from '../../harness/machine/wait.ts';

const mebibyte = 1024 * 1024;
const tarType = { 'Content-Type': 'application/x-tar' };

let engine: DockerEngine;

/**
 * Debian as its own images have it (debootstrap's minbase), under the names that the Dockerfile takes by default; the one to
 * build in has Node where Docker's own has it.
 */
async function importBase(tag: string, more: readonly string[]): Promise<void> {
  const root = await debootstrapped('bookworm');
  // What apt and the kernel's folders hold is not in the images either.
  const left = [
    './var/cache',
    './var/lib/apt',
    './proc/*',
    './sys/*',
    './dev/*',
    './usr/share/doc',
    './usr/share/man',
  ];
  const tarball = spawn('tar', ['-c', ...left.map((each) => `--exclude=${each}`), '-C', root, '.', ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [repository, name] = tag.split(':');
  const answer = await engine.expect('POST', `/images/create?fromSrc=-&repo=${repository}&tag=${name}`, {
    body: tarball.stdout,
    headers: tarType,
  });
  throwStreamedError(answer.text);
}

async function buildImage(): Promise<void> {
  execFileSync(process.execPath, ['scripts/build.ts'], { cwd: repositoryRoot });
  const context = [
    ...['Dockerfile', '.dockerignore', 'package.json', 'LICENSE', 'scripts/licences/node.txt'],
    ...['packaging/docker-image-cleaner.sh', 'dist/THIRD-PARTY-NOTICES.txt', 'dist/program.cjs'],
  ].map((name) => file(name, readFileSync(`${repositoryRoot}${name}`)));
  const query = new URLSearchParams({
    t: 'docker-image-cleaner:latest',
    networkmode: 'none',
    buildargs: JSON.stringify({ BUNDLE: 'prebuilt', VERSION: '1.2.3', REVISION: 'abc' }),
  });
  const answer = await engine.expect('POST', `/build?${query.toString()}`, {
    body: Readable.from(tar(context), { objectMode: false }),
    headers: tarType,
  });
  throwStreamedError(answer.text);
}

async function runImage(options: ContainerOptions): Promise<{ status: number; output: string }> {
  const container = await createContainer(engine, 'docker-image-cleaner:latest', {
    readOnly: true,
    ...options,
  });
  await startContainer(engine, container);
  const status = await waitForContainer(engine, container);
  return { status, output: await containerLogs(engine, container) };
}

/** The flags of the README's `docker run`, with the directories of this engine in place of Docker's own. */
function readmeFlags(): readonly string[] {
  const readme = readFileSync(`${repositoryRoot}README.md`, 'utf8');
  const [, line = ''] =
    /^docker run -d --name docker-image-cleaner --restart unless-stopped ([^`]*?)\n *docker-image-cleaner\n/m.exec(
      readme.replaceAll('\\\n', '\n'),
    ) ?? [];
  const words = line.split(/\s+/).filter((word) => word !== '');
  return words.map((word) =>
    word
      .replace(/^\/var\/lib\/docker:/, `${engine.dataRoot}:`)
      .replace(/^\/run:/, `${dirname(engine.socketPath)}:`),
  );
}

/** Output of a container that ends on its own. */
async function dockerRun(flags: readonly string[], command: readonly string[]): Promise<string> {
  const socket = `unix:///var/run/${basename(engine.socketPath)}`;
  const given = [
    '--rm',
    ...flags,
    '--env',
    `DOCKER_HOST=${socket}`,
    'docker-image-cleaner:latest',
    ...command,
  ];
  return await runDocker(engine, ['run', ...given]);
}

beforeAll(async () => {
  await ensureCommands(['docker-compose', 'debootstrap']);
  engine = await startDockerEngine({ disk: { sizeMiB: 3000 } });
  await importBase('debian:bookworm-slim', []);
  // In /usr/local/bin, as in the image node:24-bookworm-slim.
  const moved = `--transform=s#^node$#./usr/local/bin/node#`;
  await importBase('node:24-bookworm-slim', [moved, '-C', dirname(process.execPath), 'node']);
  await buildImage();
  // Images only needed to build would be the first that a sweep deletes.
  await removeImage(engine, 'node:24-bookworm-slim');
  await engine.expect('POST', '/images/prune');
});
afterAll(() => engine.dispose());

describe('the container image', () => {
  test('is its base, Node, and one file, and has its labels', async () => {
    const images = await listImages(engine);
    const size = (tag: string): number =>
      images.find((image) => image.RepoTags?.includes(tag))?.Size ?? Number.NaN;
    const own = size('docker-image-cleaner:latest') - size('debian:bookworm-slim');
    const parts = [process.execPath, `${repositoryRoot}dist/program.cjs`].map((path) => statSync(path).size);
    const expected = parts.reduce((sum, each) => sum + each, 0);
    expect(own).toBeGreaterThan(expected);
    // Launcher and licences.
    expect(own).toBeLessThan(expected + 300_000);
    const image = await engine.expect('GET', '/images/docker-image-cleaner:latest/json');
    const { Config } = image.json<{ Config: { Labels: Record<string, string>; Healthcheck: object } }>();
    expect(Config.Labels).toMatchObject({
      'org.opencontainers.image.title': 'docker-image-cleaner',
      'org.opencontainers.image.version': '1.2.3',
      'org.opencontainers.image.revision': 'abc',
      'org.opencontainers.image.licenses': 'BSD-3-Clause',
    });
    expect(Config.Healthcheck).toMatchObject({ Test: ['CMD', 'docker-image-cleaner', 'healthcheck'] });
  });

  test('prints its version, as user nobody, with a read-only root filesystem', async () => {
    const { version } = JSON.parse(readFileSync(`${repositoryRoot}package.json`, 'utf8')) as {
      version: string;
    };
    const { status, output } = await runImage({ command: ['--version'], user: '65534:65534' });
    expect({ status, output }).toEqual({ status: 0, output: `${version}\n` });
  });

  test('sweeps the engine that it runs on', async () => {
    await loadImages(engine, {
      layers: { big: { bytes: 200 * mebibyte } },
      images: [{ tags: ['victim:1'], layers: ['big'] }],
    });
    const { bytesPercent } = await engine.disk.usage();
    const socketFolder = dirname(engine.socketPath);
    const { status, output } = await runImage({
      command: ['run', '--once'],
      binds: [`${socketFolder}:/engine`, `${engine.dataRoot}:/var/lib/docker:ro`],
      env: [
        `DOCKER_HOST=unix:///engine/${basename(engine.socketPath)}`,
        `DOCKER_IMAGE_CLEANER_THRESHOLD_HIGH=${Math.floor(bytesPercent)}`,
        `DOCKER_IMAGE_CLEANER_THRESHOLD_LOW=${Math.floor(bytesPercent) - 5}`,
        'DOCKER_IMAGE_CLEANER_DELAY_SECONDS=0',
        'DOCKER_IMAGE_CLEANER_MIN_AGE_SECONDS=0',
      ],
    });
    expect(status, output).toBe(0);
    expect(await hasImage(engine, 'victim:1'), output).toBe(false);
    expect(await hasImage(engine, 'docker-image-cleaner:latest'), 'in use by its own container').toBe(true);
  });

  test('runs as the README says: measures exactly, with these rights and no others', async () => {
    const flags = readmeFlags();
    expect(flags.join(' ')).toContain('--cap-drop ALL --cap-add DAC_READ_SEARCH');
    const output = await dockerRun(flags, ['status', '--json']);
    const { images, space } = JSON.parse(output) as { images: { exact: boolean }[]; space: unknown };
    expect(images.length).toBeGreaterThan(0);
    expect(images.filter(({ exact }) => !exact)).toEqual([]);
    expect(space).not.toBeNull();
    const without = flags.filter((flag, at) => flag !== '--cap-add' && flags[at - 1] !== '--cap-add');
    const estimated = JSON.parse(await dockerRun(without, ['status', '--json'])) as typeof images & {
      images: { exact: boolean }[];
    };
    expect(estimated.images.filter(({ exact }) => exact)).toEqual([]);
    const proc = await dockerRun(
      [...flags, '--entrypoint', '/usr/lib/docker-image-cleaner/node'],
      ['-e', "process.stdout.write(require('fs').readFileSync('/proc/self/status', 'utf8'))"],
    );
    // capability.h: CAP_DAC_READ_SEARCH is 2.
    expect(proc).toMatch(/^CapEff:\s+0*4$/m);
    expect(proc).toMatch(/^CapBnd:\s+0*4$/m);
    expect(proc).toMatch(/^NoNewPrivs:\s+1$/m);
  });

  test("works without root where the socket's group lets it in", async () => {
    const group = statSync(engine.socketPath).gid;
    const { status, output } = await runImage({
      command: ['plan', '--json'],
      user: `65534:${group}`,
      binds: [`${engine.socketPath}:/var/run/docker.sock`, `${engine.dataRoot}:/var/lib/docker:ro`],
    });
    expect(status, output).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ triggered: false });
  });
});

/** The ready-made ways to start it, as they are documented, on this engine instead of the host's. */
describe('as documented', () => {
  /** Docker's own client. */
  function docker(command: string, args: readonly string[], cwd: string = repositoryRoot): string {
    return execFileSync(command, args, {
      encoding: 'utf8',
      cwd,
      env: { PATH: searchPath, HOME: engine.disk.workspace.path, DOCKER_HOST: engine.dockerHost },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Where the documented line means the host. */
  function here(text: string): string {
    return text
      .replaceAll('/run:/run:ro', `${dirname(engine.socketPath)}:/run:ro`)
      .replaceAll('/var/lib/docker:/var/lib/docker:ro', `${engine.dataRoot}:/var/lib/docker:ro`);
  }

  const socket = (): string => `/run/${basename(engine.socketPath)}`;
  const health = (container: string): string =>
    docker('docker', ['inspect', '--format', '{{.State.Health.Status}}', container]).trim();

  async function isWell(container: string): Promise<void> {
    await waitFor('the health check', () => health(container) === 'healthy' || undefined, {
      timeoutMs: 120_000,
    });
    const ask = (...args: string[]): string =>
      docker('docker', ['exec', container, 'docker-image-cleaner', ...args]);
    await waitFor('the first check', () => {
      try {
        return ask('healthcheck', '--ready') === 'ok\n' || undefined;
      } catch {
        return undefined; // Not ready yet.
      }
    });
    expect(JSON.parse(ask('plan', '--json'))).toMatchObject({ triggered: false });
    // The state volume is written.
    await waitFor('the state', () => {
      const names = docker('docker', ['exec', container, 'ls', '/state']);
      return names.includes('state') || undefined;
    });
  }

  test('the line of the README, page and state included', async () => {
    const readme = readFileSync(`${repositoryRoot}README.md`, 'utf8');
    const line = /^docker run -d (?:.*\\\n)*.*$/m.exec(readme)?.[0] ?? 'none';
    for (const part of ['-p 127.0.0.1:8080:8080', '--read-only', ':/state', '/run:/run:ro'])
      expect(line).toContain(part);
    const more = `--health-interval 1s -e DOCKER_HOST=unix://${socket()} docker-image-cleaner`;
    const words = here(line)
      .replaceAll('\\\n', ' ')
      .replace(/docker-image-cleaner$/, more);
    docker('sh', ['-c', words]);
    try {
      await isWell('docker-image-cleaner');
    } finally {
      docker('docker', ['rm', '--force', '--volumes', 'docker-image-cleaner']);
    }
  });

  test('compose.yaml', async () => {
    const folder = engine.disk.workspace.path;
    const text = here(readFileSync(`${repositoryRoot}compose.yaml`, 'utf8'))
      .replace('build: .', `network_mode: none\n    healthcheck: { interval: 1s }`)
      // This engine has no network of its own to publish a port from.
      .replace(/^ {4}ports:.*\n/m, '')
      .replace('environment:', `environment:\n      DOCKER_HOST: unix://${socket()}`);
    writeFileSync(`${folder}/compose.yaml`, text);
    const compose = (...args: string[]): string =>
      docker(
        'docker-compose',
        ['--project-name', 'cleaner', '--file', `${folder}/compose.yaml`, ...args],
        folder,
      );
    compose('up', '--detach');
    try {
      await isWell(compose('ps', '--quiet').trim());
    } finally {
      compose('down', '--volumes');
    }
  });
});
