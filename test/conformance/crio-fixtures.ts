/** CRI-O, which no package here has: the binary that somebody has, see harness/machine/own-binaries.ts. */
import { sandboxImage } from '../../harness/engine/containerd.ts';
import type { PodOptions } from '../../harness/engine/cri/pods.ts';
import {
  type Crio,
  type CrioOptions,
  loadIntoCrio,
  loadSandboxImage,
  startCrio,
} from '../../harness/engine/crio.ts';
import { digestOf } from '../../harness/engine/registry.ts';
import { criUnderTest, imagesOf, tagsOf } from './cri-under-test.ts';
import type { Capabilities, EngineFixture, EngineUnderTest } from './fixture.ts';

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
  return criUnderTest(engine, {
    pid,
    // A container of the pod's uses it, where the pod has one; else it is pinned.
    imagesOfItsOwn: pid === 'POD' ? 1 : 0,
    loadImages: (spec) => loadIntoCrio(engine, spec),
    loadSandbox: () => loadSandboxImage(engine),
    removeSandbox: () => engine.podman('rmi', sandboxImage),

    async tag(image, reference) {
      await engine.podman('tag', image, reference);
    },
    async makeNameless(image) {
      const layers = { new: { bytes: 5000 } };
      await loadIntoCrio(engine, { layers, images: [{ tags: [image], layers: ['new'] }] });
    },

    async moveToRegistry(image, name) {
      await engine.podman('push', '--quiet', '--tls-verify=false', image, `${name}:1`);
      const digest = await digestOf(name, '1');
      await engine.podman('rmi', image);
      return digest;
    },

    async removeUnforced(image) {
      // By name only the name is removed: by ID, as the executable does.
      const found = (await imagesOf(engine)).find(({ repo_tags: names }) => names.includes(image));
      try {
        await engine.cri.call('ImageService/RemoveImage', { image: { image: found?.id ?? image } });
      } catch (error) {
        if (String(error).includes('in use')) return 'refused';
        throw error;
      }
      return (await tagsOf(engine)).includes(image) ? 'refused' : 'removed';
    },
  });
}
