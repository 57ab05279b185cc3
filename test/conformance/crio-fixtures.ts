/** CRI-O, which no package here has: the binary that somebody has, see harness/machine/own-binaries.ts. */
import { listCriImages, sandboxImage } from '../../harness/engine/containerd.ts';
import { type Pod, type PodOptions, removePod, runPod } from '../../harness/engine/cri/pods.ts';
import {
  type Crio,
  type CrioOptions,
  loadIntoCrio,
  loadSandboxImage,
  startCrio,
} from '../../harness/engine/crio.ts';
import type { ImageSpec, StoreSpec } from '../../harness/engine/images.ts';
import { digestOf, startRegistry } from '../../harness/engine/registry.ts';
import type { Capabilities, EngineFixture, EngineUnderTest } from './fixture.ts';
import { podHolders } from './pod-holders.ts';

const capabilities: Capabilities = {
  containerStates: ['created', 'running', 'exited'],
  layerSizes: 'measured',
  spaceAccount: 'by kind',
  freedSpace: 'at once',
  deletesInUse: 'refuses',
  namelessImages: true,
  imageLabels: true,
  imageTimes: true,
  buildParents: false,
  imageMounts: true,
  stoppedContainers: false,
  buildCache: false,
  use: 'followed',
};

/** As kubelet makes pods and asks for events today, and the other way round. */
export function ownCrios(program: string): readonly EngineFixture[] {
  const fixture = (pid: NonNullable<PodOptions['pid']>, options: CrioOptions): EngineFixture => ({
    name: `${program}, pid mode ${pid}, events ${options.podEvents === true ? 'on' : 'off'}`,
    identity: /^cri-o /,
    capabilities,
    isOwn: true,
    start: async (disk) => underTest(await startCrio({ ...options, disk }), pid),
  });
  return [fixture('CONTAINER', { podEvents: true }), fixture('POD', { podEvents: false })];
}

function underTest(engine: Crio, pid: NonNullable<PodOptions['pid']>): EngineUnderTest {
  const specs = new Map<string, { readonly spec: StoreSpec; readonly image: ImageSpec }>();
  let pods = 0;
  let count = 0;

  const images = async (): ReturnType<typeof listCriImages> =>
    (await listCriImages(engine)).filter(({ repo_tags: tags }) => !tags.includes(sandboxImage));
  const tags = async (): Promise<readonly string[]> =>
    (await images()).flatMap(({ repo_tags: names }) => names).sort();

  async function podFor(what: string): Promise<Pod> {
    if (pods === 0) await loadSandboxImage(engine);
    pods += 1;
    return await runPod(engine, { name: `${what}-${(count += 1)}`, pid });
  }
  async function release(pod: Pod): Promise<void> {
    await removePod(engine, pod);
    pods -= 1;
    if (pods === 0) await engine.podman('rmi', sandboxImage);
  }
  async function load(spec: StoreSpec, image: ImageSpec): Promise<void> {
    const layers = Object.fromEntries(image.layers.map((name) => [name, spec.layers[name] ?? { bytes: 0 }]));
    await loadIntoCrio(engine, { layers, images: [image] });
    for (const tag of image.tags ?? []) specs.set(tag, { spec, image });
  }

  return {
    disk: engine.disk,
    dataRoot: engine.dataRoot,
    env: { DOCKER_IMAGE_CLEANER_RUNTIME_ENDPOINT: engine.endpoint },
    // A container of the pod's uses it, where the pod has one; else it is pinned.
    imagesOfItsOwn: pid === 'POD' ? 1 : 0,

    async load(spec) {
      for (const image of spec.images) await load(spec, image);
    },
    tags,
    imageCount: async () => (await images()).length,
    async tag(image, reference) {
      await engine.podman('tag', image, reference);
    },
    async makeNameless(image) {
      const layers = { new: { bytes: 5000 } };
      await loadIntoCrio(engine, { layers, images: [{ tags: [image], layers: ['new'] }] });
    },

    async digestOnly(image, repository) {
      const registry = await startRegistry();
      try {
        const name = `${registry.host}/${repository}`;
        await engine.podman('push', '--quiet', '--tls-verify=false', image, `${name}:1`);
        const digest = await digestOf(registry, repository, '1');
        await engine.podman('rmi', image);
        const reference = `${name}@${digest}`;
        await engine.cri.call('ImageService/PullImage', { image: { image: reference } });
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
      // By its name, which is only taken off: by its ID, as the executable asks.
      const found = (await images()).find(({ repo_tags: names }) => names.includes(image));
      try {
        await engine.cri.call('ImageService/RemoveImage', { image: { image: found?.id ?? image } });
      } catch (error) {
        if (String(error).includes('in use')) return 'refused';
        throw error;
      }
      return (await tags()).includes(image) ? 'refused' : 'removed';
    },

    kill: () => engine.kill(),
    start: () => engine.start(),
    dispose: () => engine.dispose(),
  };
}
