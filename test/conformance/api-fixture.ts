/** Fixtures of engines that speak the Docker API. */
import { join } from 'node:path';
import type { ApiEngine } from '../../harness/engine/api-engine.ts';
import * as api from '../../harness/engine/engine-api.ts';
import { loadImages, type StoreSpec } from '../../harness/engine/images.ts';
import { digestOnlyImage, type pullImage, startRegistry } from '../../harness/engine/registry.ts';
import { startWireProxy } from '../../harness/wire/wire-proxy.ts';
import type { ContainerState, EngineUnderTest, Holder, Watch } from './fixture.ts';

export interface ApiFixtureOptions {
  /** The engine takes layers that it has from its own store when an archive leaves them out; saves room on the disk. */
  readonly reusesLayers: boolean;
  /** How it pulls from a registry without TLS, where not by the Docker API. */
  readonly pull?: typeof pullImage;
}

/** The engine, ready for the suite. */
export function apiFixture(engine: ApiEngine, { reusesLayers, pull }: ApiFixtureOptions): EngineUnderTest {
  const holder = (id: string, name: string): Holder => ({
    name,
    release: () => api.removeContainer(engine, id),
  });
  let count = 0;
  let watches = 0;
  return {
    disk: engine.disk,
    dataRoot: engine.dataRoot,
    env: { DOCKER_HOST: engine.dockerHost },

    async load(spec: StoreSpec) {
      const loaded = new Set<string>();
      // One archive an image: the engine unpacks a whole archive on its disk first, and the disk is small.
      for (const image of spec.images) {
        const layers = Object.fromEntries(
          image.layers.map((name) => [name, spec.layers[name] ?? { bytes: 0 }]),
        );
        const presentLayers = reusesLayers ? new Set(loaded) : new Set<string>();
        await loadImages(engine, { layers, images: [image] }, { presentLayers });
        for (const name of image.layers) loaded.add(name);
      }
    },

    tags: () => api.listTags(engine),
    imageCount: async () => (await api.listImages(engine)).length,
    tag: (image, reference) => api.tagImage(engine, image, reference),
    async makeNameless(image) {
      await loadImages(engine, {
        layers: { new: { bytes: 5000 } },
        images: [{ tags: [image], layers: ['new'] }],
      });
    },

    async digestOnly(image, repository) {
      const registry = await startRegistry();
      try {
        return await digestOnlyImage(engine, registry, image, repository, pull);
      } finally {
        registry.dispose();
      }
    },

    async hold(image: string, state: ContainerState) {
      const name = `${state}-${(count += 1)}`;
      const id = await api.createContainer(engine, image, { name });
      if (state !== 'created') await api.startContainer(engine, id);
      if (state === 'exited') await api.stopContainer(engine, id);
      if (state === 'paused') await engine.expect('POST', `/containers/${id}/pause`);
      return holder(id, name);
    },

    async mount(image, of) {
      const name = `mounts-${(count += 1)}`;
      const Mounts = [{ Type: 'image', Source: image, Target: '/mounted' }];
      const answer = await engine.request('POST', `/containers/create?name=${name}`, {
        body: { Image: of, HostConfig: { NetworkMode: 'none', Mounts } },
      });
      if (answer.status !== 201) return undefined;
      const { Id } = answer.json<{ Id: string }>();
      await api.startContainer(engine, Id);
      return holder(Id, name);
    },

    async buildOn(parent, tag) {
      await api.commitChild(engine, parent, { tag });
    },

    async removeUnforced(image) {
      const { status, text } = await engine.request('DELETE', `/images/${image}?force=false`);
      if (status === 200) return 'removed';
      if (status === 409) return 'refused';
      throw new Error(`DELETE ${image} answered ${status}: ${text}`);
    },

    async watch(): Promise<Watch> {
      const socketPath = join(engine.disk.workspace.path, `watch-${(watches += 1)}.sock`);
      const proxy = await startWireProxy({ target: engine, listen: { socketPath } });
      return {
        env: { DOCKER_HOST: proxy.dockerHost },
        deletions: () =>
          proxy.requests
            .filter(({ method, path }) => method === 'DELETE' || path.includes('/prune'))
            .map(({ method, path }) => `${method} ${path}`),
        dispose: () => proxy.dispose(),
      };
    },

    kill: () => engine.kill(),
    start: () => engine.start(),
    dispose: () => engine.dispose(),
  };
}
