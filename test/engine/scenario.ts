/** What the tests of the main job share: an engine on a small full disk, and the real executable beside it. */
import type { ApiEngine } from '../../harness/engine/api-engine.ts';
import { type DockerEngine, startDockerEngine } from '../../harness/engine/docker-engine.ts';
import { createContainer } from '../../harness/engine/engine-api.ts';
import { loadImages, type ImageSpec, type LayerSpec } from '../../harness/engine/images.ts';
import { startWireProxy, type WireProxy } from '../../harness/wire/wire-proxy.ts';

export { cleaner, type CleanerOptions, deletedNames } from '../../harness/program/cleaner.ts';

const MiB = 1024 * 1024;

/** Names with `count` private layers of the size, each on one base layer that has a shell. */
export function imagesOnBase(
  sizesMiB: Readonly<Record<string, number>>,
  extra: Partial<LayerSpec> = {},
): { layers: Record<string, LayerSpec>; images: ImageSpec[] } {
  const layers: Record<string, LayerSpec> = { base: { bytes: 1000, shell: true } };
  const images: ImageSpec[] = [];
  for (const [name, sizeMiB] of Object.entries(sizesMiB)) {
    layers[name] = { bytes: Math.round(sizeMiB * MiB), ...extra };
    images.push({ tags: [`${name}:1`], layers: ['base', name] });
  }
  return { layers, images };
}

/** Loads images; returns their IDs by the name before the colon of their first tag. */
export async function load(
  engine: ApiEngine,
  spec: { layers: Record<string, LayerSpec>; images: ImageSpec[] },
): Promise<Readonly<Record<string, string>>> {
  const ids: Record<string, string> = {};
  const loaded = new Set<string>();
  // One archive an image: the engine unpacks a whole archive on its disk first, and the disk is small.
  for (const image of spec.images) {
    const layers = Object.fromEntries(image.layers.map((name) => [name, spec.layers[name] ?? { bytes: 0 }]));
    const [id] = await loadImages(engine, { layers, images: [image] }, { presentLayers: new Set(loaded) });
    for (const name of image.layers) loaded.add(name);
    ids[(image.tags?.[0] ?? '').split(':')[0] ?? ''] = id ?? '';
  }
  return ids;
}

/** An engine behind a wire proxy, with images used:1 (a container holds it), big:1, mid:1 and small:1. */
export async function engineBehindProxy(): Promise<{
  readonly engine: DockerEngine;
  readonly proxy: WireProxy;
}> {
  const engine = await startDockerEngine();
  const proxy = await startWireProxy({
    target: { socketPath: engine.socketPath },
    listen: { socketPath: `${engine.disk.workspace.path}/proxy.sock` },
  });
  await load(engine, imagesOnBase({ used: 5, big: 9, mid: 6, small: 3 }));
  await createContainer(engine, 'used:1', { name: 'holder' });
  return { engine, proxy };
}
