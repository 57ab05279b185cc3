/** containerd through CRI. Its containers are pods', and a pod needs the sandbox image, which is there while a pod is. */
import { execFileSync } from 'node:child_process';
import {
  type Containerd,
  importImages,
  importSandboxImage,
  listCriImages,
  sandboxImage,
  startContainerd,
} from '../../harness/engine/containerd.ts';
import { type Pod, removePod, runPod } from '../../harness/engine/cri/pods.ts';
import { engineRoot, type Suite } from '../../harness/machine/engine-root.ts';
import type { ImageSpec, StoreSpec } from '../../harness/engine/images.ts';
import { startRegistry } from '../../harness/engine/registry.ts';
import { waitFor } from '../../harness/machine/wait.ts';
import type { Capabilities, EngineFixture, EngineUnderTest } from './fixture.ts';
import { podHolders } from './pod-holders.ts';

const capabilities: Capabilities = {
  containerStates: ['created', 'running', 'exited'],
  layerSizes: 'measured',
  spaceAccount: 'as a whole',
  freedSpace: 'at once',
  deletesInUse: 'deletes',
  namelessImages: false,
  imageLabels: true,
  imageTimes: true,
  buildParents: false,
  imageMounts: false,
  stoppedContainers: false,
  buildCache: false,
  use: 'followed',
};

function containerd(
  name: string,
  identity: RegExp,
  options: { readonly suite?: Suite; readonly capabilities?: Partial<Capabilities> } = {},
): EngineFixture {
  return {
    name,
    identity,
    capabilities: { ...capabilities, ...options.capabilities },
    async start(disk) {
      const root = options.suite === undefined ? {} : { root: await engineRoot(options.suite) };
      return underTest(await startContainerd({ disk, ...root, withoutSandboxImage: true }));
    },
  };
}

function underTest(engine: Containerd): EngineUnderTest {
  const { cri } = engine;
  const specs = new Map<string, { readonly spec: StoreSpec; readonly image: ImageSpec }>();
  let pods = 0;
  let count = 0;

  const images = async (): ReturnType<typeof listCriImages> =>
    (await listCriImages(engine)).filter(({ repo_tags: tags }) => !tags.includes(sandboxImage));
  const tags = async (): Promise<readonly string[]> =>
    (await images()).flatMap(({ repo_tags: names }) => names).sort();

  async function podFor(what: string): Promise<Pod> {
    await importSandboxImage(engine);
    pods += 1;
    return runPod(engine, { name: `${what}-${(count += 1)}` });
  }
  async function release(pod: Pod): Promise<void> {
    await removePod(engine, pod);
    pods -= 1;
    if (pods === 0) await cri.call('ImageService/RemoveImage', { image: { image: sandboxImage } });
  }
  async function load(spec: StoreSpec, image: ImageSpec): Promise<void> {
    const layers = Object.fromEntries(image.layers.map((name) => [name, spec.layers[name] ?? { bytes: 0 }]));
    await importImages(engine, { layers, images: [image] });
    for (const tag of image.tags ?? []) specs.set(tag, { spec, image });
  }

  return {
    disk: engine.disk,
    dataRoot: engine.dataRoot,
    env: { DOCKER_IMAGE_CLEANER_RUNTIME_ENDPOINT: engine.endpoint },
    // A pod's sandbox uses one.
    imagesOfItsOwn: 1,

    async load(spec) {
      for (const image of spec.images) await load(spec, image);
    },
    tags,
    imageCount: async () => (await images()).length,
    async tag(image, reference) {
      await engine.ctr(['images', 'tag', image, reference]);
      await waitFor('the runtime to know the name', async () => (await tags()).includes(reference));
    },
    makeNameless: () => Promise.reject(new Error('An image without a name is gone.')),

    async digestOnly(image, repository) {
      const registry = await startRegistry();
      try {
        const pushed = `${registry.host}/${repository}:1`;
        await engine.ctr(['images', 'tag', image, pushed]);
        await engine.ctr(['images', 'push', '--plain-http', pushed]);
        const list = await engine.ctr(['images', 'ls', `name==${pushed}`]);
        const digest = /sha256:[0-9a-f]{64}/.exec(list)?.[0];
        if (digest === undefined) throw new Error(`No digest in: ${list}`);
        await cri.call('ImageService/RemoveImage', { image: { image } });
        const reference = `${registry.host}/${repository}@${digest}`;
        await cri.call('ImageService/PullImage', { image: { image: reference } });
        return reference;
      } finally {
        registry.dispose();
      }
    },

    ...podHolders(engine, podFor, release),

    async buildOn(parent, tag) {
      // CRI makes no images: one that stands on the layers of another.
      const known = specs.get(parent);
      if (known === undefined) throw new Error(`${parent} was not loaded here.`);
      const layers = { ...known.spec.layers, [tag]: { bytes: 1000 } };
      const image = { tags: [tag], layers: [...known.image.layers, tag] };
      await load({ layers, images: [image] }, image);
    },

    async removeUnforced(image) {
      await cri.call('ImageService/RemoveImage', { image: { image } });
      return (await tags()).includes(image) ? 'refused' : 'removed';
    },

    kill: () => engine.kill(),
    start: () => engine.start(),
    dispose: () => engine.dispose(),
  };
}

/** A containerd that somebody has, see harness/machine/own-binaries.ts; and whether it tells its events. */
export function ownContainerd(program: string): {
  readonly fixture: EngineFixture;
  readonly hasStream: boolean;
} {
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' });
  const [, major = '', minor = ''] = /\sv?(\d+)\.(\d+)\./.exec(version) ?? [];
  const isFrom = (otherMajor: number, otherMinor: number): boolean =>
    Number(major) > otherMajor || (Number(major) === otherMajor && Number(minor) >= otherMinor);
  const imageMounts = isFrom(2, 1);
  const fixture = containerd(program, /^containerd /, { capabilities: { imageMounts } });
  return { fixture: { ...fixture, isOwn: true }, hasStream: isFrom(1, 7) };
}

/** Debian 12's: what the distribution gives. */
export const containerd16 = containerd('containerd 1.6', /^containerd 1\.6\./);
export const containerd17 = containerd('containerd 1.7', /^containerd 1\.7\./, { suite: 'trixie' });
export const containerd21 = containerd('containerd 2.1', /^containerd 2\.1\./, {
  suite: 'sid',
  capabilities: { imageMounts: true },
});
