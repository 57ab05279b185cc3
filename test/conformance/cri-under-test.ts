/** A CRI runtime for the suite. Its containers are pods', and a pod needs the sandbox image, which is there while a pod is. */
import { listCriImages, sandboxImage } from '../../harness/engine/containerd.ts';
import {
  createPodContainer,
  type CriRuntime,
  type Pod,
  type PodOptions,
  removePod,
  runPod,
  startPodContainer,
  stopPodContainer,
} from '../../harness/engine/cri/pods.ts';
import type { ImageSpec, StoreSpec } from '../../harness/engine/images.ts';
import type { PrivateEngine } from '../../harness/engine/private-engine.ts';
import { startRegistry } from '../../harness/engine/registry.ts';
import type { EngineUnderTest, Holder } from './fixture.ts';

export type CriEngine = PrivateEngine & CriRuntime & { readonly endpoint: string };

/** What CRI has no request for, done by the runtime's own tools. */
export interface RuntimeTools extends Pick<
  EngineUnderTest,
  'tag' | 'makeNameless' | 'removeUnforced' | 'imagesOfItsOwn'
> {
  readonly pid?: PodOptions['pid'];
  readonly loadImages: (spec: StoreSpec) => Promise<unknown>;
  readonly loadSandbox: () => Promise<void>;
  readonly removeSandbox: () => Promise<unknown>;
  /** Pushes the image as `name:1`, takes its own name away, and returns the digest. */
  readonly moveToRegistry: (image: string, name: string) => Promise<string>;
}

/** The images that are listed, without the sandbox's. */
export async function imagesOf(engine: CriEngine): ReturnType<typeof listCriImages> {
  const images = await listCriImages(engine);
  return images.filter(({ repo_tags: tags }) => !tags.includes(sandboxImage));
}

export async function tagsOf(engine: CriEngine): Promise<readonly string[]> {
  return (await imagesOf(engine)).flatMap(({ repo_tags: names }) => names).sort();
}

export function criUnderTest(engine: CriEngine, tools: RuntimeTools): EngineUnderTest {
  const { pid, loadImages, loadSandbox, removeSandbox, moveToRegistry, ...own } = tools;
  const specs = new Map<string, { readonly spec: StoreSpec; readonly image: ImageSpec }>();
  let pods = 0;
  let count = 0;

  async function podFor(what: string): Promise<Pod> {
    if (pods === 0) await loadSandbox();
    pods += 1;
    const name = `${what}-${(count += 1)}`;
    return await runPod(engine, pid === undefined ? { name } : { name, pid });
  }
  async function release(pod: Pod): Promise<void> {
    await removePod(engine, pod);
    pods -= 1;
    if (pods === 0) await removeSandbox();
  }
  const holder = (pod: Pod, id: string): Holder => ({
    name: `${pod.name}/main`,
    release: async () => {
      // A pod's end waits for its containers, which would run forever.
      await stopPodContainer(engine, id);
      await release(pod);
    },
  });
  async function load(spec: StoreSpec, image: ImageSpec): Promise<void> {
    const layers = Object.fromEntries(image.layers.map((name) => [name, spec.layers[name] ?? { bytes: 0 }]));
    await loadImages({ layers, images: [image] });
    for (const tag of image.tags ?? []) specs.set(tag, { spec, image });
  }

  return {
    ...own,
    disk: engine.disk,
    dataRoot: engine.dataRoot,
    env: { DOCKER_IMAGE_CLEANER_RUNTIME_ENDPOINT: engine.endpoint },

    async load(spec) {
      for (const image of spec.images) await load(spec, image);
    },
    tags: () => tagsOf(engine),
    imageCount: async () => (await imagesOf(engine)).length,

    async digestOnly(image, repository) {
      const registry = await startRegistry();
      try {
        const name = `${registry.host}/${repository}`;
        const reference = `${name}@${await moveToRegistry(image, name)}`;
        await engine.cri.call('ImageService/PullImage', { image: { image: reference } });
        return reference;
      } finally {
        registry.dispose();
      }
    },

    async hold(image, state) {
      const pod = await podFor(state);
      const id = await createPodContainer(engine, pod, { image });
      if (state !== 'created') await startPodContainer(engine, id);
      if (state === 'exited') await stopPodContainer(engine, id);
      return holder(pod, id);
    },

    async mount(image, of) {
      const pod = await podFor('mounts');
      try {
        const id = await createPodContainer(engine, pod, { image: of, mounts: { '/mounted': image } });
        await startPodContainer(engine, id);
        return holder(pod, id);
      } catch {
        await release(pod);
        return undefined;
      }
    },

    async buildOn(parent, tag) {
      // CRI makes no images: one based on the layers of another.
      const known = specs.get(parent);
      if (known === undefined) throw new Error(`${parent} was not loaded here.`);
      const layers = { ...known.spec.layers, [tag]: { bytes: 1000 } };
      const image = { tags: [tag], layers: [...known.image.layers, tag] };
      await load({ layers, images: [image] }, image);
    },

    kill: () => engine.kill(),
    start: () => engine.start(),
    dispose: () => engine.dispose(),
  };
}
