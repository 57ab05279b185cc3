/** The container image: built by the Dockerfile on a locally made base, run against the engine that it runs on. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repositoryRoot } from '../harness/cli.ts';
import { startDockerEngine, type DockerEngine } from '../harness/docker-engine.ts';
import {
  containerLogs,
  createContainer,
  hasImage,
  listImages,
  startContainer,
  waitForContainer,
  type ContainerOptions,
} from '../harness/engine-api.ts';
import { loadImages, throwStreamedError } from '../harness/images.ts';
import { commandPath } from '../harness/packages.ts';
import { file, tar, type TarEntry } from '../harness/tar.ts';

const mebibyte = 1024 * 1024;
const tarType = { 'Content-Type': 'application/x-tar' };

let engine: DockerEngine;

/** A root filesystem with this Node, the libraries it is linked with, and a static shell. */
function* nodeRootFilesystem(): Generator<TarEntry> {
  yield file('usr/bin/node', readFileSync(process.execPath), 0o755);
  yield file('bin/busybox', readFileSync(commandPath('busybox')), 0o755);
  yield { name: 'bin/sh', type: 'symlink', linkTarget: 'busybox', mode: 0o777 };
  const linked = execFileSync('ldd', [process.execPath], { encoding: 'utf8' });
  for (const [path] of linked.matchAll(/\/\S+/g)) yield file(path.slice(1), readFileSync(path), 0o755);
}

async function importBase(name: string): Promise<void> {
  const body = Readable.from(tar(nodeRootFilesystem()), { objectMode: false });
  const answer = await engine.expect('POST', `/images/create?fromSrc=-&repo=${name}&tag=1`, {
    body,
    headers: tarType,
  });
  throwStreamedError(answer.text);
}

async function buildImage(): Promise<void> {
  execFileSync(process.execPath, ['scripts/build.ts'], { cwd: repositoryRoot });
  const context = ['Dockerfile', '.dockerignore', 'package.json', 'dist/docker-image-cleaner.cjs'].map(
    (name) => file(name, readFileSync(`${repositoryRoot}${name}`)),
  );
  const query = new URLSearchParams({
    t: 'docker-image-cleaner:test',
    networkmode: 'none',
    buildargs: JSON.stringify({ BUILD_IMAGE: 'base:1', RUNTIME_IMAGE: 'base:1', BUNDLE: 'prebuilt' }),
  });
  const answer = await engine.expect('POST', `/build?${query.toString()}`, {
    body: Readable.from(tar(context), { objectMode: false }),
    headers: tarType,
  });
  throwStreamedError(answer.text);
}

async function runImage(options: ContainerOptions): Promise<{ status: number; output: string }> {
  const container = await createContainer(engine, 'docker-image-cleaner:test', {
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
      .replace(/^\/var\/run:/, `${dirname(engine.socketPath)}:`),
  );
}

/** What a container prints that ends by itself. */
function dockerRun(flags: readonly string[], command: readonly string[]): string {
  const socket = `unix:///var/run/${basename(engine.socketPath)}`;
  const given = ['--rm', ...flags, '--env', `DOCKER_HOST=${socket}`, 'docker-image-cleaner:test', ...command];
  return execFileSync('/usr/bin/docker', ['-H', engine.dockerHost, 'run', ...given], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

beforeAll(async () => {
  engine = await startDockerEngine({ disk: { sizeMiB: 1000 } });
  await importBase('base');
  await buildImage();
});
afterAll(() => engine.dispose());

describe('the container image', () => {
  test('is its base and one file', async () => {
    const images = await listImages(engine);
    const size = (tag: string): number =>
      images.find((image) => image.RepoTags?.includes(tag))?.Size ?? Number.NaN;
    const bundle = statSync(`${repositoryRoot}dist/docker-image-cleaner.cjs`).size;
    expect(size('docker-image-cleaner:test') - size('base:1')).toBe(bundle);
  });

  test('says its version, as nobody, with a read-only root filesystem', async () => {
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
    expect(await hasImage(engine, 'docker-image-cleaner:test'), 'in use by its own container').toBe(true);
  });

  test('runs as the README says: measures exactly, with these rights and no others', () => {
    const flags = readmeFlags();
    expect(flags.join(' ')).toContain('--cap-drop ALL --cap-add DAC_READ_SEARCH');
    const output = dockerRun(flags, ['status', '--json']);
    const { images, space } = JSON.parse(output) as { images: { exact: boolean }[]; space: unknown };
    expect(images.length).toBeGreaterThan(0);
    expect(images.filter(({ exact }) => !exact)).toEqual([]);
    expect(space).not.toBeNull();
    const without = flags.filter((flag, at) => flag !== '--cap-add' && flags[at - 1] !== '--cap-add');
    const estimated = JSON.parse(dockerRun(without, ['status', '--json'])) as typeof images & {
      images: { exact: boolean }[];
    };
    expect(estimated.images.filter(({ exact }) => exact)).toEqual([]);
    const proc = dockerRun(
      [...flags, '--entrypoint', 'node'],
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
