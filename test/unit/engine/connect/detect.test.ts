import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  defaultPath,
  type EngineTarget,
  type EngineWish,
  findSocket,
  findTarget,
} from '../../../../src/engine/connect/detect.ts';
import { otherEngines } from '../../../../src/engine/connect/sockets.ts';
import { socketPathOf } from '../../../../src/engine/endpoint.ts';

const docker = { kind: 'unix', path: '/var/run/docker.sock' } as const;
const nothingSaid: EngineWish = {
  runtime: 'auto',
  runtimeEndpoint: undefined,
  engine: docker,
  engineNamedBy: undefined,
};
const containerdSocket = '/run/containerd/containerd.sock';
const crioSocket = '/run/crio/crio.sock';
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'detect-'));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

/** Whether it is a socket is for connecting to find out. */
function make(...paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), '');
  }
}

describe('auto', () => {
  it.each([
    ['there is nothing at all', [], {}, 'docker'],
    ['Docker listens beside containerd', [docker.path, containerdSocket], {}, 'docker'],
    ['Docker has data here, and does not listen yet', ['/var/lib/docker/x', containerdSocket], {}, 'docker'],
    [
      'Docker from a snap has data here, and does not listen yet',
      ['/var/snap/docker/common/var-lib-docker/x', '/var/snap/microk8s/common/run/containerd.sock'],
      {},
      'docker',
    ],
    ['DOCKER_HOST is set', [containerdSocket], { engineNamedBy: 'DOCKER_HOST' }, 'docker'],
    ['only containerd is here', [containerdSocket], {}, 'cri'],
    ['only CRI-O is here', [crioSocket], {}, 'cri'],
    ['an endpoint is named, whatever else is here', [docker.path], { runtimeEndpoint: '/run/x.sock' }, 'cri'],
    ['it is overruled', [containerdSocket], { runtime: 'docker' }, 'docker'],
    ['it is overruled the other way', [docker.path], { runtime: 'cri' }, 'cri'],
    ['only k3s is here', ['/run/k3s/containerd/containerd.sock'], {}, 'cri'],
    ['only MicroK8s is here', ['/var/snap/microk8s/common/run/containerd.sock'], {}, 'cri'],
    ['only k0s is here', ['/run/k0s/containerd.sock'], {}, 'cri'],
  ] as const)('is decided when %s', async (_, paths, wish, kind) => {
    make(...paths);
    expect((await findTarget({ ...nothingSaid, ...wish }, root)).kind).toBe(kind);
  });
});

it.each([
  ['/run/user/7/docker.sock', 'rootless Docker'],
  ['/run/podman/podman.sock', 'Podman'],
  ['/run/user/7/podman/podman.sock', 'rootless Podman'],
])('where nothing else exists, %s is chosen, and the reason says so', async (path, name) => {
  make(path);
  const wish = { ...nothingSaid, runtimeDirectory: '/run/user/7' };
  expect(await findTarget(wish, root)).toEqual({
    ...{ kind: 'docker', address: { kind: 'unix', path }, isNamed: false },
    why: `the socket of ${name} is there, and nothing else`,
  });
  make(containerdSocket);
  expect(await findTarget(wish, root)).toMatchObject({ kind: 'cri' });
});

it('an error names every engine that listens beside the one that does not answer, with the line to set', async () => {
  make(
    '/run/user/1000/docker.sock',
    '/run/user/1001/podman/podman.sock',
    '/run/k3s/containerd/containerd.sock',
  );
  make(docker.path);
  expect(await otherEngines(`unix://${docker.path}`, undefined, root)).toEqual([
    'rootless Docker (DOCKER_HOST=unix:///run/user/1000/docker.sock)',
    'rootless Podman (DOCKER_HOST=unix:///run/user/1001/podman/podman.sock)',
    'k3s or RKE2 (DOCKER_IMAGE_CLEANER_RUNTIME_ENDPOINT=unix:///run/k3s/containerd/containerd.sock)',
  ]);
});

it('the named endpoint is the one that is connected to', async () => {
  make(containerdSocket);
  const target = await findTarget({ ...nothingSaid, runtime: 'cri', runtimeEndpoint: crioSocket }, root);
  expect(target).toMatchObject({ kind: 'cri', socketPath: crioSocket, isNamed: true });
});

it('sockets are searched in crictl’s order, each time', async () => {
  expect(await findSocket(root)).toBe(containerdSocket);
  make(crioSocket);
  expect(await findSocket(root)).toBe(crioSocket);
  make(containerdSocket);
  expect(await findSocket(root)).toBe(containerdSocket);
});

