/** What the tests of the main job share: an engine on a small full disk, and the real executable beside it. */
import { type Cli, runCli } from '../harness/cli.ts';
import type { DockerEngine } from '../harness/docker-engine.ts';
import { loadImages, type ImageSpec, type LayerSpec } from '../harness/images.ts';

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
  engine: DockerEngine,
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

export interface CleanerOptions {
  readonly high?: number | string;
  readonly low?: number | string;
  /** Where to connect; the engine's own socket by default. */
  readonly dockerHost?: string;
  /** More settings, without the prefix `DOCKER_IMAGE_CLEANER_`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** More variables, whole. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** The real executable, pointed at the engine and its data root, without delay between deletions, JSON log. */
export function cleaner(engine: DockerEngine, args: readonly string[], options: CleanerOptions = {}): Cli {
  const settings: Record<string, string> = {
    PATH_TO_CHECK: engine.dataRoot,
    DELAY_SECONDS: '0',
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'debug',
    ...(options.high === undefined ? {} : { THRESHOLD_HIGH: String(options.high) }),
    ...(options.low === undefined ? {} : { THRESHOLD_LOW: String(options.low) }),
    ...options.settings,
  };
  const env = Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`DOCKER_IMAGE_CLEANER_${name}`, value]),
  );
  return runCli(args, {
    env: { DOCKER_HOST: options.dockerHost ?? engine.dockerHost, ...env, ...options.env },
  });
}

/** The names (first reference, else ID) of the images that the log says were deleted, in order. */
export function deletedNames(cli: Cli): readonly string[] {
  return cli.records
    .filter((record) => record.event === 'image.deleted')
    .map((record) => (record['references'] as string[])[0] ?? String(record['id']));
}