describe('on a node, below the /run that a pod sees', () => {
  const find = async (paths: readonly string[], wish: Partial<EngineWish> = {}) => {
    make('/node/marker', ...paths.map((path) => `/node/${path}`));
    const target = await findTarget({ ...nothingSaid, hostRun: '/node', ...wish }, root);
    const path = target.kind === 'cri' ? target.socketPath : (target.address as { path: string }).path;
    return `${target.kind} ${(path ?? '').replace(`${root}/node/`, '')}`;
  };
  const containerd = 'containerd/containerd.sock';

  it.each([
    ['containerd alone', [containerd], `cri ${containerd}`],
    ['CRI-O', ['crio/crio.sock'], 'cri crio/crio.sock'],
    ['k3s', ['k3s/containerd/containerd.sock'], 'cri k3s/containerd/containerd.sock'],
    [
      'k3s beside Docker',
      ['docker.sock', containerd, 'k3s/containerd/containerd.sock'],
      'cri k3s/containerd/containerd.sock',
    ],
    ['k0s', ['k0s/containerd.sock'], 'cri k0s/containerd.sock'],
    ['a Docker Engine that kubelet does not have', ['docker.sock', containerd], `cri ${containerd}`],
    ['Docker by cri-dockerd', ['docker.sock', containerd, 'cri-dockerd.sock'], 'docker docker.sock'],
    [
      'Docker by the kubelet of Kubernetes 1.23',
      ['docker.sock', containerd, 'dockershim.sock'],
      'docker docker.sock',
    ],
    [
      'k3s with --docker',
      ['docker.sock', containerd, 'k3s/cri-dockerd/cri-dockerd.sock'],
      'docker docker.sock',
    ],
    ['Docker alone', ['docker.sock'], 'docker docker.sock'],
    ['nothing yet', [], `cri ${containerd}`],
  ])('kubelet’s runtime is taken: %s', async (_, paths, expected) => {
    expect(await find(paths)).toBe(expected);
  });

  it('what is named wins', async () => {
    expect(await find(['docker.sock', containerd], { runtime: 'docker' })).toBe('docker docker.sock');
    expect(await find(['cri-dockerd.sock'], { runtime: 'cri' })).toBe(`cri ${containerd}`);
    expect(await find([], { runtimeEndpoint: '/run/x.sock' })).toBe('cri /run/x.sock');
    expect(await find([], { engineNamedBy: 'DOCKER_HOST' })).toBe(`docker ${docker.path}`);
  });

  it.each([
    [
      '/host/run/k3s/containerd/containerd.sock',
      '/var/lib/rancher/rke2/agent/containerd',
      '/var/lib/rancher/rke2/agent/containerd',
    ],
    ['/host/run/k3s/containerd/containerd.sock', '/srv', '/var/lib/rancher/k3s/agent/containerd'],
    ['/host/run/k0s/containerd.sock', '/srv', '/var/lib/k0s/containerd'],
    ['/host/run/crio/crio.sock', '/srv', '/var/lib/containers/storage'],
    ['/host/run/containerd/containerd.sock', '/srv', '/var/lib/containerd'],
  ])('the folder of %s is known by its name, where %s is there', async (socketPath, folder, expected) => {
    make(`${folder}/x`);
    expect(await defaultPath({ kind: 'cri', socketPath, why: '', isNamed: true }, root)).toBe(expected);
  });
});

describe('the path that is watched unless it is set', () => {
  it('is the data directory of the engine', async () => {
    const found = { why: '', isNamed: false };
    const cri = (socketPath?: string): EngineTarget => ({ kind: 'cri', socketPath, ...found });
    expect(await defaultPath({ kind: 'docker', address: docker, ...found }, root)).toBe('/var/lib/docker');
    make('/var/snap/docker/common/var-lib-docker/x');
    expect(await defaultPath({ kind: 'docker', address: docker, ...found }, root)).toBe(
      '/var/snap/docker/common/var-lib-docker',
    );
    expect(await defaultPath(cri(), root)).toBe('/var/lib/containerd');
    expect(await defaultPath(cri(crioSocket), root)).toBe('/var/lib/containers/storage');
    expect(await defaultPath(cri('/somewhere/crio.sock'), root)).toBe('/var/lib/containers/storage');
    make(crioSocket);
    expect(await defaultPath(cri(), root)).toBe('/var/lib/containers/storage');
  });

  it('is that of the distribution that the socket is of', async () => {
    const k3s: EngineTarget = {
      ...{ kind: 'cri', socketPath: '/run/k3s/containerd/containerd.sock' },
      ...{ why: '', isNamed: true },
    };
    expect(await defaultPath(k3s, root)).toBe('/var/lib/rancher/k3s/agent/containerd');
    make('/var/lib/rancher/rke2/agent/containerd/x');
    expect(await defaultPath(k3s, root)).toBe('/var/lib/rancher/rke2/agent/containerd');
  });
});

describe('an endpoint', () => {
  it('is a unix socket', () => {
    expect(socketPathOf('unix:///run/crio/crio.sock')).toEqual({ path: '/run/crio/crio.sock' });
  });

  it.each([
    ['/run/crio/crio.sock', 'unix:///run/crio/crio.sock'],
    ['unix://run/crio.sock', 'three slashes'],
    ['unix://', 'three slashes'],
    ['tcp://127.0.0.1:1', 'expected unix:///'],
    ['npipe:////./pipe/containerd', 'expected unix:///'],
    [`unix:///${'x'.repeat(107)}`, 'at most 107 bytes'],
    ['unix:///run/\0', 'expected unix:///'],
  ])('%j is refused', (text, why) => {
    expect(socketPathOf(text)).toEqual({ refused: expect.stringContaining(why) as string });
  });
});
